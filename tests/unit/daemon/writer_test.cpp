// SPDX-License-Identifier: Apache-2.0
#include "daemon/writer.hpp"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <catch2/catch.hpp>

#include "fixtures.hpp"

namespace rblwatch::daemon {
namespace {

storage::Store memory_store(const core::Clock& clock) {
  auto store = storage::Store::open(":memory:", {"test", "boot", clock.now(), clock.tick()});
  REQUIRE(store);
  REQUIRE(store->load());
  return std::move(*store);
}

storage::Batch batch_with(lists::EventType type, core::Timestamp at) {
  storage::Batch batch;
  batch.at = at;
  lists::Event event;
  event.type = type;
  event.at = at;
  batch.events.push_back(event);
  alerts::Notice notice;
  notice.channel = "ops";
  notice.due_at = at;
  batch.notices.push_back(notice);
  return batch;
}

TEST_CASE("the writer commits in its own thread and tells when notices may be due") {
  const core::SystemClock clock;
  std::mutex mutex;
  std::condition_variable changed;
  int committed = 0;
  WriterOptions options;
  options.on_committed = [&] {
    const std::lock_guard lock(mutex);
    ++committed;
    changed.notify_all();
  };
  options.on_trouble = [](const std::string&) {};
  Writer writer(memory_store(clock), clock, std::move(options));
  REQUIRE(writer.can_accept());
  writer.submit(batch_with(lists::EventType::resolver_blind, clock.now()));
  writer.submit(batch_with(lists::EventType::resolver_seeing, clock.now()));
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return committed == 2; });
  }
  WriterOutbox outbox(writer);
  const auto unsealed = outbox.unsealed();
  REQUIRE(unsealed);
  REQUIRE(unsealed->size() == 2);
  const auto notification = outbox.compose(*unsealed);
  REQUIRE(notification);
  CHECK(notification->events.front().event.type == lists::EventType::resolver_blind);
}

TEST_CASE("what was submitted before the end is committed; what is asked after it is refused") {
  const core::SystemClock clock;
  int committed = 0;
  WriterOptions options;
  options.on_committed = [&] { ++committed; };
  options.on_trouble = [](const std::string&) {};
  Writer writer(memory_store(clock), clock, std::move(options));
  for (int i = 0; i < 5; ++i) {
    writer.submit(batch_with(lists::EventType::resolver_blind, clock.now()));
  }
  writer.stop();
  CHECK(committed == 5);
  const auto refused = writer.run<void>([](storage::Store&) { return core::Result<void>{}; });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == core::Error::Kind::busy);
}

/// Read by the writer's thread while the test turns it.
class SharedClock final : public core::Clock {
 public:
  core::Timestamp now() const override {
    return core::Timestamp(core::Millis(1'780'000'000'000) + passed());
  }
  core::Tick tick() const override { return core::Tick(core::Seconds(1000)) + passed(); }
  void advance(core::Millis by) { passed_ += by.count(); }

 private:
  core::Millis passed() const { return core::Millis(passed_.load()); }
  std::atomic<core::Millis::rep> passed_{0};
};

TEST_CASE("a retention that a reload made shorter holds from the next pruning on") {
  constexpr core::Millis kDay{24LL * 3'600'000};
  SharedClock clock;
  WriterOptions options;
  options.on_committed = [] {};
  options.on_trouble = [](const std::string&) {};
  Writer writer(memory_store(clock), clock, std::move(options));
  storage::Batch batch = batch_with(lists::EventType::resolver_blind, clock.now() - 2 * kDay);
  batch.notices.clear();  // nobody is to be told any more
  writer.submit(std::move(batch));
  const auto events_after_pruning = [&] {
    clock.advance(core::Millis(601'000));
    std::size_t events = 0;
    for (int turn = 0; turn < 2; ++turn) {  // it prunes after a turn
      const auto done = writer.run<void>([&](storage::Store& store) -> core::Result<void> {
        alerts::Notice notice;
        notice.event_id = 1;
        const auto found = store.compose(std::vector{notice});
        events = found ? found->events.size() : 0;
        return {};
      });
      REQUIRE(done);
    }
    return events;
  };
  CHECK(events_after_pruning() == 1);
  CHECK(events_after_pruning() == 1);
  writer.set_retention(kDay);
  REQUIRE(writer.run<void>([](storage::Store&) { return core::Result<void>{}; }));  // it is known
  CHECK(events_after_pruning() == 0);
}

}  // namespace
}  // namespace rblwatch::daemon
