// SPDX-License-Identifier: Apache-2.0
#include "alerts/route.hpp"

#include <catch2/catch.hpp>

#include "fixtures.hpp"

namespace rblwatch::alerts {
namespace {

using lists::EventType;
using lists::Purpose;
using lists::Severity;

lists::Event with_purpose(Purpose purpose) {
  lists::Event event = test::listed();
  event.zone->purpose = purpose;
  return event;
}

TEST_CASE("A channel wants everything but retired unless it says what") {
  for (const auto& [type, word] : core::EnumWords<EventType>::table) {
    INFO(word);
    lists::Event event = test::listed();
    event.type = type;
    CHECK(is_wanted(test::webhook(), event) == (type != EventType::retired));
  }
  Channel channel = test::webhook();
  channel.events = {EventType::retired};
  lists::Event retired = test::listed();
  retired.type = EventType::retired;
  CHECK(is_wanted(channel, retired));
  CHECK_FALSE(is_wanted(channel, test::listed()));
}

TEST_CASE("Info listings go only to channels that ask for them") {
  Channel channel = test::webhook();
  CHECK(is_wanted(channel, with_purpose(Purpose::block)));
  CHECK(is_wanted(channel, with_purpose(Purpose::allow)));
  CHECK_FALSE(is_wanted(channel, with_purpose(Purpose::info)));
  channel.purposes = {Purpose::info};
  CHECK(is_wanted(channel, with_purpose(Purpose::info)));
  CHECK_FALSE(is_wanted(channel, with_purpose(Purpose::block)));
}

TEST_CASE("Purposes choose among listings, not among zones that can't be seen") {
  lists::Event blind = test::zone_blind();
  blind.zone->purpose = Purpose::info;
  CHECK(is_wanted(test::webhook(), blind));
}

TEST_CASE("A channel hears nothing below its severity") {
  Channel channel = test::webhook();
  channel.min_severity = Severity::medium;
  lists::Event event = test::listed();
  event.severity = Severity::low;
  CHECK_FALSE(is_wanted(channel, event));
  event.severity = Severity::medium;
  CHECK(is_wanted(channel, event));
  event.severity = Severity::high;
  CHECK(is_wanted(channel, event));
}

TEST_CASE("A channel with tags hears of targets that bear one of them") {
  Channel channel = test::webhook();
  channel.tags = {"inbound", "outbound"};
  CHECK(is_wanted(channel, test::listed()));
  channel.tags = {"inbound"};
  CHECK_FALSE(is_wanted(channel, test::listed()));
}

TEST_CASE("Events without a target go to channels without tags") {
  Channel channel = test::webhook();
  CHECK(is_wanted(channel, test::zone_blind()));
  channel.tags = {"outbound"};
  CHECK_FALSE(is_wanted(channel, test::zone_blind()));
}

TEST_CASE("A channel's failure is told to all the others") {
  const std::vector<Channel> channels{test::webhook("a"), test::webhook("b"), test::email("c")};
  const auto notices = route(test::channel_failed("b"), channels, test::at("2026-11-23T09:12:00Z"));
  REQUIRE(notices.size() == 2);
  CHECK(notices[0].channel == "a");
  CHECK(notices[1].channel == "c");
}

TEST_CASE("A notice is due after its channel's group_wait") {
  Channel quick = test::webhook("quick");
  quick.group_wait = core::Millis(0);
  const auto now = test::at("2026-11-23T09:12:00Z");
  const auto notices =
      route(test::listed(), std::vector<Channel>{test::webhook("ops"), quick}, now);
  REQUIRE(notices.size() == 2);
  CHECK(notices[0].due_at == now + core::Seconds(30));
  CHECK(notices[0].event_id == 17);
  CHECK(notices[0].batch.empty());
  CHECK(notices[1].due_at == now);
}

}  // namespace
}  // namespace rblwatch::alerts
