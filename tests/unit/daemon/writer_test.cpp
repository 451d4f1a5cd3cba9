// SPDX-License-Identifier: Apache-2.0
#include "daemon/writer.hpp"

#include <condition_variable>
#include <mutex>

#include <catch2/catch.hpp>

#include "recording.hpp"

namespace rblwatch::daemon {
namespace {

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
  options.on_trouble = [](const std::string&) { return true; };
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
  options.on_trouble = [](const std::string&) { return true; };
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

}  // namespace
}  // namespace rblwatch::daemon
