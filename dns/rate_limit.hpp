// SPDX-License-Identifier: Apache-2.0
//
// A pace: so many packets a second, with a burst of a tenth of a second's worth (at least one), so
// that no sliding second holds more than 1.1 times the rate. Time is passed in; a jump forward
// gives one burst, a jump back nothing. Values; any thread.
#pragma once

#include "core/time.hpp"

namespace rblwatch::dns {

class RateLimit {
 public:
  RateLimit() = default;  // no limit
  /// `per_second` ≤ 0 is no limit. Starts with a full burst.
  RateLimit(double per_second, core::Tick now);

  bool is_limited() const { return rate_ > 0; }
  double per_second() const { return rate_; }
  double burst() const { return burst_; }
  /// Changes the rate, keeping what was spent.
  void set_rate(double per_second, core::Tick now);
  /// Packets that may go now; may be negative after take() beyond it. Huge when unlimited.
  double available(core::Tick now) const;
  void take(core::Tick now, double packets = 1);
  /// When `packets` will be available; not after `now` when they are already.
  core::Tick when_available(double packets, core::Tick now) const;

 private:
  double rate_ = 0;
  double burst_ = 0;
  double tokens_ = 0;  // at at_
  core::Tick at_{};
};

}  // namespace rblwatch::dns
