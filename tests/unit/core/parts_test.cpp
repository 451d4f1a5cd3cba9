// SPDX-License-Identifier: Apache-2.0
// The small parts: mailbox, random, ulid, file, handle, check, result.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "core/check.hpp"
#include "core/file.hpp"
#include "core/handle.hpp"
#include "core/mailbox.hpp"
#include "core/random.hpp"
#include "core/result.hpp"
#include "core/ulid.hpp"

namespace rblwatch::core {
using namespace std::chrono_literals;

namespace {

/// A directory of our own, gone with the object.
class Scratch {
 public:
  Scratch() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "rblwatch-core-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path_); }

  std::filesystem::path file(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

int new_fd() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int freed = 0;

/// What a C library's destructor looks like, with a result that nobody wants.
int free_int(int* object) {
  delete object;
  return ++freed;
}

/// Gives the same number always.
class Constant final : public Random {
 public:
  explicit Constant(std::uint64_t value) : value_(value) {}
  std::uint64_t next() override { return value_; }

 private:
  std::uint64_t value_;
};

/// How often this thread has waited for something so far.
long voluntary_switches() {
  rusage used{};
  REQUIRE(::getrusage(RUSAGE_THREAD, &used) == 0);
  return used.ru_nvcsw;
}

}  // namespace

TEST_CASE("a mailbox gives values in order and refuses when full") {
  Mailbox<int> box(2);
  int one = 1;
  int two = 2;
  int three = 3;
  CHECK(box.try_send(one));
  CHECK(box.try_send(two));
  CHECK_FALSE(box.try_send(three));
  CHECK(box.size() == 2);
  CHECK(box.try_receive() == 1);
  CHECK(box.try_receive() == 2);
  CHECK(box.try_receive() == std::nullopt);
}

TEST_CASE("to look into an empty mailbox doesn't give the processor away") {
  Mailbox<int> box(1);
  const long before = voluntary_switches();
  for (int i = 0; i < 200; ++i) {
    CHECK(box.try_receive() == std::nullopt);
  }
  CHECK(voluntary_switches() - before < 100);
}

TEST_CASE("a mailbox that refuses leaves the value with its sender") {
  Mailbox<std::unique_ptr<int>> box(0);
  auto value = std::make_unique<int>(7);
  CHECK_FALSE(box.try_send(value));
  REQUIRE(value != nullptr);
  CHECK(*value == 7);
}

TEST_CASE("a closed mailbox takes nothing and gives what it holds") {
  Mailbox<int> box(4);
  int value = 1;
  CHECK(box.try_send(value));
  box.close();
  CHECK(box.is_closed());
  CHECK_FALSE(box.try_send(value));
  CHECK_FALSE(box.send(2));
  CHECK(box.receive(1h) == 1);
  CHECK(box.receive(1h) == std::nullopt);  // at once
}

TEST_CASE("a sender waits for room, and closing frees it") {
  Mailbox<int> box(1);
  CHECK(box.send(1));
  std::atomic<int> outcome = -1;
  {
    const std::jthread sender([&] {
      const bool first = box.send(2);
      const bool second = box.send(3);
      outcome = (first ? 1 : 0) + (second ? 2 : 0);
    });
    CHECK(box.receive(1h) == 1);
    while (box.size() == 0) {
      std::this_thread::yield();
    }
    box.close();
  }
  CHECK(outcome == 1);
  CHECK(box.try_receive() == 2);
}

TEST_CASE("every value of several senders arrives once") {
  Mailbox<std::size_t> box(3);
  constexpr std::size_t kSenders = 4;
  constexpr std::size_t kEach = 500;
  std::set<std::size_t> received;
  {
    std::vector<std::jthread> senders;
    senders.reserve(kSenders);
    for (std::size_t sender = 0; sender < kSenders; ++sender) {
      senders.emplace_back([&box, sender] {
        for (std::size_t i = 0; i < kEach; ++i) {
          box.send(sender * kEach + i);
        }
      });
    }
    for (std::size_t i = 0; i < kSenders * kEach; ++i) {
      received.insert(box.receive(1h).value());
    }
  }
  CHECK(received.size() == kSenders * kEach);
  CHECK(box.size() == 0);
}

TEST_CASE("below stays below, reaches all, and favours none") {
  SeededRandom random(42);
  constexpr int kDraws = 60'000;
  std::array<int, 6> counts{};
  for (int i = 0; i < kDraws; ++i) {
    ++counts.at(random.below(6));
  }
  for (const int count : counts) {
    CHECK(count > 9'500);
    CHECK(count < 10'500);
  }
  CHECK(random.below(1) == 0);
  CHECK(Constant(std::numeric_limits<std::uint64_t>::max())
            .below(std::numeric_limits<std::uint64_t>::max()) == 0);
}

TEST_CASE("below draws again where a remainder would be favoured") {
  // Of 2^64 values, the bound 2^63 + 1 leaves 2^63 - 1 over.
  constexpr std::uint64_t kBound = (std::uint64_t{1} << 63U) + 1;
  class Steps final : public Random {
   public:
    std::uint64_t next() override { return ++draws_ < 3 ? draws_ : kBound + 4; }
    std::uint64_t draws_ = 0;
  };
  Steps steps;
  CHECK(steps.below(kBound) == 4);
  CHECK(steps.draws_ == 3);
}

TEST_CASE("unit lies in [0, 1)") {
  CHECK(Constant(0).unit() == 0.0);
  CHECK(Constant(std::numeric_limits<std::uint64_t>::max()).unit() < 1.0);
  CHECK(Constant(std::uint64_t{1} << 63U).unit() == 0.5);
}

TEST_CASE("a seed gives the same story, SplitMix64's own") {
  SeededRandom zero(0);
  CHECK(zero.next() == 0xe220a8397b1dcdafU);
  CHECK(zero.next() == 0x6e789e6aa1b965f4U);
  SeededRandom a(5);
  SeededRandom b(5);
  CHECK(a.next() == b.next());
}

TEST_CASE("the system's chance repeats nothing, over the ends of its blocks") {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(random.next());
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("ulids have 26 characters and sort by time") {
  Constant none(0);
  Constant all(std::numeric_limits<std::uint64_t>::max());
  CHECK(make_ulid(Timestamp(0ms), none) == "00000000000000000000000000");
  CHECK(make_ulid(Timestamp(1'469'918'176'385ms), none) == "01ARYZ6S410000000000000000");
  CHECK(make_ulid(Timestamp(281'474'976'710'655ms), all) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  CHECK(make_ulid(Timestamp::max(), all) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  CHECK(make_ulid(Timestamp(-5ms), none) == "00000000000000000000000000");
  CHECK(make_ulid(Timestamp(1000ms), all) < make_ulid(Timestamp(1001ms), none));
  SystemRandom random;
  CHECK(make_ulid(Timestamp(1ms), random) != make_ulid(Timestamp(1ms), random));
}

TEST_CASE("a file is read whole, up to its limit and not a byte beyond") {
  const Scratch scratch;
  const std::string content("a\0b\xFF\n", 5);
  CHECK(read_file(scratch.file("five", content), 5) == content);
  CHECK(read_file(scratch.file("none", ""), 0) == "");
  const auto refused = read_file(scratch.file("five", content), 4);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::limit);
  CHECK(refused.error().text.find("five") != std::string::npos);
  const std::string large(300'000, 'x');
  CHECK(read_file(scratch.file("large", large), std::numeric_limits<std::size_t>::max()) == large);
  CHECK(read_file(scratch.file("large", large), large.size()) == large);
  CHECK_FALSE(read_file(scratch.file("large", large), large.size() - 1));
}

TEST_CASE("a file whose size the system doesn't know is read, and held to the limit") {
  CHECK_FALSE(read_file("/proc/self/status", 1 << 20).value().empty());
  const auto refused = read_file("/proc/self/status", 10);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::limit);
}

TEST_CASE("what is no readable file is refused by kind, at once") {
  const Scratch scratch;
  REQUIRE(::mkfifo((scratch.path() / "pipe").c_str(), 0600) == 0);
  struct Row {
    std::filesystem::path path;
    Error::Kind kind;
  };
  const std::vector<Row> rows{
      {scratch.path() / "absent", Error::Kind::not_found},
      {scratch.path() / "absent" / "deeper", Error::Kind::not_found},
      {scratch.path(), Error::Kind::limit},
      {scratch.path() / "pipe", Error::Kind::limit},
      {"/dev/zero", Error::Kind::limit},
      {"", Error::Kind::not_found},
      {std::string("/etc/passwd\0.txt", 16), Error::Kind::invalid},
      {std::string(10'000, 'x'), Error::Kind::io},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path.string().substr(0, 100));
    const auto content = read_file(row.path, 1000);
    REQUIRE_FALSE(content);
    CHECK(content.error().kind == row.kind);
  }
}

TEST_CASE("an error names the path without its control characters") {
  const auto content = read_file("/nowhere/\x1b[2J\nx", 10);
  REQUIRE_FALSE(content);
  CHECK(content.error().text.find("/nowhere/\\x1b[2J\\nx") != std::string::npos);
}

TEST_CASE("a descriptor is closed once, by its last owner") {
  const int raw = new_fd();
  const int other = new_fd();
  {
    Fd a(raw);
    Fd b(std::move(a));
    CHECK(b.get() == raw);
    CHECK_FALSE(a.is_open());  // NOLINT(*-use-after-move,*.Move): what it leaves is the point
    a = std::move(b);
    CHECK(is_open(raw));
    a.reset(a.get());
    CHECK(is_open(raw));
    a.reset(other);
    CHECK_FALSE(is_open(raw));
    CHECK(is_open(other));
  }
  CHECK_FALSE(is_open(other));
  CHECK_FALSE(Fd().is_open());
}

TEST_CASE("a handle frees its C object") {
  freed = 0;
  { const Handle<int, free_int> handle(new int(3)); }
  CHECK(freed == 1);
}

TEST_CASE("a broken promise ends the program with one line") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    static_cast<void>(::signal(SIGABRT, SIG_DFL));
    ::dup2(writing.get(), STDERR_FILENO);
    RBL_CHECK(1 + 1 == 3);
    ::_exit(0);
  }
  REQUIRE(child > 0);
  writing.reset();
  std::string line(1000, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < line.size(); size += static_cast<std::size_t>(got)) {
    got = ::read(reading.get(), line.data() + size, line.size() - size);
    REQUIRE(got >= 0);
  }
  line.resize(size);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
  CHECK(line.find("1 + 1 == 3") != std::string::npos);
  CHECK(line.find('\n') == line.size() - 1);
}

TEST_CASE("an error gains the step it broke") {
  const Result<int> failed = fail(Error::Kind::denied, "permission denied");
  REQUIRE_FALSE(failed);
  const Error error = with_context("reading /x", failed.error());
  CHECK(error.text == "reading /x: permission denied");
  CHECK(error.kind == Error::Kind::denied);
}

}  // namespace rblwatch::core
