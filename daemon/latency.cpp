// SPDX-License-Identifier: Apache-2.0
#include "daemon/latency.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rblwatch::daemon {

namespace {
constexpr double kFirstMicros = 64;
constexpr double kPerOctave = 4;
}  // namespace

void Latency::note(core::Micros took) {
  const double octaves =
      std::log2(std::max<double>(static_cast<double>(took.count()), 1) / kFirstMicros);
  const double bucket =
      std::clamp(std::ceil(octaves * kPerOctave), 0.0, static_cast<double>(kBuckets - 1));
  std::uint32_t& count = counts_[static_cast<std::size_t>(bucket)];
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
  const double micros = kFirstMicros * std::exp2(static_cast<double>(bucket) / kPerOctave);
  return core::Millis(static_cast<std::int64_t>(std::ceil(micros / 1000)));
}

}  // namespace rblwatch::daemon
