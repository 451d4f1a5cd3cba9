// SPDX-License-Identifier: Apache-2.0
//
// Each channel's messages against tests/golden/alerts. After a change that is meant, write them
// anew with
//   RBL_UPDATE_GOLDEN=1 build/dev/tests/unit_alerts "[golden]"
// and read the difference before it is committed.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "alerts/mail_thread.hpp"
#include "alerts/render.hpp"
#include "fixtures.hpp"

namespace rblwatch::alerts {
namespace {

void check_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(RBL_SOURCE_DIR) + "/tests/golden/alerts/" + name;
  if (std::getenv("RBL_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
    WARN("wrote " + path);
    return;
  }
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  std::ostringstream expected;
  expected << file.rdbuf();
  INFO(name);
  CHECK(actual == expected.str());
}

std::string pretty(const std::string& json) {
  return nlohmann::ordered_json::parse(json).dump(1) + "\n";
}

lists::Event with_id(lists::Event event, std::int64_t id) {
  event.id = id;
  return event;
}

constexpr std::size_t kReadable = 20;

struct Story {
  const char* name;
  std::vector<lists::Event> events;
};

std::vector<Story> stories() {
  lists::Event lost = test::delisted("2001:db8::1");
  lost.kind = lists::Kind::ipv6;
  lost.zone->purpose = lists::Purpose::allow;
  lists::Event seeing = test::zone_blind("");
  seeing.type = lists::EventType::zone_seeing;
  seeing.at = test::at("2026-11-23T12:30:00Z");
  seeing.kind = lists::Kind::ipv6;
  lists::Event resolved = test::resolver_blind();
  resolved.type = lists::EventType::resolver_seeing;
  resolved.cause.clear();
  resolved.since.reset();
  return {{"listed", {test::listed()}},
          {"delisted", {test::delisted()}},
          {"come_and_gone", {test::listed(), test::delisted()}},
          {"zone_blind", {test::zone_blind()}},
          {"zone_seeing", {seeing}},
          {"resolver_blind", {test::resolver_blind()}},
          {"resolver_seeing", {resolved}},
          {"range", test::of_range(200)},
          {"several",
           {test::listed(), with_id(test::listed("192.0.2.11"), 18), with_id(lost, 19),
            with_id(test::channel_failed("chat"), 20)}}};
}

Notification message_of(const Story& story) {
  Notification message = test::notification(story.events);
  for (EventView& view : message.events) {
    const bool is_end = begun_by(view.event.type).has_value() && message.events.size() == 1;
    view.follows = is_end ? "<01JDCVX5P00000000000000001@example.com>" : "";
  }
  if (story.events.front().type == lists::EventType::zone_blind) {
    message.coverage.blind.push_back(story.events.front().zone->id);
    --message.coverage.seeing;
    message.events.front().in_doubt = {3, test::at("2026-11-23T08:40:00Z"),
                                       test::at("2026-11-23T09:09:00Z")};
  }
  return message;
}

TEST_CASE("Webhook messages are as they were", "[golden]") {
  for (const Story& story : stories()) {
    if (story.events.size() > kReadable) {
      continue;  // each event by itself, which the other stories show
    }
    const HttpRequest request = render_webhook(message_of(story));
    CHECK(request.content_type == "application/json");
    check_golden(std::string("webhook_") + story.name + ".json", pretty(request.body));
  }
}

TEST_CASE("Slack messages are as they were", "[golden]") {
  for (const Story& story : stories()) {
    const HttpRequest request = render_slack(message_of(story));
    CHECK(request.content_type == "application/json");
    check_golden(std::string("slack_") + story.name + ".json", pretty(request.body));
  }
}

TEST_CASE("Mails are as they were", "[golden]") {
  for (const Story& story : stories()) {
    const MailMessage mail = render_email(test::email(), message_of(story));
    check_golden(std::string("email_") + story.name + ".eml", mail.message);
  }
}

}  // namespace
}  // namespace rblwatch::alerts
