// SPDX-License-Identifier: Apache-2.0
//
// Names out of packets: compression undone within bounds that make any hostile name cheap. No
// allocation. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/dns_name.hpp"

namespace rblwatch::dns {

using Bytes = std::span<const std::uint8_t>;

inline std::uint16_t read_u16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>((bytes[at] << 8U) | bytes[at + 1]);
}
inline std::uint32_t read_u32(Bytes bytes, std::size_t at) {
  return (static_cast<std::uint32_t>(read_u16(bytes, at)) << 16U) | read_u16(bytes, at + 2);
}
using core::fold_case;

/// Pointers may only go back, to before the labels they continue, never into the header; a name
/// follows at most 128 of them and a message at most 4 096, so no loop and no amplification is
/// possible.
struct NameBudget {
  static constexpr unsigned kPerName = 128;
  static constexpr unsigned kPerMessage = 4096;
  unsigned left = kPerMessage;
  std::size_t lowest = SIZE_MAX;  // where the lowest of them pointed
};

/// Reads the name at `at`, moves `at` behind it. Nothing when it is malformed or too long.
std::optional<core::DnsName> read_name(Bytes message, std::size_t& at, NameBudget& budget);
/// The same checks without keeping the name.
bool skip_name(Bytes message, std::size_t& at, NameBudget& budget);

}  // namespace rblwatch::dns
