// SPDX-License-Identifier: Apache-2.0
//
// IP addresses and CIDR ranges as values. An IPv4-mapped IPv6 address stays IPv6 here: that a
// *subject* of that form is its IPv4 address is decided in lists/subject, because test entries are
// asked as written (RFC 5782 section 5). Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace rblwatch::core {

class IpAddress {
 public:
  using V4Bytes = std::array<std::uint8_t, 4>;
  using V6Bytes = std::array<std::uint8_t, 16>;

  constexpr IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(V4Bytes bytes);
  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v6(const V6Bytes& bytes);
  /// Strict text forms of inet_pton; no zone index, no brackets, no leading zeros in octets.
  static Result<IpAddress> parse(std::string_view text);

  bool is_v4() const { return !is_v6_; }
  bool is_v6() const { return is_v6_; }
  /// 127.0.0.0/8, ::1, and the mapped form of the former.
  bool is_loopback() const;
  /// ::ffff:a.b.c.d
  bool is_v4_mapped() const;
  /// The IPv4 address inside a mapped one; itself when it is IPv4 already. Pre: is_v4() or
  /// is_v4_mapped().
  IpAddress unmapped() const;
  /// Network order; 4 or 16 bytes.
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_v6_ ? 16U : 4U}; }
  /// Pre: is_v4().
  std::uint32_t v4_host_order() const;
  /// Canonical text (RFC 5952 for IPv6).
  std::string to_text() const;
  /// The address one higher; nothing after the last of its family.
  std::optional<IpAddress> next() const;

  /// IPv4 before IPv6, then by number.
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in what is generated
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
  friend bool operator==(const IpAddress& a, const IpAddress& b) {  // all octets in one go
    return a.is_v6_ == b.is_v6_ && std::memcmp(&a.bytes_, &b.bytes_, sizeof a.bytes_) == 0;
  }

 private:
  bool is_v6_ = false;
  V6Bytes bytes_{};  // IPv4 in the first four
};

class Cidr {
 public:
  Cidr() = default;
  /// "198.51.100.0/24"; host bits must be zero (the error says the network it should be). A lone
  /// address is a range of one.
  static Result<Cidr> parse(std::string_view text);
  /// Pre: prefix fits the family. Host bits are cut.
  Cidr(IpAddress network, std::uint8_t prefix);
  /// A network of IPv4-mapped addresses as the IPv4 network that it stands for; any other as it is.
  Cidr unmapped() const;

  const IpAddress& network() const { return network_; }
  std::uint8_t prefix() const { return prefix_; }
  bool contains(const IpAddress& address) const;
  /// How many addresses; 2^63 and more come back as the largest std::uint64_t.
  std::uint64_t size() const;
  /// The first and the last address.
  IpAddress first() const { return network_; }
  IpAddress last() const;
  std::string to_text() const;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in what is generated
  friend auto operator<=>(const Cidr&, const Cidr&) = default;

 private:
  IpAddress network_;
  std::uint8_t prefix_ = 32;
};

}  // namespace rblwatch::core

template <>
struct std::hash<rblwatch::core::IpAddress> {
  std::size_t operator()(const rblwatch::core::IpAddress& address) const noexcept;
};
