// SPDX-License-Identifier: Apache-2.0
//
// What really stands on which zone, from when to when: the simulator's knowledge, against which
// events are judged. Times are microseconds from the soak's beginning. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/random.hpp"
#include "core/time.hpp"
#include "soak_world.hpp"

namespace rblwatch::scenario {

struct Segment {
  core::Micros from;
  Mask mask = 0;
};

struct TruthStep {
  core::Micros at;
  std::uint32_t pair = 0;
  Mask mask = 0;
};

class Truth {
 public:
  explicit Truth(std::size_t pairs);
  /// The pair stands with this mask over [from, to), and is clear after it.
  /// Pre: after everything that was added for the pair before.
  void add(std::uint32_t pair, core::Micros from, core::Micros to, Mask mask);
  /// The same, where nothing stands from a day before to a day after; false where something does.
  bool insert(std::uint32_t pair, core::Micros from, core::Micros to, Mask mask);
  /// Likewise several in a row, clear after them. Pre: in order, at least two.
  bool insert(std::uint32_t pair, const std::vector<Segment>& row);

  const std::vector<Segment>& segments(std::uint32_t pair) const { return segments_[pair]; }
  Mask at(std::uint32_t pair, core::Micros at) const;
  /// Every entry that stood at some moment of [from, to], and every one that didn't.
  Mask ever(std::uint32_t pair, core::Micros from, core::Micros to) const;
  Mask ever_absent(std::uint32_t pair, core::Micros from, core::Micros to) const;
  /// All of it, in order.
  std::vector<TruthStep> steps() const;
  std::uint64_t listings() const;

 private:
  std::vector<std::vector<Segment>> segments_;
};

/// Listings of a half-hour to ten days that begin, change and end at random.
Truth make_truth(const SoakWorld& world, core::Micros length, core::Random& random);

}  // namespace rblwatch::scenario
