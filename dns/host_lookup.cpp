// SPDX-License-Identifier: Apache-2.0
#include "dns/host_lookup.hpp"

#include <algorithm>
#include <string_view>

namespace rblwatch::dns {
namespace {

std::string_view cause_of(const NoAnswer& none) {
  switch (none.why) {
    case NoAnswer::Why::timeout:
      return "timeout";
    case NoAnswer::Why::network:
      return "network";
    case NoAnswer::Why::malformed:
      return "malformed";
  }
  return "timeout";
}

// Extended DNS Errors that say "this is not what the zone's own servers say" (RFC 8914).
bool is_rewritten(const Answer& answer) {
  return std::any_of(answer.ede.begin(), answer.ede.end(),
                     [](std::uint16_t code) { return code == 4 || (code >= 15 && code <= 17); });
}

}  // namespace

std::string_view failure_of(const Outcome& outcome) {
  if (const auto* none = std::get_if<NoAnswer>(&outcome)) return cause_of(*none);
  const Answer& answer = std::get<Answer>(outcome);
  if (is_rewritten(answer)) return "rewritten";
  if (answer.rcode == Rcode::servfail) return "servfail";
  if (answer.rcode == Rcode::refused) return "refused_rcode";
  if (answer.rcode != Rcode::noerror && answer.rcode != Rcode::nxdomain) return "other_rcode";
  if (answer.referral || !answer.chain_closed) return "lame";
  return {};
}

namespace {

void add(const std::vector<core::IpAddress>& from, std::vector<core::IpAddress>& into) {
  for (const core::IpAddress& address : from) {
    into.push_back(address.is_v4_mapped() ? address.unmapped() : address);
  }
}

}  // namespace

HostOutcome host_addresses(const Outcome& a, const Outcome& aaaa) {
  for (const Outcome* outcome : {&a, &aaaa}) {
    if (const std::string_view cause = failure_of(*outcome); !cause.empty()) {
      return HostUnresolved{std::string(cause), false};
    }
  }
  const Answer& v4 = std::get<Answer>(a);
  const Answer& v6 = std::get<Answer>(aaaa);
  HostAddresses found;
  add(v4.a, found.addresses);
  add(v6.aaaa, found.addresses);
  // NXDOMAIN for AAAA beside a good A comes from broken load balancers; the addresses stand.
  if (found.addresses.empty()) {
    const bool is_gone = v4.rcode == Rcode::nxdomain || v6.rcode == Rcode::nxdomain;
    return HostUnresolved{is_gone ? "nxdomain" : "no address", true};
  }
  std::sort(found.addresses.begin(), found.addresses.end());
  found.addresses.erase(std::unique(found.addresses.begin(), found.addresses.end()),
                        found.addresses.end());
  return found;
}

}  // namespace rblwatch::dns
