// SPDX-License-Identifier: Apache-2.0
//
// Whose turn it is: stories on fake ticks, and random ones beside a slow obvious twin.
#include "lists/schedule.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "ticks.hpp"

namespace rblwatch::lists {
namespace {

using namespace std::chrono_literals;
using core::Millis;
using core::Tick;
using Ids = std::vector<std::uint32_t>;

struct Story {
  explicit Story(double jitter = 0, std::size_t zones = 1) : schedule(zones, jitter, random) {}
  void add(std::uint32_t count, Millis interval, Millis due = 0ms, std::uint16_t zone = 0) {
    for (std::uint32_t made = 0; made < count; ++made) {
      schedule.add({added++}, {zone}, interval, tick(due));
    }
  }
  /// Everything that is due at this time, asked at once; sorted.
  Ids ask_all(core::Micros at, std::uint16_t zone = 0) {
    schedule.advance(tick(at));
    Ids asked;
    while (const auto pair = schedule.take({zone})) {
      asked.push_back(pair->value);
      schedule.asked(*pair, tick(at));
    }
    std::sort(asked.begin(), asked.end());
    return asked;
  }

  core::SeededRandom random{7};
  Schedule schedule;
  std::uint32_t added = 0;
};

TEST_CASE("The first sweep: all are due at once, each once") {
  Story story;
  story.add(1000, 30min);
  CHECK(story.schedule.has_due({0}));
  CHECK(story.schedule.due_count({0}) == 1000);
  const Ids asked = story.ask_all(0s);
  REQUIRE(asked.size() == 1000);
  CHECK(std::adjacent_find(asked.begin(), asked.end()) == asked.end());
  CHECK_FALSE(story.schedule.has_due({0}));
  CHECK(story.ask_all(1799s).empty());
  CHECK(story.ask_all(1800s).size() == 1000);
}

TEST_CASE("Intervals from one second to weeks are kept") {
  for (const Millis interval :
       {Millis(1s), Millis(1500ms), Millis(409600ms), Millis(24h), Millis(24h * 21)}) {
    CAPTURE(interval.count());
    Story story;
    story.add(1, interval);
    core::Micros now = 50ms;
    for (int turn = 0; turn < 5; ++turn) {
      CHECK(story.ask_all(now) == Ids{0});
      const Tick next = *story.schedule.next_due();
      CHECK(next >= tick(now + interval));
      CHECK(next < tick(now + interval + 100ms));
      CHECK(story.ask_all(next - tick(0s) - 1us).empty());
      now = next - tick(0s);
    }
  }
}

TEST_CASE("Jitter shortens the interval by up to its share, and never lengthens it") {
  Story story(0.1);
  story.add(2000, 1000s);
  story.ask_all(0s);
  CHECK(story.ask_all(899900ms).empty());
  const std::size_t first_half = story.ask_all(950s).size();
  CHECK(first_half > 850);
  CHECK(first_half < 1150);
  CHECK(story.ask_all(1000s + 100ms).size() == 2000 - first_half);
}

TEST_CASE("A jitter of 1 still leaves a pause") {
  Story story(1.0);
  story.add(200, 1s);
  story.ask_all(0s);
  CHECK(story.ask_all(0s).empty());
  CHECK(story.ask_all(1s).size() == 200);
}

TEST_CASE("A machine that slept asks each pair once") {
  Story story(0.1);
  story.add(500, 30min);
  story.add(3, 1s);
  story.ask_all(0s);
  story.schedule.ask_again({4}, tick(120s));
  CHECK(story.ask_all(8h).size() == 503);
  CHECK(story.ask_all(8h + 500ms).empty());
  CHECK(story.ask_all(8h + 31min).size() == 503);
}

TEST_CASE("A sleep of exactly one round of the wheel, or many, misses no slot") {
  for (const Millis sleep : {409500ms, 409600ms, 409700ms, 819200ms, 40960000ms}) {
    CAPTURE(sleep.count());
    Story story;
    story.add(1, 30min, sleep);
    CHECK(story.ask_all(sleep - 1ms).empty());
    CHECK(story.ask_all(sleep) == Ids{0});
    Story straight;
    straight.add(1, 30min, sleep);
    CHECK(straight.ask_all(sleep) == Ids{0});
  }
}

TEST_CASE("A confirmation goes ahead of the turns, which stay as they are") {
  Story story;
  story.add(3, 30min);
  story.ask_all(0s);
  story.schedule.ask_again({1}, tick(120s));
  CHECK(story.schedule.next_due() == tick(120s));
  CHECK(story.ask_all(119999ms).empty());
  CHECK(story.ask_all(120s) == Ids{1});
  CHECK(story.ask_all(1800s) == Ids{0, 1, 2});

  story.add(5, 30min, 1h);
  story.schedule.ask_again({6}, tick(1h));
  story.schedule.advance(tick(1h));
  CHECK(story.schedule.take({0})->value == 6);
}

TEST_CASE("Of several confirmations the earliest wins") {
  Story story;
  story.add(1, 30min);
  story.ask_all(0s);
  SECTION("given last") {
    story.schedule.ask_again({0}, tick(300s));
    story.schedule.ask_again({0}, tick(120s));
  }
  SECTION("given first") {
    story.schedule.ask_again({0}, tick(120s));
    story.schedule.ask_again({0}, tick(300s));
  }
  CHECK(story.ask_all(120s) == Ids{0});
  CHECK(story.ask_all(301s).empty());
  CHECK(story.schedule.next_due() == tick(1800s));
}

TEST_CASE("A confirmation is never asked early: freshness hangs on it") {
  Story story;
  story.add(1, 30min);
  story.ask_all(0s);
  story.schedule.ask_again({0}, tick(120s + 1us));
  CHECK(story.ask_all(120s).empty());
  CHECK(story.ask_all(120s + 100ms) == Ids{0});
}

TEST_CASE("One that is past is asked now") {
  Story story;
  story.add(1, 30min);
  story.ask_all(100s);
  story.schedule.ask_again({0}, tick(5s));
  CHECK(story.schedule.has_due({0}));
  CHECK(story.ask_all(100s) == Ids{0});
}

TEST_CASE("A pair that is due both ways is asked once") {
  Story story;
  story.add(3, 30min);
  story.ask_all(0s);
  story.schedule.ask_again({1}, tick(1700s));
  CHECK(story.ask_all(1900s) == Ids{0, 1, 2});
  CHECK(story.schedule.due_count({0}) == 0);
  CHECK(story.ask_all(1900s + 30min) == Ids{0, 1, 2});
}

TEST_CASE("While a pair is out it isn't given out again") {
  Story story;
  story.add(1, 10s);
  CHECK(story.schedule.take({0}));
  story.schedule.advance(tick(60s));
  CHECK_FALSE(story.schedule.has_due({0}));
  SECTION("asked: its next turn counts from then") {
    story.schedule.asked({0}, tick(60s));
    CHECK(story.ask_all(69s).empty());
    CHECK(story.ask_all(70s) == Ids{0});
  }
  SECTION("a confirmation that came due meanwhile goes when it is back") {
    story.schedule.ask_again({0}, tick(61s));
    CHECK(story.ask_all(61s) == Ids{0});
    CHECK(story.ask_all(71s) == Ids{0});
  }
  SECTION("out for a confirmation, its turn comes and is served by the same question") {
    story.schedule.asked({0}, tick(60s));
    story.schedule.ask_again({0}, tick(69s));
    story.schedule.advance(tick(69s));
    CHECK(story.schedule.take({0}));
    story.schedule.advance(tick(75s));
    CHECK_FALSE(story.schedule.has_due({0}));
    story.schedule.asked({0}, tick(75s));
    CHECK(story.ask_all(84s).empty());
    CHECK(story.ask_all(85s) == Ids{0});
  }
}

TEST_CASE("Each zone has its own queue") {
  Story story(0, 2);
  story.add(2, 10s, 0s, 0);
  story.add(3, 10s, 0s, 1);
  CHECK(story.schedule.due_count({0}) == 2);
  CHECK(story.schedule.due_count({1}) == 3);
  CHECK(story.ask_all(0s, 1) == Ids{2, 3, 4});
  CHECK(story.schedule.due_count({0}) == 2);
}

TEST_CASE("Nothing is due next where there is nothing") {
  Story story;
  CHECK_FALSE(story.schedule.next_due());
  CHECK_FALSE(story.schedule.take({0}));
  story.add(1, 10s, 5s);
  CHECK(story.schedule.next_due() == tick(5s));
}

TEST_CASE("Ticks far from zero need an epoch, no more") {
  core::SeededRandom random(1);
  const Tick start = tick(std::chrono::hours(24 * 365 * 56));
  Schedule schedule(1, 0, random, start);
  schedule.add({0}, {0}, 10s, start + 1s);
  schedule.advance(start + 999ms);
  CHECK_FALSE(schedule.has_due({0}));
  CHECK(schedule.next_due() == start + 1s);
  schedule.advance(start + 1s);
  CHECK(schedule.take({0}));
}

/// All in one list, searched from end to end.
class Twin {
 public:
  struct Pair {
    std::int64_t turn = 0;  // granules
    std::int64_t interval = 0;
    std::optional<std::int64_t> again;
    std::uint16_t zone = 0;
    bool has_turn = true;
    bool is_out = false;
  };

