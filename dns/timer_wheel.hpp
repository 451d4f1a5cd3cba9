// SPDX-License-Identifier: Apache-2.0
//
// One timer per index (a flight), a millisecond coarse: arming, moving and stopping cost a few
// nanoseconds and no memory beyond two links per index. A timer never fires early. Time is passed
// in; a jump forward (suspend) fires everything that fell due, once. One object belongs to one
// thread.
//
// What is moved to later, or stopped, stays in its bucket until that is looked at: most timers are
// of questions that are answered long before, and whose place the next question takes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/time.hpp"

namespace rblwatch::dns {

class TimerWheel {
 public:
  explicit TimerWheel(core::Tick now);

  /// Arms the index's timer, or moves it.
  void arm(std::uint32_t index, core::Tick at);
  void stop(std::uint32_t index);
  bool is_armed(std::uint32_t index) const {
    return index < links_.size() && links_[index].at != kNever;
  }
  /// Takes the indices that are due, oldest bucket first, appending to `due`; their timers are
  /// stopped.
  void take_due(core::Tick now, std::vector<std::uint32_t>& due);
  /// No timer fires before this; nothing when none is armed. May be early by less than a turn (8
  /// s), for a timer that is later than that.
  std::optional<core::Tick> next();

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::size_t kBuckets =
      8192;  // a turn is 8.2 s; later timers wait for their turn
  static constexpr std::size_t kWords = kBuckets / 64;

  static constexpr std::int64_t kNever = -1;

  struct Link {
    std::uint32_t next = kNone;
    std::uint32_t previous = kNone;
    std::int64_t at = kNever;      // milliseconds; kNever: not armed
    std::int64_t listed = kNever;  // at this time its bucket is looked at; kNever: in none
  };

  static std::size_t bucket_of(std::int64_t ms) {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(ms) % kBuckets);
  }
  void link(std::uint32_t index);
  void unlink(std::uint32_t index);
  static bool belongs(const Link& link);
  void settle(std::uint32_t index);
  std::optional<std::int64_t> next_used(std::int64_t from) const;

  std::vector<Link> links_;
  std::vector<std::uint32_t> heads_;
  std::array<std::uint64_t, kWords> used_{};  // a bit per bucket that isn't empty
  std::int64_t done_;                         // milliseconds up to which all has fired
};

}  // namespace rblwatch::dns
