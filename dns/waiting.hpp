// SPDX-License-Identifier: Apache-2.0
//
// A place in a queue of flights. A value.
#pragma once

#include <cstdint>

namespace rblwatch::dns {

/// A flight that waits; void once the flight has another ticket.
struct Waiting {
  std::uint32_t flight = 0;
  std::uint32_t ticket = 0;
};

}  // namespace rblwatch::dns
