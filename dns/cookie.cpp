// SPDX-License-Identifier: Apache-2.0
#include "dns/cookie.hpp"

#include <algorithm>
#include <cstring>

namespace rblwatch::dns {
namespace {

constexpr core::Micros kDrawAgain = std::chrono::hours(24);
constexpr core::Micros kOfferAgain = std::chrono::hours(1);
constexpr std::uint8_t kIgnoredUntilSure = 3;
constexpr std::uint8_t kLostOverTcp = 8;
constexpr std::uint8_t kLostOverUdp = 16;
constexpr core::Micros kLostAfter = core::Seconds(10);

}  // namespace

void CookieState::draw(core::Tick now, core::Random& random) {
  *this = CookieState{};
  const std::uint64_t ours = random.next();
  std::memcpy(octets_.data(), &ours, sizeof ours);
  length_ = kClient;
  drawn_ = now;
}

bool CookieState::offer(core::Tick now, core::Random& random) {
  if (now < off_until_) return false;
  if (length_ == 0 || now - drawn_ >= kDrawAgain) draw(now, random);
  return true;
}

void CookieState::keep(Bytes theirs) {
  ignored_ = without_over_tcp_ = without_over_udp_ = 0;
  if (theirs.size() < 2 * kClient || theirs.size() > octets_.size()) return;
  if (!std::equal(theirs.begin(), theirs.begin() + kClient, octets_.begin())) return;
  std::copy(theirs.begin(), theirs.end(), octets_.begin());
  length_ = static_cast<std::uint8_t>(theirs.size());
}

bool CookieState::believes_without(bool is_tcp, core::Tick now) {
  if (!is_agreed()) {
    if (++ignored_ >= kIgnoredUntilSure) {
      *this = CookieState{};
      off_until_ = now + kOfferAgain;
    }
    return true;
  }
  if (is_tcp) {
    if (++without_over_tcp_ >= kLostOverTcp) *this = CookieState{};
    return true;
  }
  if (without_over_udp_ == 0) without_since_ = now;
  if (without_over_udp_ < kLostOverUdp) ++without_over_udp_;
  if (without_over_udp_ < kLostOverUdp || now - without_since_ < kLostAfter) return false;
  *this = CookieState{};
  return true;
}

}  // namespace rblwatch::dns