  bool is_urgent(const Pair& pair) const {
    return !pair.is_out && pair.again && *pair.again <= now;
  }
  bool is_turn(const Pair& pair) const { return !pair.is_out && pair.has_turn && pair.turn <= now; }
  bool has_urgent(std::uint16_t zone) const {
    return std::any_of(pairs.begin(), pairs.end(),
                       [&](const Pair& pair) { return pair.zone == zone && is_urgent(pair); });
  }
  std::size_t due_count(std::uint16_t zone) const {
    std::size_t count = 0;
    for (const Pair& pair : pairs) {
      if (pair.zone == zone) {
        count += (is_urgent(pair) ? 1U : 0U) + (is_turn(pair) ? 1U : 0U);
      }
    }
    return count;
  }
  void advance(std::int64_t granule) {
    now = granule;
    for (Pair& pair : pairs) {
      if (pair.is_out && pair.has_turn && pair.turn <= now) {
        pair.has_turn = false;  // the question under way is its turn's
      }
    }
  }
  void take(std::size_t index) {
    Pair& pair = pairs[index];
    REQUIRE(!pair.is_out);
    if (has_urgent(pair.zone)) {
      REQUIRE(is_urgent(pair));
      pair.again.reset();
      pair.has_turn = pair.has_turn && pair.turn > now;
    } else {
      REQUIRE(is_turn(pair));
      pair.has_turn = false;
    }
    pair.is_out = true;
  }
  void asked(std::size_t index) {
    Pair& pair = pairs[index];
    pair.is_out = false;
    if (!pair.has_turn) {
      pair.has_turn = true;
      pair.turn = now + pair.interval;
    }
  }
  void ask_again(std::size_t index, std::int64_t at) {
    Pair& pair = pairs[index];
    pair.is_out = false;
    pair.again = std::min(pair.again.value_or(at), at);
  }
  std::optional<std::int64_t> next_due() const {
    std::optional<std::int64_t> next;
    const auto sooner = [&](std::int64_t at) {
      if (at > now) {
        next = std::min(next.value_or(at), at);
      }
    };
    for (const Pair& pair : pairs) {
      if (pair.has_turn) {
        sooner(pair.turn);
      }
      if (pair.again) {
        sooner(*pair.again);
      }
    }
    return next;
  }

