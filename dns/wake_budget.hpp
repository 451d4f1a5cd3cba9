// SPDX-License-Identifier: Apache-2.0
//
// Waking up costs ten times what a reply costs. Where nobody is in a hurry for replies, at most
// twenty wake-ups a second are made for them, on ticks of 50 ms, after a burst of prompt ones;
// a busy engine doesn't ask. Time is passed in. Values; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/time.hpp"

namespace rblwatch::dns {

class WakeBudget {
 public:
  static constexpr core::Micros kTick = core::Millis(50);
  static constexpr std::int64_t kBurst = 64;

  /// When the next wake-up may be: now, or at a tick to come.
  core::Tick next(core::Tick now) const {
    if (left(now) > 0) return now;
    return core::Tick(now.time_since_epoch() / kTick * kTick + kTick);
  }
  /// Counts one.
  void take(core::Tick now) {
    left_ = std::max<std::int64_t>(left(now) - 1, 0);
    at_ = core::Tick(now.time_since_epoch() / kTick * kTick);
  }

 private:
  // One for every two ticks that have passed since, so that a trickle never earns prompt ones.
  std::int64_t left(core::Tick now) const {
    const std::int64_t ticks = std::max<std::int64_t>((now - at_) / kTick, 0);
    return std::min(kBurst, left_ + ticks / 2);
  }

  std::int64_t left_ = kBurst;
  core::Tick at_{};
};

}  // namespace rblwatch::dns
