// SPDX-License-Identifier: Apache-2.0
#include "dns/lane_book.hpp"

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include "dns/wake_budget.hpp"
#include "support.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using core::Micros;
using core::Millis;
using core::Seconds;
using core::Tick;

namespace {

constexpr auto kResolver = ServerRole::resolver;

ResolverOptions with_places(std::uint32_t places, double qps = 0) {
  ResolverOptions options;
  options.in_flight = places;
  options.qps = qps;
  return options;
}

std::uint32_t fill(LaneBook& lanes, Lane lane, ServerRole role = kResolver) {
  std::uint32_t taken = 0;
  while (lanes.can_submit(lane, kStart)) {
    lanes.enter(lane, role, kStart);
    ++taken;
  }
  return taken;
}

void fall_silent(LaneBook& lanes, Lane lane) {
  while (!lanes.is_silent(lane))
    lanes.note_silence(lane);
}

void spend(LaneBook& lanes, Lane lane, int packets, Tick now = kStart) {
  for (int i = 0; i < packets; ++i) {
    lanes.promise(lane, kResolver);
    lanes.send_promised(lane, kResolver, now);
  }
}

}  // namespace

TEST_CASE("a lane alone gets all that leaves half of the places to others; others get theirs") {
  LaneBook lanes(with_places(4096), kStart);
  CHECK(fill(lanes, {0}) == 2048);
  CHECK(fill(lanes, {1}) == 1024);
  CHECK(fill(lanes, {2}) == 1024);
  CHECK(lanes.in_flight() == 4096);
  CHECK_FALSE(lanes.can_submit({3}, kStart));
  lanes.leave({0});
  CHECK(lanes.can_submit({3}, kStart));
}

TEST_CASE(
    "lanes that don't answer get few places, so that even twenty of them leave most to the "
    "others") {
  LaneBook lanes(with_places(4096), kStart);
  for (std::uint32_t lane = 0; lane < 20; ++lane) {
    for (int i = 0; i < 8; ++i)
      lanes.note_silence({lane});
    CHECK(lanes.is_silent({lane}));
    CHECK(fill(lanes, {lane}) == 64);
  }
  CHECK(lanes.can_submit({20}, kStart));
  lanes.note_reply({0}, Millis(5), true);
  CHECK_FALSE(lanes.is_silent({0}));
  CHECK(lanes.can_submit({0}, kStart));
}

TEST_CASE("of few places lanes that don't answer leave half to the others, and always a quarter") {
  LaneBook lanes(with_places(64), kStart);
  std::uint32_t held = 0;
  for (std::uint32_t lane = 0; lane < 60; ++lane) {
    const std::uint32_t before = lane % 2 == 0 ? fill(lanes, {lane}) : 0;  // falls silent with many
    fall_silent(lanes, {lane});
    for (std::uint32_t i = 0; i < before; ++i)
      lanes.leave({lane});
    held += fill(lanes, {lane});
    if (lane == 7) CHECK(held == 32 + 4);  // four with eight, then one each
  }
  CHECK(held == 48);
  CHECK(fill(lanes, {60}) == 16);
  lanes.leave({60});
  CHECK_FALSE(lanes.can_submit({59}, kStart));
  lanes.note_reply({0}, Millis(5), true);
  CHECK(lanes.can_submit({59}, kStart));  // what the first holds is no longer held by the silent
}

TEST_CASE(
    "few questions wait for a window, however many places there are; what was sent makes room") {
  LaneBook lanes(with_places(4096), kStart);
  const auto queue = [&lanes](Lane lane) {
    std::uint32_t queued = 0;
    for (; lanes.can_submit(lane, kStart); ++queued) {
      lanes.enter(lane, kResolver, kStart);
      lanes.promise(lane, kResolver);
    }
    return queued;
  };
  std::uint32_t all = queue({0});
  CHECK(all == 192);
  CHECK(lanes.next_slot({0}, kStart) == core::Tick::max());
  for (std::uint32_t lane = 1; lane < 20; ++lane) {
    const std::uint32_t queued = queue({lane});
    CHECK(queued >= 36);
    all += queued;
  }
  CHECK(all < 2048);
  for (int i = 0; i < 170; ++i)
    lanes.send_promised({0}, kResolver, kStart);
  CHECK(lanes.next_slot({0}, kStart) == kStart);
  CHECK(lanes.can_submit({0}, kStart));
}

