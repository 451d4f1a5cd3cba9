// SPDX-License-Identifier: Apache-2.0
//
// A zone: everything that is known of one DNSBL as data. Made by configuration from the catalogue
// and the user's overrides; never changed afterwards. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/strong.hpp"
#include "core/time.hpp"
#include "dns/question.hpp"
#include "lists/code_match.hpp"
#include "lists/words.hpp"
#include "lists/zone_dns.hpp"

namespace rblwatch::lists {

/// Index of a zone among those in use, in configuration order; renewed by a reload.
using ZoneIndex = core::StrongId<struct ZoneTag, std::uint16_t>;

/// A test entry as written: an IP address for ipv4 or ipv6, a label or name for domain.
struct TestEntries {
  std::optional<std::string> listed;  // must be listed; nothing = waived
  std::optional<std::string> clear;   // must be clear; nothing = waived
  friend bool operator==(const TestEntries&, const TestEntries&) = default;
};

struct Zone {
  std::string id;  // "spamhaus-zen"
  ZoneDns dns;
  KindSet kinds;
  std::string operator_name;
  Purpose purpose = Purpose::block;
  Severity severity = Severity::medium;
  MatchMode match = MatchMode::exact;
  std::vector<CodeEntry> codes;
  std::vector<CodePattern> refusals;  // beyond 127.255.0.0/16; compared with the whole address
  std::vector<dns::Server> servers;   // asked directly; empty = the resolver
  std::optional<core::Millis> interval;
  double qps = 0;                   // 0 = no limit of its own
  std::uint64_t limit_per_day = 0;  // questions the operator allows; 0 = not stated
  bool txt = true;
  DomainForm domain_form = DomainForm::registrable;
  std::vector<std::string> contained_in;
  std::array<TestEntries, 3> tests;  // by Kind; RFC 5782 section 5 where not overridden
  bool test_random = true;
  std::vector<CodePattern> test_codes;  // what the listed test entry must answer; empty = any code
  std::string lookup_url;               // with {subject}
  std::string delist_url;
  std::vector<std::string> delist_steps;
  std::optional<core::Millis> delist_time;
  std::string policy;     // operator's terms in a sentence; shown by `zones ID`
  std::string terms_url;  // the page that says who is answered, and what to do when refused
  std::string note;

  const TestEntries& test_of(Kind kind) const { return tests[static_cast<std::size_t>(kind)]; }
  /// The purposes a code of this zone can have, the zone's own included; each is a listing of its
  /// own.
  std::vector<Purpose> purposes() const;
  /// Where lookups of this zone go by configuration: its own servers, or the resolver's.
  dns::ServerRole role() const {
    return servers.empty() ? dns::ServerRole::resolver : dns::ServerRole::authoritative;
  }
  friend bool operator==(const Zone&, const Zone&) = default;
};

/// RFC 5782 section 5: 127.0.0.2 / 127.0.0.1; ::FFFF:7F00:2 / ::FFFF:7F00:1; TEST / INVALID.
TestEntries default_test_entries(Kind kind);

/// True for 127.255.0.0/16 and for what the zone names.
bool is_refusal(const Zone& zone, const core::IpAddress& code);

/// The operator's terms and where they stand; "" where neither is known.
std::string terms_text(const Zone& zone);

/// A link with {subject} replaced, percent-encoded.
std::string fill_url(const std::string& url, const std::string& subject);

}  // namespace rblwatch::lists
