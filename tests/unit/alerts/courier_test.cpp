// SPDX-License-Identifier: Apache-2.0
// Stories of the courier: grouping, order, retries, restarts, failures.
#include "alerts/courier.hpp"

#include <catch2/catch.hpp>

#include "fixtures.hpp"
#include "world.hpp"

namespace rblwatch::alerts {
namespace {

using core::Millis;
using core::Seconds;
using lists::EventType;
using test::types_in;
using test::World;

constexpr Seconds kMinute{60};
constexpr Seconds kHour{3600};

Receipt server_error(const Shipment&) {
  return Retry{"HTTP 500", std::nullopt, false};
}
Receipt gone(const Shipment&) {
  return Rejected{"HTTP 410"};
}

TEST_CASE("What happens within group_wait is one message") {
  World world({test::webhook()});
  world.happens(test::listed("192.0.2.10"));
  world.pass(Seconds(29));
  CHECK(world.carrier->shipped.empty());
  world.happens(test::listed("192.0.2.11"));
  world.pass(Seconds(2));
  REQUIRE(world.shipped_to("ops") == 1);
  CHECK(types_in(world.bodies("ops")[0]) == "listed listed");
  world.happens(test::listed("192.0.2.12"));
  world.pass(kMinute);
  CHECK(world.shipped_to("ops") == 2);
}

TEST_CASE("A listed and its delisted that both wait go out as one message that says both") {
  World world({test::webhook()});
  world.happens(test::listed());
  world.pass(Seconds(10));
  world.happens(test::delisted());
  world.pass(kMinute);
  REQUIRE(world.shipped_to("ops") == 1);
  CHECK(world.bodies("ops")[0].find("1 listed and delisted again") != std::string::npos);
}

TEST_CASE("A message about a range with exceptions counts what is watched of it") {
  World world({test::slack("chat")});
  world.courier->set_channels({test::slack("chat")}, {{"office-net", 240}});
  for (const lists::Event& event : test::of_range(4)) {
    world.happens(event);
  }
  world.pass(kMinute);
  REQUIRE(world.shipped_to("chat") == 1);
  CHECK(world.bodies("chat")[0].find("203.0.113.0/24: 4 of 240 watched on uceprotect-2") !=
        std::string::npos);
}

TEST_CASE("Nothing is sent before it is sealed") {
  World world({test::webhook()});
  world.happens(test::listed());
  world.outbox.broken = true;
  world.pass(kMinute);
  CHECK(world.carrier->shipped.empty());
  world.outbox.broken = false;
  world.pass(Seconds(10));
  CHECK(world.shipped_to("ops") == 1);
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 1);
}

TEST_CASE("A batch is a message of its own") {
  World world({test::webhook()});
  world.happens(test::listed("192.0.2.10"), "first-seen");
  world.happens(test::listed("192.0.2.11"), "first-seen");
  world.settle_down();
  REQUIRE(world.shipped_to("ops") == 1);
  CHECK(types_in(world.bodies("ops")[0]) == "listed listed");
}

TEST_CASE("A batch takes along what was waiting before it, in front of it") {
  World world({test::webhook()});
  world.happens(test::listed("192.0.2.10"));
  world.happens(test::delisted("192.0.2.10"), "released");
  world.settle_down();
  REQUIRE(world.shipped_to("ops") == 2);
  CHECK(types_in(world.bodies("ops")[0]) == "listed");
  CHECK(types_in(world.bodies("ops")[1]) == "delisted");
}

TEST_CASE("More events than one message bears are split, and the messages say so") {
  World world({test::webhook()});
  for (std::size_t i = 0; i <= Courier::kLargestMessage; ++i) {
    world.happens(test::listed("192.0.2.1"), "first-seen");
  }
  world.settle_down();
  REQUIRE(world.shipped_to("ops") == 2);
  CHECK(world.bodies("ops")[0].find("1000 listed (message 1 of 2)") != std::string::npos);
  CHECK(world.bodies("ops")[1].find("1 listed (message 2 of 2)") != std::string::npos);
}

TEST_CASE("A retry bears the same id and the same body") {
  World world({test::webhook()});
  world.carrier->answer = server_error;
  world.happens(test::listed());
  world.pass(kHour);
  REQUIRE(world.shipped_to("ops") > 5);
  for (const Shipment& shipment : world.carrier->shipped) {
    CHECK(shipment.delivery_id == world.carrier->shipped[0].delivery_id);
    CHECK(shipment.parcel == world.carrier->shipped[0].parcel);
  }
  const auto waiting = world.outbox.in_state(DeliveryState::waiting);
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].attempts == world.shipped_to("ops"));
  CHECK(waiting[0].response == "HTTP 500");
  CHECK(waiting[0].next_attempt_at > world.clock.now());
}

