// SPDX-License-Identifier: Apache-2.0
//
// How the addresses of a target that moves are found: which questions to ask next, and what their
// outcomes come to. A walk asks nobody itself: it hands out questions and is handed their outcomes.
// Here the walks of a host and of a domain's mail exchangers; that of its SPF record is spf_walk's.
// Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/dns_name.hpp"
#include "core/ip.hpp"
#include "dns/host_lookup.hpp"
#include "dns/outcome.hpp"
#include "dns/question.hpp"

namespace rblwatch::lists {

/// To be asked at once; take() wants all their outcomes, in this order.
using Questions = std::vector<dns::Question>;

/// The walk came to its end.
struct WalkFound {
  std::vector<core::Cidr> networks;  // IPv4-mapped ones as IPv4; in no order, perhaps with doubles
  std::vector<std::string> notes;    // what can't be followed, a sentence each
  bool is_whole = true;  // false: something in it is broken, so that what is missing hasn't left
};

/// Nothing can be said now: what was known before stays as it is.
struct WalkFailed {
  std::string cause;  // "servfail"; of another name than the target's "servfail for TXT of NAME"
};

using WalkStep = std::variant<Questions, WalkFound, WalkFailed>;

/// A host's A and AAAA.
class HostWalk {
 public:
  explicit HostWalk(const core::DnsName& host) : host_(host) {}
  WalkStep start() const;
  WalkStep take(std::span<const dns::Outcome> outcomes) const;

 private:
  core::DnsName host_;
};

/// The addresses that receive mail for a domain (RFC 5321 section 5.1): those of its mail
/// exchangers, its own where there are none, nobody's under a null MX (RFC 7505).
class MxWalk {
 public:
  /// As many as SPF allows (RFC 7208 section 4.6.4): the most preferred ones, then by name.
  static constexpr std::size_t kMostHosts = 10;

  explicit MxWalk(const core::DnsName& domain) : domain_(domain) {}
  WalkStep start() const;
  WalkStep take(std::span<const dns::Outcome> outcomes);

 private:
  WalkStep take_exchangers(const dns::Outcome& outcome);
  WalkStep take_addresses(std::span<const dns::Outcome> outcomes);

  core::DnsName domain_;
  std::vector<core::DnsName> hosts_;  // whose addresses are being asked for
  WalkFound found_;
};

/// The hosts of an MX answer, each once, the most preferred first; without the root of a null MX.
std::vector<core::DnsName> mail_hosts(const dns::Answer& answer);

/// A and AAAA of each host.
Questions address_questions(std::span<const core::DnsName> hosts);
/// The outcomes of address_questions() for the host at `index`.
dns::HostOutcome addresses_at(std::span<const dns::Outcome> outcomes, std::size_t index);

/// "servfail for TXT of _spf.example.net"
std::string cause_for(std::string_view cause, const dns::Question& question);
/// What failed among the outcomes of these questions; empty when none did.
std::string first_failure(std::span<const dns::Question> questions,
                          std::span<const dns::Outcome> outcomes);

/// Kept small: a record written in bad faith could fill the log with them. Doubles are left out.
inline constexpr std::size_t kMostNotes = 20;
void add_note(std::vector<std::string>& notes, std::string note);

/// The addresses of `networks` beside those that are there already (sorted, each once), as far as
/// there is room for so many in all; the smallest networks first. `left_out`: what didn't fit.
struct Expanded {
  std::vector<core::IpAddress> addresses;
  std::vector<core::Cidr> left_out;
};
Expanded expand(std::vector<core::Cidr> networks, std::vector<core::IpAddress> there,
                std::uint64_t room);

}  // namespace rblwatch::lists
