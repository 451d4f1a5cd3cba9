// SPDX-License-Identifier: Apache-2.0
#include "cli/survey.hpp"

#include <catch2/catch.hpp>

#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "scripted_resolver.hpp"

using namespace rblwatch;
using namespace rblwatch::cli;
using lists::Cause;
using lists::Kind;

namespace {

const dns::Server kResolver{core::IpAddress::parse("127.0.0.1").value(), 53};

struct SurveyStage {
  HandClock clock;
  core::SeededRandom random{1};
  ScriptedResolver resolver{clock};
  std::vector<lists::Zone> zones;

  explicit SurveyStage(std::vector<lists::Zone> of) : zones(std::move(of)) {
    for (const lists::Zone& zone : zones) {
      const std::string dns = zone.dns.pattern();
      resolver.list("2.0.0.127." + dns, {"127.0.0.2"});
      resolver.list("test." + dns, {"127.0.0.2"});
    }
  }
  Survey survey() {
    return Survey({resolver, clock, random}, zones, {kResolver}, clock.tick() + core::Seconds(28));
  }
  std::size_t times_asked(const std::string& key) const {
    return static_cast<std::size_t>(std::count(resolver.asked.begin(), resolver.asked.end(), key));
  }
};

SurveyStage one_zone() {
  return SurveyStage({make_zone("corp", "bl.test", {Kind::ipv4})});
}

std::string told(const PairFinding& finding) {
  return finding.codes.is_empty() ? std::string(core::enum_word(finding.cause))
                                  : core::join(finding.codes.addresses(), ",");
}

}  // namespace

TEST_CASE("a survey asks three test names and one name per pair, once", "[survey]") {
  SurveyStage stage = one_zone();
  const auto subjects = subjects_of({"192.0.2.11", "192.0.2.12"});
  const Findings findings = stage.survey().ask(subjects);
  CHECK(stage.resolver.asked.size() == 5);
  CHECK(stage.times_asked("11.2.0.192.bl.test A") == 1);
  CHECK(stage.times_asked("1.0.0.127.bl.test A") == 1);
  REQUIRE(findings.kinds.size() == 1);
  CHECK_FALSE(findings.kinds.front().failed);
  CHECK(findings.pairs.empty());
}

TEST_CASE("a survey notes whether the test entry came back with an address", "[survey]") {
  const auto shown = [](SurveyStage& stage) {
    return stage.survey().ask(subjects_of({"192.0.2.10"})).kinds.at(0).shows_entry;
  };
  SurveyStage fine = one_zone();
  CHECK(shown(fine) == true);
  SurveyStage empty = one_zone();
  empty.resolver.list("2.0.0.127.bl.test", {});
  CHECK(shown(empty) == false);
  SurveyStage silent = one_zone();
  silent.resolver.say_nothing("2.0.0.127.bl.test");
  CHECK(shown(silent) == std::nullopt);
}

TEST_CASE("what is listed has its codes and its reason", "[survey]") {
  SurveyStage stage = one_zone();
  stage.resolver.list("10.2.0.192.bl.test", {"127.0.0.2", "127.0.0.4"}, "because");
  const Findings findings = stage.survey().ask(subjects_of({"192.0.2.10"}));
  REQUIRE(findings.pairs.size() == 1);
  CHECK(told(findings.pairs.front()) == "127.0.0.2,127.0.0.4");
  CHECK(findings.pairs.front().reason.raw() == "because");
}

TEST_CASE("a zone without TXT is not asked for reasons", "[survey]") {
  SurveyStage stage = one_zone();
  stage.zones.front().txt = false;
  stage.resolver.list("10.2.0.192.bl.test", {"127.0.0.2"}, "because");
  const Findings findings = stage.survey().ask(subjects_of({"192.0.2.10"}));
  CHECK(findings.pairs.front().reason.is_empty());
  CHECK(stage.times_asked("10.2.0.192.bl.test TXT") == 0);
}

TEST_CASE("a kind that fails its test is not asked about its pairs", "[survey]") {
  SurveyStage stage = one_zone();
  stage.resolver.list("10.2.0.192.bl.test", {"127.0.0.2"});
  SECTION("its test entry is missing") {
    stage.resolver.fail("2.0.0.127.bl.test", dns::Rcode::nxdomain);
    const Findings findings = stage.survey().ask(subjects_of({"192.0.2.10"}));
    CHECK(findings.kinds.front().failed == Cause::test_entry_missing);
  }
  SECTION("it lists everything") {
    stage.resolver.list("1.0.0.127.bl.test", {"127.0.0.2"});
    const Findings findings = stage.survey().ask(subjects_of({"192.0.2.10"}));
    CHECK(findings.kinds.front().failed == Cause::lists_everything);
  }
  SECTION("it refuses") {
    stage.resolver.list("2.0.0.127.bl.test", {"127.255.255.254"});
    const Findings findings = stage.survey().ask(subjects_of({"192.0.2.10"}));
    CHECK(findings.kinds.front().failed == Cause::refused);
  }
  CHECK(stage.times_asked("10.2.0.192.bl.test A") == 0);
}

