// SPDX-License-Identifier: Apache-2.0
//
// When each pair is asked (rules 9 and 13): every interval with jitter, sooner for confirmations,
// each at most once per turn however long the machine slept. A timing wheel of intrusive lists: 20
// bytes a pair, no allocation per turn. Pacing is the resolver's; this only says who is next in
// each zone. Pure; the loop's thread.
//
// Times are kept in granules of 100 ms since `epoch`, rounded up: nothing is asked too early, and
// at most a granule late. Good for 13 years of ticks after the epoch.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "core/random.hpp"
#include "core/strong.hpp"
#include "core/time.hpp"
#include "lists/zone.hpp"

namespace rblwatch::lists {

/// Index into the pair book.
using PairId = core::StrongId<struct PairTag, std::uint32_t>;

class Schedule {
 public:
  /// `jitter`: 0 to 1, the part of the interval by which a turn may come sooner. `epoch`: no later
  /// than any tick that will be given; earlier ones count as it.
  Schedule(std::size_t zones, double jitter, core::Random& random, core::Tick epoch = {});

  /// Room for so many pairs: without it, what growing leaves behind is as much memory again.
  void reserve(std::size_t pairs) { nodes_.reserve(pairs); }
  /// Pairs are added in the order of their ids, 0 first. `first_due` in the past = at once.
  void add(PairId pair, ZoneIndex zone, core::Millis interval, core::Tick first_due);
  /// Moves what is due by now into its zone's queue. Cheap to call often.
  void advance(core::Tick now);
  /// The next pair of the zone to ask: confirmations first, then by turn. Nothing when none is due.
  /// The pair is then out until asked() or ask_again(). One that is due both ways comes once.
  std::optional<PairId> take(ZoneIndex zone);
  /// asked() is soon to be told of it.
  void prefetch(PairId pair) const { __builtin_prefetch(&of(pair.value), 1); }
  bool has_due(ZoneIndex zone) const { return due_count(zone) > 0; }
  /// A pair that is due both ways counts twice.
  std::size_t due_count(ZoneIndex zone) const;
  /// The pair was asked: its next turn is an interval later, less jitter, counted from `now`. After
  /// a confirmation its turn stays where it was, unless it had come meanwhile.
  void asked(PairId pair, core::Tick now);
  /// Ask it at this time, ahead of its turn; the earliest of several wins. Its turn stays. While
  /// the pair is out it is not given out again before asked() or ask_again().
  void ask_again(PairId pair, core::Tick at);
  /// When the pair's turn comes, or came: for a schedule that takes this one's place.
  core::Tick due(PairId pair) const { return tick_of(of(pair.value).due); }
  /// When something that isn't due yet becomes so; nothing while the wheel is empty. Never too
  /// late.
  std::optional<core::Tick> next_due() const;

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  static constexpr std::uint32_t kSlots = 4096;  // of one granule each; later turns go round again
  static constexpr core::Millis kGranule{100};
  struct Node {
    std::uint32_t next = kNone;  // in its slot's or queue's list
    std::uint32_t prev = kNone;  // in its queue's
    std::uint32_t due = 0;       // granules since the epoch
    std::uint32_t interval = 0;  // granules
    std::uint16_t zone = 0;
    bool is_waiting : 1 = false;    // in the wheel
    bool is_queued : 1 = false;     // in its zone's queue of turns
    bool is_out : 1 = false;        // taken, not yet asked
    bool is_urgent : 1 = false;     // in its zone's queue of confirmations
    bool is_postponed : 1 = false;  // its confirmation came due while it was out
  };
  struct Queue {
    std::uint32_t head = kNone;
    std::uint32_t tail = kNone;
    std::size_t size = 0;
  };
  struct Again {
    std::uint32_t due;
    std::uint32_t pair;
    friend bool operator>(const Again& a, const Again& b) { return a.due > b.due; }
  };

  // Without the library's own check, which would cost as much as what is done with it.
  Node& of(std::uint32_t pair) { return nodes_.data()[pair]; }
  const Node& of(std::uint32_t pair) const { return nodes_.data()[pair]; }
  std::uint32_t granule_from(core::Tick at) const;  // rounded up: not before `at`
  std::uint32_t granule_at(core::Tick now) const;   // rounded down
  core::Tick tick_of(std::uint32_t granule) const;
  std::uint32_t next_turn(const Node& node, core::Tick now);
  void wait(std::uint32_t pair);
  void enqueue(std::uint32_t pair);
  void unlink(std::uint32_t pair);
  void turn_came(std::uint32_t pair);
  void make_urgent(std::uint32_t pair);
  void sift_slot(std::uint32_t slot, std::uint32_t now);
  void advance_wheel(std::uint32_t now);
  std::uint32_t next_in_wheel() const;
  void advance_again(std::uint32_t now);
  std::optional<PairId> take_urgent(std::uint16_t zone);
  std::optional<PairId> take_turn(std::uint16_t zone);
  void come_back(std::uint32_t pair);

  double jitter_;
  core::Random& random_;
  core::Tick epoch_;
  std::uint32_t current_ = 0;       // everything due by this granule has been moved
  std::uint32_t earliest_ = kNone;  // of what waits in the wheel
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> wheel_ = std::vector<std::uint32_t>(kSlots, kNone);
  std::vector<std::uint32_t> soonest_ = std::vector<std::uint32_t>(kSlots, kNone);  // due, by slot
  std::vector<Queue> turns_;
  std::vector<std::deque<std::uint32_t>> urgent_;  // confirmations that are due, per zone
  std::unordered_map<std::uint32_t, std::uint32_t>
      again_at_;  // pair → due; what again_ has beside is stale
  std::priority_queue<Again, std::vector<Again>, std::greater<>> again_;
};

}  // namespace rblwatch::lists
