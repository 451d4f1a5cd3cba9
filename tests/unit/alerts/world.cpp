// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "fixtures.hpp"

namespace rblwatch::alerts::test {
namespace {

tl::unexpected<core::Error> disk_full() {
  return core::fail(core::Error::Kind::io, "database or disk is full");
}

}  // namespace

HandClock::HandClock() : now_(at("2026-11-23T09:10:00Z")) {}

// --- outbox ---

core::Result<std::vector<Notice>> MemoryOutbox::unsealed() {
  if (broken) {
    return disk_full();
  }
  return notices;
}

core::Result<Notification> MemoryOutbox::compose(std::span<const Notice> some) {
  if (broken) {
    return disk_full();
  }
  Notification notification;
  for (const lists::Event& event : events) {
    const bool is_wanted = std::any_of(some.begin(), some.end(), [&](const Notice& notice) {
      return notice.event_id == event.id;
    });
    if (is_wanted) {
      notification.events.push_back({event, {}});
    }
  }
  notification.coverage = coverage();
  return notification;
}

core::Result<void> MemoryOutbox::seal(const Delivery& delivery, std::span<const Notice> some) {
  if (broken) {
    return disk_full();
  }
  CHECK(delivery.state == DeliveryState::waiting);
  deliveries.push_back(delivery);
  for (const Notice& sealed : some) {
    const auto gone =
        std::erase_if(notices, [&](const Notice& notice) { return notice.id == sealed.id; });
    CHECK(gone == 1);
  }
  return {};
}

core::Result<std::vector<Delivery>> MemoryOutbox::waiting() {
  if (broken) {
    return disk_full();
  }
  return in_state(DeliveryState::waiting);
}

core::Result<void> MemoryOutbox::settle(const Delivery& delivery,
                                        std::span<const lists::Event> new_events,
                                        std::span<const Notice> new_notices) {
  if (broken) {
    return disk_full();
  }
  const auto found = std::find_if(deliveries.begin(), deliveries.end(),
                                  [&](const Delivery& known) { return known.id == delivery.id; });
  REQUIRE(found != deliveries.end());
  CHECK(found->parcel == delivery.parcel);
  *found = delivery;
  for (std::size_t i = 0; i < new_events.size(); ++i) {
    std::vector<Notice> its;
    std::copy_if(new_notices.begin(), new_notices.end(), std::back_inserter(its),
                 [&](const Notice& notice) { return notice.event_offset == i; });
    commit(new_events[i], its);
  }
  return {};
}

std::int64_t MemoryOutbox::commit(lists::Event event, std::vector<Notice> its) {
  event.id = static_cast<std::int64_t>(events.size()) + 1;
  for (Notice& notice : its) {
    static std::int64_t last = 0;
    notice.id = ++last;
    notice.event_id = event.id;
    notices.push_back(notice);
  }
  events.push_back(event);
  return event.id;
}

std::vector<Delivery> MemoryOutbox::in_state(DeliveryState state) const {
  std::vector<Delivery> some;
  std::copy_if(deliveries.begin(), deliveries.end(), std::back_inserter(some),
               [&](const Delivery& delivery) { return delivery.state == state; });
  return some;
}

std::vector<lists::Event> MemoryOutbox::events_of(lists::EventType type) const {
  std::vector<lists::Event> some;
  std::copy_if(events.begin(), events.end(), std::back_inserter(some),
               [&](const lists::Event& event) { return event.type == type; });
  return some;
}

// --- carrier ---

void ScriptedCarrier::ship(Shipment shipment) {
  shipped.push_back(shipment);
  if (holds(shipment)) {
    held_.push_back(std::move(shipment));
  } else {
    arrivals_.push_back({shipment.delivery_id, answer(shipment)});
  }
}

std::vector<Arrival> ScriptedCarrier::wait(core::Millis at_most) {
  last_wait = at_most;
  return std::exchange(arrivals_, {});
}

void ScriptedCarrier::release(const std::string& channel) {
  std::deque<Shipment> kept;
  for (const Shipment& shipment : held_) {
    if (channel.empty() || shipment.channel.name == channel) {
      arrivals_.push_back({shipment.delivery_id, answer(shipment)});
    } else {
      kept.push_back(shipment);
    }
  }
  held_ = std::move(kept);
}

// --- world ---

World::World(std::vector<Channel> channels) : channels_(std::move(channels)) {
  restart();
}

void World::restart() {
  auto old = std::move(carrier);
  courier.reset();
  carrier = std::make_unique<ScriptedCarrier>();
  if (old != nullptr) {
    carrier->answer = old->answer;
    carrier->shipped = old->shipped;
  }
  courier = std::make_unique<Courier>(outbox, *carrier, clock, random_, DeliveryOptions{});
  courier->set_channels(channels_);
}

void World::set_channels(std::vector<Channel> channels) {
  channels_ = std::move(channels);
  courier->set_channels(channels_);
}

std::int64_t World::happens(lists::Event event, const std::string& batch) {
  event.at = clock.now();
  auto notices = route(event, channels_, clock.now());
  for (Notice& notice : notices) {
    notice.batch = batch;
    notice.due_at = batch.empty() ? notice.due_at : clock.now();
  }
  courier->nudge();
  return outbox.commit(std::move(event), std::move(notices));
}

void World::settle_down() {
  for (int i = 0; i < 2'000; ++i) {
    const std::size_t before = carrier->shipped.size();
    courier->turn(core::Millis(0));
    if (courier->next_due() > clock.now() && carrier->shipped.size() == before) {
      return;
    }
    if (outbox.broken && i > 2) {
      return;
    }
  }
  FAIL("the courier spins");
}

void World::pass(core::Millis time) {
  const core::Timestamp end = clock.now() + time;
  settle_down();
  while (clock.now() < end) {
    const core::Millis step = std::clamp(courier->next_due() - clock.now(), core::Millis(1),
                                         std::max(end - clock.now(), core::Millis(1)));
    clock.advance(step);
    settle_down();
  }
}

std::vector<std::string> World::bodies(const std::string& channel) const {
  std::vector<std::string> found;
  for (const Shipment& shipment : carrier->shipped) {
    if (shipment.channel.name == channel) {
      const auto* request = std::get_if<HttpRequest>(&shipment.parcel);
      found.push_back(request != nullptr ? request->body
                                         : std::get<MailMessage>(shipment.parcel).message);
    }
  }
  return found;
}

std::string types_in(const std::string& body) {
  std::string types;
  const auto json = nlohmann::json::parse(body);
  for (const auto& event : json["events"]) {
    types += (types.empty() ? "" : " ") + event["type"].get<std::string>();
  }
  return types;
}

}  // namespace rblwatch::alerts::test
