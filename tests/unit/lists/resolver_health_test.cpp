// SPDX-License-Identifier: Apache-2.0
//
// Stories of a resolver and its zones: whose fault it is when tests fail.
#include "lists/resolver_health.hpp"

#include <array>
#include <vector>

#include <catch2/catch.hpp>

#include "ticks.hpp"

namespace rblwatch::lists {
namespace {

using namespace std::chrono_literals;
using core::Seconds;
using core::Tick;
using State = ResolverHealth::State;
using Ruling = ResolverHealth::Ruling;
using Causes = std::vector<std::optional<Cause>>;

constexpr auto kPassed = std::nullopt;

class ResolverStory {
 public:
  explicit ResolverStory(std::uint16_t zones) : zones_(zones) {
    std::set<ZoneIndex> all;
    for (std::uint16_t zone = 0; zone < zones; ++zone) {
      all.insert({zone});
    }
    health.set_zones(all);
  }

  Ruling test(std::uint16_t zone, core::Micros asked, std::optional<Cause> failed,
              bool through_resolver = true) {
    TestResult result;
    result.asked_at = tick(asked);
    result.finished_at = tick(asked);
    result.failed = failed;
    result.through_resolver = through_resolver;
    return health.take({zone}, result, tick(asked));
  }
  /// Tests every zone, one result each; what came of it in all.
  Ruling round(core::Micros asked, const Causes& results) {
    REQUIRE(results.size() == zones_);
    Ruling all;
    for (std::uint16_t zone = 0; zone < zones_; ++zone) {
      const Ruling one = test(zone, asked, results[zone]);
      all.test_all |= one.test_all;
      all.became_blind |= one.became_blind;
      all.began_seeing |= one.began_seeing;
      all.is_cleared |= one.is_cleared;
    }
    return all;
  }

  ResolverHealth health{60s};

