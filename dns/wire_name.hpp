// SPDX-License-Identifier: Apache-2.0
//
// Names as they stand in packets: length-prefixed labels, lower-cased, compression undone within
// bounds that make any hostile name cheap. No allocation. Values; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
inline std::uint8_t fold_case(std::uint8_t octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet + 32) : octet;
}

/// At most 255 octets with the root label (RFC 1035 section 3.1); letters in lower case.
struct WireName {
  static constexpr std::size_t kMax = 255;

  std::array<std::uint8_t, kMax> octets;
  std::uint8_t length = 0;  // 0 only before the first assignment; the root is 1

  WireName() {}  // NOLINT(modernize-use-equals-default): zeroing the octets would cost
  WireName(const WireName& other) { take(other); }
  WireName& operator=(const WireName& other) {  // NOLINT(cert-oop54-cpp): to itself does nothing
    take(other);
    return *this;
  }
  ~WireName() = default;

  Bytes bytes() const { return {octets.data(), length}; }
  bool is_root() const { return length == 1; }
  /// True for the name itself and for names below `ancestor`.
  bool is_within(const WireName& ancestor) const;
  friend bool operator==(const WireName& a, const WireName& b);

 private:
  /// What the name is, not all that it could be.
  void take(const WireName& other) {
    std::memmove(octets.data(), other.octets.data(), other.length);
    length = other.length;
  }
};

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
std::optional<WireName> read_name(Bytes message, std::size_t& at, NameBudget& budget);
/// The same checks without keeping the name.
bool skip_name(Bytes message, std::size_t& at, NameBudget& budget);

/// The name in wire form. DnsName holds only names that fit.
WireName to_wire(const core::DnsName& name);
/// Dots and backslashes inside labels as "\." and "\\", octets that aren't printable ASCII as \DDD
/// (RFC 1035 section 5.1). Nothing when that is too long for a DnsName.
std::optional<core::DnsName> to_dns_name(const WireName& name);

}  // namespace rblwatch::dns
