// SPDX-License-Identifier: Apache-2.0
#include "cli/zone_choice.hpp"

#include <catch2/catch.hpp>

#include "cli/reading.hpp"
#include "scripted_resolver.hpp"

using namespace rblwatch;
using namespace rblwatch::cli;
using lists::Kind;

namespace {

conf::Config config() {
  conf::Config made;
  made.zones = {make_zone("corp", "bl.test", {Kind::ipv4}),
                make_zone("keyed", "{key}.dq.test", {Kind::ipv4})};
  lists::CatalogueZone unused;
  unused.zone = make_zone("other-list", "other.test", {Kind::domain});
  lists::CatalogueZone without_key;
  without_key.zone = make_zone("paid-list", "{key}.paid.test", {Kind::ipv4});
  without_key.shared_key = "paid";
  made.catalogue.zones = {unused, without_key};
  made.catalogue.dead = {{"dead.test", "2024-06-05", true, "closed"}};
  return made;
}

std::string chosen(const std::string& name) {
  const auto zone = choose_zone(config(), name);
  return zone ? zone->id : zone.error().lines.front();
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a zone is named by its id or DNS name", "[zone_choice]") {
  for (const char* name : {"corp", "CORP", "bl.test", "BL.test."}) {
    CHECK(chosen(name) == "corp");
  }
  CHECK(chosen("<key>.dq.test") == "keyed");
  CHECK(chosen("other-list") == "other-list");
  CHECK(chosen("other.test") == "other-list");
}

TEST_CASE("what is no zone is told with what could have been meant", "[zone_choice]") {
  CHECK(holds(chosen("crop"), "did you mean corp?"));
  CHECK(holds(chosen("other-lits"), "did you mean other-list?"));
  CHECK(holds(chosen("paid-list"), "as paid"));
  CHECK(choose_zone(config(), "nosuch").error().exit_code == 2);
}

TEST_CASE("a dead zone is told with the day it died", "[zone_choice]") {
  CHECK(holds(chosen("dead.test"), "it died 2024-06-05 and lists everything (closed)"));
  CHECK_FALSE(report::obituary(config().catalogue, "bl.test"));
}

TEST_CASE("one that must be in use is not taken from the catalogue", "[zone_choice]") {
  const auto zone = choose_used_zone(config(), "other-list");
  REQUIRE_FALSE(zone);
  CHECK(holds(zone.error().lines.front(), "not in use"));
  CHECK(choose_used_zone(config(), "corp")->id == "corp");
}

TEST_CASE("a target is meant by name or value, a subject by itself", "[reading]") {
  const auto subjects =
      subjects_of({"192.0.2.10", "198.51.100.0/30", "2001:db8::1", "example.com"});
  const auto spelt = [&subjects](const std::string& word) {
    std::vector<std::string> texts;
    for (const lists::SubjectIndex subject : report::find_meant(subjects, word).subjects) {
      texts.push_back(subjects.subject(subject).to_text());
    }
    return texts;
  };
  using Texts = std::vector<std::string>;
  CHECK(report::find_meant(subjects, "name of 192.0.2.10").targets.size() == 1);
  CHECK(spelt("name of 192.0.2.10") == Texts{"192.0.2.10"});
  CHECK(spelt("198.51.100.0/30").size() == 4);
  CHECK(report::find_meant(subjects, "198.51.100.1").targets.empty());
  CHECK(spelt("198.51.100.1") == Texts{"198.51.100.1"});
  CHECK(spelt("198.51.100.2/31") == Texts{"198.51.100.2", "198.51.100.3"});
  CHECK(spelt("2001:DB8::1") == Texts{"2001:db8::1"});
  CHECK(spelt("EXAMPLE.com") == Texts{"example.com"});
  CHECK_FALSE(report::find_meant(subjects, "192.0.2.11").is_known());
  CHECK_FALSE(report::find_meant(subjects, "").is_known());
}

TEST_CASE("a slip of a target's name is told with the nearest one", "[reading]") {
  const auto subjects = subjects_of({"192.0.2.10"});
  const Failure failure = not_watched(subjects, "name of 192.0.2.01");
  CHECK(failure.exit_code == 2);
  CHECK(holds(failure.lines.front(), "did you mean name of 192.0.2.10?"));
}
