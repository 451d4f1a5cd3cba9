// SPDX-License-Identifier: Apache-2.0
#include "dns/rate_limit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rblwatch::dns {
namespace {

constexpr double kBurstSeconds = 0.1;
// What adding up thousands of small fractions may be off by.
constexpr double kSlack = 1e-6;

double burst_of(double rate) {
  return std::max(1.0, rate * kBurstSeconds);
}

}  // namespace

RateLimit::RateLimit(double per_second, core::Tick now)
    : rate_(std::max(per_second, 0.0)), burst_(burst_of(rate_)), tokens_(burst_), at_(now) {}

void RateLimit::set_rate(double per_second, core::Tick now) {
  if (!is_limited() || per_second <= 0) {
    *this = RateLimit(per_second, now);
    return;
  }
  tokens_ = available(now);
  at_ = now;
  rate_ = per_second;
  burst_ = burst_of(rate_);
  tokens_ = std::min(tokens_, burst_);
}

double RateLimit::available(core::Tick now) const {
  if (!is_limited()) return std::numeric_limits<double>::infinity();
  const double seconds =
      std::chrono::duration<double>(std::max(now - at_, core::Micros{0})).count();
  return std::min(burst_, tokens_ + seconds * rate_) + kSlack;
}

void RateLimit::take(core::Tick now, double packets) {
  if (!is_limited()) return;
  tokens_ = available(now) - kSlack - packets;
  at_ = std::max(now, at_);
}

core::Tick RateLimit::when_available(double packets, core::Tick now) const {
  const double missing = packets - available(now);
  if (!is_limited() || missing <= 0) return now;
  return now + core::Micros(static_cast<std::int64_t>(std::ceil(missing / rate_ * 1e6)));
}

}  // namespace rblwatch::dns
