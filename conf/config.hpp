// SPDX-License-Identifier: Apache-2.0
//
// A configuration, read and checked: either every value ready for the folders that they configure,
// or every error of the file with its place. Only the two programs include this.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/channel.hpp"
#include "core/log.hpp"
#include "core/secret.hpp"
#include "core/time.hpp"
#include "dns/options.hpp"
#include "dns/question.hpp"
#include "lists/breaker.hpp"
#include "lists/catalogue.hpp"
#include "lists/listing.hpp"
#include "lists/target.hpp"
#include "lists/zone.hpp"
#include "lists/zone_health.hpp"

namespace rblwatch::conf {

/// One thing wrong, or doubtful, and where.
struct Diagnostic {
  std::string file;
  std::uint32_t line = 0;  // 1 on; 0 = no place
  std::uint32_t column = 0;
  std::string key;      // dotted: "schedule.interval", "zone[2].codes"
  std::string text;     // what is wrong; never a secret's value
  std::string allowed;  // what would do; "" where it doesn't apply
  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};
/// "/etc/rblwatch/rblwatch.toml:12:3: schedule.intervall: unknown key (did you mean interval?)".
std::string to_text(const Diagnostic& diagnostic);

/// Where something was configured, for what can be said of it only later.
struct Spot {
  std::string file;
  std::uint32_t line = 0;  // 0 = a default, written nowhere
  std::uint32_t column = 0;
  std::string key;  // "catalogue.use", "zone[2]"
};

struct DaemonSettings {
  std::filesystem::path database = "/var/lib/rblwatch/rblwatch.db";
  core::LogLevel log_level = core::LogLevel::info;
  core::LogFormat log_format = core::LogFormat::text;
  std::string http_address = "127.0.0.1";  // "" = none
  std::uint16_t http_port = 8025;
  core::Secret token;
  core::Millis retention{400LL * 24 * 3'600'000};
  std::uint64_t max_subjects = 4'194'304;
  core::Secret heartbeat_url;
  core::Millis boot_grace{120'000};
};

struct ScheduleSettings {
  core::Millis interval{30 * 60'000};
  double jitter = 0.1;
  lists::HealthPolicy health;
  lists::ConfirmPolicy confirm;  // its interval is the schedule's; pairs may differ
  lists::BreakerPolicy breaker;
};

struct Config {
  std::filesystem::path file;  // "" = defaults
  DaemonSettings daemon;
  dns::ResolverOptions resolver;
  std::vector<dns::Server> resolver_servers;  // empty = /etc/resolv.conf
  ScheduleSettings schedule;
  lists::Catalogue catalogue;
  std::vector<lists::Zone> zones;      // in use, keys filled in; catalogue order, then own ones
  std::vector<Spot> zone_spots;        // of each of them, what put it to use
  std::vector<lists::Target> targets;  // files of targets read in
  std::vector<alerts::Channel> channels;
  alerts::DeliveryOptions delivery;
};

struct Loaded {
  std::optional<Config> config;  // there is one exactly when errors is empty
  std::vector<Diagnostic> errors;
  std::vector<Diagnostic> warnings;
};

/// How secrets given as "env:NAME" are looked up; tests give their own.
using Environment = std::function<std::optional<std::string>(const std::string&)>;
Environment process_environment();

/// `file`: as given by --config; nothing = /etc/rblwatch/rblwatch.toml where it exists, else
/// defaults.
Loaded load(const std::optional<std::filesystem::path>& file,
            const Environment& environment = process_environment());
/// The same from text; relative paths are relative to `file`'s folder.
Loaded load_text(std::string_view toml, const std::filesystem::path& file,
                 const Environment& environment = process_environment());

/// The path of the daemon's socket: "<database>.sock".
std::filesystem::path socket_path(const DaemonSettings& settings);

}  // namespace rblwatch::conf
