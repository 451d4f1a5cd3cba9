// SPDX-License-Identifier: Apache-2.0
#include "alerts/event_json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "alerts/advice.hpp"
#include "fixtures.hpp"

namespace rblwatch::alerts {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const lists::Event& event) {
  return Json::parse(event_json({event, test::timeline()}));
}

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) {
    keys.push_back(key);
  }
  return keys;
}

const std::vector<std::string> kKeys{"id",
                                     "type",
                                     "at",
                                     "severity",
                                     "target",
                                     "targets",
                                     "subject",
                                     "kind",
                                     "zone",
                                     "resolver",
                                     "channel",
                                     "codes",
                                     "added",
                                     "removed",
                                     "meanings",
                                     "reason",
                                     "first_seen",
                                     "listed_at",
                                     "delisted_at",
                                     "duration_s",
                                     "cause",
                                     "since",
                                     "affected_subjects",
                                     "text",
                                     "lookup_url",
                                     "delist_url",
                                     "delist_steps",
                                     "evidence",
                                     "timeline",
                                     "advice"};

TEST_CASE("An event has every key of the contract, in its order") {
  CHECK(keys_of(json_of(test::listed())) == kKeys);
  CHECK(keys_of(json_of(test::zone_blind())) == kKeys);
  CHECK(keys_of(json_of(test::channel_failed("ops"))) == kKeys);
  const Json listed = json_of(test::listed());
  CHECK(keys_of(listed["target"]) == std::vector<std::string>{"name", "value", "tags"});
  CHECK(keys_of(listed["zone"]) ==
        std::vector<std::string>{"id", "dns", "operator", "severity", "purpose"});
  CHECK(keys_of(listed["evidence"]) ==
        std::vector<std::string>{"question", "server", "transport", "rcode", "ttl_s", "asked_at"});
  CHECK(keys_of(listed["timeline"][0]) == std::vector<std::string>{"type", "at", "zone", "codes"});
}

TEST_CASE("A listed event says all of the listing") {
  const Json json = json_of(test::listed());
  CHECK(json["id"] == 17);
  CHECK(json["type"] == "listed");
  CHECK(json["at"] == "2026-11-23T09:10:00Z");
  CHECK(json["severity"] == "high");
  CHECK(json["target"]["name"] == "mx1");
  CHECK(json["targets"] == Json({"mx1", "office-net"}));
  CHECK(json["kind"] == "ipv4");
  CHECK(json["zone"]["operator"] == "Spamhaus");
  CHECK(json["resolver"].is_null());
  CHECK(json["channel"].is_null());
  CHECK(json["first_seen"] == false);
  CHECK(json["listed_at"] == "2026-11-23T09:08:00Z");
  CHECK(json["delisted_at"].is_null());
  CHECK(json["duration_s"].is_null());
  CHECK(json["cause"].is_null());
  CHECK(json["text"] == "192.0.2.10 (mx1) is listed on zen.spamhaus.org: SBL");
  CHECK(json["evidence"]["transport"] == "udp");
  CHECK(json["evidence"]["ttl_s"] == 60);
}

TEST_CASE("A delisted event says how long it lasted") {
  const Json json = json_of(test::delisted());
  CHECK(json["delisted_at"] == "2026-11-23T12:28:00Z");
  CHECK(json["duration_s"] == 12'000);
}

TEST_CASE("A zone event has neither target nor subject") {
  lists::Event event = test::zone_blind();
  event.lookup_url = "https://check.example/?ip=";  // the operator's site, for people
  const Json json = json_of(event);
  for (const char* key :
       {"target", "subject", "kind", "resolver", "reason", "listed_at", "lookup_url", "evidence"}) {
    INFO(key);
    CHECK(json[key].is_null());
  }
  CHECK(json["codes"] == Json::array());
  CHECK(json["cause"] == "refused");
  CHECK(json["since"] == "2026-11-23T09:10:00Z");
  CHECK(json["affected_subjects"] == 258);
}

TEST_CASE("A program is told what it means and what to do, as people are") {
  const Json blind = json_of(test::zone_blind())["advice"];
  const lists::Advice advice = advice_on(test::zone_blind());
  CHECK(blind["meaning"] == advice.meaning);
  CHECK(blind["steps"] == Json(advice.steps));
  CHECK_FALSE(blind["steps"].empty());
  const Json listed = json_of(test::listed())["advice"];
  CHECK(listed["meaning"].is_null());
  CHECK(listed["steps"] == Json::array());
}

TEST_CASE("A release says how much passed and how much was dropped") {
  lists::Event event = test::zone_blind();
  event.type = lists::EventType::zone_released;
  event.passed = 3;
  event.dropped = 120;
  const Json json = json_of(event);
  CHECK(json["passed"] == 3);
  CHECK(json["dropped"] == 120);
}

TEST_CASE("A resolver event names its servers and the zones behind them") {
  const Json json = json_of(test::resolver_blind());
  CHECK(json["zone"].is_null());
  CHECK(json["resolver"] == Json({{"servers", {"127.0.0.1:53"}}}));
  CHECK(json["zones"] == Json({"spamhaus-zen", "corp"}));
}

TEST_CASE("A failed channel is named with its last answer") {
  const Json json = json_of(test::channel_failed("ops"));
  CHECK(json["channel"] == "ops");
  CHECK(json["cause"] == "HTTP 410");
}

TEST_CASE("A timeline has at most 20 entries") {
  EventView view{test::listed(), {}};
  view.timeline.assign(50, test::timeline().front());
  CHECK(Json::parse(event_json(view))["timeline"].size() == 20);
}

TEST_CASE("Bytes that are not UTF-8 become U+FFFD, and the JSON is plain ASCII") {
  lists::Event event = test::listed();
  event.reason = core::Untrusted(std::string("a\xff\x00\x1b\xc2\x9b\xe2\x80\xae z", 12));
  const std::string text = event_json({event, {}});
  CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7F'; }));
  CHECK(Json::parse(text)["reason"] ==
        std::string("a\xef\xbf\xbd\x00\x1b\xc2\x9b\xe2\x80\xae z", 14));
}

}  // namespace
}  // namespace rblwatch::alerts
