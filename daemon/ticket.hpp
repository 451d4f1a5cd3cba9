// SPDX-License-Identifier: Apache-2.0
//
// What a lookup was for, packed into its id: which errand, of which generation of the world, about
// what. Completions of an older generation are recognised and left alone. Values.
#pragma once

#include <cstdint>

#include "dns/resolver.hpp"

namespace rblwatch::daemon {

enum class Errand : std::uint8_t { pair, test, reason, host, own_servers };

struct Ticket {
  Errand errand = Errand::pair;
  std::uint8_t generation = 0;
  std::uint16_t part = 0;   // which of several names or questions
  std::uint32_t index = 0;  // pair, test run, host, zone

  dns::LookupId id() const {
    return {(std::uint64_t{static_cast<std::uint8_t>(errand)} << 56U) |
            (std::uint64_t{generation} << 48U) | (std::uint64_t{part} << 32U) | index};
  }
  static Ticket of(dns::LookupId id) {
    return {.errand = static_cast<Errand>(id.value >> 56U),
            .generation = static_cast<std::uint8_t>(id.value >> 48U),
            .part = static_cast<std::uint16_t>(id.value >> 32U),
            .index = static_cast<std::uint32_t>(id.value)};
  }
};

}  // namespace rblwatch::daemon
