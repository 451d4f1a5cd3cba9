// SPDX-License-Identifier: Apache-2.0
//
// What the A and AAAA outcomes of a host name say together: its addresses, or that the name can't
// be resolved now, which never clears anything. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/ip.hpp"
#include "core/time.hpp"
#include "dns/outcome.hpp"

namespace rblwatch::dns {

struct HostAddresses {
  std::vector<core::IpAddress> addresses;  // sorted, without doubles; IPv4-mapped ones as IPv4
};
struct HostUnresolved {
  std::string cause;      // "nxdomain", "no address", "servfail", "timeout" …
  bool has_none = false;  // the first two: DNS has answered, and says that there is no address
};
using HostOutcome = std::variant<HostAddresses, HostUnresolved>;

/// Why this outcome tells nothing about the name that was asked: "timeout", "servfail", "lame" …;
/// empty where it does, be it that the name doesn't exist.
std::string_view failure_of(const Outcome& outcome);

/// Both questions' outcomes. One that failed (time-out, SERVFAIL) makes the whole unresolved: half
/// an answer would retire the addresses of the other half.
HostOutcome host_addresses(const Outcome& a, const Outcome& aaaa);

}  // namespace rblwatch::dns
