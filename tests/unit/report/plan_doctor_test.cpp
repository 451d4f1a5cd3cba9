// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "plan_doctor_samples.hpp"
#include "samples.hpp"

namespace rblwatch::report {
namespace {

using Json = nlohmann::ordered_json;

TEST_CASE("A plan in JSON has every key, and null where there is no limit") {
  const Json json = Json::parse(to_json(samples::plan()));
  CHECK(json["schema"] == "rblwatch/1");
  CHECK(json["generated_at"] == "2026-11-23T12:30:00Z");
  CHECK(json["zones"][0] == Json::parse(R"({"id":"spamhaus-zen","operator":"Spamhaus",
      "questions_per_day":368784,"limit_per_day":300000,"share":1.2293,"qps":500,"sweep_s":12.3})"));
  CHECK(json["zones"][5] == Json::parse(R"({"id":"corp","operator":null,
      "questions_per_day":12432,"limit_per_day":null,"share":null,"qps":null,"sweep_s":null})"));
  CHECK(json["operators"][0] == Json::parse(R"({"operator":"Spamhaus",
      "questions_per_day":368976,"limit_per_day":300000,"share":1.2299})"));
  CHECK(json["operators"][3]["limit_per_day"].is_null());
  CHECK(json["warnings"].size() == 2);
}

TEST_CASE("A plan without a zone says so") {
  CHECK(to_text(PlanDoc{}, TextStyle{}).find("No zone is in use") == 0);
  PlanDoc idle;
  idle.zones = {{"corp", "Corp", 0, 0, {}, {}, {}}};
  CHECK(to_text(idle, TextStyle{}).find("nothing will be asked") != std::string::npos);
  CHECK(Json::parse(to_json(PlanDoc{}))["zones"] == Json::array());
}

TEST_CASE("A plan that asks nothing keeps its warnings") {
  PlanDoc document;
  document.warnings = {"zone[0].dns: dnsbl.sorbs.net is dead; leave it out"};
  CHECK(to_text(document, TextStyle{}).find("\nwarning: zone[0].dns: dnsbl.sorbs.net is dead") !=
        std::string::npos);
  document.zones = {{"corp", "Corp", 0, 0, {}, {}, {}}};
  CHECK(to_text(document, TextStyle{}).find("\nwarning: zone[0].dns") != std::string::npos);
}

TEST_CASE("A doctor in JSON has a fix where something is to be mended, else null") {
  const Json json = Json::parse(to_json(samples::doctor()));
  CHECK(json["checks"][1] == Json::parse(R"({"name":"resolver 127.0.0.1:53","state":"ok",
      "text":"offers recursion; answers in 3 ms","fix":null})"));
  CHECK(json["checks"][3]["state"] == "fail");
  CHECK(json["checks"][3]["fix"].is_string());
  CHECK(has_failed(samples::doctor()));
}

TEST_CASE("A doctor sums up what was found") {
  DoctorDoc document = samples::doctor();
  CHECK(to_text(document, TextStyle{}).ends_with("1 failed, 1 warning, 3 ok.\n"));
  document.checks.erase(document.checks.begin() + 2, document.checks.begin() + 4);
  CHECK_FALSE(has_failed(document));
  CHECK(to_text(document, TextStyle{}).ends_with("All is well.\n"));
}

TEST_CASE("A fix that mends several things is written out once") {
  DoctorDoc document;
  for (const char* name : {"zone a", "zone b"}) {
    document.checks.push_back({name, CheckState::fail, "refuses", "ask through your own"});
  }
  CHECK(to_text(document, TextStyle{}) ==
        "fail  zone a: refuses\n      fix: ask through your own\n"
        "fail  zone b: refuses\n      fix: the same\n2 failed, 0 warnings, 0 ok.\n");
}

TEST_CASE("Hostile texts stay texts in both documents") {
  CHECK(Json::parse(to_json(samples::hostile_plan()))["warnings"].size() == 1);
  CHECK(Json::parse(to_json(samples::hostile_doctor()))["checks"].size() == 1);
}

}  // namespace
}  // namespace rblwatch::report
