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
  look_at_round(now, round);
}

void SendWindow::on_overdue(core::Tick now, core::Micros round) {
  ++overdue_;
  look_at_round(now, round);
}

void SendWindow::look_at_round(core::Tick now, core::Micros round) {
  if (round_end_ == core::Tick{}) {
    round_begin_ = now;
    round_end_ = now + round;
  }
  if (now < round_end_ || replied_ + overdue_ < kLeastSamples) return;
  // A round with a pause in it (between sweeps, a machine asleep) tells nothing of how fast answers
  // come.
  const bool had_pause = now - round_begin_ > 2 * (round_end_ - round_begin_);
  if (!had_pause) judge(look_back(now));
  begin_round(now, round);
}

void SendWindow::begin_round(core::Tick now, core::Micros round) {
  replied_ = overdue_ = 0;
  was_full_ = false;
  round_begin_ = now;
  round_end_ = now + round;
}

void SendWindow::judge(const Round& seen) {
  switch (step_) {
    case Step::settling:
      step_ = Step::cut;
      break;
    case Step::cut:
      judge_cut(seen);
      break;
    case Step::grown:
      judge_growth(seen);
      break;
    case Step::withdrawn:
      step_ = Step::none;
      break;
    case Step::none:
      take_step(seen);
  }
}

SendWindow::Round SendWindow::look_back(core::Tick now) const {
  const double samples = replied_ + overdue_;
  const double took = std::max<double>(1, static_cast<double>((now - round_begin_).count()));
  const double allowed = (trust_left_ > 0 ? 2 * line_loss_ : 0) + kMargin;
  return {.loss = overdue_ / samples,
          .rate = replied_ / took,
          .is_heavy = overdue_ > samples * allowed + kChance,
          .was_full = was_full_};
}

void SendWindow::take_step(const Round& seen) {
  if (trust_left_ > 0) --trust_left_;
  if (rest_left_ > 0) --rest_left_;
  if (seen.is_heavy) {
    cut(seen);
  } else if (seen.was_full && rest_left_ == 0 && size_ < most_) {
    grow(seen);  // an unused window says nothing about what the server could take
  }
}

// What was answered is what the server could take; a little less leaves it room.
void SendWindow::cut(const Round& seen) {
  size_before_ = size_;
  rate_before_ = seen.rate;
  size_ = std::max(kLeast, size_ * std::min(kCut, (1 - seen.loss) * kCutAnswered));
  step_ = Step::settling;
}

// Near the least size a cut is too small to show, and where the window wasn't full it changed
// nothing: then the line is believed.
void SendWindow::judge_cut(const Round& seen) {
  step_ = Step::none;
  factor_ = kProbe;
  rest_left_ = kRest;
  const bool could_show = seen.was_full && size_ < size_before_ * kKeptRate;
  const bool has_helped = could_show && seen.rate > rate_before_ * kKeptRate;
  if (has_helped || seen.loss > kMostOfLine) return;
  size_ = size_before_;
  line_loss_ = seen.loss;
  trust_left_ = kTrust;
  rest_left_ = 0;
}

void SendWindow::grow(const Round& seen) {
  size_before_ = size_;
  rate_before_ = seen.rate;
  size_ = std::min(most_, size_ * factor_);
  step_ = Step::grown;
}

void SendWindow::judge_growth(const Round& seen) {
  step_ = Step::none;
  if (seen.rate >= rate_before_ * (1 + (size_ / size_before_ - 1) * kGain)) {
    factor_ = std::min(kMostGrowth, factor_ * kBolder);
    if (size_ < most_) grow(seen);
    return;
  }
  step_ = Step::withdrawn;
  size_ = size_before_;
  if (!seen.was_full) return;
  factor_ = kProbe;
  rest_left_ = kRest;
}

}  // namespace rblwatch::dns
