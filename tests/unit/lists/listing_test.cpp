// SPDX-License-Identifier: Apache-2.0
//
// Stories of one pair on one zone, on fake ticks: what opens, changes and closes a listing, and
// what doesn't.
#include "lists/listing.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/lists/pair_story.hpp"

namespace rblwatch::lists {
namespace {

constexpr Seconds kDay = 24h;

TEST_CASE("Two independent votes and a covering test open a listing") {
  PairStory pair;
  const Step first = pair.listed(0s, {"127.0.0.2"}, 60s);
  CHECK(first.cast_first_vote);
  CHECK_FALSE(first.cast_last_vote);
  CHECK(first.changed);
  CHECK(first.ask_again == tick(120s));
  CHECK_FALSE(first.ask_direct);
  CHECK(pair.track.pending_to() == PendingTo::listed);
  CHECK_FALSE(pair.passed_test(60s));

  const Step last = pair.listed(120s, {"127.0.0.2"}, 60s);
  CHECK(last.cast_last_vote);
  CHECK_FALSE(last.ask_again);
  CHECK_FALSE(pair.track.is_listed());
  CHECK(waits_for_test_after(pair.track) == tick(0s));

  const auto change = pair.passed_test(121s);
  REQUIRE(change);
  CHECK(change->type == EventType::listed);
  CHECK(change->codes.entries() == Words{"127.0.0.2"});
  CHECK(change->added == change->codes);
  CHECK(change->removed.is_empty());
  CHECK(change->since == wall(0s));
  CHECK(change->first_vote == tick(0s));
  CHECK(change->listed_at == wall(0s));
  CHECK(pair.track.listed_at == wall(0s));
  CHECK(pair.track.pending.empty());
  CHECK_FALSE(pair.track.pending_to());
  CHECK_FALSE(pair.passed_test(200s));
}

TEST_CASE("A cached answer asked five times is one vote") {
  PairStory pair;
  pair.listed(0s, {"127.0.0.2"}, 1000s);
  for (const Seconds at : {200s, 400s, 600s, 800s, 1000s}) {
    const Step step = pair.listed(at, {"127.0.0.2"}, 1000s - at);
    CHECK_FALSE(step.changed);
    CHECK_FALSE(step.cast_last_vote);
    CHECK(step.ask_again == tick(1001s));
  }
  CHECK(pair.votes("127.0.0.2") == 1);
  CHECK(pair.listed(1001s, {"127.0.0.2"}, 1000s).cast_last_vote);
}

TEST_CASE("Freshness follows TTL, server and way") {
  struct Row {
    const char* what;
    Reply first;
    Reply second;
    bool is_fresh;
  };
  const Row rows[] = {
      {"the TTL still runs", {0s, 300s, 1}, {300s, 300s, 1}, false},
      {"the TTL ran out, but no second is to spare", {0s, 300s, 1}, {300s + 999ms, 300s, 1}, false},
      {"the TTL ran out, a second to spare", {0s, 300s, 1}, {301s, 300s, 1}, true},
      {"a resolver's answer without TTL counts as 5 s", {0s, {}, 1}, {5s, {}, 1}, false},
      {"and then is over", {0s, {}, 1}, {6s, {}, 1}, true},
      {"a TTL of 0 has its second too", {0s, 0s, 1}, {999ms, 0s, 1}, false},
      {"another server's first answer", {0s, 1s, 1}, {900s, 300s, 2}, false},
      {"asked directly", {0s, 300s, 1}, {1s, 300s, 9}, true},
      {"a resolver after a direct answer", {0s, 300s, 9}, {900s, 300s, 1}, false},
      {"directly twice", {0s, 300s, 9}, {1s, 300s, 9}, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Freshness freshness;
    CHECK(freshness.note(row.first.observation()));
    CHECK(freshness.note(row.second.observation()) == row.is_fresh);
  }
}

TEST_CASE("A TTL counts from the answer, not from the question") {
  Freshness freshness;
  Observation slow = Reply{0s, 300s, 1}.observation();
  slow.took = core::Micros(4s);
  CHECK(freshness.note(slow));
  CHECK_FALSE(freshness.note(Reply{304s, 300s, 1}.observation()));
  CHECK(freshness.note(Reply{305s, 300s, 1}.observation()));
}

TEST_CASE("Answers in between are not fresh and extend nothing") {
  Freshness freshness;
  CHECK(freshness.note(Reply{0s, 300s, 1}.observation()));
  CHECK_FALSE(freshness.note(Reply{100s, 900s, 1}.observation()));
  CHECK_FALSE(freshness.note(Reply{299s, 900s, 1}.observation()));
  CHECK(freshness.fresh_from(server(1), dns::ServerRole::resolver, tick(299s)) == tick(301s));
  CHECK(freshness.note(Reply{301s, 300s, 1}.observation()));
}

TEST_CASE("A second server starts its own mark with its first answer") {
  Freshness freshness;
  CHECK(freshness.note(Reply{0s, 300s, 1}.observation()));
  CHECK_FALSE(freshness.note(Reply{100s, 200s, 2}.observation()));
  CHECK_FALSE(freshness.note(Reply{300s, 200s, 2}.observation()));
  CHECK(freshness.note(Reply{301s, 200s, 2}.observation()));
  CHECK(freshness.marks().size() == 2);
  CHECK(freshness.all_run_out() == tick(502s));
}

TEST_CASE("Unknown answers leave no mark") {
  Freshness freshness;
  Observation unknown = Reply{0s, 300s, 1}.observation();
  unknown.verdict = Unknown{Cause::refused};
  CHECK_FALSE(freshness.note(unknown));
  CHECK(freshness.marks().empty());
  CHECK(freshness.note(Reply{1s, 300s, 2}.observation()));
}

TEST_CASE("When a fresh answer can be had") {
  Freshness freshness;
  CHECK(freshness.fresh_from(server(1), dns::ServerRole::resolver, tick(7s)) == tick(7s));
  freshness.note(Reply{0s, 300s, 1}.observation());
  CHECK(freshness.fresh_from(server(1), dns::ServerRole::resolver, tick(7s)) == tick(301s));
  CHECK(freshness.fresh_from(server(1), dns::ServerRole::resolver, tick(999s)) == tick(999s));
  CHECK(freshness.fresh_from(server(1), dns::ServerRole::authoritative, tick(7s)) == tick(7s));
}

TEST_CASE("A fresh answer that comes too soon is no vote, and fills the cache anew") {
  PairStory pair;
  pair.listed(0s, {"127.0.0.2"}, 30s);
  const Step soon = pair.listed(100s, {"127.0.0.2"}, 60s);
  CHECK_FALSE(soon.cast_last_vote);
  CHECK(pair.votes("127.0.0.2") == 1);
  CHECK(soon.ask_again == tick(161s));
  CHECK_FALSE(pair.listed(130s, {"127.0.0.2"}, 30s).cast_last_vote);
  CHECK(pair.listed(161s, {"127.0.0.2"}, 60s).cast_last_vote);
}

TEST_CASE("Votes are per entry: {2}, then {2, 4} confirms 2 and is the first vote for 4") {
  PairStory pair;
  pair.listed(0s, {"127.0.0.2"}, 60s);
  const Step second = pair.listed(120s, {"127.0.0.2", "127.0.0.4"}, 60s);
  CHECK(second.cast_first_vote);
  CHECK(second.cast_last_vote);
  CHECK(second.ask_again == tick(240s));
  CHECK(pair.votes("127.0.0.2") == 2);
  CHECK(pair.votes("127.0.0.4") == 1);
  const auto listed = pair.passed_test(121s);
  REQUIRE(listed);
  CHECK(listed->codes.entries() == Words{"127.0.0.2"});
  CHECK(pair.track.pending_to() == PendingTo::changed);

  pair.listed(240s, {"127.0.0.2", "127.0.0.4"}, 60s);
  const auto changed = pair.passed_test(241s);
  REQUIRE(changed);
  CHECK(changed->type == EventType::changed);
  CHECK(changed->codes.entries() == Words{"127.0.0.2", "127.0.0.4"});
  CHECK(changed->added.entries() == Words{"127.0.0.4"});
  CHECK(changed->removed.is_empty());
  CHECK(changed->since == wall(120s));
  CHECK(changed->listed_at == wall(0s));
  CHECK(pair.track.listed_at == wall(0s));
}

TEST_CASE("A contrary fresh answer resets") {
  PairStory pair;
  pair.listed(0s, {"127.0.0.2", "127.0.0.4"}, 60s);
  SECTION("one code of two") {
    CHECK(pair.listed(61s, {"127.0.0.4"}, 60s).changed);
    CHECK(pair.votes("127.0.0.2") == 0);
    CHECK(pair.votes("127.0.0.4") == 1);
  }
  SECTION("all of them, however soon") {
    CHECK(pair.clear(61s, 60s).changed);
    CHECK(pair.track.pending.empty());
  }
  SECTION("not one from the cache") {
    CHECK_FALSE(pair.clear(60s, 60s).changed);
    CHECK(pair.votes("127.0.0.2") == 1);
  }
  SECTION("even when it was decided and waited for the test") {
    pair.listed(120s, {"127.0.0.2", "127.0.0.4"}, 60s);
    CHECK(pair.track.has_decided());
    pair.clear(181s, 60s);
    CHECK_FALSE(pair.track.has_decided());
    CHECK_FALSE(pair.passed_test(182s));
  }
}

TEST_CASE("Unknown changes nothing") {
  PairStory pair;
  pair.listed(0s, {"127.0.0.2"}, 60s);
  const Track before = pair.track;
  for (const Cause cause : {Cause::timeout, Cause::refused, Cause::stale, Cause::not_asked}) {
    const Step step = pair.unknown(120s, cause);
    CHECK_FALSE(step.changed);
    CHECK_FALSE(step.cast_first_vote);
    CHECK_FALSE(step.cast_last_vote);
    CHECK(step.ask_again == tick(240s));
  }
  CHECK(pair.track.pending == before.pending);
  CHECK(pair.listed(240s, {"127.0.0.2"}, 60s).cast_last_vote);
  REQUIRE(pair.passed_test(241s));

  const Step idle = pair.unknown(400s, Cause::timeout);
  CHECK_FALSE(idle.ask_again);
  CHECK(pair.track.is_listed());
}

TEST_CASE("A vote lapses twice the interval after the next could first be asked") {
  const Seconds possible = 1001s;  // the TTL is longer than confirm_after
  const Seconds last = possible + 2 * 1800s;
  PairStory pair;
  pair.listed(0s, {"127.0.0.2"}, 1000s);
  SECTION("in time") {
    CHECK_FALSE(lapse(pair.track, tick(last)));
    CHECK(pair.listed(last, {"127.0.0.2"}, 60s).cast_last_vote);
  }
  SECTION("too late: a first vote again") {
    const Step step = pair.listed(last + 1s, {"127.0.0.2"}, 60s);
    CHECK(step.cast_first_vote);
    CHECK_FALSE(step.cast_last_vote);
    CHECK(pair.votes("127.0.0.2") == 1);
  }
  SECTION("by time alone") {
    CHECK(lapse(pair.track, tick(last + 1s)));
    CHECK(pair.track.pending.empty());
  }
  SECTION("cached answers extend nothing") {
    for (Seconds at = 10s; at < possible; at += 90s) {
      pair.listed(at, {"127.0.0.2"}, 5000s);
    }
    CHECK(lapse(pair.track, tick(last + 1s)));
  }
  SECTION("later where the votes of the kind were suspended") {
    prolong(pair.track, 1h);
    CHECK_FALSE(lapse(pair.track, tick(last + 3600s)));
    CHECK(lapse(pair.track, tick(last + 3601s)));
  }
  SECTION("never once it is decided: then the test is waited for") {
    pair.listed(possible, {"127.0.0.2"}, 1000s);
    CHECK_FALSE(lapse(pair.track, tick(30 * kDay)));
    CHECK(pair.passed_test(30 * kDay));
  }
}

TEST_CASE("One confirmation: the first vote is the last") {
  PairStory pair;
  pair.policy.confirmations = 1;
  const Step step = pair.listed(0s, {"127.0.0.2"}, 60s);
  CHECK(step.cast_first_vote);
  CHECK(step.cast_last_vote);
  CHECK_FALSE(step.ask_again);
  CHECK_FALSE(pair.track.is_listed());
  CHECK(pair.passed_test(1s)->type == EventType::listed);
  CHECK(pair.clear(100s, 60s).cast_last_vote);
  CHECK(pair.passed_test(101s)->type == EventType::delisted);
}

TEST_CASE("Ten confirmations take ten independent answers") {
  PairStory pair;
  pair.policy.confirmations = 10;
  for (int vote = 0; vote < 9; ++vote) {
    CHECK_FALSE(pair.listed(vote * 120s, {"127.0.0.2"}, 60s).cast_last_vote);
  }
  CHECK(pair.listed(1080s, {"127.0.0.2"}, 60s).cast_last_vote);
  CHECK(pair.votes("127.0.0.2") == 10);
}

TEST_CASE("A TTL longer than confirm_within is not waited for") {
  PairStory pair;
  SECTION("at the limit it is") {
    const Step step = pair.listed(0s, {"127.0.0.2"}, 6h);
    CHECK_FALSE(step.ask_direct);
    CHECK(step.ask_again == tick(6h + 1s));
  }
  SECTION("the zone's own servers are asked after confirm_after, and their answer counts") {
    const Step step = pair.listed(0s, {"127.0.0.2"}, kDay);
    CHECK(step.ask_direct);
    CHECK(step.ask_again == tick(120s));
    CHECK(pair.listed(120s, {"127.0.0.2"}, kDay, 9).cast_last_vote);
    CHECK(pair.passed_test(121s));
  }
  SECTION("where none answers usably, the TTL is waited for after all") {
    pair.listed(0s, {"127.0.0.2"}, kDay);
    const Step none = pair.unknown(120s, Cause::timeout, 9);
    CHECK_FALSE(none.ask_direct);
    CHECK(none.ask_again == tick(kDay + 1s));
    CHECK_FALSE(lapse(pair.track, tick(kDay + 1s + 3600s)));
    CHECK(pair.listed(kDay + 1s, {"127.0.0.2"}, kDay).cast_last_vote);
  }
  SECTION("a cached answer on its turn tries them once more") {
    pair.listed(0s, {"127.0.0.2"}, kDay);
    const Step turn = pair.listed(1800s, {"127.0.0.2"}, kDay - 1800s);
    CHECK(turn.ask_direct);
    CHECK(turn.ask_again == tick(1800s));
  }
  SECTION("further votes go there too while the cache holds on") {
    pair.policy.confirmations = 3;
    pair.listed(0s, {"127.0.0.2"}, kDay);
    const Step second = pair.listed(120s, {"127.0.0.2"}, kDay, 9);
    CHECK(second.ask_direct);
    CHECK(second.ask_again == tick(240s));
  }
}

TEST_CASE("With confirm_via authoritative each next vote is asked directly") {
  PairStory pair;
  pair.policy.via_authoritative = true;
  const Step step = pair.listed(0s, {"127.0.0.2"}, 60s);
  CHECK(step.ask_direct);
  CHECK(step.ask_again == tick(120s));
}

TEST_CASE("A zone that is asked directly needs no cache to run out") {
  PairStory pair;
  const Step step = pair.listed(0s, {"127.0.0.2"}, kDay, 9);
  CHECK_FALSE(step.ask_direct);
  CHECK(step.ask_again == tick(120s));
  CHECK(pair.listed(120s, {"127.0.0.2"}, kDay, 9).cast_last_vote);
}

TEST_CASE("A cached answer that contradicts is asked again when it can be fresh") {
  PairStory pair;
  pair.clear(0s, 3600s);
  const Step step = pair.listed(1800s, {"127.0.0.2"}, 300s);
  CHECK_FALSE(step.cast_first_vote);
  CHECK(step.ask_again == tick(3601s));
  CHECK(pair.listed(3601s, {"127.0.0.2"}, 300s).cast_first_vote);
}

TEST_CASE("What a partial answer leaves out has not gone") {
  PairStory pair;
  pair.open({"2", "4"});
  for (const Seconds at : {3600s, 7200s}) {
    pair.partly_listed(at, {"2", "8"}, 60s);
  }
  CHECK(pair.votes("4") == 0);
  CHECK(pair.votes("8") == 2);
  CHECK(pair.passed_test(7201s)->added.entries() == Words{"8"});
  SECTION("nor does it take back a vote for it") {
    pair.listed(9000s, {"2", "4", "8", "9"}, 60s);
    pair.partly_listed(9600s, {"2"}, 60s);
    CHECK(pair.votes("9") == 1);
  }
  SECTION("but what it shows has not gone either") {
    pair.listed(9000s, {"2", "8"}, 60s);
    CHECK(pair.votes("4") == 1);
    pair.partly_listed(9600s, {"4"}, 60s);
    CHECK(pair.votes("4") == 0);
  }
}

TEST_CASE("A score that moves inside its band has not changed") {
  PairStory pair;
  pair.open({"127.0.0.2"});
  Observation moved = Reply{1000s, 60s, 1}.observation();
  Code code = make_code("127.0.0.2");
  code.addresses = {core::IpAddress::v4(0x7f000463)};
  moved.verdict = Listed{CodeSet({code})};
  const Step step = pair.take(moved);
  CHECK(step.changed);
  CHECK_FALSE(step.cast_first_vote);
  CHECK(pair.track.pending.empty());
  CHECK(pair.track.believed.addresses() == Words{"127.0.4.99"});
  CHECK_FALSE(pair.passed_test(1001s));
}

}  // namespace
}  // namespace rblwatch::lists