  std::vector<Pair> pairs;
  std::int64_t now = 0;
};

class Race {
 public:
  explicit Race(std::uint64_t seed) : random_(seed), schedule_(kZones, 0, random_) {
    for (std::uint32_t pair = 0; pair < 40; ++pair) {
      Twin::Pair twin;
      twin.zone = static_cast<std::uint16_t>(random_.below(kZones));
      twin.interval =
          static_cast<std::int64_t>(10 + random_.below(random_.below(4) == 0 ? 20'000 : 300));
      twin.turn = static_cast<std::int64_t>(random_.below(3) == 0 ? random_.below(9000) : 0);
      twin_.pairs.push_back(twin);
      schedule_.add({pair}, {twin.zone}, twin.interval * 100ms, tick(twin.turn * 100ms));
    }
  }
  void step() {
    const std::uint64_t what = random_.below(10);
    if (what < 2) {
      const std::uint64_t jump = random_.below(50) == 0 ? 30'000 : random_.below(8) == 0 ? 500 : 20;
      twin_.advance(twin_.now + static_cast<std::int64_t>(random_.below(jump)));
      schedule_.advance(tick(twin_.now * 100ms + 50ms));
    } else if (what < 7) {
      take(static_cast<std::uint16_t>(random_.below(kZones)));
    } else {
      const auto pair = static_cast<std::uint32_t>(random_.below(twin_.pairs.size()));
      if (what == 7) {
        const auto ahead =
            static_cast<std::int64_t>(random_.below(random_.below(5) == 0 ? 9000 : 60));
        schedule_.ask_again({pair}, tick((twin_.now + ahead) * 100ms));
        twin_.ask_again(pair, twin_.now + ahead);
      } else if (twin_.pairs[pair].is_out) {
        schedule_.asked({pair}, tick(twin_.now * 100ms));
        twin_.asked(pair);
      }
    }
    compare();
  }
  std::size_t taken() const { return taken_; }

 private:
  static constexpr std::uint16_t kZones = 3;

  void take(std::uint16_t zone) {
    const bool is_due = twin_.due_count(zone) > 0;
    const auto pair = schedule_.take({zone});
    REQUIRE(pair.has_value() == is_due);
    if (pair) {
      REQUIRE(twin_.pairs[pair->value].zone == zone);
      twin_.take(pair->value);
      ++taken_;
    }
  }
  void compare() const {
    for (std::uint16_t zone = 0; zone < kZones; ++zone) {
      REQUIRE(schedule_.due_count({zone}) == twin_.due_count(zone));
    }
    // A confirmation that was overtaken by an earlier one may wake us once for nothing, never too
    // late.
    const auto ours = schedule_.next_due();
    const auto twins = twin_.next_due();
    REQUIRE((!twins || (ours && *ours <= tick(*twins * 100ms))));
  }

  core::SeededRandom random_;
  Schedule schedule_;
  Twin twin_;
  std::size_t taken_ = 0;
};

TEST_CASE("The schedule and its slow twin agree on random turns") {
  std::size_t taken = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    Race race(seed);
    for (int step = 0; step < 1000; ++step) {
      race.step();
    }
    taken += race.taken();
  }
  CHECK(taken > 10'000);
}

}  // namespace
}  // namespace rblwatch::lists
