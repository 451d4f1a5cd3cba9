// SPDX-License-Identifier: Apache-2.0
//
// A DNS name as rblwatch uses one: the labels as they stand in packets, letters in lower case, held
// in place (no allocation per lookup), within RFC 1035's limits (labels of 1 to 63 octets, 255
// octets in all). Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/ip.hpp"
#include "core/result.hpp"

namespace rblwatch::core {

/// ASCII letters in lower case; names know no other.
inline std::uint8_t fold_case(std::uint8_t octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet + 32) : octet;
}

class DnsName {
 public:
  static constexpr std::size_t kMaxWire = 255;  // octets, the root's own among them
  static constexpr std::size_t kMaxText = 253;  // characters of a name without escapes

  DnsName() { octets_[0] = 0; }                   // NOLINT: the root; zeroing the rest would cost
  DnsName(const DnsName& other) { take(other); }  // NOLINT: see take()
  DnsName& operator=(const DnsName& other) {      // NOLINT(cert-oop54-cpp): to itself does nothing
    take(other);
    return *this;
  }
  ~DnsName() = default;

  /// Accepts letters, digits, '-', '_' and one trailing dot; folds case. The error names the label
  /// that is empty, too long, or holds another character; the root is refused. For IDN text,
  /// to_a_labels (core/idn.hpp) comes first.
  static Result<DnsName> parse(std::string_view text);
  /// For names built by code and those that to_text() made: takes any octets, "\." and "\\" and
  /// "\046" for one each (RFC 1035 section 5.1), checks lengths only. False when a label is empty,
  /// an escape cut off or anything too long; `out` is then unchanged. "" and "." are the root.
  static bool assign(std::string_view text, DnsName& out);
  /// Of labels, each behind its length, the root's at the end; folds case. Pre: they are such a
  /// name, of at most kMaxWire octets.
  static DnsName of_wire(std::span<const std::uint8_t> wire);

  /// The address as labels, last octet (IPv4) or nibble (IPv6) first: what stands in front of a
  /// zone's name (RFC 5782 sections 2.1 and 2.4).
  static DnsName reversed(const IpAddress& address);

  /// As it stands in a packet.
  std::span<const std::uint8_t> wire() const { return {octets_.data(), length_}; }
  /// Without the trailing dot. Dots and backslashes inside labels as "\." and "\\", octets that
  /// aren't printable ASCII as \DDD (RFC 1035 section 5.1).
  std::string to_text() const;
  bool is_root() const { return length_ == 1; }
  std::size_t label_count() const;
  /// True for the name itself and for names below it.
  bool is_within(const DnsName& ancestor) const;
  /// Without the first label; the root's is the root.
  DnsName parent() const;
  /// This name below `suffix`: "2.0.0.127" under "zen.example" is "2.0.0.127.zen.example". Too long
  /// together: Kind::limit.
  Result<DnsName> under(const DnsName& suffix) const;
  /// Whether the two together are no longer than a name may be.
  bool fits_under(const DnsName& suffix) const {
    return std::size_t{length_} + suffix.length_ <= kMaxWire + 1;  // one root gives way
  }
  /// Pre: front.fits_under(suffix).
  DnsName(const DnsName& front, const DnsName& suffix);

  friend bool operator==(const DnsName& a, const DnsName& b) {
    return a.length_ == b.length_ &&
           std::memcmp(a.octets_.data(), b.octets_.data(), a.length_) == 0;
  }

 private:
  static constexpr std::size_t kShort = 63;  // octets; with the length before them 64

  // What the name is, not all that it could be. Nearly all are short, and a copy of known size is
  // a few moves where another is a call.
  void take(const DnsName& other) {
    if (other.length_ > kShort) {
      take_long(other);
      return;
    }
    length_ = other.length_;
    std::array<std::uint8_t, kShort> copy;  // NOLINT: written at once
    std::memcpy(copy.data(), other.octets_.data(), kShort);
    std::memcpy(octets_.data(), copy.data(), kShort);
  }
  void take_long(const DnsName& other);

  std::uint8_t length_ = 1;                    // beside the octets that are looked at first
  std::array<std::uint8_t, kMaxWire> octets_;  // NOLINT: not zeroed, see above
};

}  // namespace rblwatch::core

template <>
struct std::hash<rblwatch::core::DnsName> {
  std::size_t operator()(const rblwatch::core::DnsName& name) const noexcept {
    const auto wire = name.wire();
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(wire.data()), wire.size()});
  }
};
