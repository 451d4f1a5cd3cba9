// SPDX-License-Identifier: Apache-2.0
#include "lists/budget.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace rblwatch::lists {
namespace {

using namespace std::chrono_literals;
using core::Millis;

constexpr std::uint64_t kPlenty = 4'194'304;

Target target(std::string_view value) {
  return parse_target_value(value).value();
}

Target target(std::string_view value, Millis interval) {
  Target made = target(value);
  made.interval = interval;
  return made;
}

Zone zone(std::string id, std::initializer_list<Kind> kinds = {Kind::ipv4}) {
  Zone made;
  made.dns = ZoneDns::parse(id + ".test").value();
  made.id = std::move(id);
  for (const Kind kind : kinds) {
    made.kinds.add(kind);
  }
  for (const Kind kind : kAllKinds) {
    made.tests[static_cast<std::size_t>(kind)] = default_test_entries(kind);
  }
  return made;
}

Budget budget(const std::vector<Zone>& zones, std::vector<Target> targets,
              BudgetPolicy policy = {30min, 30min, 0}) {
  const auto subjects = SubjectTable::build(std::move(targets), {}, kPlenty);
  return make_budget(zones, subjects.value(), policy);
}

TEST_CASE("Questions a day are subjects by turns, and the tests of each kind that has subjects") {
  struct Case {
    const char* what;
    std::vector<Target> targets;
    BudgetPolicy policy;
    std::uint64_t pairs;
    std::uint64_t tests;
    std::uint64_t questions;
  };
  const std::vector<Case> cases{
      {"one address", {target("192.0.2.1")}, {30min, 30min, 0}, 1, 3 * 48, 48 + 3 * 48},
      {"a network", {target("192.0.2.0/24")}, {30min, 30min, 0}, 256, 144, 256 * 48 + 144},
      {"more often", {target("192.0.2.0/24")}, {1min, 30min, 0}, 256, 144, 256 * 1440 + 144},
      {"tests less often", {target("192.0.2.1")}, {30min, 24h, 0}, 1, 3, 48 + 3},
      {"both kinds", {target("192.0.2.1"), target("2001:db8::1")}, {1h, 1h, 0}, 2, 144, 192},
      {"a kind that it can't answer", {target("domain:example.com")}, {1h, 1h, 0}, 0, 0, 0},
      {"held twice, asked once",
       {target("192.0.2.0/30"), target("192.0.2.1")},
       {1h, 1h, 0},
       4,
       72,
       4 * 24 + 72},
      {"an interval of its own",
       {target("192.0.2.0/30"), target("192.0.2.1", 1min)},
       {1h, 1h, 0},
       4,
       72,
       3 * 24 + 1440 + 72},
  };
  for (const Case& c : cases) {
    const Budget made = budget({zone("corp", {Kind::ipv4, Kind::ipv6})}, c.targets, c.policy);
    INFO(c.what);
    CHECK(made.zones[0].pairs == c.pairs);
    CHECK(made.zones[0].tests_per_day == c.tests);
    CHECK(made.zones[0].questions_per_day == c.questions);
    CHECK(made.zones[0].wanted_per_day == c.questions);
    CHECK_FALSE(made.zones[0].is_stretched);
  }
}

TEST_CASE("Targets that choose their zones count where they are asked") {
  Target chosen = target("192.0.2.0/28");
  chosen.zones = {"a"};
  Target spared = target("198.51.100.0/28");
  spared.skip_zones = {"b"};
  const Budget made = budget({zone("a"), zone("b")},
                             {chosen, spared, target("203.0.113.1"), target("203.0.113.9")});
  CHECK(made.zones[0].pairs == 34);
  CHECK(made.zones[1].pairs == 2);
}

TEST_CASE("A domain that is asked in two forms is two questions") {
  Zone names = zone("names", {Kind::domain});
  const std::vector<Target> targets{target("domain:www.example.com"), target("domain:example.com")};
  for (const auto& [form, questions] :
       {std::pair{DomainForm::exact, 2U}, std::pair{DomainForm::registrable, 2U},
        std::pair{DomainForm::both, 3U}}) {
    names.domain_form = form;
    CHECK(budget({names}, targets).zones[0].questions_per_sweep == questions);
  }
}

TEST_CASE("Waived test entries are not asked") {
  Zone waived = zone("waived");
  waived.tests[0].listed.reset();
  waived.test_random = false;
  CHECK(budget({waived}, {target("192.0.2.1")}).zones[0].tests_per_day == 48);
}

TEST_CASE("A sweep takes as long as the lower pace makes it") {
  struct Case {
    double own;
    double resolver;
    double qps;
    double sweep_s;
  };
  for (const Case& c : {Case{50, 0, 50, 5.12}, Case{0, 64, 64, 4}, Case{50, 64, 50, 5.12},
                        Case{500, 64, 64, 4}, Case{0, 0, 0, 0}}) {
    Zone paced = zone("paced");
    paced.qps = c.own;
    const Budget made = budget({paced}, {target("192.0.2.0/24")}, {30min, 30min, c.resolver});
    INFO(c.own << " of its own, " << c.resolver << " of the resolver");
    CHECK(made.zones[0].qps == c.qps);
    CHECK(made.zones[0].sweep_s == Approx(c.sweep_s));
  }
}

TEST_CASE("Zones share the resolver's pace, and what one leaves the others take") {
  Zone slow = zone("slow");
  slow.qps = 10;
  Zone direct = zone("direct");
  direct.servers = {dns::Server::parse("127.0.0.1:53").value()};
  // 256 each: slow has 10 of 100 a second, the other two 45 each; direct asks no resolver.
  const Budget made =
      budget({zone("a"), slow, zone("b"), direct}, {target("192.0.2.0/24")}, {30min, 30min, 100});
  CHECK(made.zones[0].sweep_s == Approx(256 / 45.0));
  CHECK(made.zones[1].sweep_s == Approx(25.6));
  CHECK(made.zones[2].sweep_s == Approx(256 / 45.0));
  CHECK(made.zones[3].sweep_s == 0);
  CHECK(made.zones[3].qps == 0);
}

TEST_CASE("Where the pace allows less than is wanted, that is what is asked") {
  Zone slow = zone("slow");
  slow.qps = 1;
  const Budget own = budget({slow}, {target("192.0.2.0/24")}, {1min, 30min, 500});
  CHECK(own.zones[0].is_stretched);
  CHECK_FALSE(own.zones[0].is_by_resolver);
  CHECK(own.zones[0].questions_per_day == 86'400 + 144);
  CHECK(own.zones[0].wanted_per_day == 256 * 1440 + 144);
  CHECK(own.zones[0].sweep_s == Approx(256));

  const Budget shared = budget({zone("a"), zone("b")}, {target("192.0.2.0/24")}, {1min, 30min, 4});
  for (const ZoneBudget& here : shared.zones) {
    CHECK(here.is_stretched);
    CHECK(here.is_by_resolver);
    CHECK(here.questions_per_day == 2 * 86'400 + 144);
    CHECK(here.sweep_s == Approx(128));
  }
}

TEST_CASE("An operator's zones share the smallest limit that one of them states") {
  std::vector<Zone> zones{zone("a"), zone("b"), zone("c"), zone("d")};
  zones[0].operator_name = zones[1].operator_name = zones[2].operator_name = "Corp";
  zones[1].limit_per_day = 1000;
  zones[2].limit_per_day = 500;
  const Budget made = budget(zones, {target("192.0.2.1")});
  REQUIRE(made.operators.size() == 1);
  CHECK(made.operators[0].operator_name == "Corp");
  CHECK(made.operators[0].questions_per_day == 3 * 192);
  CHECK(made.operators[0].limit_per_day == 500);
  CHECK(made.operators[0].zones.size() == 3);
}

TEST_CASE("A share needs a limit") {
  CHECK_FALSE(budget_share(100, 0));
  CHECK(budget_share(150, 100) == Approx(1.5));
}

TEST_CASE("The interval that fits keeps the tests and rounds up") {
  struct Case {
    Millis interval;
    std::uint64_t questions;
    std::uint64_t tests;
    std::uint64_t limit;
    std::optional<Millis> fitting;
  };
  const std::vector<Case> cases{
      {30min, 2000, 0, 1000, 1h}, {30min, 2144, 144, 1144, 1h}, {30min, 2001, 0, 1000, 61min},
      {1min, 1001, 0, 500, 121s}, {30min, 2000, 500, 500, {}},  {30min, 100, 100, 500, {}},
  };
  for (const Case& c : cases) {
    INFO(c.questions << " with " << c.tests << " tests, " << c.limit << " allowed");
    CHECK(fitting_interval(c.interval, c.questions, c.tests, c.limit) == c.fitting);
  }
}

TEST_CASE("Hosts without a known address count as one each, and are named") {
  Target followed = target("domain:example.com");
  followed.follow = {Follow::mx};
  const std::vector<Target> targets{target("host:a.example"), target("host:b.example"), followed,
                                    target("domain:plain.example"), target("192.0.2.1")};
  const AssumedHosts assumed =
      assume_hosts(targets, {{1, {core::IpAddress::parse("192.0.2.7").value()}}});
  CHECK(assumed.names == std::vector<std::string>{"a.example", "example.com"});
  const auto subjects = SubjectTable::build(targets, assumed.book, kPlenty).value();
  CHECK(make_budget(std::vector{zone("corp")}, subjects, {1h, 1h, 0}).zones[0].pairs == 4);
}

TEST_CASE("Stretches say of many subjects at once what is said of each") {
  Target chosen = target("192.0.2.64/26");
  chosen.zones = {"a"};
  const std::vector<Target> targets{target("192.0.2.0/24"),       chosen,
                                    target("198.51.100.0/30"),    target("2001:db8::/126"),
                                    target("192.0.2.128", 1min),  target("domain:example.com"),
                                    target("domain:example.net"), target("203.0.113.0/28")};
  const auto subjects = SubjectTable::build(targets, {}, kPlenty).value();
  const std::vector<Zone> zones{zone("a", {Kind::ipv4, Kind::ipv6, Kind::domain}), zone("b")};
  std::uint32_t next = 0;
  for (const SubjectTable::Stretch& stretch : subjects.stretches()) {
    REQUIRE(stretch.begin.value == next);
    REQUIRE(stretch.count > 0);
    for (; next < stretch.begin.value + stretch.count; ++next) {
      const SubjectIndex subject{next};
      CHECK(subjects.subject(subject).kind() == subjects.subject(stretch.begin).kind());
      for (const Zone& asked : zones) {
        CHECK(subjects.interval_of(subject, asked, 30min) ==
              subjects.interval_of(stretch.begin, asked, 30min));
        CHECK(subjects.is_asked(subject, asked) == subjects.is_asked(stretch.begin, asked));
      }
    }
  }
  CHECK(next == subjects.size());
  CHECK(SubjectTable().stretches().empty());
}

}  // namespace
}  // namespace rblwatch::lists
