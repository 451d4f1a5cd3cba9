// SPDX-License-Identifier: Apache-2.0
#include "lists/zone_test.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

namespace rblwatch::lists {

using namespace std::chrono_literals;

namespace {

using Texts = std::vector<std::string>;

Zone zone(std::string_view dns = "bl.test") {
  Zone made;
  made.id = "corp";
  made.dns = ZoneDns::parse(dns).value();
  for (const Kind kind : kAllKinds) {
    made.tests[static_cast<std::size_t>(kind)] = default_test_entries(kind);
  }
  return made;
}

Texts asked(const Zone& of, Kind kind) {
  core::SeededRandom random(1);
  Texts names;
  const std::vector<TestQuestion> questions = test_questions(of, kind, random).value();
  names.reserve(questions.size());
  for (const TestQuestion& question : questions) {
    names.push_back(question.name.to_text());
  }
  return names;
}

core::Tick at(core::Micros since_boot) {
  return core::Tick(since_boot);
}

Verdict listed(std::string_view address = "127.0.0.2") {
  const std::vector answers{core::IpAddress::parse(address).value()};
  return Listed{match_codes(answers, {}, MatchMode::exact, Purpose::block)};
}

Verdict unknown(Cause cause) {
  return Unknown{cause};
}

TestAnswer answer(TestRole role, Verdict verdict) {
  TestAnswer made;
  made.role = role;
  made.verdict = std::move(verdict);
  made.asked_at = at(10s);
  return made;
}

std::string result_of(const Zone& of, Verdict positive, Verdict negative, Verdict random) {
  const TestResult result = test_result(
      of,
      {answer(TestRole::listed, std::move(positive)), answer(TestRole::clear, std::move(negative)),
       answer(TestRole::random, std::move(random))},
      at(12s));
  return result.failed ? std::string(core::enum_word(*result.failed)) : "passed";
}

}  // namespace

TEST_CASE("a test asks the entries of its kind, as RFC 5782 spells them") {
  struct Row {
    Kind kind;
    std::string listed;
    std::string clear;
  };
  const std::string nibbles = ".0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
  const auto row =
      GENERATE_COPY(Row{Kind::ipv4, "2.0.0.127.bl.test", "1.0.0.127.bl.test"},
                    Row{Kind::ipv6, "2" + nibbles + ".bl.test", "1" + nibbles + ".bl.test"},
                    Row{Kind::domain, "test.bl.test", "invalid.bl.test"});
  const Texts names = asked(zone(), row.kind);
  REQUIRE(names.size() == 3);
  CHECK(names[0] == row.listed);
  CHECK(names[1] == row.clear);
  CHECK_THAT(names[2], Catch::EndsWith(".bl.test"));
}

TEST_CASE("a zone may name other entries, or waive them") {
  Zone of = zone("dbl.test");
  TestEntries& entries = of.tests[static_cast<std::size_t>(Kind::domain)];
  entries = {"dbltest.com", "example.com"};
  CHECK(asked(of, Kind::domain)[0] == "dbltest.com.dbl.test");
  CHECK(asked(of, Kind::domain)[1] == "example.com.dbl.test");
  of.test_random = false;
  CHECK(asked(of, Kind::domain).size() == 2);
  entries.clear.reset();
  CHECK(asked(of, Kind::domain) == Texts{"dbltest.com.dbl.test"});
  entries.listed.reset();
  CHECK(asked(of, Kind::domain).empty());
  of.tests[0] = {"192.168.1.1", std::nullopt};
  CHECK(asked(of, Kind::ipv4) == Texts{"1.1.168.192.dbl.test"});
}

TEST_CASE("the random name is twenty letters, drawn anew, and no address") {
  core::SeededRandom random(42);
  std::set<std::string> labels;
  for (int i = 0; i < 50; ++i) {
    const TestQuestion last = test_questions(zone(), Kind::ipv4, random).value().back();
    REQUIRE(last.role == TestRole::random);
    const std::string label = last.name.to_text().substr(0, last.name.to_text().find('.'));
    CHECK(label.size() == 20);
    CHECK(std::all_of(label.begin(), label.end(), [](char c) { return c >= 'a' && c <= 'z'; }));
    labels.insert(label);
  }
  CHECK(labels.size() == 50);
}

TEST_CASE("a keyed zone's test is asked with the key and shown without") {
  core::SeededRandom random(1);
  Zone of = zone("{key}.{subject}.dnsbl.httpbl.org");
  of.tests[0] = {"127.1.1.1", std::nullopt};
  REQUIRE(of.dns.set_key(core::Secret("abcdefghijkl")));
  const TestQuestion first = test_questions(of, Kind::ipv4, random).value().front();
  CHECK(first.name.to_text() == "abcdefghijkl.1.1.1.127.dnsbl.httpbl.org");
  CHECK(first.shown == "<key>.1.1.1.127.dnsbl.httpbl.org");
}

TEST_CASE("an entry that can't be asked is an error that names the zone, not the key") {
  core::SeededRandom random(1);
  Zone of = zone("{key}.bl.test");
  REQUIRE(of.dns.set_key(core::Secret("topsecret")));
  const std::string label(63, 'a');
  const std::string entry = GENERATE_COPY(as<std::string>(), "no such name!",
                                          label + "." + label + "." + label +
                                              ".aa.bb.cc."
                                              "dddddddddddddddddddddddddddddddddddddd");
  of.tests[0].listed = entry;
  const auto questions = test_questions(of, Kind::ipv4, random);
  REQUIRE_FALSE(questions);
  CHECK_THAT(questions.error().text, Catch::Contains("corp") && !Catch::Contains("topsecret"));
}

TEST_CASE("a test passes when all answers are as they must be, else the first cause shows") {
  struct Row {
    Verdict positive;
    Verdict negative;
    Verdict random;
    std::string result;
  };
  const Verdict clear = Clear{};
  const auto row = GENERATE_COPY(
      Row{listed(), clear, clear, "passed"}, Row{clear, clear, clear, "test_entry_missing"},
      Row{listed(), listed(), clear, "lists_everything"},
      Row{listed(), clear, listed(), "lists_everything"},
      Row{clear, listed(), clear, "lists_everything"},
      Row{unknown(Cause::timeout), clear, clear, "timeout"},
      Row{listed(), unknown(Cause::servfail), clear, "servfail"},
      Row{listed(), clear, unknown(Cause::other_rcode), "other_rcode"},
      // A refused resolver answers everything alike: the refusal is the cause to show.
      Row{unknown(Cause::refused), unknown(Cause::refused), unknown(Cause::refused), "refused"},
      Row{clear, listed(), unknown(Cause::refused), "refused"},
      Row{unknown(Cause::rewritten), listed(), clear, "rewritten"},
      Row{unknown(Cause::rewritten), unknown(Cause::refused), clear, "refused"},
      Row{unknown(Cause::servfail), listed(), clear, "lists_everything"},
      Row{clear, unknown(Cause::stale), unknown(Cause::timeout), "test_entry_missing"},
      Row{unknown(Cause::timeout), unknown(Cause::servfail), clear, "servfail"},
      Row{unknown(Cause::timeout), unknown(Cause::network), unknown(Cause::stale), "stale"},
      Row{unknown(Cause::lame), unknown(Cause::malformed), clear, "lame"});
  CHECK(result_of(zone(), row.positive, row.negative, row.random) == row.result);
}

TEST_CASE("the test entry must answer all of test_codes") {
  Zone of = zone();
  of.test_codes = {CodePattern::parse("127.0.0.2").value(),
                   CodePattern::parse("127.0.0.10-127.0.0.11").value()};
  const auto positive = [](std::vector<std::string_view> texts) {
    std::vector<core::IpAddress> answers;
    answers.reserve(texts.size());
    for (const std::string_view text : texts) {
      answers.push_back(core::IpAddress::parse(text).value());
    }
    return Verdict{Listed{match_codes(answers, {}, MatchMode::exact, Purpose::block)}};
  };
  CHECK(result_of(of, positive({"127.0.0.2", "127.0.0.11"}), Clear{}, Clear{}) == "passed");
  CHECK(result_of(of, positive({"127.0.0.2", "127.0.0.10", "127.0.0.4"}), Clear{}, Clear{}) ==
        "passed");
  CHECK(result_of(of, positive({"127.0.0.2"}), Clear{}, Clear{}) == "test_entry_missing");
  CHECK(result_of(of, positive({"127.0.0.3"}), Clear{}, Clear{}) == "test_entry_missing");
}

TEST_CASE("a result bears its times, its positive answer and the denial's TTL") {
  TestAnswer positive = answer(TestRole::listed, Clear{});
  positive.asked_at = at(11s);
  positive.ttl = 300s;
  TestAnswer negative = answer(TestRole::clear, Clear{});
  negative.asked_at = at(10s);
  negative.ttl = 60s;
  TestResult result = test_result(zone(), {positive, negative}, at(12s));
  CHECK(result.asked_at == at(10s));
  CHECK(result.finished_at == at(12s));
  CHECK_FALSE(result.is_passed());
  CHECK(result.denial_ttl == core::Seconds(300));
  REQUIRE(result.positive);
  CHECK(result.positive->asked_at == at(11s));

  positive.verdict = listed();
  result = test_result(zone(), {positive, negative}, at(12s));
  CHECK(result.is_passed());
  CHECK_FALSE(result.denial_ttl);

  result = test_result(zone(), {negative}, at(12s));
  CHECK(result.is_passed());
  CHECK_FALSE(result.positive);
}

TEST_CASE("a test went through the resolver when the answers that failed did") {
  TestAnswer direct = answer(TestRole::listed, unknown(Cause::timeout));
  direct.server_role = dns::ServerRole::authoritative;
  TestAnswer cached = answer(TestRole::clear, Clear{});
  CHECK_FALSE(test_result(zone(), {direct, cached}, at(12s)).through_resolver);
  cached.verdict = unknown(Cause::timeout);
  CHECK(test_result(zone(), {direct, cached}, at(12s)).through_resolver);
  direct.verdict = listed();
  cached.verdict = Clear{};
  CHECK(test_result(zone(), {direct, cached}, at(12s)).through_resolver);
  CHECK_FALSE(test_result(zone(), {direct}, at(12s)).through_resolver);
}

TEST_CASE("what one of the zone's own servers says to the test entry goes before a cache") {
  const Zone of = zone();
  struct Row {
    Verdict through_resolver;
    Verdict direct;
    std::string failed;
    bool is_positive_direct;
    bool was_fault;
  };
  const auto row = GENERATE(
      Row{listed(), listed(), "passed", true, false},
      Row{listed(), Clear{}, "test_entry_missing", false, true},  // emptied behind a cache
      Row{listed(), unknown(Cause::timeout), "passed", false, true},
      Row{listed(), unknown(Cause::refused), "passed", false, true},
      Row{Clear{}, listed(), "test_entry_missing", false, false},  // hidden by the resolver
      Row{Clear{}, Clear{}, "test_entry_missing", false, true},
      Row{unknown(Cause::servfail), Clear{}, "test_entry_missing", false, true},
      Row{unknown(Cause::refused), Clear{}, "refused", false, true});
  TestResult result =
      test_result(of,
                  {answer(TestRole::listed, row.through_resolver), answer(TestRole::clear, Clear{}),
                   answer(TestRole::random, Clear{})},
                  at(12s));
  TestAnswer direct = answer(TestRole::listed, row.direct);
  direct.server_role = dns::ServerRole::authoritative;
  CHECK(take_direct(result, of, direct) == row.was_fault);
  CHECK((result.failed ? std::string(core::enum_word(*result.failed)) : "passed") == row.failed);
  CHECK((result.positive->server_role == dns::ServerRole::authoritative) == row.is_positive_direct);
}

TEST_CASE("a test that asks nothing passes, and says nothing of a resolver") {
  Zone of = zone();
  CHECK(is_tested(of, Kind::ipv4));
  of.tests = {};
  CHECK(is_tested(of, Kind::ipv4));
  of.test_random = false;
  CHECK_FALSE(is_tested(of, Kind::ipv4));
  const TestResult result = test_result(of, {}, at(12s));
  CHECK(result.is_passed());
  CHECK_FALSE(result.through_resolver);
  CHECK(result.asked_at == at(12s));
}

namespace {

TestAnswer cached(core::Micros asked, std::optional<core::Seconds> ttl, core::Micros took = 0s) {
  TestAnswer made = answer(TestRole::listed, listed());
  made.asked_at = at(asked);
  made.ttl = ttl;
  made.took = took;
  return made;
}

constexpr core::Tick kNever = core::Tick::min();

}  // namespace

TEST_CASE("an answer asked directly was fetched when it was asked") {
  PositiveCache cache;
  TestAnswer direct = cached(100s, 86'400s);
  direct.server_role = dns::ServerRole::authoritative;
  CHECK(cache.note(direct) == at(100s));
  CHECK(cache.refetched_from(at(500s), at(600s)) == at(600s));
}

TEST_CASE("of the first answer of a cache nothing is known") {
  PositiveCache cache;
  CHECK(cache.refetched_from(at(100s), at(100s)) == at(100s));
  CHECK(cache.note(cached(100s, 300s)) == kNever);
  CHECK(cache.refetched_from(at(100s), at(100s)) == at(401s));
  CHECK(cache.refetched_from(at(100s), at(900s)) == at(900s));
}

TEST_CASE("after the answer before it ran out, a second to spare, an answer is newer") {
  PositiveCache cache;
  cache.note(cached(100s, 300s));
  SECTION("repeated by the cache, it proves nothing") {
    CHECK(cache.note(cached(250s, 150s)) == kNever);
    CHECK(cache.note(cached(399s, 1s)) == kNever);
    CHECK(cache.note(cached(400s, 0s)) == kNever);
    CHECK(cache.refetched_from(at(100s), at(400s)) == at(401s));
  }
  SECTION("asked a moment too early, it proves nothing") {
    CHECK(cache.note(cached(400s + 999ms, 300s)) == kNever);
  }
  SECTION("asked in time, it was fetched after the other's end, less what TTLs are rounded by") {
    CHECK(cache.note(cached(401s, 300s)) == at(399s));
    CHECK(cache.note(cached(500s, 201s)) == at(399s));
    CHECK(cache.refetched_from(at(399s), at(500s)) == at(500s));
    CHECK(cache.refetched_from(at(400s), at(500s)) == at(702s));
    CHECK(cache.note(cached(702s, 300s)) == at(700s));
  }
}

TEST_CASE("an answer seen after a vote that runs out makes the next one newer than the vote") {
  // The test entry is asked when a first vote is cast and again when the last one is.
  PositiveCache cache;
  const core::Tick first_vote = at(100s);
  cache.note(cached(100s + 20ms, 2s, 5ms));
  CHECK(cache.refetched_from(first_vote, at(101s)) == at(103s + 25ms));
  CHECK(cache.note(cached(103s + 25ms, 2s)) > first_vote);
}

TEST_CASE("what another test fetched within the second to spare is newer once that is over") {
  PositiveCache cache;
  const core::Tick first_vote = at(100s);
  cache.note(cached(100s, 60s));
  CHECK(cache.refetched_from(first_vote, at(101s)) == at(161s));
  CHECK(cache.note(cached(160s + 200ms, 60s)) == kNever);
  SECTION("seen again, it is") {
    CHECK(cache.note(cached(161s, 60s)) >= first_vote);
    CHECK(cache.note(cached(200s, 21s)) >= first_vote);
  }
  SECTION("of a cache that had it for a while it is not known") {
    CHECK(cache.note(cached(160s + 400ms, 40s)) == kNever);
    CHECK(cache.note(cached(170s, 30s)) == kNever);
  }
  SECTION("nor before that second is over") {
    CHECK(cache.note(cached(160s + 900ms, 60s)) == kNever);
  }
}

TEST_CASE("an answer seen again is no newer than its first sight") {
  PositiveCache cache;
  SECTION("though another ran out meanwhile") {
    cache.note(cached(0s, 40s));
    CHECK(cache.note(cached(5s, 40s)) == kNever);
    CHECK(cache.note(cached(42s, 3s)) == kNever);
  }
  SECTION("nor known to be any, once another cache has shown") {
    cache.note(cached(100s, 60s));
    CHECK(cache.note(cached(161s, 60s)) == at(159s));
    CHECK(cache.note(cached(170s, 5s)) == kNever);
    CHECK(cache.note(cached(180s, 41s)) == kNever);
  }
}

TEST_CASE("an answer that had run out before the vote proves nothing about it") {
  PositiveCache cache;
  cache.note(cached(100s, 60s));
  const core::Tick first_vote = at(170s);
  CHECK(cache.note(cached(200s, 60s)) < first_vote);
  CHECK(cache.refetched_from(first_vote, at(200s)) == at(261s));
  CHECK(cache.note(cached(261s, 60s)) > first_vote);
}

TEST_CASE("an answer without a TTL counts five seconds, a TTL of nothing none") {
  PositiveCache without;
  without.note(cached(100s, std::nullopt));
  CHECK(without.refetched_from(at(100s), at(100s)) == at(106s));
  PositiveCache zero;
  zero.note(cached(100s, 0s));
  CHECK(zero.note(cached(100s + 500ms, 0s)) == kNever);
  CHECK(zero.note(cached(102s, 0s)) == at(100s + 500ms));
}

TEST_CASE("a cache behind the same address makes nothing look newer than it is") {
  PositiveCache cache;
  cache.note(cached(100s, 60s));
  CHECK(cache.note(cached(161s, 60s)) == at(159s));
  SECTION("its answer ends later: nothing is known until that end") {
    CHECK(cache.note(cached(170s, 3'000s)) == kNever);
    CHECK(cache.refetched_from(at(50s), at(170s)) == at(3'171s));
    CHECK(cache.note(cached(230s, 60s)) == kNever);
    CHECK(cache.refetched_from(at(50s), at(230s)) == at(3'171s));
    CHECK(cache.note(cached(3'171s, 60s)) == at(3'169s));
  }
  SECTION("its answer ends earlier: nothing is known until the later end") {
    CHECK(cache.note(cached(170s, 5s)) == kNever);
    CHECK(cache.refetched_from(at(50s), at(170s)) == at(222s));
  }
}

TEST_CASE("of answers with the whole TTL each, one is newer than those that ran out before it") {
  // A forwarder that keeps nothing, asked more often than its answers run out.
  PositiveCache cache;
  const core::Tick first_vote = at(100s);
  CHECK(cache.note(cached(98s, 5s)) == kNever);
  CHECK(cache.note(cached(100s + 10ms, 5s)) == kNever);
  CHECK(cache.note(cached(102s, 5s)) == kNever);
  CHECK(cache.refetched_from(first_vote, at(102s)) == at(104s));
  CHECK(cache.note(cached(104s, 5s)) == at(102s));
  CHECK(cache.note(cached(105s, 5s)) == at(102s));
  CHECK(cache.refetched_from(at(103s), at(105s)) == at(106s + 10ms));
  CHECK(cache.note(cached(107s, 5s)) > at(103s));
  SECTION("however often it is asked") {
    core::Micros moment = 107s;
    for (int i = 0; i < 40; ++i) {
      moment += 500ms;
      cache.note(cached(moment, 5s));
    }
    CHECK(cache.note(cached(moment, 5s)) >= at(moment - 7s));
  }
  SECTION("one of a cache that shows what is left is not among them") {
    CHECK(cache.note(cached(108s, 2s)) == kNever);
    CHECK(cache.note(cached(109s, 5s)) >= at(103s));
  }
  SECTION("a longer TTL has everything waited for anew") {
    CHECK(cache.note(cached(108s, 60s)) == kNever);
    CHECK(cache.note(cached(120s, 5s)) == kNever);
    CHECK(cache.note(cached(121s, 60s)) == kNever);
    CHECK(cache.note(cached(170s, 60s)) >= at(166s));
  }
}

TEST_CASE("with a TTL of a day, a test every half minute leaves few answers to remember") {
  PositiveCache cache;
  const core::Tick first_vote = at(1'000s);
  core::Micros moment{0};
  for (; moment < 86'400s + 1'001s; moment += 30s) {
    cache.note(cached(moment, 86'400s));
  }
  CHECK(cache.note(cached(moment, 86'400s)) >= at(0s));
  CHECK(cache.refetched_from(first_vote, at(moment)) <= at(86'400s + 1'000s + 5'500s));
}

TEST_CASE("a slow reply doesn't make an answer look newer") {
  PositiveCache cache;
  cache.note(cached(100s, 60s, 3s));  // may have run out between 160 and 163
  CHECK(cache.refetched_from(at(100s), at(110s)) == at(164s));
  CHECK(cache.note(cached(163s, 60s)) == kNever);
  PositiveCache other;
  other.note(cached(100s, 60s, 3s));
  CHECK(other.note(cached(164s, 60s)) == at(159s));
}

TEST_CASE("what is no positive answer tells nothing and forgets nothing") {
  PositiveCache cache;
  cache.note(cached(100s, 60s));
  cache.note(cached(161s, 60s));
  TestAnswer denial = answer(TestRole::listed, Clear{});
  denial.asked_at = at(165s);
  CHECK(cache.note(denial) == kNever);
  CHECK(cache.refetched_from(at(100s), at(166s)) == at(166s));
}

}  // namespace rblwatch::lists
