// SPDX-License-Identifier: Apache-2.0
// Whatever a message holds, reading it costs at most 5 ms and 1 MiB, and a hundred thousand of them
// leave nothing behind.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "costly_messages.hpp"
#include "dns/decode.hpp"
#include "tests/support/counted_allocations.hpp"
#include "tests/support/sanitized.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;

namespace {

// Of this thread; a busy machine must not fail the test.
std::chrono::nanoseconds processor_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// Reads it as an answer to that question; what it holds is gone afterwards.
void read(const Octets& message, Walk& walked, QType type) {
  if (walk(message, walked) != Flaw::none) return;
  Answer answer;
  static_cast<void>(decode(message, walked, type, answer));
}

// A sanitizer's own work is not what is bounded.
constexpr std::chrono::nanoseconds kAllowed =
    std::chrono::milliseconds(support::kIsSanitized ? 500 : 5);

// The processor time of a reading; the shortest of five where it seems to be long, for what else
// the machine does is not the message's fault.
std::chrono::nanoseconds cost(const Octets& message, Walk& walked, QType type) {
  auto shortest = std::chrono::nanoseconds::max();
  for (int i = 0; i < 5 && shortest > kAllowed / 2; ++i) {
    const auto start = processor_time();
    read(message, walked, type);
    shortest = std::min(shortest, processor_time() - start);
  }
  return shortest;
}

}  // namespace

TEST_CASE("a hundred thousand hostile messages leak nothing and none costs much") {
  constexpr int kMessages = support::kIsSanitized ? 10'000 : 100'000;
  core::SeededRandom random(5);
  const std::vector<Octets> seeds = costly();
  const auto walked = std::make_unique<Walk>();
  std::chrono::nanoseconds longest{0};
  std::int64_t held = 0;
  std::int64_t most = 0;
  for (int i = 0; i < kMessages && held == 0; ++i) {
    const Octets message = damaged(seeds[random.below(seeds.size())], random);
    const QType type = kTypes[static_cast<std::size_t>(i) % kTypes.size()];
    const support::CountedAllocations counted;
    longest = std::max(longest, cost(message, *walked, type));
    held = counted.held();
    most = std::max(most, counted.most());
  }
  CHECK(held == 0);
  CHECK(most <= 1 << 20);
  CHECK(longest <= kAllowed);
}

TEST_CASE("the costliest messages that we know cost half of what is allowed") {
  const auto walked = std::make_unique<Walk>();
  for (const Octets& message : costly()) {
    for (const QType type : kTypes)
      CHECK(cost(message, *walked, type) <= kAllowed / 2);
  }
}
