// SPDX-License-Identifier: Apache-2.0
#include "lists/verdict.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/check.hpp"

namespace rblwatch::lists {
namespace {

using core::IpAddress;

// RFC 8914 section 4.
constexpr std::array<std::uint16_t, 2> kStaleErrors{3, 19};  // answer, NXDOMAIN answer
constexpr std::array<std::uint16_t, 4> kRewrittenErrors{4, 15, 16,
                                                        17};  // forged, blocked, censored, filtered

template <std::size_t Count>
bool holds_error(const dns::Answer& answer, const std::array<std::uint16_t, Count>& errors) {
  return std::find_first_of(answer.ede.begin(), answer.ede.end(), errors.begin(), errors.end()) !=
         answer.ede.end();
}

bool is_outside_loopback(const IpAddress& address) {
  return !address.is_v4() || !address.is_loopback();
}

std::optional<Cause> cause_of_rcode(dns::Rcode rcode) {
  switch (rcode) {
    case dns::Rcode::noerror:
    case dns::Rcode::nxdomain:
      return std::nullopt;
    case dns::Rcode::servfail:
      return Cause::servfail;
    case dns::Rcode::refused:
      return Cause::refused_rcode;
    case dns::Rcode::formerr:
    case dns::Rcode::notimp:
      return Cause::other_rcode;
  }
  return Cause::other_rcode;  // rcodes without a name of ours
}

/// Whether a server of this role may say that something isn't there. The AA bit alone proves
/// nothing: some caches pass it on.
bool may_deny(const dns::Answer& answer, dns::ServerRole role) {
  switch (role) {
    case dns::ServerRole::resolver:
      return answer.ra;
    case dns::ServerRole::authoritative:
      return answer.aa;
  }
  RBL_CHECK(false);
}

/// The first cause of the table that fits; nothing when the answer can be believed.
std::optional<Cause> doubt_about(const Zone& zone, const dns::Answer& answer,
                                 dns::ServerRole role) {
  const std::vector<IpAddress>& a = answer.a;
  const auto refuses = [&zone](const IpAddress& code) {
    return code.is_v4() && is_refusal(zone, code);
  };
  if (std::any_of(a.begin(), a.end(), refuses)) {
    return Cause::refused;
  }
  if (holds_error(answer, kStaleErrors)) {
    return Cause::stale;
  }
  if (holds_error(answer, kRewrittenErrors) ||
      std::any_of(a.begin(), a.end(), is_outside_loopback)) {
    return Cause::rewritten;
  }
  const std::optional<Cause> failure = cause_of_rcode(answer.rcode);
  if (failure) {
    return failure;
  }
  if (answer.referral || !answer.chain_closed || (a.empty() && !may_deny(answer, role))) {
    return Cause::lame;
  }
  // "There is no such name, and here is its address": neither half can be believed.
  const bool contradicts_itself = answer.rcode == dns::Rcode::nxdomain && !a.empty();
  return contradicts_itself ? std::optional(Cause::malformed) : std::nullopt;
}

Cause cause_of(dns::NoAnswer::Why why) {
  switch (why) {
    case dns::NoAnswer::Why::timeout:
      return Cause::timeout;
    case dns::NoAnswer::Why::network:
      return Cause::network;
    case dns::NoAnswer::Why::malformed:
      return Cause::malformed;
  }
  RBL_CHECK(false);
}

CodeSet united(const CodeSet& a, const CodeSet& b) {
  std::vector<Code> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  return CodeSet(std::move(all));
}

}  // namespace

Verdict judge(const Zone& zone, const dns::Outcome& outcome, dns::ServerRole role) {
  if (const auto* silence = std::get_if<dns::NoAnswer>(&outcome)) {
    return Unknown{cause_of(silence->why)};
  }
  const auto& answer = std::get<dns::Answer>(outcome);
  const std::optional<Cause> cause = doubt_about(zone, answer, role);
  if (cause) {
    return Unknown{*cause};
  }
  if (answer.a.empty()) {
    return Clear{};
  }
  return Listed{match_codes(answer.a, zone.codes, zone.match, zone.purpose)};
}

std::string_view to_text(const Verdict& verdict) {
  constexpr std::array<std::string_view, 3> kWords{"listed", "clear", "unknown"};
  static_assert(std::variant_size_v<Verdict> == kWords.size());
  return kWords[verdict.index()];
}

Verdict combine(const Verdict& a, const Verdict& b) {
  const auto* listed_a = std::get_if<Listed>(&a);
  const auto* listed_b = std::get_if<Listed>(&b);
  if (listed_a != nullptr && listed_b != nullptr) {
    return Listed{united(listed_a->codes, listed_b->codes)};
  }
  if (listed_a != nullptr || listed_b != nullptr) {
    return listed_a != nullptr ? a : b;
  }
  const auto* unknown_a = std::get_if<Unknown>(&a);
  const auto* unknown_b = std::get_if<Unknown>(&b);
  if (unknown_a != nullptr && unknown_b != nullptr) {
    return Unknown{std::min(unknown_a->cause, unknown_b->cause)};
  }
  return unknown_b != nullptr ? b : a;
}

bool is_partial(const Verdict& a, const Verdict& b) {
  const auto is_one_each = [](const Verdict& one, const Verdict& other) {
    return std::holds_alternative<Listed>(one) && std::holds_alternative<Unknown>(other);
  };
  return is_one_each(a, b) || is_one_each(b, a);
}

}  // namespace rblwatch::lists
