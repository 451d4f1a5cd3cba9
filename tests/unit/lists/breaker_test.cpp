// SPDX-License-Identifier: Apache-2.0
//
// Stories of a zone's breaker: when it trips, what waits for the wave, how a quarantine ends.
#include "lists/breaker.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/lists/breaker_story.hpp"

namespace rblwatch::lists {
namespace {

/// A breaker of 100 subjects that trips at 21, half of which is 11.
struct ZoneStory {
  explicit ZoneStory(double share = 0.2, std::uint32_t min = 10, std::uint64_t subjects = 100)
      : breaker({share, min, 6h}) {
    breaker.set_subjects(subjects);
  }
  /// First votes of the subjects [first, last), a millisecond apart from `at` on; whether one
  /// tripped it.
  bool wave(std::uint32_t first, std::uint32_t last, Seconds at, bool opens = true) {
    bool tripped = false;
    for (std::uint32_t subject = first; subject < last; ++subject) {
      const Tick now = tick(at + std::chrono::milliseconds(subject - first));
      const Admission admission = breaker.vote({subject}, kBlock, opens, now);
      tripped |= admission.quarantined;
      CHECK(admission.pass.empty());
    }
    return tripped;
  }
  Words admit(BelievedChange change, Seconds at) {
    return told(breaker.admit(std::move(change), tick(at)).pass);
  }

