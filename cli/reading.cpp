// SPDX-License-Identifier: Apache-2.0
#include "cli/reading.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::cli {
namespace {

/// Host names' addresses, then every subject.
core::Result<void, Failure> fill(Reading& reading) {
  const auto& config = reading.config;
  if (reading.reader) {
    auto rows = reading.reader->status(config.targets);
    if (!rows) {
      return failed(rows.error());
    }
    reading.rows = std::move(*rows);
  }
  auto subjects = lists::SubjectTable::build(config.targets, reading.rows.addresses.hosts,
                                             config.daemon.max_subjects);
  if (!subjects) {
    return wrong(subjects.error().text);
  }
  reading.subjects = std::move(*subjects);
  return {};
}

}  // namespace

core::Result<conf::Loaded, Failure> load_with_warnings(const Options& options) {
  conf::Loaded loaded = conf::load(options.config);
  if (loaded.config) {
    return loaded;
  }
  Failure failure;
  failure.exit_code = kWrong;
  for (const conf::Diagnostic& error : loaded.errors) {
    failure.lines.push_back(conf::to_text(error));
  }
  return tl::make_unexpected(std::move(failure));
}

core::Result<conf::Config, Failure> load_config(const Options& options) {
  auto loaded = load_with_warnings(options);
  if (!loaded) {
    return tl::make_unexpected(loaded.error());
  }
  return std::move(*loaded->config);
}

core::Result<storage::Reader, Failure> open_reader(const conf::Config& config) {
  auto reader = storage::Reader::open(config.daemon.database);
  if (reader) {
    return std::move(*reader);
  }
  const core::Error& error = reader.error();
  if (error.kind == core::Error::Kind::not_found) {
    return failed("there is no database yet at " + config.daemon.database.string() +
                  ": start rblwatchd, which makes it (rblwatch check needs none)");
  }
  return failed(error);
}

lists::HostBook known_hosts(const conf::Config& config) {
  const auto reader = storage::Reader::open(config.daemon.database);
  if (!reader) {
    return {};
  }
  const auto known = reader->addresses(config.targets);
  return known ? known->hosts : lists::HostBook();
}

report::World Reading::world() const {
  return {.zones = config.zones,
          .subjects = subjects,
          .interval = config.schedule.interval,
          .confirm_after = config.schedule.confirm.confirm_after};
}

core::Result<Reading, Failure> open_reading(const Options& options) {
  auto config = load_config(options);
  if (!config) {
    return tl::make_unexpected(config.error());
  }
  auto reader = open_reader(*config);
  if (!reader) {
    return tl::make_unexpected(reader.error());
  }
  Reading reading;
  reading.config = std::move(*config);
  reading.reader = std::move(*reader);
  const auto filled = fill(reading);
  if (!filled) {
    return tl::make_unexpected(filled.error());
  }
  return reading;
}

core::Result<Reading, Failure> open_reading_if_any(const Options& options) {
  auto config = load_config(options);
  if (!config) {
    return tl::make_unexpected(config.error());
  }
  Reading reading;
  reading.config = std::move(*config);
  auto reader = storage::Reader::open(reading.config.daemon.database);
  if (reader) {
    reading.reader = std::move(*reader);
  } else if (reader.error().kind != core::Error::Kind::not_found) {
    return failed(reader.error());
  }
  const auto filled = fill(reading);
  if (!filled) {
    return tl::make_unexpected(filled.error());
  }
  return reading;
}

Failure not_watched(const lists::SubjectTable& subjects, const std::string& text) {
  return {kWrong, {report::not_watched_text(subjects, text)}};
}

}  // namespace rblwatch::cli
