// SPDX-License-Identifier: Apache-2.0
//
// The one writer's lock: an flock on "<database>.lock", a file of its own beside the database as it
// is after symbolic links are followed, with the holder's pid in it. The kernel drops it with the
// process, kill -9 included. reader.hpp has the question of it (lock_state). One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/handle.hpp"
#include "core/result.hpp"

namespace rblwatch::storage {

/// The database's path with every symbolic link followed, so that all ways to one file find one
/// lock and one WAL. Kind::not_found names the folder that isn't there.
core::Result<std::filesystem::path> real_path(const std::filesystem::path& database);
std::filesystem::path lock_path(const std::filesystem::path& real_database);

class WriterLock {
 public:
  /// Kind::busy with the other's pid, Kind::denied with path and uid.
  static core::Result<WriterLock> take(const std::filesystem::path& real_database);
  WriterLock() = default;

 private:
  core::Fd file_;
};

}  // namespace rblwatch::storage
