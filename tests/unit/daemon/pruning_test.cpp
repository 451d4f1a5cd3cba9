// SPDX-License-Identifier: Apache-2.0
// What the writer prunes, and by which clock.
#include "recording.hpp"

namespace rblwatch::daemon {
namespace {

constexpr core::Millis kAnHour{3'600'000};
constexpr core::Millis kADay = 24 * kAnHour;
constexpr core::Millis kTenYears = 3650 * kADay;

/// A run of the daemon, and one event of which nobody is to be told any more.
class PrunedRun {
 public:
  PrunedRun(SharedClock& clock, storage::Store store, core::Millis retention = 400 * kADay)
      : clock_(clock), writer_(std::move(store), clock, options(retention)) {}

  void record(core::Timestamp at) {
    storage::Batch batch = batch_with(lists::EventType::resolver_blind, at);
    batch.notices.clear();
    batch.at = clock_.now();
    writer_.submit(std::move(batch));
    let_turn(writer_);
  }
  void pass(core::Millis time) {
    constexpr core::Millis kStep{601'000};
    for (core::Millis gone{0}; gone < time; gone += kStep) {
      clock_.advance(kStep);
      let_turn(writer_);
    }
  }
  bool has_event() {
    const auto found = writer_.run<bool>([](storage::Store& store) -> core::Result<bool> {
      alerts::Notice notice;
      notice.event_id = 1;
      return store.compose(std::vector{notice}).has_value();
    });
    REQUIRE(found);
    return *found;
  }
  Writer& writer() { return writer_; }

 private:
  static WriterOptions options(core::Millis retention) {
    WriterOptions options;
    options.retention = retention;
    options.on_committed = [] {};
    options.on_trouble = [](const std::string&) { return true; };
    return options;
  }
  SharedClock& clock_;
  Writer writer_;
};

}  // namespace

TEST_CASE("a retention that a reload made shorter holds from the next pruning on") {
  SharedClock clock;
  PrunedRun run(clock, memory_store(clock));
  run.record(clock.now() - 2 * kADay);
  run.pass(kAnHour);
  CHECK(run.has_event());
  run.writer().set_retention(kADay);
  let_turn(run.writer());
  CHECK(run.has_event());
  run.pass(core::Millis(1));
  CHECK_FALSE(run.has_event());
}

TEST_CASE("a wall clock that was set prunes nothing before it has gone with time for a day") {
  SharedClock clock;
  PrunedRun run(clock, memory_store(clock));
  run.record(clock.now() - 2 * kADay);
  clock.jump(kTenYears);
  run.pass(23 * kAnHour);
  CHECK(run.has_event());
  run.pass(2 * kAnHour);  // what it says for so long is what it is
  CHECK_FALSE(run.has_event());
}

TEST_CASE("a wall clock that was wrong and is put right has cost nothing") {
  SharedClock clock;
  PrunedRun run(clock, memory_store(clock));
  run.record(clock.now() - 2 * kADay);
  clock.jump(kTenYears);
  run.pass(20 * kAnHour);
  clock.jump(-kTenYears);
  run.pass(3 * kADay);
  CHECK(run.has_event());
  run.writer().set_retention(kADay);
  run.pass(kAnHour);
  CHECK_FALSE(run.has_event());
}

TEST_CASE("that the wall clock was set is known to the next start") {
  const DatabaseFolder folder;
  SharedClock clock;
  {
    PrunedRun run(clock, started_store(folder.database(), clock));
    run.record(clock.now() - 2 * kADay);
    clock.jump(kTenYears);
    run.record(clock.now());  // its time is the last that was stored
  }
  PrunedRun run(clock, started_store(folder.database(), clock));
  run.pass(12 * kAnHour);
  CHECK(run.has_event());
}

TEST_CASE("a start on a wrong wall clock prunes nothing") {
  const DatabaseFolder folder;
  SharedClock clock;
  {
    PrunedRun run(clock, started_store(folder.database(), clock));
    run.record(clock.now() - 2 * kADay);
  }
  clock.jump(kTenYears);
  PrunedRun run(clock, started_store(folder.database(), clock, "another boot"));
  run.pass(12 * kAnHour);
  CHECK(run.has_event());
}

TEST_CASE("a daemon that is started anew each day, on a machine that sleeps, prunes all the same") {
  const DatabaseFolder folder;
  SharedClock clock;
  {
    PrunedRun run(clock, started_store(folder.database(), clock), 3 * kADay);
    run.record(clock.now() - 2 * kADay);
    clock.advance(8 * kAnHour);
    run.pass(kAnHour);
    CHECK(run.has_event());
  }
  clock.advance(20 * kAnHour);
  PrunedRun run(clock, started_store(folder.database(), clock, "another boot"), 3 * kADay);
  run.pass(core::Millis(1));
  CHECK_FALSE(run.has_event());
}

}  // namespace rblwatch::daemon
