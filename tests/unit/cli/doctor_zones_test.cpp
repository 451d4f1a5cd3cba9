// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_zones.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "core/enum_text.hpp"
#include "scripted_resolver.hpp"

using namespace rblwatch;
using namespace rblwatch::cli;
using lists::Cause;
using lists::Kind;
using report::CheckState;
using report::CheckView;

namespace {

const dns::Server kFirst{core::IpAddress::parse("127.0.0.1").value(), 53};
const dns::Server kSecond{core::IpAddress::parse("127.0.0.2").value(), 53};

TestedZone tested(std::uint16_t zone, std::optional<Cause> failed,
                  std::optional<dns::Server> through = kFirst) {
  return {lists::ZoneIndex{zone}, through, {lists::ZoneIndex{zone}, Kind::ipv4, failed, {}, {}}};
}

std::vector<lists::Zone> zones(std::size_t count) {
  std::vector<lists::Zone> made;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string id = "zone" + std::to_string(i);
    made.push_back(make_zone(id, id + ".test", {Kind::ipv4}));
  }
  return made;
}

std::vector<CheckView> judge(const std::vector<lists::Zone>& of,
                             const std::vector<TestedZone>& tests, bool is_sound = true) {
  const std::vector<dns::Server> sound{kFirst};
  return judge_zones(of, tests, is_sound ? std::span(sound) : std::span<const dns::Server>());
}

std::vector<CheckView> named(const std::vector<CheckView>& checks, const std::string& name) {
  std::vector<CheckView> found;
  std::copy_if(checks.begin(), checks.end(), std::back_inserter(found),
               [&name](const CheckView& check) { return check.name == name; });
  return found;
}

}  // namespace

TEST_CASE("zones that pass are one line", "[doctor]") {
  const auto checks = judge(zones(2), std::vector{tested(0, {}), tested(1, {})});
  REQUIRE(checks.size() == 1);
  CHECK(checks.front().state == CheckState::ok);
  CHECK(checks.front().text == "all of 2 zones in use pass their test");
}

TEST_CASE("each zone that fails has a line with cause, way and fix", "[doctor]") {
  for (const auto& [cause, word] : core::EnumWords<Cause>::table) {
    const auto checks = judge(zones(2), std::vector{tested(0, cause), tested(1, {})});
    const auto found = named(checks, "zone zone0");
    INFO(word);
    REQUIRE(found.size() == 1);
    CHECK(found.front().state == CheckState::fail);
    CHECK(found.front().text.find("127.0.0.1:53") != std::string::npos);
    CHECK(found.front().text.find(cause == Cause::refused ? "refuses" : word) != std::string::npos);
    CHECK_FALSE(found.front().fix.empty());
    CHECK(checks.front().text == "1 of 2 zones in use pass their test");
  }
}

TEST_CASE("a refusal says what the zone answered", "[doctor]") {
  TestedZone refused = tested(0, Cause::refused);
  refused.finding.refusal = {core::IpAddress::parse("127.255.255.254").value()};
  refused.finding.refusal_text = core::Untrusted("open resolver; https://x.test/");
  TestedZone other = refused;
  other.through = kSecond;
  const auto checks = judge(zones(1), std::vector{refused, other});
  const auto found = named(checks, "zone zone0");
  REQUIRE(found.size() == 1);
  CHECK(found.front().text ==
        "refuses 127.0.0.1:53, 127.0.0.2:53 with 127.255.255.254: open resolver; https://x.test/");
  CHECK(checks.front().state == CheckState::fail);  // none passes
}

TEST_CASE("a zone may fail through one resolver and pass through another", "[doctor]") {
  const auto checks =
      judge(zones(1), std::vector{tested(0, Cause::timeout), tested(0, {}, kSecond)});
  REQUIRE(named(checks, "zone zone0").size() == 1);
  CHECK(named(checks, "zone zone0").front().text.find("127.0.0.2") == std::string::npos);
}

TEST_CASE("a zone with servers of its own is told of as such", "[doctor]") {
  const auto checks = judge(zones(1), std::vector{tested(0, Cause::servfail, std::nullopt)});
  CHECK(named(checks, "zone zone0").front().text.find("through its own servers (servfail)") !=
        std::string::npos);
}

