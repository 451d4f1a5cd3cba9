// SPDX-License-Identifier: Apache-2.0
#include "storage/lock.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>

#include "core/text.hpp"
#include "storage/reader.hpp"

namespace rblwatch::storage {

namespace {

using Kind = core::Error::Kind;

// A reader that asks for the lock's state holds it shared for a moment; the writer outwaits that,
// and is still within a second when another daemon has it.
constexpr int kTries = 25;
constexpr std::chrono::milliseconds kPause{12};

std::int64_t read_pid(int fd) {
  std::array<char, 32> bytes{};
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
  if (got <= 0) {
    return 0;
  }
  const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
  return core::parse_int(core::trim(text)).value_or(0);
}

bool write_pid(int fd) {
  const std::string text = std::to_string(::getpid()) + "\n";
  return ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
         ::ftruncate(fd, static_cast<off_t>(text.size())) == 0;
}

bool try_lock(int fd) {
  for (int i = 0; i < kTries; ++i) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
      return true;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return false;
    }
    std::this_thread::sleep_for(kPause);
  }
  errno = EWOULDBLOCK;
  return false;
}

core::Error system_error(const std::string& what, const std::filesystem::path& path, int number) {
  const bool is_denied = number == EACCES || number == EPERM || number == EROFS;
  std::string text = what + " " + path.string() + ": " + std::generic_category().message(number);
  if (is_denied) {
    text += " (uid " + std::to_string(::geteuid()) +
            "): the daemon's user must own the database's directory and files";
  }
  return {is_denied ? Kind::denied : Kind::io, std::move(text)};
}

}  // namespace

core::Result<std::filesystem::path> real_path(const std::filesystem::path& database) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::weakly_canonical(database, error);
  if (error) {
    return tl::make_unexpected(system_error("can't open the database", database, error.value()));
  }
  const std::filesystem::path folder = real.parent_path();
  if (!std::filesystem::is_directory(folder, error)) {
    if (error && error.value() != ENOENT && error.value() != ENOTDIR) {
      return tl::make_unexpected(system_error("can't open the database", database, error.value()));
    }
    return core::fail(Kind::not_found, "can't open the database " + database.string() +
                                           ": the directory " + folder.string() +
                                           " is not there: make it, owned by the daemon's user, or "
                                           "name another file as daemon.database");
  }
  return real;
}

std::filesystem::path lock_path(const std::filesystem::path& real_database) {
  std::filesystem::path path = real_database;
  path += ".lock";
  return path;
}

core::Result<WriterLock> WriterLock::take(const std::filesystem::path& real_database) {
  const std::filesystem::path path = lock_path(real_database);
  WriterLock lock;
  lock.file_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!lock.file_.is_open()) {
    return tl::make_unexpected(system_error("can't open the lock", path, errno));
  }
  if (!try_lock(lock.file_.get())) {
    if (errno != EWOULDBLOCK) {
      return tl::make_unexpected(system_error("can't take the lock", path, errno));
    }
    const std::int64_t pid = read_pid(lock.file_.get());
    return core::fail(Kind::busy, "another rblwatchd (pid " +
                                      (pid > 0 ? std::to_string(pid) : std::string("unknown")) +
                                      ") uses " + real_database.string());
  }
  // Readers of the group ask for its state; a umask must not keep them out.
  static_cast<void>(::fchmod(lock.file_.get(), 0640));
  if (!write_pid(lock.file_.get())) {
    return tl::make_unexpected(system_error("can't write the lock", path, errno));
  }
  return lock;
}

LockState lock_state(const std::filesystem::path& database) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::weakly_canonical(database, error);
  const core::Fd file(
      ::open(lock_path(error ? database : real).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    return {};
  }
  if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) {
    return {};
  }
  return {.is_held = errno == EWOULDBLOCK, .pid = read_pid(file.get())};
}

}  // namespace rblwatch::storage
