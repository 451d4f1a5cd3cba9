// SPDX-License-Identifier: Apache-2.0
#include "dns/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace rblwatch::dns {
namespace {

std::int64_t floor_ms(core::Tick at) {
  return std::chrono::floor<core::Millis>(at.time_since_epoch()).count();
}
std::int64_t ceil_ms(core::Tick at) {
  return std::chrono::ceil<core::Millis>(at.time_since_epoch()).count();
}

}  // namespace

TimerWheel::TimerWheel(core::Tick now) : heads_(kBuckets, kNone), done_(floor_ms(now)) {}

void TimerWheel::link(std::uint32_t index) {
  Link& link = links_.data()[index];
  link.listed = link.at;
  const std::size_t bucket = bucket_of(link.listed);
  link.previous = kNone;
  link.next = heads_[bucket];
  if (link.next != kNone) links_[link.next].previous = index;
  heads_[bucket] = index;
  used_[bucket / 64] |= std::uint64_t{1} << (bucket % 64);
}

void TimerWheel::unlink(std::uint32_t index) {
  Link& link = links_.data()[index];
  if (link.previous != kNone) {
    links_[link.previous].next = link.next;
  } else {
    const std::size_t bucket = bucket_of(link.listed);
    heads_[bucket] = link.next;
    if (link.next == kNone) used_[bucket / 64] &= ~(std::uint64_t{1} << (bucket % 64));
  }
  if (link.next != kNone) links_[link.next].previous = link.previous;
  link.listed = kNever;
}

void TimerWheel::arm(std::uint32_t index, core::Tick at) {
  if (index >= links_.size()) links_.resize(std::max<std::size_t>(index + 1U, links_.size() * 2));
  Link& armed = links_.data()[index];  // without the library's own check: every packet comes here
  armed.at = std::max(ceil_ms(at), done_ + 1);
  if (armed.listed != kNever && armed.listed <= armed.at) return;
  if (armed.listed != kNever) unlink(index);
  link(index);
}

void TimerWheel::stop(std::uint32_t index) {
  if (index < links_.size()) links_[index].at = kNever;
}

// Whether it is armed for the bucket it stands in, for this turn or a later one.
bool TimerWheel::belongs(const Link& link) {
  return link.at != kNever && bucket_of(link.at) == bucket_of(link.listed);
}

// Puts it where it belongs by now.
void TimerWheel::settle(std::uint32_t index) {
  Link& settled = links_[index];
  if (belongs(settled)) {
    settled.listed = settled.at;
    return;
  }
  unlink(index);
  if (settled.at != kNever) link(index);
}

void TimerWheel::take_due(core::Tick now, std::vector<std::uint32_t>& due) {
  const std::int64_t until = floor_ms(now);
  if (until <= done_) return;
  // One turn visits every bucket, however long we slept.
  const std::int64_t last = std::min(until, done_ + static_cast<std::int64_t>(kBuckets));
  for (std::int64_t ms = done_ + 1; ms <= last; ++ms) {
    const std::size_t bucket = bucket_of(ms);
    if ((used_[bucket / 64] & (std::uint64_t{1} << (bucket % 64))) == 0) continue;
    for (std::uint32_t index = heads_[bucket]; index != kNone;) {
      const std::uint32_t following = links_[index].next;
      if (is_armed(index) && links_[index].at <= until) {
        unlink(index);
        links_[index].at = kNever;
        due.push_back(index);
      } else {
        settle(index);
      }
      index = following;
    }
  }
  done_ = until;
}

// When the first bucket from this millisecond on that isn't empty is looked at.
std::optional<std::int64_t> TimerWheel::next_used(std::int64_t from) const {
  const std::size_t start = bucket_of(from);
  for (std::size_t step = 0; step <= kWords; ++step) {
    const std::size_t word = (start / 64 + step) % kWords;
    std::uint64_t bits = used_[word];
    if (step == 0) bits &= ~std::uint64_t{0} << (start % 64);
    if (step == kWords) bits &= ~(~std::uint64_t{0} << (start % 64));
    if (bits == 0) continue;
    const std::size_t bucket = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    const std::size_t ahead = (bucket + kBuckets - start) % kBuckets;
    return from + static_cast<std::int64_t>(ahead);
  }
  return std::nullopt;
}

// What doesn't belong where it stands goes to where it does. That is later, so the search goes on
// from here; where it is later than a turn, it is found on the way round.
std::optional<core::Tick> TimerWheel::next() {
  for (std::int64_t from = done_ + 1;;) {
    const auto ms = next_used(from);
    if (!ms) return std::nullopt;
    const std::uint32_t first = heads_[bucket_of(*ms)];
    if (belongs(links_[first])) return core::Tick(core::Millis(*ms));
    settle(first);
    from = *ms;
  }
}

}  // namespace rblwatch::dns
