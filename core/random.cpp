// SPDX-License-Identifier: Apache-2.0
#include "core/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <limits>
#include <utility>

#include "core/check.hpp"

namespace rblwatch::core {

std::uint64_t Random::below(std::uint64_t bound) {
  RBL_CHECK(bound >= 1);
  // Draws in the incomplete last stretch of `bound` values would favour the small ones.
  const std::uint64_t surplus = (std::numeric_limits<std::uint64_t>::max() - bound + 1) % bound;
  std::uint64_t drawn = next();
  while (drawn < surplus) {
    drawn = next();
  }
  return drawn % bound;
}

double Random::unit() {
  constexpr double kStep = 1.0 / static_cast<double>(std::uint64_t{1} << 53U);
  return static_cast<double>(next() >> 11U) * kStep;
}

std::uint64_t SystemRandom::next() {
  if (used_ == block_.size()) {
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(block_));
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
      RBL_CHECK(got > 0 || (got < 0 && errno == EINTR));
      filled += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    used_ = 0;
  }
  // What was given out is forgotten here: a later look at this memory tells no earlier query id.
  return std::exchange(block_[used_++], 0);
}

std::uint64_t SeededRandom::next() {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace rblwatch::core
