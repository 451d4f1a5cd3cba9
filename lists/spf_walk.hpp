// SPDX-License-Identifier: Apache-2.0
//
// The addresses that may send for a domain by its SPF record (RFC 7208), found without a message:
// every term is walked in the order of evaluation, as by a receiver that nothing matches. What
// depends on the message (macros, exists, ptr) and what is too large is named in notes, not
// followed. The limits of section 4.6.4 hold, so that loops end. Asks nobody itself; any thread.
//
// Which terms count: at the domain's own level (and behind its redirect) "+", "?" and "~", since
// mail from there isn't refused; in an include only "+", since the rest makes it no match (section
// 5.2). A "-" never counts, and takes nothing out that another term names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/dns_name.hpp"
#include "dns/outcome.hpp"
#include "lists/address_walk.hpp"
#include "lists/spf.hpp"

namespace rblwatch::lists {

class SpfWalk {
 public:
  static constexpr unsigned kMostLookups = 10;  // terms that ask DNS
  static constexpr unsigned kMostVoids = 2;     // of them, those that find nothing
  static constexpr std::size_t kMostMailHosts = 10;
  /// Wider networks aren't watched: 65 536 addresses.
  static constexpr std::uint8_t kWidest4 = 16;
  static constexpr std::uint8_t kWidest6 = 112;

  explicit SpfWalk(const core::DnsName& domain) : domain_(domain) {}
  WalkStep start();
  /// A question that failed fails the whole walk (RFC 7208's temperror). Errors in what a domain
  /// publishes (permerror) are noted, and make the result less than whole.
  WalkStep take(std::span<const dns::Outcome> outcomes);

 private:
  enum class Asked : std::uint8_t { record, addresses, exchangers, exchanger_addresses };
  /// A record that is being walked.
  struct Frame {
    core::DnsName domain;
    SpfRecord record;
    std::size_t next = 0;
    bool is_own = true;  // the domain's own level, not an include's
  };

  WalkStep ask(Asked what, Questions questions);
  WalkStep ask_record(const core::DnsName& domain, bool is_own);
  WalkStep advance();
  // These give a step where there is something to ask, or the walk has failed.
  std::optional<WalkStep> step();
  std::optional<WalkStep> step_lookup(bool counts);
  std::optional<WalkStep> leave_record();
  std::optional<WalkStep> take_record(const dns::Answer& answer);
  std::optional<WalkStep> take_exchangers(const dns::Answer& answer);
  void take_addresses(std::span<const dns::Outcome> outcomes);
  void add(const core::Cidr& network);
  /// False when there were as many as allowed: the walk is over.
  bool count_lookup(const std::string& term);
  void count_void();
  void note(const core::DnsName& of, const std::string& text);
  void note_error(const core::DnsName& of, const std::string& text);

  core::DnsName domain_;
  std::vector<Frame> frames_;
  Asked asked_ = Asked::record;
  Questions questions_;      // that are out
  SpfTerm term_;             // that they are for
  core::DnsName speaker_;    // whose record holds the term
  core::DnsName record_of_;  // whose record was asked for
  bool is_record_own_ = true;
  unsigned lookups_ = 0;
  unsigned voids_ = 0;
  bool is_over_ = false;
  WalkFound found_;
};

}  // namespace rblwatch::lists
