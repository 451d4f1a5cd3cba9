// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_machine.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "cli/daemon_client.hpp"
#include "storage/reader.hpp"

namespace rblwatch::cli {
namespace {

using core::Error;
using core::Micros;
using core::Result;
using report::CheckState;
using report::CheckView;

constexpr std::uint64_t kMebibyte = 1024 * std::uint64_t{1024};

std::string milliseconds(Micros duration) {
  const double value = std::abs(static_cast<double>(duration.count())) / 1000;
  if (value < 1) {
    return "under 1 ms";
  }
  return std::to_string(std::llround(value)) + " ms";
}

/// "12.3 GiB"
std::string size_text(std::uint64_t bytes) {
  const std::uint64_t tenths = bytes / (kMebibyte / 10);
  const bool is_big = bytes >= 1024 * kMebibyte;
  const std::uint64_t shown = is_big ? tenths / 1024 : tenths;
  return std::to_string(shown / 10) + "." + std::to_string(shown % 10) + (is_big ? " GiB" : " MiB");
}

}  // namespace

Result<ClockReading> read_clock() {
  struct timex kernel {};  // modes 0: reads only
  const int state = ::adjtimex(&kernel);
  if (state < 0) {
    return core::fail(Error::Kind::denied, std::generic_category().message(errno));
  }
  const auto status = static_cast<unsigned>(kernel.status);
  ClockReading reading;
  reading.is_synchronized = state != TIME_ERROR && (status & STA_UNSYNC) == 0;
  const std::int64_t offset = kernel.offset;
  reading.offset = Micros((status & STA_NANO) != 0 ? offset / 1000 : offset);
  reading.longest_error = Micros(kernel.maxerror);
  return reading;
}

CheckView judge_clock(const Result<ClockReading>& reading) {
  constexpr Micros kFarOff = std::chrono::seconds(1);
  CheckView check{"clock", CheckState::ok, "", ""};
  if (!reading) {
    check.state = CheckState::warn;
    check.text =
        "whether it is right can't be said: the kernel doesn't tell (" + reading.error().text + ")";
    check.fix = "see timedatectl, or chronyc tracking";
  } else if (!reading->is_synchronized) {
    check.state = CheckState::warn;
    check.text = "is kept right by nobody, as far as the kernel knows";
    check.fix =
        "run chrony or systemd-timesyncd (in a container: on its host); receivers of webhooks "
        "refuse signatures that are minutes off";
  } else if (std::chrono::abs(reading->offset) > kFarOff || reading->longest_error > kFarOff) {
    check.state = CheckState::warn;
    check.text = "may be off by " + milliseconds(reading->longest_error) + ", offset " +
                 milliseconds(reading->offset);
    check.fix = "see what the time service says: timedatectl timesync-status, or chronyc tracking";
  } else {
    check.text = "is synchronized; offset " + milliseconds(reading->offset) + ", at most " +
                 milliseconds(reading->longest_error) + " wrong";
  }
  return check;
}

std::filesystem::path database_folder(const std::filesystem::path& database) {
  const std::filesystem::path folder = database.parent_path();
  return folder.empty() ? "." : folder;
}

Result<DiskReading> read_disk(const std::filesystem::path& folder) {
  struct statvfs system {};
  if (::statvfs(folder.c_str(), &system) != 0) {
    return core::fail(errno == ENOENT ? Error::Kind::not_found : Error::Kind::io,
                      std::generic_category().message(errno));
  }
  DiskReading reading;
  reading.free_bytes = std::uint64_t{system.f_bavail} * system.f_frsize;
  reading.free_files = system.f_favail;
  reading.counts_files = system.f_files > 0;
  reading.is_read_only = (system.f_flag & ST_RDONLY) != 0;
  return reading;
}

CheckView judge_disk(const std::filesystem::path& folder, const Result<DiskReading>& reading) {
  constexpr std::uint64_t kTooLittle = 64 * kMebibyte;  // the write-ahead log may grow to that
  constexpr std::uint64_t kLittle = 512 * kMebibyte;
  constexpr std::uint64_t kFewFiles = 16;
  const std::string where = folder.string();
  CheckView check{"disk", CheckState::ok, "", ""};
  if (!reading) {
    const bool is_missing = reading.error().kind == Error::Kind::not_found;
    check.state = CheckState::fail;
    check.text = is_missing ? "there is no folder " + where + " for the database"
                            : where + " can't be looked at: " + reading.error().text;
    check.fix = is_missing ? "make it, owned by rblwatchd's user, or see daemon.database"
                           : "see that this user may enter it";
  } else if (reading->is_read_only) {
    check.state = CheckState::fail;
    check.text = where + " is mounted read-only: no event can be stored, and none is told";
    check.fix = "see the kernel's log for a fault of the disk, and mount it for writing";
  } else if (reading->free_bytes < kTooLittle ||
             (reading->counts_files && reading->free_files < kFewFiles)) {
    check.state = CheckState::fail;
    check.text = "only " + size_text(reading->free_bytes) + " and " +
                 std::to_string(reading->free_files) + " files are free in " + where +
                 ": events that can't be stored aren't told";
    check.fix = "make room there, or move the database (daemon.database)";
  } else {
    const bool is_little = reading->free_bytes < kLittle;
    check.state = is_little ? CheckState::warn : CheckState::ok;
    check.text = size_text(reading->free_bytes) + " are free in " + where;
    check.fix = is_little ? "make room there before it is full, or shorten daemon.retention" : "";
  }
  return check;
}

CheckView check_database(const std::filesystem::path& database, core::Millis at_most) {
  const std::string where = database.string();
  CheckView check{"database", CheckState::ok, where + " is sound", ""};
  const auto reader = storage::Reader::open(database);
  const auto checked = reader ? reader->check_integrity(at_most) : Result<void>();
  const Error* error = nullptr;
  if (!reader) {
    error = &reader.error();
  } else if (!checked) {
    error = &checked.error();
  }
  if (error == nullptr) {
    return check;
  }
  check.state = CheckState::fail;
  check.text = error->text;
  switch (error->kind) {
    case Error::Kind::not_found:
      check.state = CheckState::warn;
      check.text = "there is none yet at " + where;
      check.fix = "start rblwatchd, which makes it";
      break;
    case Error::Kind::busy:
      check.state = CheckState::warn;
      check.text = where + " could not be looked through in " + core::to_human(at_most) +
                   "; nothing wrong was found so far";
      check.fix = "ask again when the machine is less busy";
      break;
    case Error::Kind::denied:
      check.fix = "be root or in the group rblwatch";
      break;
    case Error::Kind::corrupt:
      check.fix =
          "stop rblwatchd, move the file aside, and put the last copy of `rblwatch backup` "
          "in its place";
      break;
    case Error::Kind::invalid:
    case Error::Kind::io:
    case Error::Kind::limit:
      check.fix =
          "see daemon.database, and that the versions of rblwatch and rblwatchd are the same";
      break;
  }
  return check;
}

CheckView check_daemon(const std::filesystem::path& database, const std::filesystem::path& socket) {
  constexpr core::Millis kPatience{5'000};
  const storage::LockState lock = storage::lock_state(database);
  if (!lock.is_held) {
    return {"daemon", CheckState::warn, "rblwatchd is not running: nothing is watched",
            "start it (systemctl start rblwatchd)"};
  }
  const std::string who =
      "rblwatchd runs" + (lock.pid > 0 ? " (pid " + std::to_string(lock.pid) + ")" : std::string());
  const DaemonReply reply = ask_daemon(socket, {"ping"}, kPatience);
  if (reply.answer) {
    return {"daemon", CheckState::ok, who + " and answers", ""};
  }
  if (reply.answer.error().kind == Error::Kind::denied) {
    return {"daemon", CheckState::warn, who + ", but " + reply.answer.error().text,
            "be root or in the group rblwatch"};
  }
  return {"daemon", CheckState::fail, who + ", but does not answer: " + reply.answer.error().text,
          "see its log, and restart it"};
}

std::vector<core::IpAddress> local_addresses() {
  std::vector<core::IpAddress> found;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) {
    return found;
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(first, &::freeifaddrs);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    std::optional<core::IpAddress> address;
    if (one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET) {
      sockaddr_in v4{};
      core::IpAddress::V4Bytes bytes{};
      std::memcpy(&v4, one->ifa_addr, sizeof v4);
      std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
      address = core::IpAddress::v4(bytes);
    } else if (one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6{};
      core::IpAddress::V6Bytes bytes{};
      std::memcpy(&v6, one->ifa_addr, sizeof v6);
      std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
      address = core::IpAddress::v6(bytes);
    }
    if (address && !address->is_loopback()) {
      found.push_back(*address);
    }
  }
  return found;
}

}  // namespace rblwatch::cli
