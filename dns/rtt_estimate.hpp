// SPDX-License-Identifier: Apache-2.0
//
// Smoothed round-trip time and its variation (RFC 6298 section 2, with its gains). Which sending a
// reply belongs to is not known after a resend, so that its time is no sample; where all are asked
// twice, because replies became slower than is waited for, patience doubles until one is asked once
// (Karn). Values; any thread.
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
    backed_off_ = 0;
  }

  void back_off() {
    if (backed_off_ < kMostBackOff) ++backed_off_;
  }
  /// So many times longer than usual is to be waited.
  int patience() const { return 1 << backed_off_; }

  /// Four times the round trip, more where it varies much: what a reply hardly ever exceeds.
  core::Micros bound() const {
    const core::Micros by_variation = smoothed_ + 4 * variation_;
    return by_variation > 4 * smoothed_ ? by_variation : 4 * smoothed_;
  }

 private:
  static constexpr std::uint8_t kMostBackOff = 12;  // 4 096 times: from 15 ms to a minute

  core::Micros smoothed_{0};
  core::Micros variation_{0};
  std::uint8_t samples_ = 0;
  std::uint8_t backed_off_ = 0;
};

}  // namespace rblwatch::dns
