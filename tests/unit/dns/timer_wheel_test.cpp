// SPDX-License-Identifier: Apache-2.0
#include "dns/timer_wheel.hpp"

#include <map>

#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "support.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using core::Micros;
using core::Millis;
using core::Tick;

namespace {

std::vector<std::uint32_t> due(TimerWheel& wheel, Tick now) {
  std::vector<std::uint32_t> indices;
  wheel.take_due(now, indices);
  std::sort(indices.begin(), indices.end());
  return indices;
}

}  // namespace

TEST_CASE("a timer fires at its time, not before, and once") {
  TimerWheel wheel(kStart);
  wheel.arm(3, kStart + Millis(20));
  CHECK(due(wheel, kStart + Millis(19)).empty());
  CHECK(due(wheel, kStart + Millis(20)) == std::vector<std::uint32_t>{3});
  CHECK(due(wheel, kStart + Millis(60000)).empty());
}

TEST_CASE("a timer within a millisecond fires at the next whole one") {
  TimerWheel wheel(kStart);
  wheel.arm(1, kStart + Micros(1500));
  CHECK(due(wheel, kStart + Micros(1999)).empty());
  CHECK(due(wheel, kStart + Millis(2)).size() == 1);
}

TEST_CASE("a timer that is moved or stopped doesn't fire at its old time") {
  TimerWheel wheel(kStart);
  wheel.arm(1, kStart + Millis(10));
  wheel.arm(2, kStart + Millis(10));
  wheel.arm(3, kStart + Millis(10));
  wheel.arm(2, kStart + Millis(30));
  wheel.stop(1);
  wheel.stop(99);
  CHECK_FALSE(wheel.is_armed(1));
  CHECK(due(wheel, kStart + Millis(10)) == std::vector<std::uint32_t>{3});
  CHECK(due(wheel, kStart + Millis(30)) == std::vector<std::uint32_t>{2});
}

TEST_CASE("what stays in a bucket is not overlooked for what leaves it") {
  TimerWheel wheel(kStart);
  wheel.arm(1, kStart + Millis(10));
  wheel.arm(2, kStart + Millis(10));
  wheel.arm(2, kStart + Millis(30));
  CHECK(wheel.next() == kStart + Millis(10));
  wheel.stop(1);
  CHECK(wheel.next() == kStart + Millis(30));
}

TEST_CASE("a timer in the past fires at the next turn of the wheel") {
  TimerWheel wheel(kStart);
  wheel.arm(1, kStart - Millis(500));
  CHECK(due(wheel, kStart + Millis(1)).size() == 1);
}

TEST_CASE("timers farther away than a turn wait for their own") {
  TimerWheel wheel(kStart);
  wheel.arm(1, kStart + Millis(60000));
  for (int ms = 1000; ms < 60000; ms += 1000)
    CHECK(due(wheel, kStart + Millis(ms)).empty());
  CHECK(due(wheel, kStart + Millis(60000)).size() == 1);
}

TEST_CASE("a jump of hours fires everything that fell due, once") {
  TimerWheel wheel(kStart);
  for (std::uint32_t i = 0; i < 100; ++i)
    wheel.arm(i, kStart + Millis(i * 700));
  CHECK(due(wheel, kStart + std::chrono::hours(8)).size() == 100);
  CHECK_FALSE(wheel.next());
}

TEST_CASE("the next time is never later than the first timer") {
  TimerWheel wheel(kStart);
  CHECK_FALSE(wheel.next());
  wheel.arm(1, kStart + Millis(7000));
  CHECK(wheel.next() == kStart + Millis(7000));
  wheel.arm(2, kStart + Millis(5));
  CHECK(wheel.next() == kStart + Millis(5));
  wheel.stop(2);
  wheel.arm(1, kStart + Millis(20000));
  REQUIRE(wheel.next());
  CHECK(*wheel.next() <= kStart + Millis(20000));
  CHECK(*wheel.next() > kStart);
}

TEST_CASE("a timer that was stopped or moved to later keeps nobody awake") {
  TimerWheel wheel(kStart);
  wheel.arm(1, kStart + Millis(10));
  wheel.arm(2, kStart + Millis(10));
  wheel.arm(2, kStart + Millis(30));
  wheel.stop(1);
  CHECK(wheel.next() == kStart + Millis(30));
  wheel.arm(1, kStart + Millis(50));
  wheel.arm(1, kStart + Millis(20));  // sooner again
  CHECK(wheel.next() == kStart + Millis(20));
  wheel.stop(1);
  wheel.stop(2);
  CHECK_FALSE(wheel.next());
}

TEST_CASE("the wheel does what a slow and obvious one does") {
  const std::uint64_t farthest = GENERATE(20000U, 60U);
  const std::uint64_t longest_step = GENERATE(400U, 5U, 20000U);
  core::SeededRandom random(7);
  TimerWheel wheel(kStart);
  std::map<std::uint32_t, Tick> plain;
  Tick now = kStart;
  for (int step = 0; step < 20000; ++step) {
    const auto index = static_cast<std::uint32_t>(random.below(64));
    switch (random.below(4)) {
      case 0:
      case 1: {
        const Tick at = now + Millis(static_cast<int>(1 + random.below(farthest)));
        wheel.arm(index, at);
        plain[index] = at;
        break;
      }
      case 2:
        wheel.stop(index);
        plain.erase(index);
        break;
      default: {
        now += Millis(static_cast<int>(random.below(longest_step)));
        std::vector<std::uint32_t> expected;
        for (auto it = plain.begin(); it != plain.end();) {
          if (it->second <= now) {
            expected.push_back(it->first);
            it = plain.erase(it);
          } else {
            ++it;
          }
        }
        REQUIRE(due(wheel, now) == expected);
        REQUIRE(wheel.next().has_value() != plain.empty());
        if (!plain.empty()) {
          for (const auto& [number, at] : plain)
            REQUIRE(*wheel.next() <= at);
        }
      }
    }
  }
}
