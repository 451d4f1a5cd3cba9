// SPDX-License-Identifier: Apache-2.0
#include "dns/rate_limit.hpp"

#include <deque>

#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "support.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using core::Micros;
using core::Millis;
using core::Seconds;
using core::Tick;

TEST_CASE("without a rate anything may go") {
  RateLimit limit;
  for (int i = 0; i < 1000; ++i)
    limit.take(kStart);
  CHECK(limit.available(kStart) > 1e9);
  CHECK(limit.when_available(5, kStart) == kStart);
  CHECK_FALSE(RateLimit(-1, kStart).is_limited());
}

TEST_CASE("no sliding second holds more than the rate and a tenth of it") {
  const double rate = GENERATE(0.5, 1.0, 7.0, 50.0, 1000.0, 33333.0);
  CAPTURE(rate);
  RateLimit limit(rate, kStart);
  core::SeededRandom random(5);
  std::deque<Tick> sent;
  Tick now = kStart;
  std::size_t total = 0;
  const Tick end = kStart + Seconds(20);
  while (now < end) {
    while (limit.available(now) >= 1) {
      limit.take(now);
      sent.push_back(now);
      ++total;
    }
    while (!sent.empty() && sent.front() <= now - Seconds(1))
      sent.pop_front();
    REQUIRE(static_cast<double>(sent.size()) <= rate + std::max(1.0, rate / 10) + 1e-6);
    now += Micros(1 + static_cast<int>(random.below(20000)));
  }
  CHECK(static_cast<double>(total) >= rate * 20 * 0.95 - 1);
}

TEST_CASE("the wait that is named is the shortest that suffices") {
  RateLimit limit(10, kStart);
  limit.take(kStart);
  const Tick at = limit.when_available(1, kStart);
  CHECK(at == kStart + Millis(100));
  CHECK(limit.available(at) >= 1);
  CHECK(limit.available(at - Millis(1)) < 1);
}

TEST_CASE("a jump forward gives one burst, a jump back nothing") {
  RateLimit limit(100, kStart);
  limit.take(kStart, 10);
  CHECK(limit.available(kStart - Seconds(50)) < 1);
  CHECK(limit.available(kStart + std::chrono::hours(8)) < 10.1);
}

TEST_CASE("a changed rate keeps what was spent") {
  RateLimit limit(100, kStart);
  limit.take(kStart, 10);
  limit.set_rate(1000, kStart);
  CHECK(limit.available(kStart) < 1);
  CHECK(limit.available(kStart + Millis(10)) >= 9.9);
  limit.set_rate(0, kStart);
  CHECK_FALSE(limit.is_limited());
}