  Breaker breaker;
};

TEST_CASE("The limit is more than the share of the subjects, and at least the minimum") {
  struct Row {
    double share;
    std::uint32_t min;
    std::uint64_t subjects;
    std::optional<std::uint64_t> limit;
  };
  const Row rows[] = {
      {0.2, 10, 100, 21},       {0.2, 10, 10, 10},  {0.2, 10, 49, 10},  {0.2, 10, 50, 11},
      {0.2, 10, 65'536, 13108}, {0.29, 1, 100, 30}, {0.1, 1, 30, 4},    {0.0, 10, 1000, 10},
      {0.0, 1, 0, 1},           {0.0, 0, 0, 1},     {1.0, 10, 100, {}}, {0.999, 1, 10, 10},
  };
  for (const Row& row : rows) {
    CAPTURE(row.share, row.min, row.subjects);
    CHECK(ZoneStory(row.share, row.min, row.subjects).breaker.limit(true) == row.limit);
  }
}

TEST_CASE("First votes from more than the share of the subjects trip it") {
  ZoneStory zone;
  CHECK_FALSE(zone.wave(0, 20, 100s));
  CHECK_FALSE(zone.breaker.is_quarantined());
  CHECK(zone.wave(20, 21, 200s));
  CHECK(zone.breaker.quarantined_since() == tick(200s));
  CHECK_FALSE(zone.wave(21, 90, 300s));  // one event only
}

TEST_CASE("Small zones need the minimum") {
  ZoneStory zone(0.2, 10, 12);
  CHECK_FALSE(zone.wave(0, 9, 100s));
  CHECK(zone.wave(9, 10, 101s));
}

TEST_CASE("A share of 1 is off") {
  ZoneStory zone(1.0);
  CHECK_FALSE(zone.wave(0, 100, 100s));
  CHECK(zone.admit(listed(0), 300s) == Words{"0 listed"});
}

TEST_CASE("A subject counts once, whatever purposes and however often it votes") {
  ZoneStory zone;
  zone.wave(0, 20, 100s);
  CHECK_FALSE(zone.breaker.vote({3}, Purpose::allow, true, tick(101s)).quarantined);
  CHECK_FALSE(zone.breaker.vote({3}, kBlock, true, tick(102s)).quarantined);
  CHECK(zone.breaker.standing(true) == 20);
  CHECK(zone.breaker.vote({20}, Purpose::allow, true, tick(103s)).quarantined);
}

TEST_CASE("Votes count within the sliding window, and while they stand") {
  ZoneStory zone;
  zone.breaker.set_window(30min);
  SECTION("too slow for a wave") {
    zone.wave(0, 20, 100s);
    CHECK_FALSE(zone.wave(20, 40, 100s + 1801s));
  }
  SECTION("decided or not") {
    zone.wave(0, 10, 100s);
    for (std::uint32_t subject = 0; subject < 10; ++subject) {
      CHECK(zone.admit(listed(subject), 300s).size() == 1);
    }
    CHECK(zone.wave(10, 21, 400s));
  }
  SECTION("those that came to nothing within it too: the zone flaps") {
    zone.wave(0, 20, 100s);
    for (std::uint32_t subject = 0; subject < 20; ++subject) {
      zone.breaker.gone({subject}, kBlock, true, tick(200s));
    }
    CHECK(zone.breaker.standing(true) == 0);
    CHECK(zone.wave(20, 21, 201s));
  }
  SECTION("but no longer than it") {
    zone.wave(0, 20, 100s);
    for (std::uint32_t subject = 0; subject < 20; ++subject) {
      zone.breaker.gone({subject}, kBlock, true, tick(200s));
    }
    CHECK_FALSE(zone.wave(20, 40, 100s + 1801s));
  }
  SECTION("a subject that votes again counts once") {
    zone.wave(0, 20, 100s);
    zone.breaker.gone({0}, kBlock, true, tick(200s));
    CHECK_FALSE(zone.wave(0, 1, 201s));
    CHECK(zone.breaker.came(true) == 20);
  }
}

TEST_CASE("Below half of the limit a confirmed listing is told at once") {
  ZoneStory zone;
  zone.wave(0, 10, 100s);
  CHECK(zone.admit(listed(0), 300s) == Words{"0 listed"});
}

TEST_CASE("From half of it on a confirmed listing waits for older first votes") {
  ZoneStory zone;
  zone.wave(0, 11, 100s);
  CHECK(zone.admit(listed(0), 300s).empty());
  CHECK(zone.breaker.holds({0}, kBlock));
  CHECK_FALSE(zone.breaker.is_quarantined());
  zone.wave(50, 52, 301s);  // younger than its confirmation: not waited for
  for (std::uint32_t subject = 1; subject < 10; ++subject) {
    CHECK(zone.admit(listed(subject), 310s).empty());
  }
  SECTION("until the last of them is decided; its own confirmation waits for the younger ones") {
    CHECK(zone.admit(listed(10), 320s) == Words{"0 listed"});
    CHECK(zone.admit(listed(50), 500s).empty());
    CHECK(zone.admit(listed(51), 501s).size() == 12);
    CHECK(zone.breaker.held().empty());
  }
  SECTION("or has lapsed") {
    CHECK(told(zone.breaker.gone({10}, kBlock, true, tick(400s)).pass) == Words{"0 listed"});
  }
  SECTION("or the wave has come: no drop is told before it") {
    CHECK(zone.wave(60, 68, 330s));
    CHECK(zone.breaker.held().size() == 10);
    CHECK(zone.admit(listed(10), 340s).empty());
  }
  SECTION("a vote that slid out of the window is still waited for") {
    CHECK(zone.breaker.tick(tick(2h), true).pass.empty());
    CHECK(zone.breaker.standing(true) == 0);
    CHECK(told(zone.breaker.gone({10}, kBlock, true, tick(2h)).pass) == Words{"0 listed"});
  }
}

TEST_CASE("Other changes don't wait for a wave, but go behind one of their own that does") {
  ZoneStory zone;
  zone.wave(0, 11, 100s);
  CHECK(zone.admit(change(70, {"127.0.0.2"}, {"127.0.0.2", "127.0.0.4"}), 200s) ==
        Words{"70 changed +127.0.0.4"});
  CHECK(zone.admit(delisted(71), 200s) == Words{"71 delisted"});
  zone.admit(listed(0), 300s);
  CHECK(zone.admit(change(0, {"127.0.0.2"}, {"127.0.0.4"}), 400s).empty());
  Words passed;
  for (std::uint32_t subject = 1; subject < 11; ++subject) {
    for (const Words& words : {told(zone.breaker.gone({subject}, kBlock, true, tick(500s)).pass)}) {
      passed.insert(passed.end(), words.begin(), words.end());
    }
  }
  CHECK(passed == Words{"0 listed", "0 changed +127.0.0.4 -127.0.0.2"});
}

TEST_CASE("A quarantined zone's events are held, all of them") {
  ZoneStory zone;
  zone.wave(0, 21, 100s);
  CHECK(zone.admit(listed(0), 300s).empty());
  CHECK(zone.admit(change(80, {"127.0.0.2"}, {"127.0.0.4"}), 300s).empty());
  CHECK(zone.admit(delisted(81), 300s).empty());
  BelievedChange first = listed(82);
  first.first_seen = true;
  CHECK(zone.admit(first, 300s).empty());
  CHECK(told(zone.breaker.held()) ==
        Words{"0 listed", "80 changed +127.0.0.4 -127.0.0.2", "81 delisted", "82 listed"});
  CHECK(zone.breaker.holds({0}, kBlock));
  CHECK_FALSE(zone.breaker.holds({0}, Purpose::allow));
}

TEST_CASE("After the hold with a passing test what still stands passes, in one release") {
  ZoneStory zone;
  zone.wave(0, 21, 100s);
  for (std::uint32_t subject = 0; subject < 21; ++subject) {
    zone.admit(listed(subject), 300s);
  }
  const Tick end = tick(100s + 6h) + 20ms;  // it tripped with the 21st vote
  CHECK(zone.breaker.next_tick() == end);
  CHECK_FALSE(zone.breaker.tick(end - 1ms, true).released);
  SECTION("with a test") {
    const Admission admission = zone.breaker.tick(end, true);
    CHECK(admission.released);
    CHECK(admission.passed == 21);
    CHECK(admission.dropped == 0);
    CHECK(admission.pass.size() == 21);
    CHECK_FALSE(zone.breaker.is_quarantined());
    CHECK_FALSE(zone.breaker.next_tick());
    CHECK_FALSE(zone.wave(21, 40, 7h));  // what stood is accepted and no part of another wave
    CHECK(zone.wave(40, 43, 7h + 1s));
  }
  SECTION("not without; then with the next one that passes") {
    CHECK_FALSE(zone.breaker.tick(end, false).released);
    CHECK_FALSE(zone.breaker.next_tick());
    CHECK(zone.breaker.tick(end + 1h, true).released);
  }
  SECTION("later when the zone was silent meanwhile") {
    zone.breaker.prolong(1h);
    CHECK_FALSE(zone.breaker.tick(end, true).released);
    CHECK(zone.breaker.tick(end + 1h, true).released);
  }
}

TEST_CASE("The operator releases it when he likes") {
  ZoneStory zone;
  CHECK_FALSE(zone.breaker.release(tick(1s)).released);
  zone.wave(0, 21, 100s);
  zone.admit(listed(5), 300s);
  const Admission admission = zone.breaker.release(tick(400s));
  CHECK(admission.released);
  CHECK(told(admission.pass) == Words{"5 listed"});
  CHECK(admission.passed == 1);
  CHECK(zone.admit(listed(6), 500s) == Words{"6 listed"});
}

TEST_CASE(
    "When too few still stand the quarantine ends; what stands goes on, what went is dropped") {
  ZoneStory zone;
  zone.wave(0, 5, 100s);
  zone.wave(5, 25, 1000s);
  zone.admit(listed(20), 1200s);
  zone.admit(listed(21), 1200s);
  for (std::uint32_t subject = 0; subject < 4; ++subject) {
    CHECK_FALSE(zone.breaker.gone({subject}, kBlock, true, tick(2000s)).released);
  }
  SECTION("open votes go") {
    const Admission admission = zone.breaker.gone({4}, kBlock, true, tick(2001s));
    CHECK(admission.released);
    CHECK(admission.dropped == 5);
    CHECK(admission.passed == 2);
    CHECK_FALSE(zone.breaker.is_quarantined());
    // Its usual way: 20 still stand, so it waits for the open ones among them.
    CHECK(admission.pass.empty());
    Words passed;
    for (std::uint32_t subject = 5; subject < 25; ++subject) {
      const Words words = told(zone.breaker.gone({subject}, kBlock, true, tick(2100s)).pass);
      passed.insert(passed.end(), words.begin(), words.end());
    }
    CHECK(passed == Words{"20 listed", "21 listed"});
  }
  SECTION("a held listing goes: listed and delisted cancel") {
    CHECK(zone.breaker.vote({20}, kBlock, false, tick(2000s)).pass.empty());
    CHECK(zone.breaker.standing(false) == 0);
    const Admission admission = zone.breaker.admit(delisted(20), tick(2200s));
    CHECK(admission.released);
    CHECK(admission.dropped == 5);
    CHECK(admission.passed == 1);
    CHECK_FALSE(zone.breaker.holds({20}, kBlock));
    CHECK(told(zone.breaker.held()) == Words{"21 listed"});
  }
}

/// A wave that comes to nothing two minutes later.
void flap(ZoneStory& zone, Seconds at) {
  CHECK(zone.wave(0, 30, at));
  for (std::uint32_t subject = 0; subject < 30; ++subject) {
    CHECK_FALSE(zone.breaker.gone({subject}, kBlock, true, tick(at + 120s)).released);
  }
}

TEST_CASE("What came to nothing within the window still speaks against the end of a quarantine") {
  ZoneStory zone;
  flap(zone, 100s);
  const Tick ninth = tick(100s) + 9ms;  // then 21 of the 30 votes are within the window
  CHECK(zone.breaker.next_tick() == tick(100s) + 30min);
  CHECK_FALSE(zone.breaker.tick(ninth + 30min - 1ms, false).released);
  const Admission admission = zone.breaker.tick(ninth + 30min, false);
  CHECK(admission.released);
  CHECK(admission.dropped == 30);
  CHECK(admission.passed == 0);
  CHECK_FALSE(zone.breaker.next_tick());
}

TEST_CASE("A third quarantine in a row lasts for its hold") {
  ZoneStory zone;
  for (const Seconds at : {Seconds(0s), Seconds(1h)}) {
    flap(zone, at);
    CHECK(zone.breaker.tick(tick(at + 31min), false).released);
  }
  SECTION("within a hold of the one before") {
    flap(zone, 2h);
    CHECK(zone.breaker.next_tick() == tick(2h) + 20ms + 6h);
    CHECK_FALSE(zone.breaker.tick(tick(2h + 31min), true).released);
    CHECK(zone.breaker.tick(tick(2h + 1s) + 6h, true).released);
  }
  SECTION("later it is one like any other") {
    flap(zone, 8h);
    CHECK(zone.breaker.tick(tick(8h + 31min), false).released);
  }
}

TEST_CASE("In quarantine nothing slides out of the window: only what goes is gone") {
  ZoneStory zone;
  zone.wave(0, 21, 100s);
  CHECK(zone.breaker.tick(tick(5h), true).pass.empty());
  CHECK(zone.breaker.is_quarantined());
  CHECK(zone.breaker.gone({0}, kBlock, true, tick(5h)).released);
}

TEST_CASE("What is held of one subject is folded") {
  struct Row {
    const char* what;
    std::vector<std::pair<Words, Words>> changes;
    Words told;
  };
  const Row rows[] = {
      {"listed, then more codes", {{{}, {"2"}}, {{"2"}, {"2", "4"}}}, {"1 listed"}},
      {"changed to and fro", {{{"2"}, {"4"}}, {{"4"}, {"2"}}}, {}},
      {"changed twice", {{{"2"}, {"2", "4"}}, {{"2", "4"}, {"4"}}}, {"1 changed +4 -2"}},
      {"changed, then over", {{{"2"}, {"4"}}, {{"4"}, {}}}, {"1 delisted"}},
      {"over and back", {{{"2"}, {}}, {{}, {"2"}}}, {}},
      {"over and back with another code", {{{"2"}, {}}, {{}, {"4"}}}, {"1 changed +4 -2"}},
      {"listed and over", {{{}, {"2"}}, {{"2"}, {}}}, {}},
      {"listed, changed and over", {{{}, {"2"}}, {{"2"}, {"4"}}, {{"4"}, {}}}, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    ZoneStory zone;
    zone.wave(10, 40, 100s);
    for (const auto& [before, after] : row.changes) {
      CHECK(zone.admit(change(1, before, after), 300s).empty());
    }
    CHECK(told(zone.breaker.held()) == row.told);
  }
}

TEST_CASE("A folded change says what it is from what was told to what is now") {
  ZoneStory zone;
  zone.wave(10, 40, 100s);
  zone.admit(change(1, {"2"}, {"2", "4"}), 300s);
  zone.admit(change(1, {"2", "4"}, {}), 400s);
  zone.admit(change(2, {}, {"2"}), 300s);
  zone.admit(change(2, {"2"}, {"2", "4"}), 400s);
  const auto held = zone.breaker.held();
  REQUIRE(held.size() == 2);
  CHECK(held[0].change.codes.entries() == Words{"2"});
  CHECK(held[0].change.removed.entries() == Words{"2"});
  CHECK(held[1].change.codes.entries() == Words{"2", "4"});
  CHECK(held[1].change.added.entries() == Words{"2", "4"});
}

TEST_CASE("A failed test drops everything, unsaid") {
  ZoneStory zone;
  SECTION("in quarantine") {
    zone.wave(0, 30, 100s);
    zone.admit(listed(0), 300s);
    zone.admit(listed(1), 300s);
    CHECK(zone.breaker.drop_all() == 2);
  }
  SECTION("while waiting for the wave") {
    zone.wave(0, 15, 100s);
    zone.admit(listed(0), 300s);
    CHECK(zone.breaker.drop_all() == 1);
  }
  CHECK_FALSE(zone.breaker.is_quarantined());
  CHECK(zone.breaker.held().empty());
  CHECK(zone.breaker.standing(true) == 0);
  CHECK_FALSE(zone.wave(50, 70, 400s));
  CHECK(zone.admit(listed(80), 400s) == Words{"80 listed"});
}

TEST_CASE("A failed test forgets no listing of the window that was told") {
  ZoneStory zone;
  for (std::uint32_t subject = 0; subject < 15; ++subject) {
    zone.wave(subject, subject + 1, 100s);
    zone.admit(listed(subject), 101s);
    zone.breaker.drop_all();
  }
  CHECK(zone.breaker.standing(true) > 0);
  CHECK(zone.wave(50, 65, 400s));
}

}  // namespace
}  // namespace rblwatch::lists
