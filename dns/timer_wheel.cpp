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

void TimerWheel::unlink(std::uint32_t index) {
  Link& link = links_[index];
  if (link.previous != kNone) {
    links_[link.previous].next = link.next;
  } else {
    heads_[link.bucket] = link.next;
    if (link.next == kNone) used_[link.bucket / 64] &= ~(std::uint64_t{1} << (link.bucket % 64));
  }
  if (link.next != kNone) links_[link.next].previous = link.previous;
  link.bucket = kNone;
}

void TimerWheel::arm(std::uint32_t index, core::Tick at) {
  if (index >= links_.size()) links_.resize(std::max<std::size_t>(index + 1U, links_.size() * 2));
  Link& link = links_[index];
  if (link.bucket != kNone) unlink(index);
  link.at = std::max(ceil_ms(at), done_ + 1);
  link.bucket = static_cast<std::uint32_t>(static_cast<std::uint64_t>(link.at) % kBuckets);
  link.previous = kNone;
  link.next = heads_[link.bucket];
  if (link.next != kNone) links_[link.next].previous = index;
  heads_[link.bucket] = index;
  used_[link.bucket / 64] |= std::uint64_t{1} << (link.bucket % 64);
}

void TimerWheel::stop(std::uint32_t index) {
  if (is_armed(index)) unlink(index);
}

void TimerWheel::take_due(core::Tick now, std::vector<std::uint32_t>& due) {
  const std::int64_t until = floor_ms(now);
  if (until <= done_) return;
  // One turn visits every bucket, however long we slept.
  const std::int64_t last = std::min(until, done_ + static_cast<std::int64_t>(kBuckets));
  for (std::int64_t ms = done_ + 1; ms <= last; ++ms) {
    const auto bucket = static_cast<std::size_t>(static_cast<std::uint64_t>(ms) % kBuckets);
    if ((used_[bucket / 64] & (std::uint64_t{1} << (bucket % 64))) == 0) continue;
    for (std::uint32_t index = heads_[bucket]; index != kNone;) {
      const std::uint32_t following = links_[index].next;
      if (links_[index].at <= until) {
        unlink(index);
        due.push_back(index);
      }
      index = following;
    }
  }
  done_ = until;
}

std::optional<core::Tick> TimerWheel::next() const {
  const auto start = static_cast<std::size_t>(static_cast<std::uint64_t>(done_ + 1) % kBuckets);
  for (std::size_t step = 0; step <= kWords; ++step) {
    const std::size_t word = (start / 64 + step) % kWords;
    std::uint64_t bits = used_[word];
    if (step == 0) bits &= ~std::uint64_t{0} << (start % 64);
    if (step == kWords) bits &= ~(~std::uint64_t{0} << (start % 64));
    if (bits == 0) continue;
    const std::size_t bucket = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    const std::size_t ahead = (bucket + kBuckets - start) % kBuckets;
    return core::Tick(core::Millis(done_ + 1 + static_cast<std::int64_t>(ahead)));
  }
  return std::nullopt;
}

}  // namespace rblwatch::dns
