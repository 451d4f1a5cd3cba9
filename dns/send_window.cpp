// SPDX-License-Identifier: Apache-2.0
#include "dns/send_window.hpp"

#include <algorithm>

namespace rblwatch::dns {
namespace {

constexpr std::uint32_t kLeastSamples = 32;  // fewer tell nothing about a loss of a few per cent
constexpr double kChance = 8;                // lost ones that the line brings together now and then
constexpr double kLossMargin = 0.02;
constexpr double kBackOff = 0.7;
constexpr double kNearCeiling = 0.85;
constexpr double kCreep = 1.0005;
constexpr double kRecover = 1.1;

}  // namespace

void SendWindow::on_sent() {
  ++outstanding_;
  if (!has_room()) was_full_ = true;
}

void SendWindow::on_left() {
  if (outstanding_ > 0) --outstanding_;
}

void SendWindow::on_replied(core::Tick now, core::Micros round) {
  ++replied_;
  end_round(now, round);
}

void SendWindow::on_overdue(core::Tick now, core::Micros round) {
  ++overdue_;
  end_round(now, round);
}

void SendWindow::end_round(core::Tick now, core::Micros round) {
  if (round_end_ == core::Tick{}) round_end_ = now + round;
  const double samples = replied_ + overdue_;
  if (now < round_end_ || samples < kLeastSamples) return;
  const bool is_settled = !is_settling_;  // losses of before the last cut are told after it
  is_settling_ = false;
  if (is_settled && overdue_ > samples * (2 * line_loss_ + kLossMargin) + kChance) {
    // What was answered is what the server could take; a little less leaves it room.
    ceiling_ = size_;
    size_ = std::max(kLeast, size_ * std::min(kBackOff, replied_ / samples * kNearCeiling));
    is_settling_ = true;
  } else if (is_settled) {
    const bool is_our_doing = ceiling_ > 0 && size_ > ceiling_ * kBackOff;
    if (!is_our_doing) line_loss_ += (overdue_ / samples - line_loss_) / 4;
    if (was_full_) grow();  // an unused window says nothing about what the server could take
  }
  replied_ = overdue_ = 0;
  was_full_ = false;
  round_end_ = now + round;
}

void SendWindow::grow() {
  const bool is_near = ceiling_ > 0 && size_ >= ceiling_ * kNearCeiling;
  const double factor = ceiling_ == 0 ? 2 : is_near ? kCreep : kRecover;
  size_ = std::min(most_, size_ * factor);
}

}  // namespace rblwatch::dns