TEST_CASE("a pair that fails alone is unknown alone", "[survey]") {
  SurveyStage stage = one_zone();
  stage.resolver.fail("10.2.0.192.bl.test", dns::Rcode::servfail);
  stage.resolver.say_nothing("11.2.0.192.bl.test");
  const Findings findings =
      stage.survey().ask(subjects_of({"192.0.2.10", "192.0.2.11", "192.0.2.12"}));
  REQUIRE(findings.pairs.size() == 2);
  CHECK(told(findings.pairs[0]) == "servfail");
  CHECK(told(findings.pairs[1]) == "timeout");
}

TEST_CASE("each kind of a zone is tested by itself", "[survey]") {
  SurveyStage stage({make_zone("corp", "bl.test", {Kind::ipv4, Kind::ipv6}),
                     make_zone("names", "dbl.test", {Kind::domain})});
  const Findings findings =
      stage.survey().ask(subjects_of({"192.0.2.10", "2001:db8::1", "example.com"}));
  REQUIRE(findings.kinds.size() == 3);
  CHECK_FALSE(findings.kinds[0].failed);
  CHECK(findings.kinds[1].kind == Kind::ipv6);
  CHECK(findings.kinds[1].failed == Cause::test_entry_missing);
  CHECK(findings.kinds[2].kind == Kind::domain);
  CHECK_FALSE(findings.kinds[2].failed);
  CHECK(stage.times_asked("example.com.dbl.test A") == 1);
}

TEST_CASE("a domain in two forms is listed when either is, for that form's reason", "[survey]") {
  SurveyStage stage({make_zone("names", "dbl.test", {Kind::domain})});
  stage.zones.front().domain_form = lists::DomainForm::both;
  SECTION("the exact one") {
    stage.resolver.list("www.example.com.dbl.test", {"127.0.1.2"}, "exact");
    const Findings findings = stage.survey().ask(subjects_of({"www.example.com"}));
    REQUIRE(findings.pairs.size() == 1);
    CHECK(findings.pairs.front().reason.raw() == "exact");
  }
  SECTION("the registrable one") {
    stage.resolver.list("example.com.dbl.test", {"127.0.1.2"}, "registrable");
    const Findings findings = stage.survey().ask(subjects_of({"www.example.com"}));
    REQUIRE(findings.pairs.size() == 1);
    CHECK(findings.pairs.front().reason.raw() == "registrable");
  }
  SECTION("neither") {
    CHECK(stage.survey().ask(subjects_of({"www.example.com"})).pairs.empty());
  }
  SECTION("one can't be known") {
    stage.resolver.fail("example.com.dbl.test", dns::Rcode::servfail);
    const Findings findings = stage.survey().ask(subjects_of({"www.example.com"}));
    REQUIRE(findings.pairs.size() == 1);
    CHECK(told(findings.pairs.front()) == "servfail");
  }
}

TEST_CASE("a survey ends at its deadline and says what it doesn't know", "[survey]") {
  SurveyStage stage = one_zone();
  const core::Tick begin = stage.clock.tick();
  SECTION("a test that hangs makes its pairs unknown") {
    stage.resolver.hang("2.0.0.127.bl.test");
    const Findings findings = stage.survey().ask(subjects_of({"192.0.2.10"}));
    CHECK(findings.kinds.front().failed == Cause::timeout);
    CHECK(findings.pairs.empty());
  }
  SECTION("a test that hangs and has failed already shows why") {
    stage.resolver.hang("2.0.0.127.bl.test");
    stage.resolver.list("1.0.0.127.bl.test", {"127.0.0.2"});
    const Findings findings = stage.survey().ask(subjects_of({"192.0.2.10"}));
    CHECK(findings.kinds.front().failed == Cause::lists_everything);
  }
  SECTION("pairs that hang, and pairs that were never asked") {
    stage.resolver.set_pace(3);
    stage.resolver.hang("0.2.0.192.bl.test");
    HandClock& clock = stage.clock;
    Survey survey({stage.resolver, clock, stage.random}, stage.zones, {kResolver},
                  clock.tick() + core::Millis(2));
    const Findings findings = survey.ask(subjects_of({"192.0.2.0/29"}));
    REQUIRE(findings.pairs.size() >= 2);
    CHECK(told(findings.pairs.front()) == "timeout");
    CHECK(told(findings.pairs.back()) == "not_asked");
  }
  CHECK(stage.clock.tick() - begin <= core::Seconds(28));
}

TEST_CASE("a zone's own servers are asked without the resolver", "[survey]") {
  SurveyStage stage = one_zone();
  stage.zones.front().servers = {{core::IpAddress::parse("127.0.0.9").value(), 530}};
  stage.zones.front().qps = 7;
  // They deny with AA and without RA, which would be lame from a resolver.
  const Findings findings = stage.survey().ask(subjects_of({"192.0.2.10"}));
  CHECK_FALSE(findings.kinds.front().failed);
  CHECK(findings.pairs.empty());
  REQUIRE(stage.resolver.lanes.size() == 2);
  CHECK(stage.resolver.lanes.front().qps == 7);
}

