// SPDX-License-Identifier: Apache-2.0
// What the writer tells of a disk that takes nothing.
#include <sys/resource.h>

#include <csignal>
#include <vector>

#include "recording.hpp"

namespace rblwatch::daemon {
namespace {

/// No file may grow beyond what this one is long.
class DiskWithoutRoom {
 public:
  explicit DiskWithoutRoom(const std::filesystem::path& file)
      : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &old_) == 0);
    rlimit limit = old_;
    limit.rlim_cur = std::filesystem::file_size(file);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  DiskWithoutRoom(const DiskWithoutRoom&) = delete;
  DiskWithoutRoom& operator=(const DiskWithoutRoom&) = delete;
  ~DiskWithoutRoom() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

/// A writer, and how often it told of trouble.
struct TroubledWriter {
  DatabaseFolder folder;
  SharedClock clock;
  std::atomic<int> told{0};
  std::atomic<bool> is_heard{true};
  Writer writer{started_store(folder.database(), clock), clock, options()};

  WriterOptions options() {
    WriterOptions options;
    options.on_committed = [] {};
    options.on_trouble = [this](const std::string& error) {
      told += error.empty() ? 100 : is_heard ? 1 : 0;
      return is_heard.load();
    };
    return options;
  }
  void submit() { writer.submit(batch_with(lists::EventType::resolver_blind, clock.now())); }
  void pass(core::Millis time) {
    clock.advance(time);
    let_turn(writer);
  }
};

}  // namespace

TEST_CASE("trouble that lasts is told once, and what comes and goes once an hour at most") {
  constexpr core::Millis kMinute{60'000};
  TroubledWriter world;
  {
    const DiskWithoutRoom disk(world.folder.log());
    world.submit();
    world.pass(kMinute);
    CHECK_FALSE(world.writer.can_accept());
    CHECK(world.told == 1);
    world.pass(kMinute);
    CHECK(world.told == 1);
  }
  world.pass(kMinute);
  CHECK(world.writer.can_accept());
  {
    const DiskWithoutRoom disk(world.folder.log());
    world.submit();
    world.pass(kMinute);
    CHECK_FALSE(world.writer.trouble().empty());
    CHECK(world.told == 1);
    world.pass(55 * kMinute);
    CHECK(world.told == 1);
    world.pass(10 * kMinute);  // it stands still
    CHECK(world.told == 2);
    world.pass(120 * kMinute);
    CHECK(world.told == 2);
  }
  world.pass(kMinute);
  CHECK(world.writer.trouble().empty());
  const DiskWithoutRoom disk(world.folder.log());
  world.submit();
  world.pass(kMinute);
  CHECK(world.told == 3);
}

TEST_CASE("trouble that nobody could be told of is told as soon as somebody can") {
  TroubledWriter world;
  world.is_heard = false;
  const DiskWithoutRoom disk(world.folder.log());
  world.submit();
  world.pass(core::Seconds(60));
  CHECK(world.told == 0);
  world.is_heard = true;
  world.pass(core::Seconds(60));
  CHECK(world.told == 1);
}

}  // namespace rblwatch::daemon
