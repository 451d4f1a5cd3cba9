// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_machine.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

using namespace rblwatch;
using namespace rblwatch::cli;
using report::CheckState;
using report::CheckView;

namespace {

constexpr std::uint64_t kGibibyte = 1024ULL * 1024 * 1024;

class Folder {
 public:
  Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "rblwatch-doctor-XXXXXX").native();
    path_ = ::mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void check_state(const CheckView& check, CheckState state, const std::string& words) {
  INFO(check.name << ": " << check.text);
  CHECK(check.state == state);
  CHECK(check.text.find(words) != std::string::npos);
  CHECK(check.fix.empty() == (state == CheckState::ok));
}

}  // namespace

TEST_CASE("a clock is well when somebody keeps it right and it is near", "[doctor]") {
  using namespace std::chrono_literals;
  check_state(judge_clock(ClockReading{true, 1500us, 12ms}), CheckState::ok,
              "is synchronized; offset 2 ms, at most 12 ms wrong");
  check_state(judge_clock(ClockReading{false, 0us, 0us}), CheckState::warn, "by nobody");
  check_state(judge_clock(ClockReading{true, -5s, 10ms}), CheckState::warn, "offset 5000 ms");
  check_state(judge_clock(ClockReading{true, 0us, 16s}), CheckState::warn, "16000 ms");
  check_state(judge_clock(core::fail(core::Error::Kind::denied, "not permitted")), CheckState::warn,
              "not permitted");
}

TEST_CASE("this machine's clock can be read", "[doctor]") {
  const CheckView check = judge_clock(read_clock());
  CHECK_FALSE(check.text.empty());
  CHECK(check.state != CheckState::fail);
}

TEST_CASE("a disk fails before the database can't be written", "[doctor]") {
  struct Case {
    DiskReading reading;
    CheckState state;
    const char* words;
  };
  for (const Case& c : {Case{{20 * kGibibyte, 1000, true, false}, CheckState::ok, "20.0 GiB"},
                        Case{{20 * kGibibyte, 0, false, false}, CheckState::ok, "20.0 GiB"},
                        Case{{kGibibyte / 4, 1000, true, false}, CheckState::warn, "256.0 MiB"},
                        Case{{kGibibyte / 1024, 1000, true, false}, CheckState::fail, "1.0 MiB"},
                        Case{{20 * kGibibyte, 3, true, false}, CheckState::fail, "3 files"},
                        Case{{20 * kGibibyte, 9, true, true}, CheckState::fail, "read-only"}}) {
    check_state(judge_disk("/var/lib/rblwatch", c.reading), c.state, c.words);
  }
}

TEST_CASE("a folder that isn't there is told of", "[doctor]") {
  const Folder folder;
  check_state(judge_disk(folder.path(), read_disk(folder.path() / "nosuch")), CheckState::fail,
              "there is no folder");
  CHECK(read_disk(folder.path()));
  CHECK(database_folder("rblwatch.db") == ".");
  CHECK(database_folder("/a/b.db") == "/a");
}

TEST_CASE("a database that isn't there is a warning, and one that is none has failed", "[doctor]") {
  const Folder folder;
  const auto file = folder.path() / "rblwatch.db";
  check_state(check_database(file, core::Millis(1000)), CheckState::warn, "none yet");
  std::ofstream(file) << "this is no database but a text of some length, as one sees\n";
  check_state(check_database(file, core::Millis(1000)), CheckState::fail, "rblwatch.db");
}

TEST_CASE("without a daemon nothing is watched", "[doctor]") {
  const Folder folder;
  check_state(check_daemon(folder.path() / "rblwatch.db", folder.path() / "rblwatch.db.sock"),
              CheckState::warn, "not running");
}

TEST_CASE("loopback addresses are not among this machine's", "[doctor]") {
  for (const core::IpAddress& address : local_addresses()) {
    CHECK_FALSE(address.is_loopback());
  }
}
