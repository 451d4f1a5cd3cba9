// SPDX-License-Identifier: Apache-2.0
//
// Resolvers that are open to everybody. Many list operators refuse all that comes through them,
// since they can't tell who asks. A table of those in wide use; any thread.
#pragma once

#include <string_view>

#include "core/ip.hpp"

namespace rblwatch::dns {

/// Whose public resolver this is, as "Google"; empty where it is none that is known.
std::string_view public_resolver_operator(const core::IpAddress& address);

}  // namespace rblwatch::dns
