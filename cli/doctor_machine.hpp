// SPDX-License-Identifier: Apache-2.0
//
// What `doctor` says of this machine: its clock, the database with its disk, and the daemon. Each
// has a reading of the system and a judgement of it; judgements are pure. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/ip.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "report/doctor.hpp"

namespace rblwatch::cli {

/// What the kernel knows of its clock (adjtimex(2)): no network is needed to ask it.
struct ClockReading {
  bool is_synchronized = false;
  core::Micros offset{0};         // as the time service saw it last
  core::Micros longest_error{0};  // the offset is at most so far off
};
core::Result<ClockReading> read_clock();
report::CheckView judge_clock(const core::Result<ClockReading>& reading);

/// Where the database is, or will be.
std::filesystem::path database_folder(const std::filesystem::path& database);

struct DiskReading {
  std::uint64_t free_bytes = 0;  // for those who aren't root
  std::uint64_t free_files = 0;
  bool counts_files = false;  // some file systems make them as needed
  bool is_read_only = false;
};
/// Of the file system that holds the folder.
core::Result<DiskReading> read_disk(const std::filesystem::path& folder);
report::CheckView judge_disk(const std::filesystem::path& folder,
                             const core::Result<DiskReading>& reading);

/// Whether it is there and sound; looks for at most so long.
report::CheckView check_database(const std::filesystem::path& database, core::Millis at_most);

/// Whether it runs, and its loop answers.
report::CheckView check_daemon(const std::filesystem::path& database,
                               const std::filesystem::path& socket);

/// The addresses of this machine's interfaces, loopback ones left out.
std::vector<core::IpAddress> local_addresses();

}  // namespace rblwatch::cli
