// SPDX-License-Identifier: Apache-2.0
#include "core/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/check.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::core {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void append_v4(std::string& text, std::span<const std::uint8_t, 4> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) {
      text += '.';
    }
    text += std::to_string(bytes[i]);
  }
}

void append_hex(std::string& text, unsigned group) {
  constexpr std::string_view kHex = "0123456789abcdef";
  bool started = false;
  for (unsigned shift = 16; shift > 0;) {
    shift -= 4;
    const unsigned digit = (group >> shift) & 15U;
    started = started || digit != 0 || shift == 0;
    if (started) {
      text += kHex[digit];
    }
  }
}

struct Run {
  std::size_t start = 8;
  std::size_t length = 0;
};

/// The first of the longest runs of zero groups; a single group is none (RFC 5952 section 4.2).
Run longest_zero_run(const std::array<unsigned, 8>& groups) {
  Run best;
  Run current;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i] != 0) {
      current = Run{};
      continue;
    }
    current = current.length == 0 ? Run{i, 1} : Run{current.start, current.length + 1};
    if (current.length > best.length) {
      best = current;
    }
  }
  return best.length >= 2 ? best : Run{};
}

// Not inet_ntop: it shows all of ::/96 with a dotted tail ("::0.1.0.0"), RFC 5952 section 5 only
// what is known to embed IPv4.
std::string v6_text(std::span<const std::uint8_t, 16> bytes) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<unsigned>(bytes[2 * i]) << 8U | bytes[2 * i + 1];
  }
  const Run zeros = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == zeros.start) {
      text += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') {
      text += ':';
    }
    append_hex(text, groups[i]);
  }
  return text;
}

/// Bits from `prefix` on to zero or one.
void fill_host_bits(std::span<std::uint8_t> bytes, unsigned prefix, bool ones) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned kept = std::clamp<unsigned>(prefix, static_cast<unsigned>(8 * i),
                                               static_cast<unsigned>(8 * i + 8)) -
                          static_cast<unsigned>(8 * i);
    const auto host = static_cast<std::uint8_t>(0xffU >> kept);
    bytes[i] = static_cast<std::uint8_t>(ones ? bytes[i] | host : bytes[i] & ~host);
  }
}

unsigned width(const IpAddress& address) {
  return address.is_v4() ? 32 : 128;
}

IpAddress with_host_bits(const IpAddress& address, unsigned prefix, bool ones) {
  if (address.is_v4()) {
    IpAddress::V4Bytes bytes{};
    std::copy(address.bytes().begin(), address.bytes().end(), bytes.begin());
    fill_host_bits(bytes, prefix, ones);
    return IpAddress::v4(bytes);
  }
  IpAddress::V6Bytes bytes{};
  std::copy(address.bytes().begin(), address.bytes().end(), bytes.begin());
  fill_host_bits(bytes, prefix, ones);
  return IpAddress::v6(bytes);
}

Result<unsigned> parse_prefix(std::string_view text, unsigned at_most) {
  const bool digits_only =
      !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  const auto number = parse_int(text);
  if (!digits_only || leading_zero || !number || *number > at_most) {
    return fail(Error::Kind::invalid,
                quoted(text) + " is no prefix length: expected 0 to " + std::to_string(at_most));
  }
  return static_cast<unsigned>(*number);
}

}  // namespace

IpAddress IpAddress::v4(V4Bytes bytes) {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
  return v4(V4Bytes{static_cast<std::uint8_t>(host_order >> 24U),
                    static_cast<std::uint8_t>((host_order >> 16U) & 0xffU),
                    static_cast<std::uint8_t>((host_order >> 8U) & 0xffU),
                    static_cast<std::uint8_t>(host_order & 0xffU)});
}

IpAddress IpAddress::v6(const V6Bytes& bytes) {
  IpAddress address;
  address.is_v6_ = true;
  address.bytes_ = bytes;
  return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  const bool fits = text.size() < terminated.size() && text.find('\0') == std::string_view::npos;
  if (fits) {
    std::copy(text.begin(), text.end(), terminated.begin());
    V4Bytes four{};
    if (::inet_pton(AF_INET, terminated.data(), four.data()) == 1) {
      return v4(four);
    }
    V6Bytes sixteen{};
    if (::inet_pton(AF_INET6, terminated.data(), sixteen.data()) == 1) {
      return v6(sixteen);
    }
  }
  return fail(Error::Kind::invalid,
              quoted(text) + " is no IP address: expected one like 192.0.2.10 or 2001:db8::10");
}

