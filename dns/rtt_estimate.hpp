// SPDX-License-Identifier: Apache-2.0
//
// Smoothed round-trip time and its variation (RFC 6298 section 2, with its gains). Values; any
// thread.
#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace rblwatch::dns {

class RttEstimate {
 public:
  bool is_known() const { return samples_ > 0; }
  bool is_settled() const { return samples_ >= 4; }
  core::Micros smoothed() const { return smoothed_; }

  void add(core::Micros rtt) {
    if (samples_ == 0) {
      smoothed_ = rtt;
      variation_ = rtt / 2;
    } else {
      const core::Micros error = rtt > smoothed_ ? rtt - smoothed_ : smoothed_ - rtt;
      variation_ += (error - variation_) / 4;
      smoothed_ += (rtt - smoothed_) / 8;
    }
    if (samples_ < 255) ++samples_;
  }

  /// Four times the round trip, more where it varies much: what a reply hardly ever exceeds.
  core::Micros bound() const {
    const core::Micros by_variation = smoothed_ + 4 * variation_;
    return by_variation > 4 * smoothed_ ? by_variation : 4 * smoothed_;
  }

 private:
  core::Micros smoothed_{0};
  core::Micros variation_{0};
  std::uint8_t samples_ = 0;
};

}  // namespace rblwatch::dns