TEST_CASE("A delivery that was under way at a kill goes again, the same to the byte") {
  World world({test::webhook()});
  world.carrier->holds = [](const Shipment&) { return true; };
  world.happens(test::listed());
  world.pass(kMinute);
  REQUIRE(world.shipped_to("ops") == 1);
  world.restart();
  world.settle_down();
  REQUIRE(world.shipped_to("ops") == 2);
  CHECK(world.carrier->shipped[0].delivery_id == world.carrier->shipped[1].delivery_id);
  CHECK(world.carrier->shipped[0].parcel == world.carrier->shipped[1].parcel);
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 1);
}

TEST_CASE("Notices that weren't sealed at a kill are sealed by the next start") {
  World world({test::webhook()});
  world.happens(test::listed());
  world.restart();
  world.pass(kMinute);
  CHECK(world.shipped_to("ops") == 1);
}

TEST_CASE("A wait for the next attempt survives a restart") {
  World world({test::webhook()});
  world.carrier->answer = [](const Shipment&) {
    return Retry{"HTTP 503", std::optional<Millis>(Seconds(600)), false};
  };
  world.happens(test::listed());
  world.pass(kMinute);
  REQUIRE(world.shipped_to("ops") == 1);
  world.restart();
  world.pass(Seconds(500));
  CHECK(world.shipped_to("ops") == 1);
  world.pass(Seconds(120));
  CHECK(world.shipped_to("ops") == 2);
}

TEST_CASE("With a sink down for three hours and five restarts nothing is lost") {
  World world({test::webhook()});
  world.carrier->answer = server_error;
  world.happens(test::listed());
  for (int i = 0; i < 5; ++i) {
    world.pass(Seconds(2160));
    world.restart();
  }
  world.carrier->answer = [](const Shipment&) { return Delivered{"HTTP 200"}; };
  world.pass(Seconds(15 * 60));
  const auto delivered = world.outbox.in_state(DeliveryState::delivered);
  REQUIRE(delivered.size() == 1);
  CHECK(delivered[0].attempts == world.shipped_to("ops"));
  CHECK(delivered[0].attempts > 15);
}

TEST_CASE("Events of one subject arrive in order, whatever fails") {
  World world({test::webhook()});
  int calls = 0;
  world.carrier->answer = [&](const Shipment&) -> Receipt {
    return ++calls <= 4 ? Receipt(Retry{"HTTP 500", std::nullopt, false})
                        : Receipt(Delivered{"HTTP 200"});
  };
  world.happens(test::listed());
  world.pass(Seconds(31));
  world.happens(test::delisted());
  world.pass(kHour);
  const auto bodies = world.bodies("ops");
  REQUIRE(bodies.size() == 6);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(types_in(bodies[i]) == "listed");
  }
  CHECK(types_in(bodies[5]) == "delisted");
}

