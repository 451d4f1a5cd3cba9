// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus is told, as values, and the text that tells it. There is no label with a subject
// in it: the number of series grows with zones, channels and resolvers alone. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "dns/counters.hpp"
#include "lists/words.hpp"

namespace rblwatch::report {

struct ZoneMetrics {
  std::string id;
  std::string dns;  // as shown: <key> where a key stands
  lists::Severity severity = lists::Severity::medium;
  lists::ZoneState state = lists::ZoneState::untested;
  std::optional<core::Timestamp> blind_since;
  std::uint64_t pairs = 0;
  std::uint64_t listed = 0;
  std::uint64_t pending = 0;
  std::uint64_t unknown = 0;
  std::uint64_t lookups = 0;
  std::optional<core::Millis> latency_p50;
  std::optional<core::Millis> latency_p99;
  std::optional<core::Timestamp> last_sweep;
};

struct ResolverMetrics {
  std::string server;
  bool is_answering = true;
  bool is_asked_less = false;
  std::optional<core::Micros> rtt;
};

struct ChannelMetrics {
  std::string name;
  std::uint64_t delivered = 0;  // since the start
  std::uint64_t waiting = 0;
  std::uint64_t failed = 0;
};

struct Metrics {
  std::string version;
  core::Timestamp started_at{};
  bool is_reload_good = true;
  core::Timestamp reloaded_at{};  // when the configuration in force was read
  std::uint64_t subjects = 0;
  std::optional<core::Timestamp> last_sweep;
  std::uint64_t events = 0;          // stored since the start
  std::uint64_t write_failures = 0;  // since the start
  bool is_recording = true;
  core::Millis outbox_oldest{0};              // how long the oldest delivery has waited
  std::optional<core::Timestamp> last_alert;  // delivered
  bool is_resolver_seeing = true;
  dns::Counters dns;
  std::vector<ZoneMetrics> zones;
  std::vector<ResolverMetrics> resolvers;
  std::vector<ChannelMetrics> channels;
};

/// The text format, version 0.0.4.
std::string to_prometheus(const Metrics& metrics);

}  // namespace rblwatch::report
