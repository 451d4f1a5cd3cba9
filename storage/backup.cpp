// SPDX-License-Identifier: Apache-2.0
#include "storage/backup.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <system_error>

#include "core/handle.hpp"

namespace rblwatch::storage {

namespace {

using Kind = core::Error::Kind;
namespace fs = std::filesystem;

core::Error failed(const fs::path& to, int number) {
  const std::string why = std::generic_category().message(number);
  if (number == EEXIST) {
    return {Kind::invalid, to.string() + " is there already: a backup overwrites nothing"};
  }
  if (number == ENOENT) {
    return {Kind::not_found,
            "can't write the backup " + to.string() + ": its directory is not there"};
  }
  const bool is_denied = number == EACCES || number == EPERM || number == EROFS;
  return {is_denied ? Kind::denied : Kind::io,
          "can't write the backup " + to.string() + ": " + why};
}

/// False with errno. Nothing is replaced.
bool rename_to_new(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  // Some file systems know only this way; the caller deletes the old name.
  return errno == EINVAL && ::link(from.c_str(), to.c_str()) == 0;
}

}  // namespace

core::Result<BackupFile> BackupFile::create(const fs::path& to) {
  std::error_code error;
  const fs::file_type type = fs::symlink_status(to, error).type();
  if (type != fs::file_type::not_found) {
    const bool is_there = type != fs::file_type::none;
    return tl::make_unexpected(failed(to, is_there ? EEXIST : error.value()));
  }
  fs::path part = to;
  part += ".part-" + std::to_string(::getpid());
  core::Fd file(::open(part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (!file.is_open()) {
    return tl::make_unexpected(failed(to, errno));
  }
  return BackupFile(to, std::move(part), std::move(file));
}

BackupFile::~BackupFile() {
  if (file_.is_open()) {
    static_cast<void>(::unlink(part_.c_str()));
  }
}

core::Result<void> BackupFile::copy(Connection& from) {
  auto connection = Connection::open(part_, OpenMode::copy);
  if (!connection) {
    return tl::make_unexpected(std::move(connection.error()));
  }
  if (auto done = from.copy_into(*connection); !done) {
    return done;
  }
  // One file, complete without a WAL beside it.
  if (const auto mode = connection->value("PRAGMA journal_mode = DELETE"); !mode) {
    return tl::make_unexpected(mode.error());
  }
  const auto verdict = connection->value("PRAGMA quick_check(1)");
  if (!verdict) {
    return tl::make_unexpected(verdict.error());
  }
  if (*verdict != "ok") {
    return tl::make_unexpected(
        from.corrupt("found while copying: " + core::for_log(core::Untrusted(*verdict))));
  }
  return {};
}

core::Result<void> BackupFile::give_name() {
  const fs::path folder = to_.has_parent_path() ? to_.parent_path() : fs::path(".");
  const core::Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::fsync(file_.get()) != 0 || !rename_to_new(part_, to_) || !directory.is_open() ||
      ::fsync(directory.get()) != 0) {
    return tl::make_unexpected(failed(to_, errno));
  }
  return {};
}

}  // namespace rblwatch::storage
