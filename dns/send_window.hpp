// SPDX-License-Identifier: Apache-2.0
//
// How many questions may be on their way to one server at a time. Starts at 100 (rbldnsd with a
// default socket buffer drops beyond 200) and goes by what it brings: a larger one is kept where
// answers come faster with it, a smaller one where, after a round with losses, they come as fast as
// before, for then the server's buffer was too small. Where they don't, the line loses questions
// whatever we do, and so much loss is not minded from then on; but a server that leaves a fifth
// unanswered is asked less all the same. A dead zone behind a resolver is no loss: the caller
// leaves it out. Values; any thread.
#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace rblwatch::dns {

class SendWindow {
 public:
  static constexpr double kStart = 100;
  static constexpr double kLeast = 32;

  explicit SendWindow(double most) : most_(most) {}

  bool has_room() const { return outstanding_ < static_cast<std::uint32_t>(size_); }
  std::uint32_t room() const {
    const auto size = static_cast<std::uint32_t>(size_);
    return outstanding_ < size ? size - outstanding_ : 0;
  }
  double size() const { return size_; }
  std::uint32_t outstanding() const { return outstanding_; }

  void on_sent();
  /// More would have been sent, had one lane not been held back.
  void note_wanted() { was_full_ = true; }
  /// A question left the window: answered, or given up without blaming the server.
  void on_left();
  /// Counts a reply; `round` is the time by which losses of what is sent now are known and count.
  void on_replied(core::Tick now, core::Micros round);
  /// Counts a question that is overdue.
  void on_overdue(core::Tick now, core::Micros round);

 private:
  // What the round before began: losses of before a step down are told only in the round after it.
  enum class Step : std::uint8_t { none, settling, cut, grown, withdrawn };

  /// What a round of questions brought.
  struct Round {
    double loss = 0;  // the share of questions
    double rate = 0;  // answers a microsecond
    bool is_heavy = false;
    bool was_full = false;
  };

  void look_at_round(core::Tick now, core::Micros round);
  void begin_round(core::Tick now, core::Micros round);
  Round look_back(core::Tick now) const;
  void judge(const Round& seen);
  void take_step(const Round& seen);
  void cut(const Round& seen);
  void judge_cut(const Round& seen);
  void grow(const Round& seen);
  void judge_growth(const Round& seen);

  double size_ = kStart;
  double most_;
  double line_loss_ = 0;  // the share lost whatever we do
  std::uint32_t outstanding_ = 0;
  std::uint32_t replied_ = 0;
  std::uint32_t overdue_ = 0;
  bool was_full_ = false;
  core::Tick round_begin_{};
  core::Tick round_end_{};

  Step step_ = Step::none;
  double size_before_ = 0;        // the step,
  double rate_before_ = 0;        // answers a microsecond
  double factor_ = 2;             // of the next growth
  std::uint32_t rest_left_ = 0;   // rounds until that
  std::uint32_t trust_left_ = 0;  // rounds until the line's loss is looked into again
};

}  // namespace rblwatch::dns
