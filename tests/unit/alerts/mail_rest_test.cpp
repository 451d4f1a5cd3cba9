// SPDX-License-Identifier: Apache-2.0
// Stories of mails that some recipients take and others don't.
#include <map>

#include <catch2/catch.hpp>

#include "core/text.hpp"
#include "fixtures.hpp"
#include "world.hpp"

namespace rblwatch::alerts {
namespace {

using core::Seconds;
using lists::EventType;
using test::World;

using Names = std::vector<std::string>;

constexpr Seconds kAnHour{3600};

/// A mail server whose mailboxes take what comes, or say what the test wants them to.
class Mailboxes {
 public:
  explicit Mailboxes(World& world) { answer_to(world); }
  void answer_to(World& world) {
    world.carrier->answer = [this](const Shipment& shipment) { return take(shipment); };
  }
  /// "450", "550"; "" = takes it.
  std::map<std::string, std::string> says;
  std::string refuses_all;           // the reply to whoever comes: a password, a sender
  std::map<std::string, Names> got;  // deliveries, by recipient
  std::vector<Names> asked;          // recipients, by attempt

 private:
  Receipt take(const Shipment& shipment) {
    asked.push_back(shipment.to);
    if (!refuses_all.empty()) {
      return Rejected{refuses_all};
    }
    Names takers;
    Names later;
    Names never;
    for (const std::string& to : shipment.to) {
      const std::string& reply = says[to];
      (reply == "450" ? later : reply == "550" ? never : takers).push_back(to);
    }
    if (takers.empty()) {
      return later.empty() ? Receipt(Rejected{"550 " + never.back(), true})
                           : Receipt(Retry{"450 " + later.front(), std::nullopt, true});
    }
    for (const std::string& to : takers) {
      got[to].push_back(shipment.delivery_id);
    }
    if (later.empty()) {
      return Delivered{"250 kept"};
    }
    return Retry{"250 kept", std::nullopt, true, later, core::join(never, ", ")};
  }
};

Channel mail_channel(Names to) {
  Channel channel = test::email();
  channel.to = std::move(to);
  return channel;
}

TEST_CASE("Who defers a mail gets it later, and nobody gets it twice") {
  World world({mail_channel({"a@x.test", "b@x.test", "c@x.test"})});
  Mailboxes boxes(world);
  boxes.says["b@x.test"] = "450";
  world.happens(test::listed());
  world.pass(Seconds(31));
  CHECK(boxes.asked == std::vector<Names>{{"a@x.test", "b@x.test", "c@x.test"}});
  CHECK(world.outbox.in_state(DeliveryState::waiting).size() == 1);
  world.pass(Seconds(58));
  CHECK(boxes.asked.size() == 1);
  world.pass(Seconds(3));
  CHECK(boxes.asked.back() == Names{"b@x.test"});
  boxes.says.clear();
  world.pass(kAnHour);
  CHECK(boxes.asked.size() == 3);
  CHECK(boxes.asked.back() == Names{"b@x.test"});
  for (const char* to : {"a@x.test", "b@x.test", "c@x.test"}) {
    CHECK(boxes.got[to].size() == 1);
  }
  const auto delivered = world.outbox.in_state(DeliveryState::delivered);
  REQUIRE(delivered.size() == 1);
  CHECK(delivered[0].attempts == 3);
}

TEST_CASE("A mailbox that defers holds up nobody else, and gets everything in order") {
  World world({mail_channel({"a@x.test", "b@x.test"})});
  Mailboxes boxes(world);
  boxes.says["b@x.test"] = "450";
  world.happens(test::listed());
  world.pass(Seconds(31));
  world.happens(test::delisted());
  world.pass(Seconds(31));
  world.happens(test::listed());
  world.pass(kAnHour);
  CHECK(boxes.got["a@x.test"].size() == 3);
  CHECK(boxes.got["b@x.test"].empty());
  CHECK(world.outbox.in_state(DeliveryState::waiting).size() == 3);
  CHECK(world.outbox.in_state(DeliveryState::waiting)[1].response ==
        "250 kept; behind an earlier mail: b@x.test");
  boxes.says.clear();
  world.pass(kAnHour);
  CHECK(boxes.got["b@x.test"] == boxes.got["a@x.test"]);
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 3);
}

TEST_CASE("What refuses the whole mail is a failure, whoever has it or waits for an earlier one") {
  World world({mail_channel({"a@x.test", "b@x.test"})});
  Mailboxes boxes(world);
  boxes.says["b@x.test"] = "450";
  world.happens(test::listed());
  world.pass(Seconds(31));
  boxes.refuses_all = "535 no such user";
  world.happens(test::delisted());
  world.pass(Seconds(31));
  REQUIRE(world.outbox.in_state(DeliveryState::failed).size() == 1);
  CHECK(world.outbox.in_state(DeliveryState::failed)[0].response == "535 no such user");
  world.pass(kAnHour);
  CHECK(world.outbox.in_state(DeliveryState::failed).size() == 2);  // b lacks the first one, too
}

TEST_CASE("Whoever defers what, each recipient gets every mail, once and in order") {
  const Names everybody{"a@x.test", "b@x.test", "c@x.test"};
  World world({mail_channel(everybody)});
  Mailboxes boxes(world);
  core::SeededRandom chance(11);
  for (int i = 0; i < 200; ++i) {
    for (const std::string& to : everybody) {
      boxes.says[to] = chance.below(3) == 0 ? "450" : "";
    }
    const std::string subject = "192.0.2." + std::to_string(i % 3);
    world.happens(test::listed(subject));
    world.pass(Seconds(31));
  }
  boxes.says.clear();
  world.pass(kAnHour);
  std::map<std::string, std::string> subjects;  // by delivery
  for (const Delivery& delivery : world.outbox.deliveries) {
    CHECK(delivery.state == DeliveryState::delivered);
    subjects[delivery.id] =
        world.outbox.events.at(static_cast<std::size_t>(delivery.events.front() - 1)).subject;
  }
  for (const std::string& to : everybody) {
    std::map<std::string, Names> by_subject;
    for (const std::string& delivery : boxes.got[to]) {
      by_subject[subjects[delivery]].push_back(delivery);
    }
    CHECK(boxes.got[to].size() == world.outbox.deliveries.size());
    for (const auto& [subject, deliveries] : by_subject) {
      // Ids grow with time; none is there twice.
      CHECK(std::adjacent_find(deliveries.begin(), deliveries.end(), std::greater_equal<>()) ==
            deliveries.end());
    }
  }
}

TEST_CASE("Who refuses for good a mail that others took is named, and not asked again") {
  World world({mail_channel({"a@x.test", "b@x.test", "c@x.test"})});
  Mailboxes boxes(world);
  boxes.says["b@x.test"] = "450";
  boxes.says["c@x.test"] = "550";
  world.happens(test::listed());
  world.pass(Seconds(31));
  boxes.says["b@x.test"] = "550";
  world.pass(kAnHour);
  CHECK(boxes.asked == std::vector<Names>{{"a@x.test", "b@x.test", "c@x.test"}, {"b@x.test"}});
  const auto delivered = world.outbox.in_state(DeliveryState::delivered);
  REQUIRE(delivered.size() == 1);
  CHECK(delivered[0].response == "taken by the others; refused: c@x.test, 550 b@x.test");
  CHECK(world.outbox.events_of(EventType::channel_failed).empty());
}

TEST_CASE("A mail that a recipient defers for three days has failed") {
  World world({mail_channel({"a@x.test", "b@x.test"})});
  Mailboxes boxes(world);
  boxes.says["b@x.test"] = "450";
  world.happens(test::listed());
  world.pass(73 * kAnHour);
  const auto failed = world.outbox.in_state(DeliveryState::failed);
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].response == "450 b@x.test");
  CHECK(world.outbox.events_of(EventType::channel_failed).size() == 1);
  CHECK(boxes.got["a@x.test"].size() == 1);
}

