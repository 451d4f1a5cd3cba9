// SPDX-License-Identifier: Apache-2.0
//
// What the reading commands start from: the configuration, and the database as it stands now,
// whether the daemon runs or not. Values and one Reader; one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/reply.hpp"
#include "conf/config.hpp"
#include "lists/target.hpp"
#include "report/status.hpp"
#include "report/watched.hpp"
#include "storage/reader.hpp"

namespace rblwatch::cli {

/// Every error of the file, a line each, with exit code 2.
core::Result<conf::Config, Failure> load_config(const Options& options);
/// The same with its warnings. There is a config.
core::Result<conf::Loaded, Failure> load_with_warnings(const Options& options);

/// Exit code 4; where there is no database yet the text says what makes one.
core::Result<storage::Reader, Failure> open_reader(const conf::Config& config);

/// The addresses of host targets and followed domains that a database knows; empty where there is
/// none, or it can't be read.
lists::HostBook known_hosts(const conf::Config& config);

/// A configured world with what is stored of it.
struct Reading {
  conf::Config config;
  std::optional<storage::Reader>
      reader;  // nothing only where the database was not needed and isn't there
  lists::SubjectTable subjects;
  report::StatusRows rows;

  report::World world() const;
};
core::Result<Reading, Failure> open_reading(const Options& options);
/// The same with empty rows where there is no database yet.
core::Result<Reading, Failure> open_reading_if_any(const Options& options);

/// Exit code 2: nothing of that name is watched.
Failure not_watched(const lists::SubjectTable& subjects, const std::string& text);

}  // namespace rblwatch::cli