TEST_CASE("the pace of the resolver is kept", "[survey]") {
  SurveyStage stage = one_zone();
  stage.resolver.set_pace(2);
  const Findings findings = stage.survey().ask(subjects_of({"192.0.2.0/28"}));
  CHECK(findings.pairs.empty());
  CHECK(stage.resolver.asked.size() == 3 + 16);
  CHECK(stage.resolver.most_in_flight <= 2);
}

TEST_CASE("host names are resolved before", "[survey]") {
  SurveyStage stage = one_zone();
  stage.resolver.address("mail.example.com", "192.0.2.50");
  stage.resolver.address("mail.example.com", "2001:db8::50");
  stage.resolver.fail("broken.example.com", dns::Rcode::servfail);
  stage.resolver.hang("slow.example.com");
  const std::vector names{core::DnsName::parse("mail.example.com").value(),
                          core::DnsName::parse("broken.example.com").value(),
                          core::DnsName::parse("slow.example.com").value()};
  Survey survey = stage.survey();
  const auto outcomes = survey.resolve(names);
  REQUIRE(outcomes.size() == 3);
  CHECK(std::get<dns::HostAddresses>(outcomes[0]).addresses.size() == 2);
  CHECK(std::get<dns::HostUnresolved>(outcomes[1]).cause == "servfail");
  CHECK(std::get<dns::HostUnresolved>(outcomes[2]).cause == "timeout");
  const Findings findings = survey.ask(subjects_of({"192.0.2.50"}));
  CHECK_FALSE(findings.kinds.front().failed);
}

TEST_CASE("zones are tested without subjects", "[survey]") {
  SurveyStage stage({make_zone("corp", "bl.test", {Kind::ipv4, Kind::ipv6})});
  lists::KindSet kinds;
  kinds.add(Kind::ipv4);
  const Findings findings = stage.survey().test(std::vector{kinds});
  REQUIRE(findings.kinds.size() == 1);
  CHECK_FALSE(findings.kinds.front().failed);
  CHECK(stage.resolver.asked.size() == 3);
}

TEST_CASE("a zone whose tests are all waived is believed", "[survey]") {
  SurveyStage stage = one_zone();
  stage.zones.front().tests[0] = {};
  stage.zones.front().test_random = false;
  stage.resolver.list("10.2.0.192.bl.test", {"127.0.0.2"});
  const Findings findings = stage.survey().ask(subjects_of({"192.0.2.10"}));
  CHECK_FALSE(findings.kinds.front().failed);
  CHECK(findings.pairs.size() == 1);
}

TEST_CASE("what a zone says that refuses is asked for where it is wanted", "[survey]") {
  SurveyStage stage = one_zone();
  stage.resolver.list("2.0.0.127.bl.test", {"127.255.255.254"}, "open resolver");
  stage.resolver.list("1.0.0.127.bl.test", {"127.255.255.254"}, "open resolver");
  const std::vector<lists::KindSet> kinds{stage.zones.front().kinds};
  SECTION("not by itself") {
    const Findings findings = stage.survey().test(kinds);
    CHECK(findings.kinds.front().failed == Cause::refused);
    CHECK(findings.kinds.front().refusal.empty());
    CHECK(stage.resolver.asked.size() == 3);
  }
  SECTION("once for all names of the test") {
    Survey survey = stage.survey();
    survey.explain_refusals();
    const Findings findings = survey.test(kinds);
    REQUIRE(findings.kinds.front().refusal.size() == 1);
    CHECK(findings.kinds.front().refusal.front().to_text() == "127.255.255.254");
    CHECK(findings.kinds.front().refusal_text.raw() == "open resolver");
    CHECK(stage.resolver.asked.size() == 4);
  }
}

TEST_CASE("further questions go out with the tests, and a silent one is a timeout", "[survey]") {
  SurveyStage stage = one_zone();
  stage.resolver.address("a.example", "192.0.2.1");
  stage.resolver.hang("b.example");
  const auto group = std::make_shared<const dns::ServerGroup>(
      dns::ServerGroup{{kResolver}, dns::ServerRole::resolver});
  Survey survey = stage.survey();
  for (const char* name : {"a.example", "b.example"}) {
    survey.add_extra({{core::DnsName::parse(name).value(), dns::QType::a}, group});
  }
  const Findings findings = survey.test(std::vector<lists::KindSet>{stage.zones.front().kinds});
  REQUIRE(findings.extras.size() == 2);
  CHECK(std::get<dns::Answer>(findings.extras[0]).a.front().to_text() == "192.0.2.1");
  CHECK(std::get<dns::NoAnswer>(findings.extras[1]).why == dns::NoAnswer::Why::timeout);
  CHECK_FALSE(findings.kinds.front().failed);
}