TEST_CASE("a key works where its zone passes with it", "[doctor]") {
  struct Case {
    std::optional<Cause> failed;
    CheckState state;
  };
  for (const Case& c :
       {Case{{}, CheckState::ok}, Case{Cause::test_entry_missing, CheckState::fail},
        Case{Cause::refused, CheckState::fail}, Case{Cause::refused_rcode, CheckState::fail},
        Case{Cause::timeout, CheckState::warn}, Case{Cause::servfail, CheckState::warn}}) {
    std::vector<lists::Zone> keyed{make_zone("keyed", "{key}.keyed.test", {Kind::ipv4})};
    REQUIRE(keyed.front().dns.set_key(core::Secret("canary")));
    const auto found = named(judge(keyed, std::vector{tested(0, c.failed)}), "key keyed");
    REQUIRE(found.size() == 1);
    CHECK(found.front().state == c.state);
    CHECK(found.front().text.find("canary") == std::string::npos);
  }
}

namespace {

/// A zone whose test entry came back so: with an address, empty, or not at all.
TestedZone with_entry(std::uint16_t zone, std::optional<Cause> failed, std::optional<bool> shows) {
  TestedZone made = tested(zone, failed);
  made.finding.shows_entry = shows;
  return made;
}

constexpr const char* kHiding = "resolver 127.0.0.1:53 127.0.0.0/8";

}  // namespace

TEST_CASE("test entries that are empty everywhere are rebinding protection, told once",
          "[doctor]") {
  const TestedZone silent = with_entry(2, Cause::timeout, std::nullopt);
  const TestedZone waived = with_entry(2, std::nullopt, std::nullopt);
  const TestedZone fine = with_entry(2, std::nullopt, true);
  for (const Cause cause : {Cause::test_entry_missing, Cause::rewritten}) {
    const std::vector<TestedZone> two{with_entry(0, cause, false), with_entry(1, cause, false)};
    const auto with = [&two](const TestedZone& third) {
      std::vector<TestedZone> all = two;
      all.push_back(third);
      return judge(zones(3), all);
    };
    const auto checks = judge(zones(2), two);
    REQUIRE(checks.size() == 2);
    CHECK(checks[0].text == "0 of 2 zones in use pass their test");
    CHECK(checks[1].name == kHiding);
    CHECK(checks[1].state == CheckState::fail);
    CHECK(checks[1].fix.find("rebind-localhost-ok") != std::string::npos);
    CHECK(checks[1].fix.find("private-address") != std::string::npos);
    CHECK(named(with(waived), kHiding).size() == 1);
    CHECK(named(with(silent), kHiding).size() == 1);
    CHECK(named(with(silent), "zone zone2").size() == 1);
    CHECK(named(with(fine), kHiding).empty());
    CHECK(named(with(fine), "zone zone0").size() == 1);
    CHECK(named(judge(zones(1), {two[0]}), kHiding).empty());    // it may have been emptied
    CHECK(named(judge(zones(2), two, false), kHiding).empty());  // it finds nothing else, either
  }
  // Another kind of rewriting: every answer is some address.
  CHECK(named(judge(zones(2),
                    {with_entry(0, Cause::rewritten, true), with_entry(1, Cause::rewritten, true)}),
              kHiding)
            .empty());
}

TEST_CASE("two kinds of one zone are one zone that may have been emptied", "[doctor]") {
  const TestedZone one = with_entry(0, Cause::test_entry_missing, false);
  CHECK(named(judge(zones(1), {one, one}), kHiding).empty());
}

TEST_CASE("behind a resolver that hides answers a key can't be judged", "[doctor]") {
  std::vector<lists::Zone> keyed{make_zone("keyed", "{key}.keyed.test", {Kind::ipv4}),
                                 make_zone("other", "other.test", {Kind::ipv4})};
  REQUIRE(keyed.front().dns.set_key(core::Secret("canary")));
  const auto found = named(judge(keyed, {with_entry(0, Cause::rewritten, false),
                                         with_entry(1, Cause::rewritten, false)}),
                           "key keyed");
  REQUIRE(found.size() == 1);
  CHECK(found.front().state == CheckState::warn);
  CHECK(found.front().text.find("can't be said") != std::string::npos);
}

TEST_CASE("a zone that refuses is told with a link to its terms, where it is known", "[doctor]") {
  std::vector<lists::Zone> refusing = zones(1);
  refusing.front().terms_url = "https://lists.example/terms";
  const auto found = named(judge(refusing, {tested(0, Cause::refused)}), "zone zone0");
  REQUIRE(found.size() == 1);
  CHECK(found.front().fix.ends_with(" Its terms: https://lists.example/terms"));
}

TEST_CASE("without a zone in use there is a warning", "[doctor]") {
  const auto checks = judge({}, {});
  REQUIRE(checks.size() == 1);
  CHECK(checks.front().state == CheckState::warn);
}
