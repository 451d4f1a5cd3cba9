// SPDX-License-Identifier: Apache-2.0
//
// Stories of belief: which test of the zone lets a decided change be believed, what the change
// says, and what never may be said.
#include <catch2/catch.hpp>

#include "lists/listing.hpp"
#include "tests/unit/lists/pair_story.hpp"

namespace rblwatch::lists {
namespace {

TEST_CASE("Only a test asked after the last vote and fetched after the first is believed") {
  struct Row {
    const char* what;
    Seconds asked;
    Seconds fetched;
    bool is_believed;
  };
  const Row rows[] = {
      {"asked before the last vote", 119s, 119s, false},
      {"asked after it, its answer from before the first vote", 130s, -1s, false},
      {"asked after it, its answer from between the votes", 130s, 60s, true},
      {"asked after it, answered afresh", 130s, 130s, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    PairStory pair;
    pair.listed(0s, {"127.0.0.2"}, 60s);
    pair.listed(120s, {"127.0.0.2"}, 60s);
    const auto change = believe(pair.track, PassedTest{tick(row.asked), tick(row.fetched)});
    CHECK(change.has_value() == row.is_believed);
    CHECK(pair.track.is_listed() == row.is_believed);
  }
}

TEST_CASE("A listing closes after its own votes and a test; until then it stays listed") {
  PairStory pair;
  pair.open({"127.0.0.2"});
  pair.clear(1000s, 60s);
  CHECK(pair.track.is_listed());
  CHECK(pair.track.pending_to() == PendingTo::delisted);
  pair.clear(1120s, 60s);
  CHECK(pair.track.is_listed());
  CHECK_FALSE(believe(pair.track, PassedTest{tick(1200s), tick(999s)}));
  CHECK(pair.track.is_listed());
  const auto change = pair.passed_test(1121s);
  REQUIRE(change);
  CHECK(change->type == EventType::delisted);
  CHECK(change->codes.entries() == Words{"127.0.0.2"});
  CHECK(change->removed == change->codes);
  CHECK(change->added.is_empty());
  CHECK(change->since == wall(1000s));
  CHECK(change->voted_at == std::vector{wall(1000s), wall(1120s)});
  CHECK(change->listed_at == wall(0s));
  CHECK_FALSE(pair.track.is_listed());
}

TEST_CASE("A code that joins or leaves an open listing is a change of it") {
  PairStory pair;
  pair.open({"127.0.0.2", "127.0.0.4"});
  pair.listed(1000s, {"127.0.0.2", "127.0.0.9"}, 60s);
  CHECK(pair.track.pending_to() == PendingTo::changed);
  pair.listed(1120s, {"127.0.0.2", "127.0.0.9"}, 60s);
  const auto change = pair.passed_test(1121s);
  REQUIRE(change);
  CHECK(change->type == EventType::changed);
  CHECK(change->codes.entries() == Words{"127.0.0.2", "127.0.0.9"});
  CHECK(change->added.entries() == Words{"127.0.0.9"});
  CHECK(change->removed.entries() == Words{"127.0.0.4"});
  CHECK(change->listed_at == wall(0s));
}

TEST_CASE("Codes that all give way to another are a change, never an end") {
  PairStory pair;
  pair.open({"127.0.0.2"});
  SECTION("at once") {
    pair.listed(1000s, {"127.0.0.4"}, 60s);
    CHECK(pair.track.pending_to() == PendingTo::changed);
    pair.listed(1120s, {"127.0.0.4"}, 60s);
  }
  SECTION("with a gap: no all-clear while the last answer says listed") {
    pair.clear(1000s, 60s);
    pair.listed(1120s, {"127.0.0.4"}, 60s);
    CHECK(pair.track.has_decided());
    CHECK_FALSE(pair.passed_test(1121s));
    CHECK(pair.track.is_listed());
    pair.listed(1240s, {"127.0.0.4"}, 60s);
  }
  const auto change = pair.passed_test(1300s);
  REQUIRE(change);
  CHECK(change->type == EventType::changed);
  CHECK(change->codes.entries() == Words{"127.0.0.4"});
  CHECK(pair.track.listed_at == wall(0s));
}

TEST_CASE("When the newcomer goes too, the end is believed with the next test") {
  PairStory pair;
  pair.open({"127.0.0.2"});
  pair.clear(1000s, 60s);
  pair.listed(1120s, {"127.0.0.4"}, 60s);
  CHECK_FALSE(pair.passed_test(1121s));
  pair.clear(1240s, 60s);
  const auto change = pair.passed_test(1241s);
  REQUIRE(change);
  CHECK(change->type == EventType::delisted);
}

TEST_CASE("A listing lasted until its last code left") {
  PairStory pair;
  pair.open({"127.0.0.2", "127.0.0.4"});
  pair.listed(1000s, {"127.0.0.4"}, 60s);
  pair.clear(1120s, 60s);
  pair.clear(1240s, 60s);
  const auto change = pair.passed_test(1241s);
  REQUIRE(change);
  CHECK(change->type == EventType::delisted);
  CHECK(change->since == wall(1120s));
  CHECK(change->first_vote == tick(1000s));
}

TEST_CASE("One test believes all it covers as one change, and leaves the rest") {
  PairStory pair;
  pair.listed(0s, {"127.0.0.2"}, 60s);
  pair.listed(120s, {"127.0.0.2", "127.0.0.4"}, 60s);
  pair.listed(240s, {"127.0.0.2", "127.0.0.4"}, 60s);
  // Its answer was fetched between the two first votes: it covers 2, not yet 4.
  CHECK(waits_for_test_after(pair.track) == tick(120s));
  const auto first = believe(pair.track, PassedTest{tick(250s), tick(60s)});
  REQUIRE(first);
  CHECK(first->codes.entries() == Words{"127.0.0.2"});
  CHECK(pair.track.pending_to() == PendingTo::changed);
  const auto second = believe(pair.track, PassedTest{tick(300s), tick(130s)});
  REQUIRE(second);
  CHECK(second->added.entries() == Words{"127.0.0.4"});
  CHECK_FALSE(waits_for_test_after(pair.track));
}

TEST_CASE("A failed test discards votes, decided ones too, and no listing") {
  PairStory pair;
  pair.open({"127.0.0.2"});
  pair.clear(1000s, 60s);
  pair.clear(1120s, 60s);
  CHECK(discard_votes(pair.track));
  CHECK_FALSE(discard_votes(pair.track));
  CHECK_FALSE(pair.passed_test(1121s));
  CHECK(pair.track.is_listed());
  CHECK(pair.clear(1240s, 60s).cast_first_vote);
}

TEST_CASE("Where the positive entry is waived, a clear waits for company or for time") {
  PairStory pair;
  pair.open({"127.0.0.2"});
  pair.clear(1000s, 60s);
  pair.clear(1120s, 60s);
  const auto waived = [](Seconds asked, Seconds voted_by) {
    return PassedTest{tick(asked), tick(asked), tick(voted_by)};
  };
  CHECK_FALSE(believe(pair.track, waived(1200s, 999s)));
  CHECK(pair.track.is_listed());
  SECTION("until it stood for long enough") {
    CHECK(believe(pair.track, waived(1200s + 6h, 1000s))->type == EventType::delisted);
  }
  SECTION("until another subject is seen listed") {
    CHECK(pair.passed_test(1300s)->type == EventType::delisted);
  }
  SECTION("a code that leaves while another is still seen proves itself") {
    PairStory two;
    two.open({"127.0.0.2", "127.0.0.4"});
    two.listed(1000s, {"127.0.0.4"}, 60s);
    two.listed(1120s, {"127.0.0.4"}, 60s);
    CHECK(believe(two.track, waived(1200s, 0s))->type == EventType::changed);
  }
  SECTION("a listing needs no more than the other tests") {
    PairStory fresh;
    fresh.listed(0s, {"127.0.0.2"}, 60s);
    fresh.listed(120s, {"127.0.0.2"}, 60s);
    CHECK(believe(fresh.track, waived(121s, -1s))->type == EventType::listed);
  }
}

TEST_CASE("A change that is never told is taken back whole") {
  PairStory pair;
  SECTION("a listing") {
    pair.listed(0s, {"127.0.0.2"}, 60s);
    pair.listed(120s, {"127.0.0.2"}, 60s);
    revert(pair.track, *pair.passed_test(121s));
    CHECK_FALSE(pair.track.is_listed());
    CHECK(pair.track.listed_at == core::Timestamp{});
  }
  SECTION("an end") {
    pair.open({"127.0.0.2", "127.0.0.4"});
    pair.clear(1000s, 60s);
    pair.clear(1120s, 60s);
    revert(pair.track, *pair.passed_test(1121s));
    CHECK(pair.track.believed.entries() == Words{"127.0.0.2", "127.0.0.4"});
    CHECK(pair.track.listed_at == wall(0s));
  }
  SECTION("a change, with the votes since") {
    pair.open({"127.0.0.2"});
    pair.listed(1000s, {"127.0.0.4"}, 60s);
    pair.listed(1120s, {"127.0.0.4"}, 60s);
    const Change change = *pair.passed_test(1121s);
    pair.clear(1240s, 60s);
    revert(pair.track, change);
    CHECK(pair.track.believed.entries() == Words{"127.0.0.2"});
    CHECK(pair.track.pending.empty());
    CHECK(pair.track.listed_at == wall(0s));
  }
}

TEST_CASE("What pending votes lead to") {
  PairStory pair;
  CHECK_FALSE(pair.track.pending_to());
  pair.listed(0s, {"127.0.0.2"}, 60s);
  CHECK(pair.track.pending_to() == PendingTo::listed);
  CHECK(pair.track.first_vote() == tick(0s));
  pair.listed(120s, {"127.0.0.2"}, 60s);
  pair.passed_test(121s);
  pair.listed(1000s, {"127.0.0.2", "127.0.0.4"}, 60s);
  CHECK(pair.track.pending_to() == PendingTo::changed);
  pair.clear(1120s, 60s);
  CHECK(pair.track.pending_to() == PendingTo::delisted);
  CHECK(pair.track.first_vote() == tick(1120s));
}

}  // namespace
}  // namespace rblwatch::lists
