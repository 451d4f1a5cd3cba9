// SPDX-License-Identifier: Apache-2.0
//
// Stories of one kind of one zone and its tests: when it is blind, when that may be told, when it
// is tested again, what becomes of the votes.
#include "lists/zone_health.hpp"

#include <array>
#include <vector>

#include <catch2/catch.hpp>

#include "ticks.hpp"

namespace rblwatch::lists {
namespace {

using namespace std::chrono_literals;
using core::Seconds;
using core::Tick;

constexpr std::array kAllCauses{Cause::refused,
                                Cause::stale,
                                Cause::rewritten,
                                Cause::servfail,
                                Cause::refused_rcode,
                                Cause::other_rcode,
                                Cause::lame,
                                Cause::malformed,
                                Cause::network,
                                Cause::timeout,
                                Cause::lists_everything,
                                Cause::test_entry_missing};

struct KindStory {
  HealthStep test(Seconds asked, std::optional<Cause> failed, core::Micros took = 0s,
                  bool confirmed_direct = false) {
    TestResult result;
    result.asked_at = tick(asked);
    result.finished_at = tick(asked + took);
    result.failed = failed;
    result.denial_ttl = denial_ttl;
    result.through_resolver = through_resolver;
    return take_test(health, result, policy, confirmed_direct);
  }
  HealthStep pass(Seconds asked) { return test(asked, std::nullopt); }
  /// Whether its blindness may be told after this failure.
  bool tells(Seconds asked, Cause failed, core::Micros took = 0s, bool confirmed_direct = false) {
    test(asked, failed, took, confirmed_direct);
    return health.is_telling_due;
  }

