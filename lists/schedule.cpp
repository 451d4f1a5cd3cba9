// SPDX-License-Identifier: Apache-2.0
#include "lists/schedule.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace rblwatch::lists {

namespace {

/// The last granule; kNone beside it means never.
constexpr std::int64_t kLast = 0xFFFFFFFE;

std::uint32_t saturated(std::int64_t granules) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(granules, 0, kLast));
}

}  // namespace

Schedule::Schedule(std::size_t zones, double jitter, core::Random& random, core::Tick epoch)
    : jitter_(std::clamp(jitter, 0.0, 1.0)),
      random_(random),
      epoch_(epoch),
      turns_(zones),
      urgent_(zones) {
  static_assert(sizeof(Node) <= 20);
}

void Schedule::add(PairId pair, ZoneIndex zone, core::Millis interval, core::Tick first_due) {
  RBL_CHECK(pair.value == nodes_.size());
  RBL_CHECK(zone.value < turns_.size());
  Node node;
  node.zone = zone.value;
  node.interval = std::max(1U, saturated((interval + kGranule - core::Millis(1)) / kGranule));
  node.due = granule_from(first_due);
  nodes_.push_back(node);
  wait(pair.value);
}

void Schedule::advance(core::Tick now) {
  const std::uint32_t granule = granule_at(now);
  if (granule > current_) {
    advance_wheel(granule);
  }
  advance_again(current_);
}

std::optional<PairId> Schedule::take(ZoneIndex zone) {
  auto pair = take_urgent(zone.value);
  return pair ? pair : take_turn(zone.value);
}

std::size_t Schedule::due_count(ZoneIndex zone) const {
  return turns_[zone.value].size + urgent_[zone.value].size();
}

void Schedule::asked(PairId pair, core::Tick now) {
  Node& node = of(pair.value);
  node.is_out = false;
  if (!node.is_waiting && !node.is_queued) {
    node.due = next_turn(node, now);
    wait(pair.value);
  }
  come_back(pair.value);
}

void Schedule::ask_again(PairId pair, core::Tick at) {
  come_back(pair.value);
  const std::uint32_t due = granule_from(at);
  const auto known = again_at_.find(pair.value);
  if (of(pair.value).is_urgent || (known != again_at_.end() && known->second <= due)) {
    return;
  }
  if (due <= current_) {
    if (known != again_at_.end()) {
      again_at_.erase(known);
    }
    make_urgent(pair.value);
    return;
  }
  again_at_[pair.value] = due;
  again_.push({due, pair.value});
}

std::optional<core::Tick> Schedule::next_due() const {
  const std::uint32_t again = again_.empty() ? kNone : again_.top().due;
  const std::uint32_t next = std::min(earliest_, again);
  return next == kNone ? std::nullopt : std::optional(tick_of(next));
}

std::uint32_t Schedule::granule_from(core::Tick at) const {
  if (at <= epoch_) {
    return 0;
  }
  const core::Micros since = at - epoch_;
  return saturated(since / kGranule + (since % kGranule == core::Micros::zero() ? 0 : 1));
}

std::uint32_t Schedule::granule_at(core::Tick now) const {
  return now <= epoch_ ? 0 : saturated((now - epoch_) / kGranule);
}

core::Tick Schedule::tick_of(std::uint32_t granule) const {
  return epoch_ + granule * kGranule;
}

std::uint32_t Schedule::next_turn(const Node& node, core::Tick now) {
  const double shorter = random_.unit() * jitter_ * node.interval;
  const auto pause = static_cast<std::int64_t>(node.interval) - static_cast<std::int64_t>(shorter);
  return saturated(std::int64_t{granule_from(now)} + std::max<std::int64_t>(pause, 1));
}

/// Into the wheel, or straight into its queue when that is due already.
void Schedule::wait(std::uint32_t pair) {
  Node& node = of(pair);
  if (node.due <= current_) {
    enqueue(pair);
    return;
  }
  const std::uint32_t slot = node.due % kSlots;
  node.is_waiting = true;
  node.next = wheel_[slot];
  wheel_[slot] = pair;
  soonest_[slot] = std::min(soonest_[slot], node.due);
  earliest_ = std::min(earliest_, node.due);
}

