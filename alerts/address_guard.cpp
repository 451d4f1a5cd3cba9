// SPDX-License-Identifier: Apache-2.0
#include "alerts/address_guard.hpp"

#include <algorithm>
#include <array>

#include "core/check.hpp"

namespace rblwatch::alerts {
namespace {

using core::Cidr;
using core::IpAddress;

Cidr range(std::string_view text) {
  const auto parsed = Cidr::parse(text);
  RBL_CHECK(parsed.has_value());
  return *parsed;
}

const std::array<Cidr, 6>& guarded_ranges() {
  static const std::array<Cidr, 6> kRanges{
      range("169.254.0.0/16"),      // RFC 3927; metadata of most clouds
      range("fe80::/10"),           // RFC 4291
      range("fd00:ec2::254/128"),   // Amazon's metadata
      range("100.100.100.200/32"),  // Alibaba's
      range("192.0.0.192/32"),      // Oracle's
      range("168.63.129.16/32"),    // Azure's
  };
  return kRanges;
}

/// The IPv4 address that a translator would reach (RFC 6052's well-known prefix).
IpAddress untranslated(const IpAddress& address) {
  static const Cidr kNat64 = range("64:ff9b::/96");
  if (address.is_v4_mapped()) {
    return address.unmapped();
  }
  if (!address.is_v6() || !kNat64.contains(address)) {
    return address;
  }
  IpAddress::V4Bytes last{};
  const auto bytes = address.bytes().last(last.size());
  std::copy(bytes.begin(), bytes.end(), last.begin());
  return IpAddress::v4(last);
}

}  // namespace

bool is_guarded(const IpAddress& address) {
  const IpAddress plain = untranslated(address);
  const auto& ranges = guarded_ranges();
  return std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& guarded) {
    return guarded.network().is_v4() == plain.is_v4() && guarded.contains(plain);
  });
}

}  // namespace rblwatch::alerts
