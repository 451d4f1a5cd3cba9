// SPDX-License-Identifier: Apache-2.0
// Stories of the courier over a restart: which waits go on, whatever the wall clock did meanwhile.
#include <catch2/catch.hpp>

#include "fixtures.hpp"
#include "world.hpp"

namespace rblwatch::alerts {
namespace {

using core::Millis;
using core::Seconds;
using lists::EventType;
using test::World;

constexpr Seconds kOneMinute{60};
constexpr Seconds kOneDay{86'400};

Receipt is_broken(const Shipment&) {
  return Retry{"HTTP 500", std::nullopt, false};
}
Receipt is_fine(const Shipment&) {
  return Delivered{"HTTP 200"};
}

TEST_CASE("A clock that was set back before a restart makes no long wait of a short one") {
  World world({test::webhook()});
  world.carrier->answer = is_broken;
  world.happens(test::listed());
  world.pass(Seconds(40));  // some attempts: the next pause is of seconds
  world.clock.jump(-30 * kOneDay);
  world.restart();
  world.carrier->answer = is_fine;
  world.pass(kOneMinute);
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 1);
}

TEST_CASE("A wait that a clock set back has not begun yet starts anew, at its own length") {
  World world({test::webhook()});
  world.carrier->answer = [](const Shipment&) {
    return Retry{"HTTP 503", std::optional<Millis>(Seconds(600)), false};
  };
  world.happens(test::listed());
  world.pass(Seconds(31));
  world.pass(Seconds(500));
  world.clock.jump(-kOneDay);
  world.restart();
  world.pass(Seconds(590));
  CHECK(world.shipped_to("ops") == 1);
  world.pass(Seconds(15));
  CHECK(world.shipped_to("ops") == 2);
}

TEST_CASE("A clock that was set ahead over a restart uses up none of the three days") {
  World world({test::webhook()});
  world.carrier->answer = is_broken;
  world.happens(test::listed());
  world.pass(kOneMinute);
  world.clock.jump(20 * kOneDay);
  world.restart();
  world.pass(2 * kOneDay);
  CHECK(world.outbox.in_state(DeliveryState::failed).empty());
  CHECK(world.outbox.in_state(DeliveryState::waiting).size() == 1);
  world.pass(kOneDay + 30 * kOneMinute);
  CHECK(world.outbox.in_state(DeliveryState::failed).size() == 1);
}

TEST_CASE("A clock that was set ahead while it was tried uses up none of the three days") {
  World world({test::webhook()});
  world.carrier->holds = [](const Shipment&) { return true; };
  world.happens(test::listed());
  world.pass(Seconds(31));
  world.clock.jump(20'000 * kOneDay);  // NTP, on a machine that started in 1970
  world.carrier->answer = is_broken;
  world.carrier->release();
  world.pass(kOneMinute);
  world.restart();
  world.pass(2 * kOneDay);
  CHECK(world.outbox.in_state(DeliveryState::failed).empty());
  CHECK(world.outbox.in_state(DeliveryState::waiting).size() == 1);
}

TEST_CASE("The three days of trying go on over restarts") {
  World world({test::webhook()});
  world.carrier->answer = is_broken;
  world.happens(test::listed());
  for (int hours = 0; hours < 71; ++hours) {
    world.pass(Seconds(3600));
    world.restart();
  }
  CHECK(world.outbox.in_state(DeliveryState::failed).empty());
  world.pass(Seconds(2 * 3600));
  CHECK(world.outbox.in_state(DeliveryState::failed).size() == 1);
}

TEST_CASE("A channel that was told to wait is left alone over a restart") {
  World world({test::webhook()});
  world.carrier->answer = [](const Shipment&) {
    return Retry{"HTTP 503", std::optional<Millis>(Seconds(600)), false};
  };
  world.happens(test::listed("192.0.2.10"));
  world.pass(Seconds(31));
  world.restart();
  world.carrier->answer = is_fine;
  world.happens(test::listed("192.0.2.11"));
  world.pass(Seconds(590));
  CHECK(world.shipped_to("ops") == 1);
  world.pass(Seconds(20));
  CHECK(world.shipped_to("ops") == 3);
}

TEST_CASE("A deferred mail has its minute, though another one is taken meanwhile") {
  for (const bool is_restarted : {false, true}) {
    INFO(is_restarted);
    World world({test::email()});
    world.carrier->answer = [](const Shipment& shipment) -> Receipt {
      const bool is_deferred =
          std::get<MailMessage>(shipment.parcel).message.find("listed: 192.0.2.66") !=
          std::string::npos;
      return is_deferred ? Receipt(Retry{"450 later", std::nullopt, true}) : is_fine(shipment);
    };
    world.happens(test::listed("192.0.2.66"));
    world.pass(Seconds(31));
    REQUIRE(world.shipped_to("mail") == 1);
    if (is_restarted) {
      world.restart();
    }
    world.happens(test::listed("192.0.2.11"));
    world.pass(Seconds(55));  // its group_wait is 30 s
    CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 1);
    CHECK(world.shipped_to("mail") == 2);
    world.pass(Seconds(10));
    CHECK(world.shipped_to("mail") == 3);
  }
}

}  // namespace
}  // namespace rblwatch::alerts