TEST_CASE("few places are shared too") {
  const std::uint32_t places = GENERATE(1U, 2U, 8U, 64U);
  LaneBook lanes(with_places(places), kStart);
  CHECK(fill(lanes, {0}) >= 1);
  lanes.leave({0});
  CHECK(lanes.can_submit({1}, kStart));
}

TEST_CASE("promises never exceed what the pace can keep") {
  LaneBook lanes(with_places(100), kStart);
  const LaneLimit limit{.qps = 50};
  lanes.set_limits({&limit, 1}, kStart);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(lanes.can_promise({0}, kResolver, kStart));
    lanes.promise({0}, kResolver);
  }
  CHECK_FALSE(lanes.can_promise({0}, kResolver, kStart));
  lanes.withdraw({0}, kResolver);
  CHECK(lanes.can_promise({0}, kResolver, kStart));
  for (int i = 0; i < 4; ++i)
    lanes.send_promised({0}, kResolver, kStart);
  CHECK(lanes.next_slot({0}, kStart) == kStart);
  lanes.promise({0}, kResolver);
  CHECK(lanes.next_slot({0}, kStart) == kStart + Millis(20));
}

TEST_CASE("a fast pace names whole ticks, a slow one the very moment") {
  LaneBook lanes(with_places(5000, 1000), kStart);
  for (int i = 0; i < 100; ++i) {
    lanes.promise({0}, kResolver);
    lanes.send_promised({0}, kResolver, kStart + Micros(500));
  }
  CHECK(lanes.next_slot({0}, kStart + Micros(500)) == kStart + Millis(50));
}

TEST_CASE("a retry that waits for the pace goes before new lookups") {
  LaneBook lanes(with_places(100), kStart);
  const LaneLimit limit{.qps = 10};
  lanes.set_limits({&limit, 1}, kStart);
  const auto for_all = lanes.queue_retries({0}, kResolver, 1, kStart);
  CHECK_FALSE(lanes.can_submit({0}, kStart));
  CHECK(lanes.can_promise({0}, kResolver, kStart));
  lanes.dequeue_retries({0}, 1, for_all);
  CHECK(lanes.can_submit({0}, kStart));
}

TEST_CASE("a retry that waits for the pace over all goes before the new lookups of every lane") {
  LaneBook lanes(with_places(100, 20), kStart);
  spend(lanes, {1}, 2);
  REQUIRE(lanes.queue_retries({0}, kResolver, 1, kStart) == 1);
  const Tick next = kStart + Millis(50);  // when there is one more token
  CHECK(lanes.can_promise({0}, kResolver, next));
  CHECK_FALSE(lanes.can_submit({0}, next));
  CHECK_FALSE(lanes.can_submit({1}, next));
  CHECK(lanes.next_slot({1}, next) == next + Millis(50));
  CHECK(lanes.can_submit({1}, next + Millis(50)));
  lanes.dequeue_retries({0}, 1, 1);
  CHECK(lanes.can_submit({1}, next));
}

TEST_CASE("a retry that waits for its own lane takes nothing from the others, nor do two for one") {
  LaneBook lanes(with_places(100, 20), kStart);
  const LaneLimit limit{.qps = 10};
  lanes.set_limits({&limit, 1}, kStart);
  CHECK(lanes.queue_retries({0}, kResolver, 1, kStart) == 1);
  CHECK(lanes.queue_retries({0}, kResolver, 1, kStart) == 0);
  CHECK(lanes.queue_retries({1}, ServerRole::authoritative, 1, kStart) == 0);
  CHECK(lanes.can_submit({2}, kStart));
  lanes.promise({2}, kResolver);
  CHECK_FALSE(lanes.can_submit({2}, kStart));
}

