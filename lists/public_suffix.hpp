// SPDX-License-Identifier: Apache-2.0
//
// The registrable domain of a name by the Public Suffix List (libpsl, which public_suffix.cpp alone
// includes). Any thread.
#pragma once

#include <optional>

#include "core/dns_name.hpp"

namespace rblwatch::lists {

/// "www.example.co.uk" → "example.co.uk"; nothing for a public suffix itself and for single labels.
std::optional<core::DnsName> registrable_domain(const core::DnsName& name);

}  // namespace rblwatch::lists
