// SPDX-License-Identifier: Apache-2.0
#include "daemon/latency.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace rblwatch::daemon {

namespace {

constexpr double kFirstMicros = 64;
constexpr std::size_t kPerOctave = 4;

/// The whole microseconds that a bucket holds at most.
std::array<std::int64_t, Latency::kBuckets> make_bounds() {
  std::array<std::int64_t, Latency::kBuckets> bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const double octaves = static_cast<double>(i) / static_cast<double>(kPerOctave);
    bounds.at(i) = static_cast<std::int64_t>(std::floor(kFirstMicros * std::exp2(octaves)));
  }
  return bounds;
}

/// The first bucket that holds it, or the last: at most four steps from its octave's beginning.
std::size_t bucket_of(std::int64_t micros) {
  static const auto kBounds = make_bounds();
  constexpr std::size_t kLast = Latency::kBuckets - 1;
  const auto octave = static_cast<std::size_t>(
      std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 1))));
  std::size_t bucket = octave <= 7 ? 0 : std::min((octave - 7) * kPerOctave, kLast);
  while (bucket < kLast && micros > kBounds[bucket]) {
    ++bucket;
  }
  return bucket;
}

}  // namespace

void Latency::note(core::Micros took) {
  std::uint32_t& count = counts_[bucket_of(took.count())];
  if (++count == 1U << 30U) {
    // Halving keeps the shape and makes room; it also lets old answers fade.
    for (std::uint32_t& each : counts_) {
      each /= 2;
    }
  }
}

std::optional<core::Millis> Latency::quantile(double share) const {
  const auto total = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  if (total == 0) {
    return std::nullopt;
  }
  const double wanted = share * static_cast<double>(total);
  std::uint64_t below = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < kBuckets && static_cast<double>(below + counts_[bucket]) < wanted) {
    below += counts_[bucket++];
  }
  const double micros =
      kFirstMicros * std::exp2(static_cast<double>(bucket) / static_cast<double>(kPerOctave));
  return core::Millis(static_cast<std::int64_t>(std::ceil(micros / 1000)));
}

}  // namespace rblwatch::daemon