TEST_CASE("new limits give no burst to who has spent the old one") {
  LaneBook lanes(with_places(100), kStart);
  std::array<LaneLimit, 2> limits{{{.qps = 20}, {.qps = 20}}};
  lanes.set_limits(limits, kStart);
  spend(lanes, {0}, 2);
  spend(lanes, {1}, 2);
  limits[1].qps = 40;
  for (int i = 0; i < 20; ++i)
    lanes.set_limits(limits, kStart + Millis(1));
  CHECK_FALSE(lanes.can_submit({0}, kStart + Millis(49)));
  CHECK(lanes.can_submit({0}, kStart + Millis(50)));
  CHECK_FALSE(lanes.can_submit({1}, kStart + Millis(24)));
  CHECK(lanes.can_submit({1}, kStart + Millis(26)));
}

TEST_CASE("of many retries so many wait for all as their own lane would let go") {
  LaneBook lanes(with_places(100, 20), kStart);
  const LaneLimit limit{.qps = 30};  // three at a time
  lanes.set_limits({&limit, 1}, kStart);
  spend(lanes, {1}, 2);
  REQUIRE(lanes.queue_retries({0}, kResolver, 10, kStart) == 3);
  CHECK(lanes.queue_retries({0}, kResolver, 10, kStart) == 0);
  CHECK(lanes.queue_retries({2}, kResolver, 10, kStart) == 10);
  lanes.dequeue_retries({2}, 10, 10);
  const Tick next = kStart + Millis(200);
  CHECK(lanes.next_slot({1}, kStart) == next);
  CHECK(lanes.next_slot({0}, kStart) == kStart + Micros(600'000));
  lanes.dequeue_retries({0}, 20, 3);
  CHECK(lanes.next_slot({0}, kStart) == kStart + Millis(50));
}

TEST_CASE("a lane that loses questions gets as many through as the others at a pace over all") {
  // Each turn all lanes ask for what they can get; of the first one, every third question is lost.
  LaneBook lanes(with_places(1000, 200), kStart);
  std::array<int, 3> begun{};
  std::deque<std::uint32_t> retries;  // of the first lane: 1 for each that waits for all
  std::uint32_t first = 0;
  Tick now = kStart;
  for (; now < kStart + Seconds(30); now += Millis(50)) {
    // The retries' timers run behind the caller's turn: as if the engine's wait came to its end.
    std::optional<std::uint32_t> last;
    for (std::uint32_t i = 0; i < 3; ++i) {
      const Lane lane{(first + i) % 3};
      while (lanes.can_submit(lane, now)) {
        spend(lanes, lane, 1, now);
        last = lane.value;
        if (++begun.at(lane.value) % 3 == 0 && lane.value == 0)
          retries.push_back(lanes.queue_retries(lane, kResolver, 1, now));
      }
    }
    if (last) first = (*last + 1) % 3;
    while (!retries.empty() && lanes.can_promise({0}, kResolver, now)) {
      lanes.dequeue_retries({0}, 1, retries.front());
      retries.pop_front();
      spend(lanes, {0}, 1, now);
    }
  }
  CHECK(retries.size() <= 20);  // a burst
  for (const int count : begun)
    CHECK(count > 0.8 * 200 * 30 / 3.34);
}

TEST_CASE(
    "a lane that answers nothing has no more places than its part of a pace over all serves") {
  const auto [qps, lane_count, places] =
      GENERATE(table<double, std::size_t, std::uint32_t>({{0, 3, 64},
                                                          {90, 3, 10},  // 30 a second, 3 each
                                                          {90, 30, 2},  // fewer would hold up tests
                                                          {5000, 3, 64}}));
  ResolverOptions options = with_places(1000, qps);
  options.timeout = Millis(1000);
  options.attempts = 3;
  LaneBook lanes(options, kStart);
  lanes.set_limits(std::vector<LaneLimit>(lane_count), kStart);
  fall_silent(lanes, {0});
  CHECK(fill(lanes, {0}) == places);
  lanes.note_reply({0}, Millis(5), true);
  CHECK(lanes.can_submit({0}, kStart));
}

TEST_CASE("a lane of a zone with servers of its own takes nothing of the pace over all") {
  LaneBook lanes(with_places(1000, 90), kStart);
  lanes.set_limits(std::vector<LaneLimit>(3), kStart);
  for (std::uint32_t lane : {0U, 1U}) {
    lanes.enter({lane}, ServerRole::authoritative, kStart);
    lanes.leave({lane});
    fall_silent(lanes, {lane});
  }
  CHECK(fill(lanes, {0}, ServerRole::authoritative) == 64);
  fall_silent(lanes, {2});
  CHECK(fill(lanes, {2}) == 60);  // the only one of the resolver's: 90 a second, 2 s, 3 each
}

TEST_CASE("a lane that comes back from zones' own servers has to wait for the pace over all") {
  LaneBook lanes(with_places(100, 20), kStart);
  spend(lanes, {1}, 2);
  CHECK_FALSE(lanes.can_submit({0}, kStart));
  CHECK(lanes.enter({0}, ServerRole::authoritative, kStart));
  REQUIRE(lanes.can_submit({0}, kStart));  // it isn't known where to
  CHECK_FALSE(lanes.enter({0}, kResolver, kStart));
  CHECK_FALSE(lanes.can_submit({0}, kStart));
}

TEST_CASE("a lane that has never been answered holds few places in a window") {
  LaneBook lanes(with_places(4096), kStart);
  int held = 0;
  while (lanes.has_window({0})) {
    lanes.enter_window({0}, false);
    ++held;
  }
  CHECK(held == 12);
  lanes.note_reply({0}, Millis(1), true);
  CHECK(lanes.has_window({0}));
}

TEST_CASE(
    "laggards share half of a window evenly, one alone has a quarter, and each has something") {
  LaneBook lanes(with_places(4096), kStart);
  const auto take = [&lanes](Lane lane) {
    int taken = 0;
    for (; lanes.has_laggards_window(lane, 100); ++taken)
      lanes.enter_window(lane, true);
    return taken;
  };
  CHECK(take({0}) == 25);
  CHECK(take({1}) == 25);
  CHECK(take({2}) == 17);
  for (int i = 0; i < 9; ++i) {
    CHECK_FALSE(lanes.has_laggards_window({0}, 100));
    lanes.leave_window({0}, true);
  }
  CHECK(lanes.has_laggards_window({0}, 100));
  for (std::uint32_t lane = 3; lane < 60; ++lane)
    CHECK(take({lane}) >= 2);
}

TEST_CASE("of few places several that need many leave some to the others") {
  LaneBook lanes(with_places(256), kStart);
  for (std::uint32_t lane = 0; lane < 4; ++lane)
    lanes.enter({lane}, kResolver, kStart);
  std::uint32_t held = 4;
  for (std::uint32_t lane = 0; lane < 4; ++lane) {
    held += fill(lanes, {lane});
    for (; lane == 0 && held > 4 + 63; --held)  // it was alone with half of them free
      lanes.leave({0});
  }
  CHECK(held <= 3 * 64 + 51);
  CHECK(fill(lanes, {4}) > 0);
}

TEST_CASE("what is held gives its token to others, and still counts of its lane") {
  LaneBook lanes(with_places(4096, 100), kStart);
  for (int i = 0; i < 10; ++i) {
    lanes.enter({0}, kResolver, kStart);
    lanes.promise({0}, kResolver);
  }
  lanes.enter({1}, kResolver, kStart);
  CHECK_FALSE(lanes.can_promise({1}, kResolver, kStart));
  lanes.hold({0}, kResolver);
  CHECK(lanes.can_promise({1}, kResolver, kStart));
  lanes.release({0});
}

TEST_CASE("what can't go leaves half of a burst to be shared evenly; more at the next tick") {
  LaneBook lanes(with_places(4096, 1000), kStart);
  for (std::uint32_t lane = 1; lane < 5; ++lane)
    lanes.enter({lane}, kResolver, kStart);
  const auto promise = [&lanes](Lane lane) {
    int promised = 0;
    for (; lanes.can_submit(lane, kStart); ++promised)
      lanes.promise(lane, kResolver);
    return promised;
  };
  for (int i = 0; i < 30; ++i)
    lanes.promise({1}, kResolver);
  CHECK(lanes.can_submit({1}, kStart));
  lanes.note_flushed();
  CHECK_FALSE(lanes.can_submit({1}, kStart));
  CHECK(lanes.next_slot({1}, kStart) > kStart);
  CHECK(lanes.next_slot({1}, kStart) <= kStart + WakeBudget::kTick);
  CHECK(promise({2}) == 12);
  for (int i = 0; i < 12; ++i)
    lanes.promise({3}, ServerRole::authoritative);
  CHECK(promise({3}) == 12);
  for (int i = 0; i < 30; ++i)
    lanes.send_promised({1}, kResolver, kStart);
  for (int i = 0; i < 12; ++i) {
    lanes.withdraw({2}, kResolver);
    lanes.withdraw({3}, kResolver);
  }
  lanes.note_flushed();
  CHECK(promise({1}) == 70);
}

TEST_CASE("new limits keep what is in flight, and lanes that are no longer named") {
  LaneBook lanes(with_places(100), kStart);
  lanes.enter({7}, kResolver, kStart);
  const LaneLimit limit{.qps = 1};
  lanes.set_limits({&limit, 1}, kStart);
  lanes.leave({7});
  CHECK(lanes.in_flight() == 0);
}

TEST_CASE("a lane that is no longer named keeps its pace, for lookups of it may be under way") {
  LaneBook lanes(with_places(100), kStart);
  const std::vector<LaneLimit> two(2, LaneLimit{.qps = 10});
  lanes.set_limits(two, kStart);
  spend(lanes, {1}, 1);
  lanes.set_limits({two.data(), 1}, kStart);
  CHECK_FALSE(lanes.can_promise({1}, kResolver, kStart));
  CHECK(lanes.can_promise({1}, kResolver, kStart + Millis(100)));
}

TEST_CASE(
    "wake-ups for a trickle of replies are collected on ticks, after a burst of prompt ones") {
  WakeBudget wakes;
  Tick now = kStart;
  int prompt = 0;
  while (wakes.next(now) == now) {
    wakes.take(now);
    ++prompt;
    now += Micros(1000);
  }
  CHECK(prompt >= 64);
  CHECK(prompt < 80);
  int woken = 0;
  const Tick end = now + Seconds(1);
  while (now < end) {
    now = std::max(wakes.next(now), now) + Micros(10);
    wakes.take(now);
    ++woken;
  }
  CHECK(woken <= 30);
  CHECK(wakes.next(now + Seconds(10)) == now + Seconds(10));
}

TEST_CASE("round trips that jump beyond what is waited for are waited for after a few") {
  RttEstimate rtt;
  for (int i = 0; i < 20; ++i)
    rtt.add(Millis(5));
  CHECK(rtt.is_settled());
  CHECK(rtt.bound() < Millis(30));
  CHECK(rtt.patience() == 1);
  int unclear = 0;
  while (rtt.bound() * rtt.patience() < Millis(350)) {
    rtt.back_off();
    ++unclear;
  }
  CHECK(unclear <= 5);
  // The first that is clear is enough to go on with.
  rtt.add(Millis(350));
  CHECK(rtt.patience() == 1);
  CHECK(rtt.bound() > Millis(350));
  for (int i = 0; i < 100; ++i)
    rtt.back_off();
  CHECK(Millis(50) * rtt.patience() >= Seconds(60));
}
