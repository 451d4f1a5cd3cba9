// SPDX-License-Identifier: Apache-2.0
//
// How many questions may be on their way to one server at a time. Starts at 100 (rbldnsd with a
// default socket buffer drops beyond 200), doubles a round while nothing is lost, and after a round
// with more loss than the line has anyway keeps below the size that caused it, creeping up again.
// Loss that does not come from us (what small windows see too, or a dead zone behind a resolver,
// which the caller leaves out) does not shrink it. Values; any thread.
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
  void end_round(core::Tick now, core::Micros round);
  void grow();

  double size_ = kStart;
  double most_;
  double ceiling_ = 0;    // the size that last led to loss; 0 = none yet
  double line_loss_ = 0;  // the share lost at sizes below that, whatever we do
  std::uint32_t outstanding_ = 0;
  std::uint32_t replied_ = 0;
  std::uint32_t overdue_ = 0;
  bool was_full_ = false;
  bool is_settling_ = false;
  core::Tick round_end_{};
};

}  // namespace rblwatch::dns
