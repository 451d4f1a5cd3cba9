// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the writer and the courier's thread share: clocks that other threads read, a
// store in memory or in a folder of its own, and something to record.
#pragma once

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "daemon/writer.hpp"

namespace rblwatch::daemon {

/// Read by the writer's thread while the test turns it.
class SharedClock final : public core::Clock {
 public:
  core::Timestamp now() const override {
    return core::Timestamp(core::Millis(1'780'000'000'000) + passed() + core::Millis(set_.load()));
  }
  core::Tick tick() const override { return core::Tick(core::Seconds(1000)) + passed(); }
  void advance(core::Millis by) { passed_ += by.count(); }
  /// Somebody sets the wall clock.
  void jump(core::Millis by) { set_ += by.count(); }

 private:
  core::Millis passed() const { return core::Millis(passed_.load()); }
  std::atomic<core::Millis::rep> passed_{0};
  std::atomic<core::Millis::rep> set_{0};
};

/// Removed with all that is in it.
class DatabaseFolder {
 public:
  DatabaseFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "rbl-writer-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  DatabaseFolder(const DatabaseFolder&) = delete;
  DatabaseFolder& operator=(const DatabaseFolder&) = delete;
  ~DatabaseFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path database() const { return path_ / "rblwatch.db"; }
  std::filesystem::path log() const { return path_ / "rblwatch.db-wal"; }

 private:
  std::filesystem::path path_;
};

/// As the daemon opens it: a run begins.
inline storage::Store started_store(const std::filesystem::path& path, const core::Clock& clock,
                                    const std::string& boot_id = "boot") {
  auto store = storage::Store::open(path, {"test", boot_id, clock.now(), clock.tick()});
  REQUIRE(store);
  REQUIRE(store->load());
  return std::move(*store);
}
inline storage::Store memory_store(const core::Clock& clock) {
  return started_store(":memory:", clock);
}

inline storage::Batch batch_with(lists::EventType type, core::Timestamp at) {
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

/// Waits until the writer has looked at everything that is due by the clock.
inline void let_turn(Writer& writer) {
  for (int turn = 0; turn < 2; ++turn) {  // it looks after having done what it was asked
    REQUIRE(writer.run<void>([](storage::Store&) { return core::Result<void>{}; }));
  }
}

}  // namespace rblwatch::daemon