TEST_CASE("A message that the server can't digest holds up only its own subjects") {
  World world({test::webhook()});
  const auto is_poison = [](const Shipment& shipment) {
    return std::get<HttpRequest>(shipment.parcel).body.find("192.0.2.66") != std::string::npos;
  };
  world.carrier->answer = [&](const Shipment& shipment) -> Receipt {
    return is_poison(shipment) ? server_error(shipment) : Receipt(Delivered{"HTTP 200"});
  };
  world.happens(test::listed("192.0.2.66"));
  world.pass(kMinute);
  world.happens(test::listed("192.0.2.10"));
  world.pass(kMinute);
  world.happens(test::delisted("192.0.2.66"));
  world.pass(kMinute);
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 1);
  CHECK(world.outbox.in_state(DeliveryState::waiting).size() == 2);
}

TEST_CASE("A success brings the channel's waiting deliveries forward") {
  World world({test::webhook()});
  world.carrier->answer = server_error;
  world.happens(test::listed("192.0.2.10"));
  world.pass(2 * kHour);
  while (world.courier->next_due() < world.clock.now() + Seconds(40)) {
    world.pass(Seconds(40));
  }
  world.carrier->answer = [](const Shipment&) { return Delivered{"HTTP 200"}; };
  const std::size_t before = world.shipped_to("ops");
  world.happens(test::listed("192.0.2.11"));
  world.pass(Seconds(31));
  CHECK(world.shipped_to("ops") == before + 2);
  CHECK(world.outbox.in_state(DeliveryState::waiting).empty());
}

TEST_CASE("Retry-After holds the whole channel, and nobody else's") {
  World world({test::webhook("ops"), test::webhook("other")});
  world.carrier->answer = [](const Shipment& shipment) -> Receipt {
    if (shipment.channel.name == "other") {
      return Delivered{"HTTP 200"};
    }
    return Retry{"HTTP 429", std::optional<Millis>(Seconds(300)), false};
  };
  world.happens(test::listed("192.0.2.10"));
  world.pass(Seconds(31));
  world.happens(test::listed("192.0.2.11"));
  world.pass(Seconds(200));
  CHECK(world.shipped_to("ops") == 1);
  CHECK(world.shipped_to("other") == 2);
  world.carrier->answer = [](const Shipment&) { return Delivered{"HTTP 200"}; };
  world.pass(Seconds(120));
  CHECK(world.shipped_to("ops") == 3);
}

TEST_CASE("A channel that hangs delays no other") {
  World world({test::webhook("dead"), test::webhook("ops")});
  world.carrier->holds = [](const Shipment& shipment) { return shipment.channel.name == "dead"; };
  for (int i = 0; i < 20; ++i) {
    world.happens(test::listed("192.0.2." + std::to_string(i)));
    world.pass(Seconds(31));
  }
  CHECK(world.shipped_to("dead") == 4);
  CHECK(world.shipped_to("ops") == 20);
}

TEST_CASE("A rejected delivery has failed, and the other channels are told") {
  World world({test::webhook("ops"), test::webhook("other")});
  world.carrier->answer = [](const Shipment& shipment) -> Receipt {
    return shipment.channel.name == "ops" ? gone(shipment) : Receipt(Delivered{"HTTP 200"});
  };
  world.happens(test::listed());
  world.pass(2 * kMinute);
  const auto failed = world.outbox.in_state(DeliveryState::failed);
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].channel == "ops");
  CHECK(failed[0].response == "HTTP 410");
  CHECK_FALSE(failed[0].next_attempt_at.has_value());
  const auto events = world.outbox.events_of(EventType::channel_failed);
  REQUIRE(events.size() == 1);
  CHECK(events[0].channel == "ops");
  CHECK(events[0].cause == "HTTP 410");
  CHECK(events[0].severity == lists::Severity::high);
  CHECK(world.shipped_to("ops") == 1);
  REQUIRE(world.shipped_to("other") == 2);
  CHECK(types_in(world.bodies("other")[1]) == "channel_failed");
}