void Schedule::enqueue(std::uint32_t pair) {
  Node& node = of(pair);
  Queue& queue = turns_[node.zone];
  node.is_queued = true;
  node.next = kNone;
  node.prev = queue.tail;
  (queue.tail == kNone ? queue.head : of(queue.tail).next) = pair;
  queue.tail = pair;
  ++queue.size;
}

void Schedule::unlink(std::uint32_t pair) {
  Node& node = of(pair);
  Queue& queue = turns_[node.zone];
  (node.prev == kNone ? queue.head : of(node.prev).next) = node.next;
  (node.next == kNone ? queue.tail : of(node.next).prev) = node.prev;
  node.is_queued = false;
  --queue.size;
}

/// The question that is under way is its turn's too: asked() plans the next one.
void Schedule::turn_came(std::uint32_t pair) {
  of(pair).is_waiting = false;
  if (!of(pair).is_out) {
    enqueue(pair);
  }
}

void Schedule::make_urgent(std::uint32_t pair) {
  Node& node = of(pair);
  if (node.is_out) {
    node.is_postponed = true;
  } else if (!node.is_urgent) {
    node.is_urgent = true;
    urgent_[node.zone].push_back(pair);
  }
}

/// Moves what is due out of a slot; later rounds stay.
void Schedule::sift_slot(std::uint32_t slot, std::uint32_t now) {
  if (soonest_[slot] > now) {
    return;
  }
  std::uint32_t pair = wheel_[slot];
  wheel_[slot] = kNone;
  soonest_[slot] = kNone;
  while (pair != kNone) {
    Node& node = of(pair);
    const std::uint32_t next = node.next;
    if (node.due <= now) {
      turn_came(pair);
    } else {
      node.next = wheel_[slot];
      wheel_[slot] = pair;
      soonest_[slot] = std::min(soonest_[slot], node.due);
    }
    pair = next;
  }
}

void Schedule::advance_wheel(std::uint32_t now) {
  const std::uint32_t before = current_;
  current_ = now;
  if (now < earliest_) {
    return;
  }
  // After a long sleep one round sees every slot; nobody's turn comes twice.
  const std::uint32_t steps = std::min(now - before, kSlots);
  for (std::uint32_t step = 1; step <= steps; ++step) {
    sift_slot((before + step) % kSlots, now);
  }
  earliest_ = next_in_wheel();
}

/// The first slot ahead that holds something of this round, mostly a near one; else the least of
/// all.
std::uint32_t Schedule::next_in_wheel() const {
  for (std::uint32_t ahead = 1; ahead <= kSlots; ++ahead) {
    const std::uint32_t granule = current_ + ahead;
    if (soonest_[granule % kSlots] == granule) {
      return granule;
    }
  }
  return *std::min_element(soonest_.begin(), soonest_.end());
}

void Schedule::advance_again(std::uint32_t now) {
  while (!again_.empty()) {
    const Again top = again_.top();
    const auto known = again_at_.find(top.pair);
    const bool is_stale = known == again_at_.end() || known->second != top.due;
    if (!is_stale && top.due > now) {
      return;
    }
    again_.pop();
    if (!is_stale) {
      again_at_.erase(known);
      make_urgent(top.pair);
    }
  }
}

std::optional<PairId> Schedule::take_urgent(std::uint16_t zone) {
  if (urgent_[zone].empty()) {
    return std::nullopt;
  }
  const std::uint32_t pair = urgent_[zone].front();
  urgent_[zone].pop_front();
  Node& node = of(pair);
  node.is_urgent = false;
  node.is_out = true;
  if (node.is_queued) {
    unlink(pair);  // its turn has come too, and this question is both
  }
  return PairId{pair};
}

std::optional<PairId> Schedule::take_turn(std::uint16_t zone) {
  const std::uint32_t pair = turns_[zone].head;
  if (pair == kNone) {
    return std::nullopt;
  }
  unlink(pair);
  of(pair).is_out = true;
  return PairId{pair};
}

/// The pair is out no longer; a confirmation that came due meanwhile may go.
void Schedule::come_back(std::uint32_t pair) {
  Node& node = of(pair);
  node.is_out = false;
  if (node.is_postponed) {
    node.is_postponed = false;
    make_urgent(pair);
  }
}

}  // namespace rblwatch::lists