bool IpAddress::is_loopback() const {
  if (is_v4()) {
    return bytes_[0] == 127;
  }
  if (is_v4_mapped()) {
    return bytes_[12] == 127;
  }
  return bytes_.back() == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_v4_mapped() const {
  return is_v6_ && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

IpAddress IpAddress::unmapped() const {
  if (is_v4()) {
    return *this;
  }
  RBL_CHECK(is_v4_mapped());
  return v4(V4Bytes{bytes_[12], bytes_[13], bytes_[14], bytes_[15]});
}

std::uint32_t IpAddress::v4_host_order() const {
  RBL_CHECK(is_v4());
  return static_cast<std::uint32_t>(bytes_[0]) << 24U |
         static_cast<std::uint32_t>(bytes_[1]) << 16U |
         static_cast<std::uint32_t>(bytes_[2]) << 8U | static_cast<std::uint32_t>(bytes_[3]);
}

std::string IpAddress::to_text() const {
  const std::span all(bytes_);
  if (is_v6_ && !is_v4_mapped()) {
    return v6_text(all);
  }
  std::string text(is_v6_ ? "::ffff:" : "");
  append_v4(text, is_v6_ ? all.last<4>() : all.first<4>());
  return text;
}

std::optional<IpAddress> IpAddress::next() const {
  IpAddress higher = *this;
  for (std::size_t i = bytes().size(); i > 0; --i) {
    if (++higher.bytes_[i - 1] != 0) {
      return higher;
    }
  }
  return std::nullopt;
}

Cidr::Cidr(IpAddress network, std::uint8_t prefix)
    : network_(with_host_bits(network, prefix, false)), prefix_(prefix) {
  RBL_CHECK(prefix <= width(network));
}

Cidr Cidr::unmapped() const {
  constexpr std::uint8_t kMappedBits = 96;
  if (!network_.is_v4_mapped() || prefix_ < kMappedBits) {
    return *this;
  }
  return {network_.unmapped(), static_cast<std::uint8_t>(prefix_ - kMappedBits)};
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const Result<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return tl::make_unexpected(address.error());
  }
  if (slash == std::string_view::npos) {
    return Cidr(*address, static_cast<std::uint8_t>(width(*address)));
  }
  const Result<unsigned> prefix = parse_prefix(text.substr(slash + 1), width(*address));
  if (!prefix) {
    return tl::make_unexpected(prefix.error());
  }
  const Cidr range(*address, static_cast<std::uint8_t>(*prefix));
  if (range.network_ != *address) {
    return fail(
        Error::Kind::invalid,
        quoted(text) + " has bits set behind its prefix: did you mean " + range.to_text() + "?");
  }
  return range;
}

bool Cidr::contains(const IpAddress& address) const {
  return address.is_v4() == network_.is_v4() && with_host_bits(address, prefix_, false) == network_;
}

std::uint64_t Cidr::size() const {
  const unsigned host_bits = width(network_) - prefix_;
  return host_bits >= 63 ? std::numeric_limits<std::uint64_t>::max()
                         : std::uint64_t{1} << host_bits;
}

IpAddress Cidr::last() const {
  return with_host_bits(network_, prefix_, true);
}

std::string Cidr::to_text() const {
  return network_.to_text() + "/" + std::to_string(prefix_);
}

}  // namespace rblwatch::core

std::size_t std::hash<rblwatch::core::IpAddress>::operator()(
    const rblwatch::core::IpAddress& address) const noexcept {
  // Neighbours differ in the last byte only, the high end of a little-endian word, which a
  // multiplication alone never brings down to where tables look: shift, multiply, twice (Murmur 3).
  std::array<std::uint64_t, 2> words{};
  const auto bytes = address.bytes();
  std::memcpy(words.data(), bytes.data(), bytes.size());
  std::uint64_t mixed = words[0] * 0x9e3779b97f4a7c15U + words[1] + (address.is_v6() ? 1U : 0U);
  mixed = (mixed ^ (mixed >> 33U)) * 0xff51afd7ed558ccdU;
  mixed = (mixed ^ (mixed >> 33U)) * 0xc4ceb9fe1a85ec53U;
  return static_cast<std::size_t>(mixed ^ (mixed >> 33U));
}