TEST_CASE("What can't be delivered for three days has failed") {
  World world({test::webhook("ops"), test::webhook("other")});
  world.carrier->answer = [](const Shipment& shipment) -> Receipt {
    return shipment.channel.name == "ops" ? server_error(shipment) : Receipt(Delivered{"HTTP 200"});
  };
  world.happens(test::listed());
  world.pass(Seconds(3 * 86'400 - 1000));
  CHECK(world.outbox.in_state(DeliveryState::failed).empty());
  world.pass(Seconds(2000));
  CHECK(world.outbox.in_state(DeliveryState::failed).size() == 1);
  CHECK(world.outbox.events_of(EventType::channel_failed).size() == 1);
}

TEST_CASE("Two dead channels don't tell of each other for ever") {
  World world({test::webhook("a"), test::webhook("b"), test::webhook("c")});
  world.carrier->answer = gone;
  world.happens(test::listed());
  world.pass(Seconds(86'400));
  const std::size_t told = world.outbox.events_of(EventType::channel_failed).size();
  CHECK(told == 3);
  CHECK(world.carrier->shipped.size() < 12);
}

TEST_CASE("A failed channel with nobody else to tell is still an event") {
  World world({test::webhook()});
  world.carrier->answer = gone;
  world.happens(test::listed());
  world.pass(kMinute);
  CHECK(world.outbox.events_of(EventType::channel_failed).size() == 1);
  CHECK(world.outbox.notices.empty());
}

TEST_CASE("Deliveries to a channel that is gone are dropped, and so is what waits unsealed") {
  World world({test::webhook("ops"), test::webhook("other")});
  world.carrier->answer = server_error;
  world.happens(test::listed("192.0.2.10"));
  world.pass(kMinute);
  world.happens(test::listed("192.0.2.11"));
  world.set_channels({test::webhook("other")});
  world.pass(kMinute);
  const auto dropped = world.outbox.in_state(DeliveryState::dropped);
  REQUIRE(dropped.size() == 2);
  CHECK(dropped[0].response == "the channel is not configured any more");
  CHECK(world.outbox.notices.empty());
}

TEST_CASE("A channel that was mended is tried at once") {
  World world({test::webhook()});
  world.carrier->answer = server_error;
  world.happens(test::listed());
  world.pass(2 * kHour);
  world.carrier->answer = [](const Shipment&) { return Delivered{"HTTP 200"}; };
  Channel mended = test::webhook();
  mended.url = core::Secret("https://alerts.example/new");
  world.set_channels({mended});
  world.settle_down();
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 1);
  CHECK(world.carrier->shipped.back().channel.url.reveal() == "https://alerts.example/new");
}

TEST_CASE("A message sealed for another type of channel has failed") {
  World world({test::webhook()});
  world.carrier->answer = server_error;
  world.happens(test::listed());
  world.pass(kMinute);
  world.set_channels({test::email("ops")});
  world.pass(kMinute);
  CHECK(world.outbox.in_state(DeliveryState::failed).size() == 1);
}

TEST_CASE("The end of a delivery that can't be stored is stored later, and isn't sent again") {
  World world({test::webhook()});
  world.carrier->holds = [](const Shipment&) { return true; };
  world.happens(test::listed());
  world.pass(Seconds(31));
  world.outbox.broken = true;
  world.carrier->release();
  world.pass(kMinute);
  CHECK(world.outbox.in_state(DeliveryState::waiting).size() == 1);
  world.outbox.broken = false;
  world.pass(Seconds(10));
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 1);
  CHECK(world.shipped_to("ops") == 1);
}

TEST_CASE("A delivery sent again or dropped by the operator is seen after a reload") {
  World world({test::webhook()});
  world.carrier->answer = server_error;
  world.happens(test::listed("192.0.2.10"));
  world.pass(Seconds(31));
  world.happens(test::listed("192.0.2.11"));
  world.pass(Seconds(31));
  REQUIRE(world.outbox.deliveries.size() == 2);
  world.outbox.deliveries[0].state = DeliveryState::dropped;
  Delivery again = world.outbox.deliveries[1];
  again.id = "01AGAIN";
  again.next_attempt_at = world.clock.now();
  world.outbox.deliveries.push_back(again);
  const auto before = world.shipped_to("ops");
  world.carrier->answer = [](const Shipment&) { return Delivered{"HTTP 200"}; };
  world.courier->reload();
  world.pass(kHour);
  CHECK(world.shipped_to("ops") == before + 2);
  CHECK(world.outbox.in_state(DeliveryState::dropped).size() == 1);
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 2);
}

TEST_CASE("A delivery that was dropped while under way is over with its answer") {
  World world({test::webhook()});
  world.carrier->holds = [](const Shipment&) { return true; };
  world.carrier->answer = server_error;
  world.happens(test::listed());
  world.pass(Seconds(31));
  world.outbox.deliveries[0].state = DeliveryState::dropped;
  world.courier->reload();
  world.settle_down();
  world.carrier->release();
  world.pass(kHour);
  CHECK(world.shipped_to("ops") == 1);
  CHECK(world.outbox.in_state(DeliveryState::dropped).size() == 1);
  CHECK(world.outbox.events_of(EventType::channel_failed).empty());
}

TEST_CASE("What can't be stored is told from memory") {
  World world({test::webhook(), test::email()});
  world.outbox.broken = true;
  world.settle_down();
  lists::Event event;
  event.type = EventType::storage_failed;
  event.severity = lists::Severity::high;
  event.cause = "database or disk is full";
  world.courier->tell_unrecorded(event, test::coverage());
  world.settle_down();
  REQUIRE(world.shipped_to("ops") == 1);
  CHECK(types_in(world.bodies("ops")[0]) == "storage_failed");
  CHECK(world.shipped_to("mail") == 1);
  CHECK(world.outbox.deliveries.empty());
}

TEST_CASE("A wall clock that is set neither stalls nor rushes") {
  World world({test::webhook()});
  world.happens(test::listed("192.0.2.10"));
  world.settle_down();
  world.clock.jump(-kHour * 24 * 365);
  world.pass(Seconds(31));
  CHECK(world.shipped_to("ops") == 1);
  world.carrier->answer = server_error;
  world.happens(test::listed("192.0.2.11"));
  world.pass(Seconds(31));
  world.clock.jump(kHour * 24 * 3650);
  world.pass(kHour);
  CHECK(world.outbox.in_state(DeliveryState::failed).empty());
  CHECK(world.outbox.in_state(DeliveryState::waiting).size() == 1);
}

TEST_CASE("The courier sleeps until something is due") {
  World world({test::webhook()});
  world.settle_down();
  CHECK(world.courier->next_due() > world.clock.now() + kHour * 24);
  world.courier->turn(Millis(1234));
  CHECK(world.carrier->last_wait == Millis(1234));
  world.happens(test::listed());
  world.settle_down();
  CHECK(world.courier->next_due() == world.clock.now() + Seconds(30));
  world.courier->turn(kMinute);
  CHECK(world.carrier->last_wait == Seconds(30));
}

TEST_CASE("A thousand events through a sink that fails three times in ten all arrive, in order") {
  World world({test::webhook()});
  core::SeededRandom chance(42);
  std::vector<std::string> arrived;
  world.carrier->answer = [&](const Shipment& shipment) -> Receipt {
    const std::uint64_t dice = chance.below(10);
    if (dice >= 2) {
      arrived.push_back(shipment.delivery_id);
    }
    // One in ten is taken, and the answer lost.
    return dice < 3 ? Receipt(Retry{"HTTP 500", std::nullopt, false})
                    : Receipt(Delivered{"HTTP 200"});
  };
  for (int i = 0; i < 1'000; ++i) {
    const std::string subject = "192.0.2." + std::to_string(i % 7);
    world.happens(i % 2 == 0 ? test::listed(subject) : test::delisted(subject));
    world.pass(Seconds(31));
    if (i % 97 == 0) {
      world.restart();
    }
  }
  world.pass(kHour);
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 1'000);
  const std::set<std::string> distinct(arrived.begin(), arrived.end());
  CHECK(distinct.size() == 1'000);
}

}  // namespace
}  // namespace rblwatch::alerts