TEST_CASE("A mail that nobody takes has failed, though they were asked one after the other") {
  World world({mail_channel({"a@x.test", "b@x.test"})});
  Mailboxes boxes(world);
  boxes.says["b@x.test"] = "450";
  world.happens(test::listed());
  world.pass(Seconds(31));
  boxes.says["a@x.test"] = "550";
  world.happens(test::delisted());
  world.pass(Seconds(31));
  CHECK(boxes.asked.back() == Names{"a@x.test"});
  CHECK(world.outbox.in_state(DeliveryState::failed).empty());
  boxes.says["b@x.test"] = "550";
  world.pass(kAnHour);
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 1);
  CHECK(world.outbox.in_state(DeliveryState::failed).size() == 1);
}

TEST_CASE("After a restart a mail that somebody lacks goes to all again") {
  World world({mail_channel({"a@x.test", "b@x.test"})});
  Mailboxes boxes(world);
  boxes.says["b@x.test"] = "450";
  world.happens(test::listed());
  world.pass(Seconds(31));
  world.restart();
  boxes.says.clear();
  world.pass(kAnHour);
  CHECK(boxes.got["a@x.test"].size() == 2);
  CHECK(boxes.got["b@x.test"].size() == 1);
}

TEST_CASE("Who is taken out of a channel gets no more of its mails") {
  World world({mail_channel({"a@x.test", "b@x.test"})});
  Mailboxes boxes(world);
  boxes.says["b@x.test"] = "450";
  world.happens(test::listed());
  world.pass(Seconds(31));
  world.set_channels({mail_channel({"a@x.test"})});
  boxes.says.clear();
  world.pass(kAnHour);
  CHECK(boxes.asked.size() == 1);
  CHECK(world.outbox.in_state(DeliveryState::delivered).size() == 1);
}

}  // namespace
}  // namespace rblwatch::alerts
