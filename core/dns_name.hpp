// SPDX-License-Identifier: Apache-2.0
//
// A DNS name as rblwatch uses one: lower-case text without the trailing dot, held in place (no
// allocation per lookup), within RFC 1035's limits (labels of 1 to 63 octets, 255 octets on the
// wire). Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "core/ip.hpp"
#include "core/result.hpp"

namespace rblwatch::core {

class DnsName {
 public:
  static constexpr std::size_t kMaxText = 253;  // 255 on the wire

  DnsName() {}  // NOLINT(modernize-use-equals-default): the root, ""; zeroing the rest would cost
  /// Copies what the name is, not all that it could be: some six times a lookup.
  DnsName(const DnsName& other) { take(other); }
  DnsName& operator=(const DnsName& other) {  // NOLINT(cert-oop54-cpp): to itself does nothing
    take(other);
    return *this;
  }
  ~DnsName() = default;

  /// Accepts letters, digits, '-', '_' and one trailing dot; folds case. The error names the label
  /// that is empty, too long, or holds another character; the root is refused. For IDN text,
  /// to_a_labels (core/idn.hpp) comes first.
  static Result<DnsName> parse(std::string_view text);
  /// For names off the wire or built by code: checks lengths only, folds ASCII case, escapes
  /// nothing. Pre: the caller has escaped '.' and '\\' inside labels ("\\." or "\\046", each one
  /// octet). False when a label is empty or anything too long; `out` is then unchanged. "" and "."
  /// are the root.
  static bool assign(std::string_view text, DnsName& out);

  /// The address as labels, last octet (IPv4) or nibble (IPv6) first: what stands in front of a
  /// zone's name (RFC 5782 sections 2.1 and 2.4).
  static DnsName reversed(const IpAddress& address);

  std::string_view text() const { return {text_.data(), length_}; }
  std::string to_text() const { return std::string(text()); }
  bool is_root() const { return length_ == 0; }
  std::size_t label_count() const;
  /// True for the name itself and for names below it.
  bool is_within(const DnsName& ancestor) const;
  /// This name below `suffix`: "2.0.0.127" under "zen.example" is "2.0.0.127.zen.example". Too long
  /// together: Kind::limit.
  Result<DnsName> under(const DnsName& suffix) const;

  friend bool operator==(const DnsName& a, const DnsName& b) { return a.text() == b.text(); }
  friend auto operator<=>(const DnsName& a, const DnsName& b) { return a.text() <=> b.text(); }

 private:
  void take(const DnsName& other) {
    std::memmove(text_.data(), other.text_.data(), other.length_);
    length_ = other.length_;
  }

  std::array<char, kMaxText> text_;  // NOLINT(cppcoreguidelines-pro-type-member-init): see above
  std::uint8_t length_ = 0;
};

}  // namespace rblwatch::core

template <>
struct std::hash<rblwatch::core::DnsName> {
  std::size_t operator()(const rblwatch::core::DnsName& name) const noexcept {
    return std::hash<std::string_view>{}(name.text());
  }
};