  KindHealth health;
  HealthPolicy policy;
  std::optional<Seconds> denial_ttl;
  bool through_resolver = true;
};

TEST_CASE("A kind is untested until its first test has passed") {
  KindStory kind;
  CHECK(kind.health.state == ZoneState::untested);
  CHECK(kind.health.next_test <= tick(0s));
  const HealthStep step = kind.pass(10s);
  CHECK(step.began_seeing);
  CHECK_FALSE(step.resumed_after);
  CHECK(kind.health.state == ZoneState::seeing);
  CHECK(kind.health.since == tick(10s));
  CHECK(kind.health.last_passed == tick(10s));
  CHECK(kind.health.next_test == tick(10s + 30min));
  CHECK_FALSE(kind.pass(1810s).began_seeing);
  CHECK(kind.health.since == tick(10s));
}

TEST_CASE("It is blind from its first failed test, with the test's cause, whatever that is") {
  for (const Cause cause : kAllCauses) {
    for (const bool was_seeing : {false, true}) {
      CAPTURE(core::enum_word(cause), was_seeing);
      KindStory kind;
      if (was_seeing) {
        kind.pass(0s);
      }
      const HealthStep step = kind.test(100s, cause);
      CHECK(step.became_blind);
      CHECK(kind.health.state == ZoneState::blind);
      CHECK(kind.health.cause == cause);
      CHECK(kind.health.since == tick(100s));
      CHECK(kind.health.is_telling_due == is_told_at_once(cause));
      CHECK(step.discard_votes != is_silence(cause));
      CHECK_FALSE(kind.test(101s, cause).became_blind);
    }
  }
}

TEST_CASE("When a second failure may be told") {
  struct Row {
    const char* what;
    Cause cause;
    Seconds second;
    std::optional<Seconds> denial_ttl;
    bool confirmed_direct;
    bool may_tell;
  };
  const Row rows[] = {
      {"refused: at once", Cause::refused, 1s, {}, false, true},
      {"lists_everything: at once", Cause::lists_everything, 1s, {}, false, true},
      {"rewritten: at once", Cause::rewritten, 1s, {}, false, true},
      {"timeout: too soon", Cause::timeout, 59s, {}, false, false},
      {"timeout: health_retry later", Cause::timeout, 60s, {}, false, true},
      {"network: health_retry later", Cause::network, 60s, {}, false, true},
      {"lame: health_retry later", Cause::lame, 60s, {}, false, true},
      {"stale: health_retry later", Cause::stale, 60s, {}, false, true},
      {"malformed: health_retry later", Cause::malformed, 60s, {}, false, true},
      {"other_rcode: health_retry later", Cause::other_rcode, 60s, {}, false, true},
      {"servfail may be a cached failure", Cause::servfail, 299s, {}, false, false},
      {"servfail after 5 minutes", Cause::servfail, 300s, {}, false, true},
      {"refused_rcode may be a cached failure", Cause::refused_rcode, 299s, {}, false, false},
      {"refused_rcode after 5 minutes", Cause::refused_rcode, 300s, {}, false, true},
      {"servfail sooner when the zone's own server fails too",
       Cause::servfail,
       60s,
       {},
       true,
       true},
      {"but not at once", Cause::servfail, 59s, {}, true, false},
      {"missing within its negative TTL", Cause::test_entry_missing, 300s, 300s, false, false},
      {"missing after its negative TTL", Cause::test_entry_missing, 301s, 300s, false, true},
      {"a short negative TTL is no hurry", Cause::test_entry_missing, 59s, 5s, false, false},
      {"nor a delay", Cause::test_entry_missing, 60s, 5s, false, true},
      {"a long one is waited for", Cause::test_entry_missing, 599s, 86'400s, false, false},
      {"but at most 10 minutes", Cause::test_entry_missing, 600s, 86'400s, false, true},
      {"missing, and missing directly", Cause::test_entry_missing, 60s, 3600s, true, true},
      {"no TTL is 5 s", Cause::test_entry_missing, 60s, {}, false, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    KindStory kind;
    kind.pass(0s);
    kind.denial_ttl = row.denial_ttl;
    CHECK(kind.tells(1000s, row.cause, 0s, row.confirmed_direct) == is_told_at_once(row.cause));
    CHECK(kind.tells(1000s + row.second, row.cause, 0s, row.confirmed_direct) == row.may_tell);
  }
}

TEST_CASE("A test that never saw a resolver waits for no cache") {
  KindStory kind;
  kind.through_resolver = false;
  kind.test(0s, Cause::servfail);
  CHECK(kind.tells(60s, Cause::servfail));
}

TEST_CASE("However short the retry, one failure is never told as two") {
  KindStory kind;
  kind.policy.health_retry = 0ms;
  CHECK_FALSE(kind.tells(0s, Cause::timeout));
  CHECK(kind.tells(0s, Cause::timeout));
}

TEST_CASE("A cached failure is counted from when it came back") {
  KindStory kind;
  kind.test(0s, Cause::servfail, 10s);
  CHECK_FALSE(kind.tells(305s, Cause::servfail));
  CHECK(kind.tells(310s, Cause::servfail));
}

TEST_CASE("Failures of changing cause are told by the latest one's rule") {
  KindStory kind;
  SECTION("a denial's TTL runs from the first denial, and later ones extend nothing") {
    kind.test(0s, Cause::timeout);
    kind.denial_ttl = 300s;
    CHECK_FALSE(kind.tells(60s, Cause::test_entry_missing));
    CHECK_FALSE(kind.tells(200s, Cause::test_entry_missing));
    CHECK(kind.tells(361s, Cause::test_entry_missing));
  }
  SECTION("a second failure that no cache can explain is enough") {
    kind.test(0s, Cause::servfail);
    CHECK(kind.tells(60s, Cause::timeout));
  }
  SECTION("one that is told at once is told at once") {
    kind.test(0s, Cause::timeout);
    CHECK(kind.tells(1s, Cause::refused));
  }
}

TEST_CASE("What may be told stays so until the kind sees again") {
  KindStory kind;
  CHECK(kind.tells(0s, Cause::refused));
  CHECK(kind.tells(60s, Cause::timeout));
  kind.pass(500s);
  CHECK_FALSE(kind.health.is_telling_due);
  CHECK_FALSE(kind.tells(600s, Cause::timeout));
}

TEST_CASE("One pass between two failures is no row: the count starts anew") {
  KindStory kind;
  kind.test(0s, Cause::timeout);
  kind.pass(60s);
  CHECK(kind.test(120s, Cause::timeout).became_blind);
  CHECK(kind.health.failures == 1);
  CHECK_FALSE(kind.tells(150s, Cause::timeout));
}

/// When the regular tests of a zone that stays dead come, in seconds, each taking no time.
std::vector<std::int64_t> retries(KindStory kind, Cause cause, std::size_t count) {
  std::vector<std::int64_t> times;
  Seconds now = 0s;
  while (times.size() < count) {
    kind.test(now, cause);
    now = std::chrono::duration_cast<Seconds>(kind.health.next_test.time_since_epoch());
    times.push_back(now.count());
  }
  return times;
}

TEST_CASE("A blind zone is tested after health_retry, doubling up to health_interval") {
  const KindStory kind;
  CHECK(retries(kind, Cause::timeout, 7) ==
        std::vector<std::int64_t>{60, 180, 420, 900, 1860, 3660, 5460});
  SECTION("and once more when a cached failure must be over") {
    CHECK(retries(kind, Cause::servfail, 6) ==
          std::vector<std::int64_t>{60, 180, 300, 420, 900, 1860});
  }
  SECTION("an interval shorter than the retry doesn't hurry it") {
    KindStory quick;
    quick.policy.health_interval = 10s;
    CHECK(retries(quick, Cause::timeout, 3) == std::vector<std::int64_t>{60, 120, 180});
  }
}

TEST_CASE("Tests beside the regular ones leave these where they are") {
  KindStory kind;
  kind.test(0s, Cause::timeout);
  kind.test(1s, Cause::timeout);
  kind.test(2s, Cause::timeout);
  CHECK(kind.health.next_test <= tick(62s));
  CHECK(kind.health.retry_at == tick(60s));
  kind.test(60s, Cause::timeout);
  CHECK(kind.health.next_test == tick(180s));
}

TEST_CASE("Silence suspends the votes until a test passes; any other failure discards them") {
  KindStory kind;
  kind.pass(0s);
  CHECK_FALSE(kind.test(100s, Cause::timeout).discard_votes);
  CHECK(kind.health.is_suspended);
  kind.test(160s, Cause::servfail);
  kind.test(280s, Cause::network);
  SECTION("suspended since the first of them") {
    const HealthStep step = kind.pass(700s);
    REQUIRE(step.resumed_after);
    CHECK(*step.resumed_after == 600s);
    CHECK_FALSE(kind.health.is_suspended);
    CHECK_FALSE(kind.pass(800s).resumed_after);
  }
  SECTION("nothing is left to suspend") {
    CHECK(kind.test(520s, Cause::refused_rcode).discard_votes);
    CHECK_FALSE(kind.health.is_suspended);
    CHECK_FALSE(kind.pass(700s).resumed_after);
  }
}

TEST_CASE("A test that was overtaken by a later one changes nothing") {
  KindStory kind;
  kind.pass(100s);
  const HealthStep step = kind.test(90s, Cause::timeout, 30s);
  CHECK_FALSE(step.became_blind);
  CHECK(kind.health.state == ZoneState::seeing);
  kind.test(200s, Cause::timeout);
  CHECK_FALSE(kind.pass(150s).began_seeing);
  CHECK(kind.health.state == ZoneState::blind);
}

TEST_CASE("When the resolver is back, failures count from zero and the kind is tested now") {
  KindStory kind;
  kind.test(0s, Cause::timeout);
  kind.test(60s, Cause::timeout);
  forget_failures(kind.health, tick(100s));
  CHECK(kind.health.state == ZoneState::blind);
  CHECK(kind.health.cause == Cause::timeout);
  CHECK(kind.health.next_test == tick(100s));
  CHECK_FALSE(kind.tells(100s, Cause::timeout));
  CHECK(kind.health.next_test == tick(160s));
  CHECK(kind.tells(160s, Cause::timeout));

  KindStory seeing;
  seeing.pass(0s);
  const Tick next = seeing.health.next_test;
  forget_failures(seeing.health, tick(100s));
  CHECK(seeing.health.next_test == next);
}

TEST_CASE("A zone is as its worst kind; blind outranks quarantined") {
  using S = ZoneState;
  struct Row {
    std::vector<S> kinds;
    bool is_quarantined;
    S expected;
  };
  const Row rows[] = {
      {{S::seeing}, false, S::seeing},
      {{S::seeing, S::untested}, false, S::untested},
      {{S::untested, S::seeing, S::blind}, false, S::blind},
      {{S::seeing}, true, S::quarantined},
      {{S::untested}, true, S::quarantined},
      {{S::blind, S::seeing}, true, S::blind},
  };
  for (const Row& row : rows) {
    CHECK(zone_state(row.kinds, row.is_quarantined) == row.expected);
  }
}

}  // namespace
}  // namespace rblwatch::lists
