// SPDX-License-Identifier: Apache-2.0
#include "report/prometheus.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace rblwatch::report {
namespace {

Metrics full_metrics() {
  Metrics metrics;
  metrics.version = "0.1.0";
  metrics.started_at = core::Timestamp{core::Millis(1'780'000'000'500)};
  metrics.reloaded_at = metrics.started_at;
  metrics.subjects = 258;
  metrics.events = 7;
  metrics.dns.forgery_alarms = 2;
  metrics.dns.udp_sent = 1000;
  metrics.dns.of(dns::Junk::wrong_source) = 3;
  ZoneMetrics zone;
  zone.id = "spamhaus-dqs";
  zone.dns = "<key>.zen.dq.spamhaus.net";
  zone.severity = lists::Severity::high;
  zone.state = lists::ZoneState::blind;
  zone.blind_since = metrics.started_at;
  zone.pairs = 256;
  zone.unknown = 256;
  zone.listed = 4;
  zone.lookups = 12'345'678'901;
  zone.latency_p50 = core::Millis(20);
  zone.latency_p99 = core::Millis(250);
  metrics.zones = {zone};
  metrics.resolvers = {{.server = "[::1]:53", .is_asked_less = true, .rtt = core::Micros(1500)}};
  metrics.channels = {{.name = "ops", .delivered = 5, .waiting = 1, .failed = 2}};
  return metrics;
}

std::vector<std::string> series(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.front() != '#') {
      lines.push_back(line);
    }
  }
  return lines;
}

bool has(const std::string& text, const std::string& line) {
  const auto lines = series(text);
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

}  // namespace

TEST_CASE("each figure has its series, in base units", "[prometheus]") {
  const std::string text = to_prometheus(full_metrics());
  for (const char* line : {
           R"(rblwatch_build_info{version="0.1.0"} 1)",
           "rblwatch_start_time_seconds 1780000000.5",
           "rblwatch_config_last_reload_successful 1",
           "rblwatch_subjects 258",
           "rblwatch_events_stored_total 7",
           "rblwatch_database_writable 1",
           "rblwatch_dns_forgery_alarms_total 2",
           R"(rblwatch_dns_questions_sent_total{transport="udp"} 1000)",
           R"(rblwatch_dns_replies_ignored_total{reason="wrong_source"} 3)",
           R"(rblwatch_resolver_server_asked_less{server="[::1]:53"} 1)",
           R"(rblwatch_resolver_server_rtt_seconds{server="[::1]:53"} 0.0015)",
           R"(rblwatch_zone_seeing{zone="spamhaus-dqs"} 0)",
           R"(rblwatch_zone_state{zone="spamhaus-dqs",state="blind"} 1)",
           R"(rblwatch_zone_state{zone="spamhaus-dqs",state="seeing"} 0)",
           R"(rblwatch_zone_blind_since_timestamp_seconds{zone="spamhaus-dqs"} 1780000000.5)",
           R"(rblwatch_zone_unknown{zone="spamhaus-dqs"} 256)",
           R"(rblwatch_zone_listed{zone="spamhaus-dqs"} 4)",
           R"(rblwatch_zone_lookups_total{zone="spamhaus-dqs"} 12345678901)",
           R"(rblwatch_zone_latency_seconds{zone="spamhaus-dqs",quantile="0.99"} 0.25)",
           R"(rblwatch_alerts_delivered_total{channel="ops"} 5)",
           R"(rblwatch_deliveries{channel="ops",state="failed"} 2)",
       }) {
    CAPTURE(line, text);
    CHECK(has(text, line));
  }
  CHECK(text.find(R"(dns="<key>.zen.dq.spamhaus.net")") != std::string::npos);
}

TEST_CASE("what isn't known has no series, and no reason shows before it happens", "[prometheus]") {
  const std::string text = to_prometheus(Metrics());
  CHECK(text.find("last_sweep") == std::string::npos);
  CHECK(text.find("last_alert") == std::string::npos);
  CHECK(text.find("rblwatch_dns_replies_ignored_total") == std::string::npos);
}

TEST_CASE("series are at most 20, and 30 for each zone", "[prometheus]") {
  CHECK(series(to_prometheus(Metrics())).size() <= 20);
  Metrics metrics = full_metrics();
  for (std::size_t i = 0; i < dns::kJunkReasons; ++i) {
    metrics.dns.junk[i] = 1;
  }
  metrics.last_sweep = metrics.started_at;
  metrics.last_alert = metrics.started_at;
  metrics.zones.front().last_sweep = metrics.started_at;
  CHECK(series(to_prometheus(metrics)).size() <= 20 + 30);
  metrics.zones.resize(100, metrics.zones.front());
  CHECK(series(to_prometheus(metrics)).size() <= 20 + 30 * 100);
}

TEST_CASE("a name that could end a label or a line doesn't", "[prometheus]") {
  Metrics metrics;
  metrics.channels = {{.name = "a\"} 1\nevil 2\\"}};
  const std::string text = to_prometheus(metrics);
  CHECK(has(text, R"(rblwatch_alerts_delivered_total{channel="a\"} 1\nevil 2\\"} 0)"));
  for (const std::string& line : series(text)) {
    CHECK(line.rfind("rblwatch_", 0) == 0);
  }
}

}  // namespace rblwatch::report
