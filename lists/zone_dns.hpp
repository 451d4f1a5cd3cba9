// SPDX-License-Identifier: Apache-2.0
//
// A zone's DNS name: what is asked, with the operator's key in it, and what may be shown, with
// "<key>" in its place. Only query_name() (query_name.hpp) builds the asked form, and it goes only
// into packets. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/dns_name.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

namespace rblwatch::lists {

class ZoneDns {
 public:
  ZoneDns() = default;
  /// "zen.spamhaus.org", "{key}.zen.dq.spamhaus.net", "{key}.{subject}.dnsbl.httpbl.org". Names
  /// must be valid with the placeholders filled; other braces are an error.
  static core::Result<ZoneDns> parse(std::string_view pattern);

  bool needs_key() const;
  bool has_key() const { return !key_.is_empty(); }
  /// The key must be one DNS label (letters, digits, '-'); the error doesn't repeat it.
  core::Result<void> set_key(core::Secret key);
  /// As configured, "{key}" and all: what identifies it.
  const std::string& pattern() const { return pattern_; }
  /// With "<key>" for the key, and without the "{subject}." label: "<key>.zen.dq.spamhaus.net".
  std::string shown() const;
  /// `subject_labels` in its place: asked form (with the key). Fails when too long.
  core::Result<core::DnsName> ask(std::string_view subject_labels) const;
  /// The same of a name that is one already: for most zones a mere joining, 1.3 million times a
  /// sweep.
  core::Result<core::DnsName> ask(const core::DnsName& subject) const;
  /// The same with "<key>", for people.
  std::string show(std::string_view subject_labels) const;
  /// Text that came from the zone's servers, with "<key>" wherever the key stands in it, in
  /// whatever letter case: explanations repeat the name that was asked.
  std::string hide_key(std::string_view text) const;
  /// The zone's own name without subject and key ("zen.dq.spamhaus.net"): for NS questions.
  core::DnsName apex() const;

  friend bool operator==(const ZoneDns&, const ZoneDns&) = default;

 private:
  void fill_suffix();

  std::string pattern_;
  core::Secret key_;
  std::optional<core::DnsName> suffix_;  // key included; nothing while the key is missing, or where
                                         // the subject doesn't stand in front
};

}  // namespace rblwatch::lists
