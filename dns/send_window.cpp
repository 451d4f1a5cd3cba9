// SPDX-License-Identifier: Apache-2.0
#include "dns/send_window.hpp"

#include <algorithm>

namespace rblwatch::dns {
namespace {

constexpr std::uint32_t kLeastSamples = 32;  // fewer tell nothing about a loss of a few per cent
constexpr double kChance = 8;                // lost ones that come together now and then
constexpr double kMargin = 0.005;
constexpr double kMostOfLine = 0.2;  // a server that leaves more unanswered is asked less
constexpr double kCut = 0.7;
constexpr double kCutAnswered = 0.85;  // of the share that was answered
constexpr double kKeptRate = 0.85;     // of the rate before a cut that helped
constexpr double kGain = 0.25;         // of a growth, that the rate has to show
constexpr double kMostGrowth = 2;
constexpr double kProbe = 1.25;        // the first growth after one that failed,
constexpr double kBolder = 1.4;        // and how much more each later one may be
constexpr std::uint32_t kRest = 8;     // rounds
constexpr std::uint32_t kTrust = 100;  // rounds

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
  if (round_end_ == core::Tick{}) {
    round_begin_ = now;
    round_end_ = now + round;
  }
  if (now < round_end_ || replied_ + overdue_ < kLeastSamples) return;
  const Round seen = look_back(now);
  switch (step_) {
    case Step::settling:  // what is lost of before the cut is told after it
      step_ = Step::cut;
      break;
    case Step::cut:
      judge_cut(seen);
      break;
    case Step::grown:
      judge_growth(seen);
      break;
    case Step::none:
      take_step(seen);
  }
  replied_ = overdue_ = 0;
  was_full_ = false;
  round_begin_ = now;
  round_end_ = now + round;
}

SendWindow::Round SendWindow::look_back(core::Tick now) const {
  const double samples = replied_ + overdue_;
  const double took = std::max<double>(1, static_cast<double>((now - round_begin_).count()));
  const double allowed = (trusts_line_ > 0 ? 2 * line_loss_ : 0) + kMargin;
  return {.loss = overdue_ / samples,
          .rate = replied_ / took,
          .is_heavy = overdue_ > samples * allowed + kChance,
          .was_full = was_full_};
}

void SendWindow::take_step(const Round& seen) {
  if (trusts_line_ > 0) --trusts_line_;
  if (rest_ > 0) --rest_;
  if (seen.is_heavy) {
    cut(seen);
  } else if (seen.was_full && rest_ == 0 && size_ < most_) {
    grow(seen);  // an unused window says nothing about what the server could take
  }
}

// What was answered is what the server could take; a little less leaves it room.
void SendWindow::cut(const Round& seen) {
  before_ = size_;
  rate_before_ = seen.rate;
  size_ = std::max(kLeast, size_ * std::min(kCut, (1 - seen.loss) * kCutAnswered));
  step_ = Step::settling;
}

void SendWindow::judge_cut(const Round& seen) {
  step_ = Step::none;
  factor_ = kProbe;
  rest_ = kRest;
  if (seen.rate > rate_before_ * kKeptRate || seen.loss > kMostOfLine) return;
  size_ = before_;
  line_loss_ = seen.loss;
  trusts_line_ = kTrust;
  rest_ = 0;
}

void SendWindow::grow(const Round& seen) {
  before_ = size_;
  rate_before_ = seen.rate;
  size_ = std::min(most_, size_ * factor_);
  step_ = Step::grown;
}

void SendWindow::judge_growth(const Round& seen) {
  step_ = Step::none;
  if (seen.rate >= rate_before_ * (1 + (size_ / before_ - 1) * kGain)) {
    factor_ = std::min(kMostGrowth, factor_ * kBolder);
    if (size_ < most_) grow(seen);
    return;
  }
  size_ = before_;
  if (!seen.was_full) return;
  factor_ = kProbe;
  rest_ = kRest;
}

}  // namespace rblwatch::dns
