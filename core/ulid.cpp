// SPDX-License-Identifier: Apache-2.0
#include "core/ulid.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace rblwatch::core {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `count` digits of base 32, the low bits of `bits`, most significant first.
void append_digits(std::string& text, std::uint64_t bits, unsigned count) {
  while (count > 0) {
    --count;
    text += kCrockford[(bits >> (5U * count)) & 31U];
  }
}

}  // namespace

std::string make_ulid(Timestamp now, Random& random) {
  constexpr std::int64_t kLastMilli = (std::int64_t{1} << 48U) - 1;
  const auto millis = std::clamp<std::int64_t>(now.time_since_epoch().count(), 0, kLastMilli);
  std::string text;
  text.reserve(26);
  append_digits(text, static_cast<std::uint64_t>(millis), 10);
  append_digits(text, random.next(), 8);
  append_digits(text, random.next(), 8);
  return text;
}

}  // namespace rblwatch::core
