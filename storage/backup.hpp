// SPDX-License-Identifier: Apache-2.0
//
// A copy of the database as it is at one moment, made while the daemon writes. It gets its name
// only when it is whole, checked and on disk. Internal to storage; any thread with a connection of
// its own.
#pragma once

#include <filesystem>
#include <utility>

#include "core/handle.hpp"
#include "core/result.hpp"
#include "storage/sqlite.hpp"

namespace rblwatch::storage {

class BackupFile {
 public:
  /// Kind::invalid when there is something of this name already.
  static core::Result<BackupFile> create(const std::filesystem::path& to);
  BackupFile(BackupFile&& other) noexcept = default;
  BackupFile& operator=(BackupFile&&) = delete;
  /// What has no name yet is deleted.
  ~BackupFile();

  /// May be done again: the last copy counts.
  core::Result<void> copy(Connection& from);
  /// Puts the copy on disk under its name.
  core::Result<void> give_name();

 private:
  BackupFile(std::filesystem::path to, std::filesystem::path part, core::Fd file)
      : to_(std::move(to)), part_(std::move(part)), file_(std::move(file)) {}

  std::filesystem::path to_;
  std::filesystem::path part_;
  core::Fd file_;
};

}  // namespace rblwatch::storage
