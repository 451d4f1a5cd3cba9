// SPDX-License-Identifier: Apache-2.0
//
// A courier's world without disk, network or time: an outbox that survives the courier, a carrier
// that does what the test says, and clocks moved by hand. Whole stories run in it, restarts
// included.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "alerts/courier.hpp"
#include "core/random.hpp"

namespace rblwatch::alerts::test {

class HandClock final : public core::Clock {
 public:
  HandClock();
  core::Timestamp now() const override { return now_; }
  core::Tick tick() const override { return tick_; }
  void advance(core::Millis by) {
    now_ += by;
    tick_ += by;
  }
  /// Somebody sets the wall clock.
  void jump(core::Millis by) { now_ += by; }

 private:
  core::Timestamp now_;
  core::Tick tick_{core::Micros(1'000'000'000)};
};

/// Rule 12's three tables, in memory. Fails on purpose while `broken` is set.
class MemoryOutbox final : public Outbox {
 public:
  core::Result<std::vector<Notice>> unsealed() override;
  core::Result<Notification> compose(std::span<const Notice> notices) override;
  core::Result<void> seal(const Delivery& delivery, std::span<const Notice> notices) override;
  core::Result<std::vector<Delivery>> waiting() override;
  core::Result<void> settle(const Delivery& delivery, std::span<const lists::Event> events,
                            std::span<const Notice> notices) override;

  /// What the monitor does: the event and its notices in one step. Gives the event's id.
  std::int64_t commit(lists::Event event, std::vector<Notice> notices);
  std::vector<Delivery> in_state(DeliveryState state) const;
  std::vector<lists::Event> events_of(lists::EventType type) const;

  bool broken = false;
  std::vector<lists::Event> events;
  std::vector<Notice> notices;  // unsealed
  std::vector<Delivery> deliveries;
};

/// Answers each shipment at once by `answer`, or keeps it until release() while `holds` says so.
class ScriptedCarrier final : public Carrier {
 public:
  void ship(Shipment shipment) override;
  std::vector<Arrival> wait(core::Millis at_most) override;
  void wake() override {}
  /// Answers what is held for this channel ("" = all).
  void release(const std::string& channel = "");

  std::function<Receipt(const Shipment&)> answer = [](const Shipment&) {
    return Delivered{"HTTP 200"};
  };
  std::function<bool(const Shipment&)> holds = [](const Shipment&) { return false; };
  std::vector<Shipment> shipped;  // all, in order
  core::Millis last_wait{0};

 private:
  std::deque<Shipment> held_;
  std::vector<Arrival> arrivals_;
};

class World {
 public:
  explicit World(std::vector<Channel> channels);

  /// The monitor believes an event: committed with its notices, the courier nudged.
  std::int64_t happens(lists::Event event, const std::string& batch = "");
  /// Turns until nothing is due now.
  void settle_down();
  /// Moves time in steps to what is due next, and turns.
  void pass(core::Millis time);
  /// kill -9 and a new start: what was under way is lost, what was stored is not.
  void restart();
  void set_channels(std::vector<Channel> channels);

  /// Bodies shipped to a channel, in order.
  std::vector<std::string> bodies(const std::string& channel) const;
  std::size_t shipped_to(const std::string& channel) const { return bodies(channel).size(); }

  HandClock clock;
  MemoryOutbox outbox;
  std::unique_ptr<ScriptedCarrier> carrier;
  std::unique_ptr<Courier> courier;

 private:
  std::vector<Channel> channels_;
  core::SeededRandom random_{7};
};

/// The types of the events in a webhook message: "listed delisted".
std::string types_in(const std::string& body);

}  // namespace rblwatch::alerts::test