 private:
  std::uint16_t zones_;
};

TEST_CASE("What a resolver can cause raises suspicion: all are tested at once and again") {
  for (const Cause cause : {Cause::timeout, Cause::network, Cause::servfail, Cause::refused_rcode,
                            Cause::rewritten, Cause::stale}) {
    CAPTURE(core::enum_word(cause));
    ResolverStory story(3);
    const Ruling ruling = story.test(0, 100s, cause);
    CHECK(ruling.test_all);
    CHECK(ruling.test_all_at == tick(160s));
    CHECK(story.health.state() == State::suspect);
    CHECK(story.health.holds_zone_events());
  }
}

TEST_CASE("What only a zone can cause raises none") {
  for (const Cause cause : {Cause::refused, Cause::other_rcode, Cause::lame, Cause::malformed,
                            Cause::lists_everything}) {
    CAPTURE(core::enum_word(cause));
    ResolverStory story(3);
    CHECK_FALSE(story.test(0, 100s, cause).test_all);
    CHECK_FALSE(story.health.holds_zone_events());
  }
}

TEST_CASE("A missing test entry raises suspicion on a second zone") {
  ResolverStory story(3);
  CHECK_FALSE(story.test(0, 100s, Cause::test_entry_missing).test_all);
  CHECK_FALSE(story.test(0, 160s, Cause::test_entry_missing).test_all);
  SECTION("while the first is still missing") {
    CHECK(story.test(1, 200s, Cause::test_entry_missing).test_all);
  }
  SECTION("but not when that is over") {
    story.test(0, 200s, kPassed);
    CHECK_FALSE(story.test(1, 201s, Cause::test_entry_missing).test_all);
  }
}

TEST_CASE("Zones asked directly say nothing of the resolver, nor do unknown ones") {
  ResolverStory story(3);
  CHECK_FALSE(story.test(0, 100s, Cause::timeout, false).test_all);
  CHECK_FALSE(story.test(7, 100s, Cause::timeout).test_all);
  CHECK(story.health.state() == State::seeing);
}

TEST_CASE("The ruling comes with the second round and goes by count and cause") {
  using C = Cause;
  struct Row {
    const char* what;
    Causes second;
    std::optional<Cause> ruled;  // nothing: not the resolver
  };
  const Row rows[] = {
      {"all silent", {C::timeout, C::timeout, C::timeout, C::timeout}, C::timeout},
      {"more than half with one cause",
       {C::servfail, C::servfail, C::timeout, C::servfail},
       C::servfail},
      {"just half", {C::servfail, C::servfail, C::timeout, C::timeout}, kPassed},
      {"one passed", {C::timeout, C::timeout, kPassed, C::timeout}, kPassed},
      {"all rewritten", {C::rewritten, C::rewritten, C::rewritten, C::rewritten}, C::rewritten},
      {"all missing",
       {C::test_entry_missing, C::test_entry_missing, C::test_entry_missing, C::test_entry_missing},
       C::test_entry_missing},
      {"not all missing",
       {C::test_entry_missing, C::test_entry_missing, C::test_entry_missing, C::timeout},
       kPassed},
      {"two zones ill of themselves", {C::timeout, kPassed, C::refused, kPassed}, kPassed},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    ResolverStory story(4);
    story.test(0, 99s, C::timeout);
    const Ruling first = story.round(100s, {C::timeout, C::timeout, C::timeout, C::timeout});
    CHECK_FALSE(first.became_blind);
    CHECK_FALSE(first.is_cleared);
    CHECK(story.health.holds_zone_events());
    const Ruling second = story.round(160s, row.second);
    CHECK(second.became_blind == row.ruled.has_value());
    CHECK(second.is_cleared != row.ruled.has_value());
    CHECK(story.health.holds_zone_events() == row.ruled.has_value());
    CHECK(story.health.cause() == row.ruled);
    if (row.ruled) {
      CHECK(story.health.since() == tick(99s));
    }
  }
}

TEST_CASE(
    "Fewer than three zones are never the resolver's fault, but are tested twice before it is "
    "told") {
  ResolverStory story(2);
  story.test(0, 99s, Cause::timeout);
  story.round(100s, {Cause::timeout, Cause::timeout});
  CHECK(story.health.holds_zone_events());
  const Ruling ruling = story.round(160s, {Cause::timeout, Cause::timeout});
  CHECK(ruling.is_cleared);
  CHECK_FALSE(ruling.became_blind);
  CHECK_FALSE(story.health.holds_zone_events());
}

TEST_CASE("One lost packet: everything passes in the first round and nothing is held any more") {
  ResolverStory story(3);
  story.test(1, 100s, Cause::timeout);
  const Ruling ruling = story.round(101s, {kPassed, kPassed, kPassed});
  CHECK(ruling.is_cleared);
  CHECK(story.health.state() == State::seeing);
}

TEST_CASE("Tests of the first round, however late, don't decide the second") {
  ResolverStory story(3);
  story.test(0, 100s, Cause::timeout);
  story.round(101s, {Cause::timeout, Cause::timeout, Cause::timeout});
  CHECK_FALSE(story.round(159s, {Cause::timeout, Cause::timeout, Cause::timeout}).became_blind);
  story.test(0, 160s, Cause::timeout);
  story.test(1, 160s, Cause::timeout);
  CHECK(story.health.state() == State::suspect);
  CHECK(story.test(2, 161s, Cause::timeout).became_blind);
}

TEST_CASE("A zone that stays dead raises suspicion once, and again after it was seen") {
  ResolverStory story(3);
  story.test(0, 100s, Cause::timeout);
  story.round(101s, {Cause::timeout, kPassed, kPassed});
  story.round(160s, {Cause::timeout, kPassed, kPassed});
  REQUIRE(story.health.state() == State::seeing);
  CHECK_FALSE(story.test(0, 300s, Cause::timeout).test_all);
  CHECK_FALSE(story.test(0, 600s, Cause::servfail).test_all);
  SECTION("it came back and died again") {
    story.test(0, 700s, kPassed);
    CHECK(story.test(0, 800s, Cause::timeout).test_all);
  }
  SECTION("another one fails: now it may be the resolver") {
    CHECK(story.test(1, 700s, Cause::timeout).test_all);
    story.round(701s, {Cause::timeout, Cause::timeout, Cause::timeout});
    CHECK(story.round(760s, {Cause::timeout, Cause::timeout, Cause::timeout}).became_blind);
  }
}

TEST_CASE("resolver_seeing comes with the first test that passes, once") {
  ResolverStory story(3);
  story.test(0, 100s, Cause::timeout);
  story.round(101s, {Cause::timeout, Cause::timeout, Cause::timeout});
  story.round(160s, {Cause::timeout, Cause::timeout, Cause::timeout});
  REQUIRE(story.health.state() == State::blind);
  CHECK_FALSE(story.test(0, 280s, Cause::timeout).became_blind);
  CHECK_FALSE(story.test(1, 280s, Cause::servfail).test_all);
  const Ruling ruling = story.test(2, 300s, kPassed);
  CHECK(ruling.began_seeing);
  CHECK_FALSE(story.health.holds_zone_events());
  CHECK_FALSE(story.health.cause());
  CHECK(story.health.since() == tick(300s));
  CHECK_FALSE(story.test(1, 300s, kPassed).began_seeing);
  // What still fails is looked at anew.
  CHECK(story.test(0, 301s, Cause::timeout).test_all);
}

TEST_CASE("A blind resolver survives a restart") {
  ResolverStory story(3);
  story.health.restore_blind(Cause::servfail, tick(5s));
  CHECK(story.health.holds_zone_events());
  CHECK(story.health.since() == tick(5s));
  CHECK(story.test(1, 10s, kPassed).began_seeing);
}

TEST_CASE("A round whose tests don't all come back is decided without them") {
  ResolverStory story(5);
  story.test(0, 100s, Cause::timeout);
  for (std::uint16_t zone = 0; zone < 3; ++zone) {
    story.test(zone, 160s, Cause::timeout);
  }
  CHECK(story.health.state() == State::suspect);
  CHECK(story.test(0, 220s, Cause::timeout).became_blind);
}

TEST_CASE("Of a zone tested per kind, a pass of any kind clears the resolver") {
  KindSet both;
  both.add(Kind::ipv4);
  both.add(Kind::ipv6);
  ResolverHealth health{60s};
  health.set_zone_kinds({{ZoneIndex{0}, both}, {ZoneIndex{1}, both}, {ZoneIndex{2}, both}});
  const auto test = [&health](std::uint16_t zone, Kind kind, Seconds asked,
                              std::optional<Cause> failed) {
    TestResult result;
    result.asked_at = tick(asked);
    result.finished_at = tick(asked);
    result.failed = failed;
    return health.take({zone}, result, tick(asked), kind);
  };
  CHECK(test(0, Kind::ipv6, 100s, Cause::servfail).test_all);
  for (std::uint16_t zone = 0; zone < 3; ++zone) {
    CHECK_FALSE(test(zone, Kind::ipv6, 160s, Cause::servfail).became_blind);
  }
  SECTION("the other kind passes") {
    CHECK(test(0, Kind::ipv4, 160s, kPassed).is_cleared);
  }
  SECTION("or fails on each zone too") {
    test(0, Kind::ipv4, 160s, Cause::servfail);
    test(1, Kind::ipv4, 160s, Cause::servfail);
    CHECK(test(2, Kind::ipv4, 160s, Cause::servfail).became_blind);
  }
}

TEST_CASE("Zones that are taken out don't hold up the ruling") {
  ResolverStory story(4);
  story.test(0, 100s, Cause::timeout);
  story.health.set_zones({{0}, {1}, {2}});
  story.test(0, 160s, Cause::timeout);
  story.test(1, 160s, Cause::timeout);
  CHECK(story.test(2, 160s, Cause::timeout).became_blind);
}

}  // namespace
}  // namespace rblwatch::lists
