// SPDX-License-Identifier: Apache-2.0
//
// Port: where chance comes from. SystemRandom draws from getrandom(2) in blocks (query ids, source
// ports and delivery ids need a CSPRNG; RFC 5452 section 9); SeededRandom is for tests and
// simulations. One object belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace rblwatch::core {

class Random {
 public:
  Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  /// Uniform in [0, bound); bound ≥ 1. Without modulo bias.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
};

class SystemRandom final : public Random {
 public:
  /// Aborts when the kernel gives no randomness: guessable query ids are worse than no daemon.
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 128> block_{};
  std::size_t used_ = 128;
};

/// SplitMix64: the same seed gives the same story.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

}  // namespace rblwatch::core
