// SPDX-License-Identifier: Apache-2.0
//
// How long a zone's answers take: a histogram with four buckets per octave, so a quantile is right
// within a fifth. 256 bytes, no allocation. Belongs to the loop's thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace rblwatch::daemon {

class Latency {
 public:
  static constexpr std::size_t kBuckets = 64;  // 64 µs to 64 s; the ends collect the rest

  void note(core::Micros took);
  /// The bucket's upper bound below which `share` (0 to 1) of the answers lie; nothing before the
  /// first.
  std::optional<core::Millis> quantile(double share) const;

 private:
  std::array<std::uint32_t, kBuckets> counts_{};
};

}  // namespace rblwatch::daemon
