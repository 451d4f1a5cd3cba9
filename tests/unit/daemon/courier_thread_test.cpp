// SPDX-License-Identifier: Apache-2.0
#include "daemon/courier_thread.hpp"

#include <condition_variable>
#include <mutex>

#include "recording.hpp"

namespace rblwatch::daemon {
namespace {

/// Delivers everything, and lets the test wait for what the courier does.
class PatientCarrier final : public alerts::Carrier {
 public:
  void ship(alerts::Shipment shipment) override {
    const std::lock_guard lock(mutex_);
    arrivals_.push_back({shipment.delivery_id, alerts::Delivered{"HTTP 200"}});
    shipped_.push_back(std::move(shipment));
    changed_.notify_all();
  }
  std::vector<alerts::Arrival> wait(core::Millis at_most) override {
    std::unique_lock lock(mutex_);
    ++turns_;
    changed_.notify_all();
    changed_.wait_for(lock, at_most, [this] { return is_woken_ || !arrivals_.empty(); });
    is_woken_ = false;
    return std::exchange(arrivals_, {});
  }
  void wake() override {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
    changed_.notify_all();
  }

  std::vector<alerts::Shipment> wait_shipped(std::size_t count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, core::Seconds(60), [&] { return shipped_.size() >= count; }));
    return shipped_;
  }
  /// Two turns from now: the second one has begun after this.
  void wait_turns() {
    std::unique_lock lock(mutex_);
    const int until = turns_ + 2;
    REQUIRE(changed_.wait_for(lock, core::Seconds(60), [&] { return turns_ >= until; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<alerts::Arrival> arrivals_;
  std::vector<alerts::Shipment> shipped_;
  int turns_ = 0;
  bool is_woken_ = false;
};

alerts::Channel channel_at_once(const std::string& name) {
  alerts::Channel channel;
  channel.name = name;
  channel.url = core::Secret("https://alerts.example/hook");
  channel.group_wait = core::Millis(0);
  for (const auto& [type, word] : core::EnumWords<lists::EventType>::table) {
    channel.events.push_back(type);
  }
  return channel;
}

struct Telling {
  core::SystemClock clock;
  Writer writer{memory_store(clock), clock, options()};
  WriterOutbox outbox{writer};
  std::unique_ptr<PatientCarrier> owned = std::make_unique<PatientCarrier>();
  PatientCarrier& carrier = *owned;
  CourierThread courier{outbox, std::move(owned), clock, {}, {channel_at_once("ops")}, {}};

  static WriterOptions options() {
    WriterOptions options;
    options.on_committed = [] {};
    options.on_trouble = [](const std::string&) { return true; };
    return options;
  }
  void tell(const std::string& channel) {
    storage::Batch batch = batch_with(lists::EventType::resolver_blind, clock.now());
    batch.notices[0].channel = channel;
    writer.submit(std::move(batch));
    let_turn(writer);
    courier.nudge();
    carrier.wait_turns();
  }
  std::size_t unsealed() {
    return writer
        .run<std::vector<alerts::Notice>>([](storage::Store& store) { return store.unsealed(); })
        ->size();
  }
};

}  // namespace

TEST_CASE("what a reload has the monitor tell a new channel waits until the courier knows it") {
  Telling world;
  world.courier.expect_channels();
  world.tell("new");
  CHECK(world.unsealed() == 1);
  world.courier.set_channels({channel_at_once("new"), channel_at_once("ops")}, {});
  CHECK(world.carrier.wait_shipped(1)[0].channel.name == "new");
  world.tell("ops");
  CHECK(world.carrier.wait_shipped(2)[1].channel.name == "ops");
}

TEST_CASE(
    "of two reloads at once the first one's end doesn't let go what the second one waits for") {
  Telling world;
  world.courier.expect_channels();
  world.courier.expect_channels();
  world.courier.set_channels({channel_at_once("ops")}, {});  // of the first
  world.tell("new");
  CHECK(world.unsealed() == 1);
  world.courier.set_channels({channel_at_once("new"), channel_at_once("ops")}, {});
  CHECK(world.carrier.wait_shipped(1)[0].channel.name == "new");
}

TEST_CASE("a reload that is refused lets what waited go its way") {
  Telling world;
  world.courier.expect_channels();
  world.tell("ops");
  CHECK(world.unsealed() == 1);
  world.courier.keep_channels();
  CHECK(world.carrier.wait_shipped(1)[0].channel.name == "ops");
}

TEST_CASE("what is told to a channel that left is over") {
  Telling world;
  world.courier.expect_channels();
  world.tell("ops");
  world.courier.set_channels({channel_at_once("new")}, {});
  world.tell("new");
  CHECK(world.carrier.wait_shipped(1)[0].channel.name == "new");
  world.carrier.wait_turns();
  CHECK(world.unsealed() == 0);
  CHECK(world.outbox.waiting()->empty());
}

TEST_CASE("trouble that is told from memory says what can be seen") {
  Telling world;
  storage::Batch batch;
  batch.at = world.clock.now();
  batch.zones.emplace_back();
  batch.zones.back().row.zone = "corp";
  batch.kinds.emplace_back();
  batch.kinds.back().row.zone = "corp";
  batch.kinds.back().row.state = lists::ZoneState::seeing;
  world.writer.submit(std::move(batch));
  lists::Event event;
  event.type = lists::EventType::storage_failed;
  event.severity = lists::Severity::high;
  event.cause = "no room on the disk";
  world.courier.tell_unrecorded(event);
  const alerts::Shipment shipped = world.carrier.wait_shipped(1)[0];
  CHECK_THAT(std::get<alerts::HttpRequest>(shipped.parcel).body,
             Catch::Contains(R"("storage_failed")") &&
                 Catch::Contains(R"("coverage":{"zones":1,"seeing":1)"));
}

}  // namespace rblwatch::daemon
