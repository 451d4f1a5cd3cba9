// SPDX-License-Identifier: Apache-2.0
#include "cli/survey_report.hpp"

#include <catch2/catch.hpp>

#include "report/model.hpp"
#include "scripted_resolver.hpp"

using namespace rblwatch;
using namespace rblwatch::cli;
using lists::Cause;
using lists::Kind;

namespace {

const core::Timestamp kSurveyed{core::Seconds(1'800'000'000)};

struct Stage {
  std::vector<lists::Zone> zones;
  lists::SubjectTable subjects;
  Findings findings;

  Stage(std::vector<lists::Zone> of, const std::vector<std::string>& values)
      : zones(std::move(of)), subjects(subjects_of(values)) {
    for (std::uint16_t i = 0; i < zones.size(); ++i) {
      for (const Kind kind : lists::kAllKinds) {
        if (zones[i].kinds.has(kind)) {
          findings.kinds.push_back({lists::ZoneIndex{i}, kind, std::nullopt});
        }
      }
    }
  }
  lists::SubjectIndex index(const std::string& text) const {
    return *subjects.find(lists::Subject::parse(text).value());
  }
  void list(std::uint16_t zone, const std::string& subject, const std::string& code) {
    const std::vector addresses{core::IpAddress::parse(code).value()};
    PairFinding finding;
    finding.zone = lists::ZoneIndex{zone};
    finding.subject = index(subject);
    finding.codes =
        lists::match_codes(addresses, zones[zone].codes, zones[zone].match, zones[zone].purpose);
    findings.pairs.push_back(finding);
  }
  void doubt(std::uint16_t zone, const std::string& subject, Cause cause) {
    PairFinding finding;
    finding.zone = lists::ZoneIndex{zone};
    finding.subject = index(subject);
    finding.cause = cause;
    findings.pairs.push_back(finding);
  }
  report::StatusDoc document() const {
    return check_document({zones, subjects, findings, kSurveyed}, subjects.targets().size());
  }
};

lists::Zone ip_zone(const std::string& id = "corp") {
  return make_zone(id, id + ".test", {Kind::ipv4});
}

}  // namespace

TEST_CASE("clear pairs are counted and exit 0", "[survey_report]") {
  const auto document = Stage({ip_zone()}, {"192.0.2.0/29"}).document();
  CHECK(document.summary.subjects == 8);
  CHECK(document.summary.pairs == 8);
  CHECK(document.summary.targets == 1);
  CHECK(document.summary.zones_seeing == 1);
  CHECK_FALSE(document.daemon);
  CHECK(report::exit_code(document) == 0);
}

TEST_CASE("a listing bears all that a listing has but its beginning", "[survey_report]") {
  auto zone = ip_zone();
  zone.severity = lists::Severity::high;
  zone.delist_url = "https://lists.example/remove/{subject}";
  zone.delist_steps = {"Stop the cause."};
  Stage stage({zone}, {"192.0.2.10"});
  stage.list(0, "192.0.2.10", "127.0.0.2");
  const auto document = stage.document();
  REQUIRE(document.listings.size() == 1);
  const report::ListingView& listing = document.listings.front();
  CHECK(listing.target == "name of 192.0.2.10");
  CHECK(listing.delist_url == "https://lists.example/remove/192.0.2.10");
  CHECK(listing.state == lists::ListingState::listed);
  CHECK_FALSE(listing.listed_at);
  CHECK(listing.last_seen == kSurveyed);
  CHECK(document.zones.front().listed == 1);
  CHECK(report::exit_code(document) == 1);
}

TEST_CASE("a code's purpose decides what it counts as", "[survey_report]") {
  auto zone = ip_zone();
  zone.codes = {{lists::CodePattern::parse("127.0.0.2").value(), "bad", lists::Purpose::block},
                {lists::CodePattern::parse("127.0.0.1").value(), "good", lists::Purpose::allow},
                {lists::CodePattern::parse("127.0.0.9").value(), "fact", lists::Purpose::info}};
  struct Row {
    std::string code;
    std::uint64_t listed;
    std::uint64_t info;
    int exit_code;
  };
  for (const Row& row :
       {Row{"127.0.0.2", 1, 0, 1}, Row{"127.0.0.1", 0, 0, 0}, Row{"127.0.0.9", 0, 1, 0}}) {
    Stage stage({zone}, {"192.0.2.10"});
    stage.list(0, "192.0.2.10", row.code);
    const auto document = stage.document();
    CHECK(document.summary.listed == row.listed);
    CHECK(document.summary.info == row.info);
    CHECK(document.listings.size() == 1);
    CHECK(report::exit_code(document) == row.exit_code);
  }
}

TEST_CASE("a blind kind makes all of its pairs unknown with its cause", "[survey_report]") {
  Stage stage({ip_zone()}, {"192.0.2.0/27"});
  stage.findings.kinds.front().failed = Cause::refused;
  const auto document = stage.document();
  CHECK(document.summary.unknown == 32);
  CHECK(document.summary.zones_blind == 1);
  REQUIRE(document.unknowns.size() == 1);
  CHECK(document.unknowns.front().cause == Cause::refused);
  CHECK(document.unknowns.front().pairs == 32);
  CHECK(document.unknowns.front().subjects.size() == 20);
  CHECK(document.zones.front().cause == Cause::refused);
  CHECK(report::exit_code(document) == 3);
}

TEST_CASE("unknown pairs are gathered by zone, kind and cause", "[survey_report]") {
  Stage stage({ip_zone("one"), ip_zone("two")}, {"192.0.2.0/30"});
  stage.doubt(0, "192.0.2.0", Cause::timeout);
  stage.doubt(0, "192.0.2.1", Cause::timeout);
  stage.doubt(1, "192.0.2.1", Cause::servfail);
  const auto document = stage.document();
  REQUIRE(document.unknowns.size() == 2);
  CHECK(document.unknowns[0].zone == "one");
  CHECK(document.unknowns[0].pairs == 2);
  CHECK(document.unknowns[1].cause == Cause::servfail);
  CHECK(document.summary.unknown == 3);
  CHECK(document.zones[0].unknown == 2);
}

TEST_CASE("what a zone can't answer is unsupported and no reason for exit 3", "[survey_report]") {
  Stage stage({ip_zone()}, {"192.0.2.10", "2001:db8::1"});
  const auto document = stage.document();
  CHECK(document.summary.pairs == 1);
  CHECK(document.summary.unsupported == 1);
  CHECK(document.summary.unknown == 0);
  CHECK(report::exit_code(document) == 0);
}

TEST_CASE("zones without a pair are left out, and nothing asked is exit 3", "[survey_report]") {
  Stage stage({make_zone("names", "dbl.test", {Kind::domain})}, {"192.0.2.10"});
  const auto document = stage.document();
  CHECK(document.zones.empty());
  CHECK(document.summary.zones == 0);
  CHECK(report::exit_code(document) == 3);
}

TEST_CASE("a listing inside a zone that lists it too is marked", "[survey_report]") {
  auto inner = ip_zone("sbl");
  inner.contained_in = {"zen"};
  Stage stage({inner, ip_zone("zen")}, {"192.0.2.10", "192.0.2.11"});
  stage.list(0, "192.0.2.10", "127.0.0.2");
  stage.list(1, "192.0.2.10", "127.0.0.2");
  stage.list(0, "192.0.2.11", "127.0.0.2");
  const auto document = stage.document();
  REQUIRE(document.listings.size() == 3);
  CHECK(document.listings[0].contained);
  CHECK_FALSE(document.listings[1].contained);
  CHECK_FALSE(document.listings[2].contained);
}

TEST_CASE("a host whose addresses can't be found is unknown on IP zones", "[survey_report]") {
  Stage stage({ip_zone(), make_zone("names", "dbl.test", {Kind::domain})}, {"example.com"});
  auto document = stage.document();
  CHECK(report::exit_code(document) == 0);
  add_unresolved(document, stage.zones, "example.com");
  REQUIRE(document.unknowns.size() == 1);
  CHECK(document.unknowns.front().zone == "corp");
  CHECK(document.unknowns.front().cause == Cause::not_asked);
  REQUIRE(document.zones.size() == 2);
  CHECK(document.zones.back().id == "corp");
  CHECK(document.zones.back().unknown == 1);
  CHECK(document.summary.zones_untested == 1);
  CHECK(report::exit_code(document) == 3);
}

TEST_CASE("hosts whose addresses can't be found make one entry with what else wasn't asked",
          "[survey_report]") {
  Stage stage({ip_zone()}, {"192.0.2.10"});
  stage.doubt(0, "192.0.2.10", Cause::not_asked);
  auto document = stage.document();
  for (int i = 0; i < 30; ++i) {
    add_unresolved(document, stage.zones, "host" + std::to_string(i) + ".example.com");
  }
  REQUIRE(document.unknowns.size() == 1);
  CHECK(document.unknowns.front().pairs == 31);
  CHECK(document.unknowns.front().subjects.size() == 20);
  CHECK(document.unknowns.front().subjects.at(1) == "host0.example.com");
}
