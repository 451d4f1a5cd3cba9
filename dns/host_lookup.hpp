// SPDX-License-Identifier: Apache-2.0
//
// What the A and AAAA outcomes of a host name say together: its addresses, or that the name can't
// be resolved now, which never clears anything. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ip.hpp"
#include "core/time.hpp"
#include "dns/outcome.hpp"

namespace rblwatch::dns {

struct HostAddresses {
  std::vector<core::IpAddress> addresses;  // sorted, without doubles; IPv4-mapped ones as IPv4
};
struct HostUnresolved {
  std::string cause;  // "nxdomain", "no address", "servfail", "timeout" …
};
using HostOutcome = std::variant<HostAddresses, HostUnresolved>;

/// Both questions' outcomes. One that failed (time-out, SERVFAIL) makes the whole unresolved: half
/// an answer would retire the addresses of the other half.
HostOutcome host_addresses(const Outcome& a, const Outcome& aaaa);

}  // namespace rblwatch::dns
