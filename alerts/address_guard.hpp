// SPDX-License-Identifier: Apache-2.0
//
// Addresses that a webhook may not reach unless its channel allows it: link-local ones, and those
// where clouds serve their machines' credentials. Loopback and private networks are not among them:
// receivers do sit there. Any thread.
#pragma once

#include "core/ip.hpp"

namespace rblwatch::alerts {

/// 169.254.0.0/16, fe80::/10, fd00:ec2::254 and their like; IPv4 inside IPv6 (mapped, NAT64) counts
/// as the address inside.
bool is_guarded(const core::IpAddress& address);

}  // namespace rblwatch::alerts
