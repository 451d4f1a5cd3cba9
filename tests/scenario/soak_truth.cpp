// SPDX-License-Identifier: Apache-2.0
#include "soak_truth.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace rblwatch::scenario {

namespace {

using core::Micros;
using std::chrono::hours;
using std::chrono::minutes;

constexpr double kListedAtStart = 0.015;
constexpr double kListingsAMonth = 0.1;  // of each pair
constexpr double kChanges = 0.35;        // of listings: their codes change halfway
constexpr Micros kShortest = minutes(30);
constexpr Micros kLongest = hours(240);
constexpr Micros kMonth = hours(720);

Micros share(Micros whole, double part) {
  return Micros(static_cast<std::int64_t>(static_cast<double>(whole.count()) * part));
}

/// Short ones are as frequent as long ones, by orders of magnitude.
Micros draw_length(core::Random& random) {
  const double ratio = static_cast<double>(kLongest / kShortest);
  return share(kShortest, std::pow(ratio, random.unit()));
}

Mask draw_mask(core::Random& random) {
  return random.unit() < 0.6 ? static_cast<Mask>(1U << random.below(kEntries))
                             : static_cast<Mask>(1 + random.below((1U << kEntries) - 1));
}

void add_listing(Truth& truth, std::uint32_t pair, Micros from, core::Random& random) {
  const Micros length = draw_length(random);
  const Mask first = draw_mask(random);
  const Mask second = draw_mask(random);
  if (random.unit() < kChanges && second != first) {
    const Micros half = share(length, 0.2 + 0.6 * random.unit());
    truth.add(pair, from, from + half, first);
    truth.add(pair, from + half, from + length, second);
    return;
  }
  truth.add(pair, from, from + length, first);
}

}  // namespace

Truth::Truth(std::size_t pairs) : segments_(pairs, {{Micros(0), Mask{0}}}) {}

void Truth::add(std::uint32_t pair, Micros from, Micros to, Mask mask) {
  std::vector<Segment>& segments = segments_[pair];
  if (segments.back().from == from) {
    segments.pop_back();
  }
  segments.push_back({from, mask});
  segments.push_back({to, Mask{0}});
}

bool Truth::insert(std::uint32_t pair, Micros from, Micros to, Mask mask) {
  return insert(pair, {{from, mask}, {to, Mask{0}}});
}

bool Truth::insert(std::uint32_t pair, const std::vector<Segment>& row) {
  std::vector<Segment>& segments = segments_[pair];
  const Micros from = row.front().from;
  if (ever(pair, from - hours(24), row.back().from + hours(24)) != 0) {
    return false;
  }
  const auto place = std::upper_bound(segments.begin(), segments.end(), from,
                                      [](Micros at, const Segment& one) { return at < one.from; });
  segments.insert(place, row.begin(), row.end());
  return true;
}

Mask Truth::at(std::uint32_t pair, Micros at) const {
  return ever(pair, at, at);
}

Mask Truth::ever(std::uint32_t pair, Micros from, Micros to) const {
  const std::vector<Segment>& segments = segments_[pair];
  unsigned mask = 0;
  for (std::size_t i = 0; i < segments.size() && segments[i].from <= to; ++i) {
    const bool is_over = i + 1 < segments.size() && segments[i + 1].from <= from;
    mask |= is_over ? 0U : segments[i].mask;
  }
  return static_cast<Mask>(mask);
}

Mask Truth::ever_absent(std::uint32_t pair, Micros from, Micros to) const {
  const std::vector<Segment>& segments = segments_[pair];
  unsigned mask = 0;
  for (std::size_t i = 0; i < segments.size() && segments[i].from <= to; ++i) {
    const bool is_over = i + 1 < segments.size() && segments[i + 1].from <= from;
    mask |= is_over ? 0U : ~unsigned{segments[i].mask};
  }
  return static_cast<Mask>(mask);
}

std::vector<TruthStep> Truth::steps() const {
  std::vector<TruthStep> steps;
  for (std::uint32_t pair = 0; pair < segments_.size(); ++pair) {
    for (const Segment& segment : segments_[pair]) {
      if (segment.from > Micros(0) || segment.mask != 0) {
        steps.push_back({segment.from, pair, segment.mask});
      }
    }
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const TruthStep& a, const TruthStep& b) { return a.at < b.at; });
  return steps;
}

std::uint64_t Truth::listings() const {
  std::uint64_t count = 0;
  for (const std::vector<Segment>& segments : segments_) {
    Mask before = 0;
    for (const Segment& segment : segments) {
      count += before == 0 && segment.mask != 0 ? 1 : 0;
      before = segment.mask;
    }
  }
  return count;
}

Truth make_truth(const SoakWorld& world, Micros length, core::Random& random) {
  Truth truth(world.pairs.size());
  for (std::uint32_t pair = 0; pair < world.pairs.size(); ++pair) {
    if (random.unit() < kListedAtStart) {
      add_listing(truth, pair, Micros(0), random);
    }
    for (;;) {
      const double wait = -std::log(1 - random.unit()) / kListingsAMonth;
      const Micros from = truth.segments(pair).back().from + share(kMonth, wait);
      if (from >= length) {
        break;
      }
      add_listing(truth, pair, from, random);
    }
  }
  return truth;
}

}  // namespace rblwatch::scenario
