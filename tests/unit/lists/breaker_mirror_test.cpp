// SPDX-License-Identifier: Apache-2.0
//
// Stories of the breaker's mirror image, a zone that suddenly clears far too much, and of restarts.
#include <catch2/catch.hpp>

#include "lists/breaker.hpp"
#include "tests/unit/lists/breaker_story.hpp"

namespace rblwatch::lists {
namespace {

Breaker hundred_subjects() {
  Breaker breaker({0.2, 10, 6h});
  breaker.set_subjects(100);
  breaker.set_listings(100);
  return breaker;
}

bool clear_wave(Breaker& breaker, std::uint32_t first, std::uint32_t last, Seconds at) {
  bool tripped = false;
  for (std::uint32_t subject = first; subject < last; ++subject) {
    tripped |= breaker.vote({subject}, kBlock, false, tick(at)).quarantined;
  }
  return tripped;
}

TEST_CASE("A zone that suddenly clears as much is held by the same keys") {
  Breaker breaker = hundred_subjects();
  CHECK_FALSE(clear_wave(breaker, 0, 20, 100s));
  SECTION("from half of the limit on an end waits") {
    CHECK(breaker.admit(delisted(0), tick(300s)).pass.empty());
    CHECK(told(breaker.admit(listed(90), tick(301s)).pass) == Words{"90 listed"});
  }
  SECTION("above it the zone is quarantined") {
    CHECK(clear_wave(breaker, 20, 21, 101s));
    CHECK(breaker.admit(delisted(0), tick(300s)).pass.empty());
    SECTION("and released with what still stands") {
      CHECK(breaker.admit(delisted(1), tick(300s)).pass.empty());
      const Admission admission = breaker.tick(tick(101s + 6h), true);
      CHECK(admission.released);
      CHECK(told(admission.pass) == Words{"0 delisted", "1 delisted"});
    }
    SECTION("until they are listed again: nobody was told of an end") {
      CHECK(breaker.vote({0}, kBlock, true, tick(400s)).pass.empty());
      CHECK(breaker.standing(true) == 0);
      const Admission admission = breaker.admit(listed(0), tick(600s));
      CHECK(admission.released);
      CHECK(admission.pass.empty());
      CHECK(admission.dropped == 1);
      CHECK(breaker.held().empty());
    }
  }
}

TEST_CASE("Most of the listings trip it too, however few they are beside the subjects") {
  Breaker breaker = hundred_subjects();
  breaker.set_listings(16);
  CHECK(breaker.limit(false) == 10);  // more than half were 9, but never less than the minimum
  breaker.set_listings(24);
  CHECK(breaker.limit(false) == 13);
  CHECK(breaker.limit(true) == 21);
  breaker.set_listings(90);
  CHECK(breaker.limit(false) == 21);
  SECTION("those that ended within the window count as having been open") {
    breaker.set_listings(24);
    CHECK_FALSE(clear_wave(breaker, 0, 6, 100s));
    for (std::uint32_t subject = 0; subject < 6; ++subject) {
      CHECK(breaker.admit(delisted(subject), tick(300s)).pass.size() == 1);
    }
    CHECK(breaker.limit(false) == 13);
    CHECK_FALSE(clear_wave(breaker, 6, 12, 400s));
    CHECK(clear_wave(breaker, 12, 13, 401s));
  }
  SECTION("those that came to nothing count for the share of the subjects alone") {
    breaker.set_listings(24);
    CHECK_FALSE(clear_wave(breaker, 0, 12, 100s));
    for (std::uint32_t subject = 0; subject < 12; ++subject) {
      breaker.gone({subject}, kBlock, false, tick(200s));
    }
    CHECK_FALSE(clear_wave(breaker, 12, 20, 201s));
    CHECK(clear_wave(breaker, 20, 21, 202s));
  }
  SECTION("what a failed test drops is open as before") {
    breaker.set_listings(20);
    CHECK(clear_wave(breaker, 0, 11, 100s));
    for (std::uint32_t subject = 0; subject < 11; ++subject) {
      CHECK(breaker.admit(delisted(subject), tick(300s)).pass.empty());
    }
    CHECK(breaker.drop_all() == 11);
    breaker.tick(tick(7h), true);
    CHECK(breaker.limit(false) == 11);
  }
}

TEST_CASE("What a quarantine left behind may go as it came") {
  Breaker breaker = hundred_subjects();
  breaker.set_listings(0);
  for (std::uint32_t subject = 0; subject < 21; ++subject) {
    breaker.vote({subject}, kBlock, true, tick(100s));
  }
  REQUIRE(breaker.is_quarantined());
  for (std::uint32_t subject = 0; subject < 21; ++subject) {
    breaker.admit(listed(subject), tick(200s));
  }
  CHECK(breaker.release(tick(300s)).passed == 21);
  CHECK(breaker.limit(false) == 21);
  CHECK_FALSE(clear_wave(breaker, 0, 20, 400s));
  SECTION("for as long as a hold") {
    breaker.tick(tick(300s + 6h), true);
    CHECK(breaker.limit(false) == 11);
  }
}

TEST_CASE("A reload recalls the votes of the window that were believed") {
  Breaker before = hundred_subjects();
  for (std::uint32_t subject = 0; subject < 10; ++subject) {
    before.vote({subject}, kBlock, true, tick(100s));
    CHECK(before.admit(listed(subject), tick(101s)).pass.size() == 1);
  }
  before.vote({50}, kBlock, true, tick(102s));  // pending: the pair brings it along
  Breaker after = hundred_subjects();
  for (const auto& vote : before.decided_votes()) {
    after.recall(vote.subject, vote.purpose, vote.opens, {vote.at, {}}, true);
  }
  CHECK(after.standing(true) == 10);
  for (std::uint32_t subject = 20; subject < 30; ++subject) {
    CHECK_FALSE(after.vote({subject}, kBlock, true, tick(200s)).quarantined);
  }
  CHECK(after.vote({30}, kBlock, true, tick(200s)).quarantined);
}

/// Forty listings held in quarantine, which forty votes to clear then began to take away.
Breaker going_back() {
  Breaker breaker = hundred_subjects();
  for (std::uint32_t subject = 0; subject < 40; ++subject) {
    breaker.vote({subject}, kBlock, true, tick(100s));
  }
  REQUIRE(breaker.is_quarantined());
  for (std::uint32_t subject = 0; subject < 40; ++subject) {
    CHECK(breaker.admit(listed(subject), tick(300s)).pass.empty());
  }
  CHECK_FALSE(clear_wave(breaker, 0, 40, 1900s));
  CHECK(breaker.standing(false) == 0);
  return breaker;
}

TEST_CASE(
    "Listings held in quarantine that all end are told neither way, and are no wave of their own") {
  Breaker breaker = going_back();
  std::uint64_t releases = 0;
  std::uint64_t dropped = 0;
  for (std::uint32_t subject = 0; subject < 40; ++subject) {
    const Admission admission = breaker.admit(delisted(subject), tick(2100s));
    CHECK_FALSE(admission.quarantined);
    CHECK(admission.pass.empty());
    CHECK(admission.passed == 0);
    releases += admission.released ? 1 : 0;
    dropped += admission.dropped;
  }
  CHECK(releases == 1);
  CHECK(dropped == 40);
  CHECK_FALSE(breaker.is_quarantined());
  CHECK(breaker.held().empty());
}

TEST_CASE("What was only doubted when the quarantine ended is told when it stands after all") {
  Breaker breaker = going_back();
  for (std::uint32_t subject = 0; subject < 20; ++subject) {
    breaker.admit(delisted(subject), tick(2100s));
  }
  REQUIRE_FALSE(breaker.is_quarantined());
  CHECK(breaker.held().size() == 20);
  CHECK(breaker.admit(delisted(30), tick(2101s)).pass.empty());
  CHECK(told(breaker.gone({31}, kBlock, false, tick(2102s)).pass) == Words{"31 listed"});
  CHECK(breaker.held().size() == 18);
  CHECK(told(breaker.admit(change(32, {"127.0.0.2"}, {"127.0.0.4"}), tick(2103s)).pass) ==
        Words{"32 listed"});
}

TEST_CASE("The operator's release keeps back what is being voted away") {
  Breaker breaker = going_back();
  breaker.gone({7}, kBlock, false, tick(2000s));
  const Admission admission = breaker.release(tick(2001s));
  CHECK(told(admission.pass) == Words{"7 listed"});
  CHECK(admission.passed == 1);
  CHECK(admission.dropped == 39);
  CHECK(told(breaker.gone({8}, kBlock, false, tick(2002s)).pass) == Words{"8 listed"});
}

TEST_CASE("A quarantine with what it holds survives a restart") {
  Breaker breaker = hundred_subjects();
  std::vector<BelievedChange> held;
  for (std::uint32_t subject = 0; subject < 15; ++subject) {
    held.push_back(listed(subject));
  }
  breaker.restore(tick(100s), held);
  for (std::uint32_t subject = 15; subject < 20; ++subject) {
    breaker.recall({subject}, kBlock, true, {tick(90s), {}}, true);
  }
  for (std::uint32_t subject = 20; subject < 25; ++subject) {
    breaker.recall({subject}, kBlock, true, {tick(95s), {}}, false);
  }
  CHECK(breaker.is_quarantined());
  CHECK(breaker.quarantined_since() == tick(100s));
  CHECK(breaker.standing(true) == 25);
  CHECK(told(breaker.held()) == told(held));
  CHECK(breaker.next_tick() == tick(100s + 6h));
  SECTION("it goes on holding") {
    CHECK(breaker.admit(listed(20), tick(300s)).pass.empty());
  }
  SECTION("it ends when too few stand") {
    for (std::uint32_t subject = 21; subject < 25; ++subject) {
      CHECK_FALSE(breaker.gone({subject}, kBlock, true, tick(2000s)).released);
    }
    CHECK(breaker.gone({20}, kBlock, true, tick(2000s)).released);
  }
  SECTION("it ends with the hold") {
    CHECK(breaker.tick(tick(100s + 6h), true).pass.size() == 15);
  }
}

TEST_CASE("Recalled votes trip nothing, but count for those that follow") {
  Breaker breaker = hundred_subjects();
  for (std::uint32_t subject = 0; subject < 20; ++subject) {
    breaker.recall({subject}, kBlock, true, {tick(100s), {}}, subject % 2 == 0);
  }
  CHECK_FALSE(breaker.is_quarantined());
  CHECK(breaker.admit(listed(1), tick(300s)).pass.empty());
  CHECK(breaker.vote({20}, kBlock, true, tick(301s)).quarantined);
}

TEST_CASE("Sixty-five thousand subjects are cheap") {
  Breaker breaker({0.5, 10, 6h});
  breaker.set_subjects(65'536);
  for (const Seconds at : {100s, 3700s}) {
    bool tripped = false;
    std::size_t passed = 0;
    for (std::uint32_t subject = 0; subject < 32'768; ++subject) {
      tripped |= breaker.vote({subject}, kBlock, true, tick(at)).quarantined;
    }
    for (std::uint32_t subject = 0; subject < 32'768; ++subject) {
      passed += breaker.admit(listed(subject), tick(at + 120s)).pass.size();
    }
    CHECK_FALSE(tripped);
    CHECK(passed == 32'768);
  }
  CHECK(breaker.standing(true) == 32'768);
}

}  // namespace
}  // namespace rblwatch::lists
