// SPDX-License-Identifier: Apache-2.0
// Families are made from a snapshot and written by the library's serializer; its registry, which
// keeps metrics alive between scrapes, would only be a second copy of what the loop counts.
#include "report/prometheus.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <chrono>
#include <deque>
#include <sstream>
#include <utility>

#include "core/enum_text.hpp"

namespace rblwatch::report {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double seconds_since_1970(core::Timestamp at) {
  return std::chrono::duration<double>(at.time_since_epoch()).count();
}

template <class Rep, class Period>
double seconds_of(std::chrono::duration<Rep, Period> span) {
  return std::chrono::duration<double>(span).count();
}

/// One family while it is filled.
class Family {
 public:
  Family(std::string name, std::string help, MetricType type) {
    family_.name = "rblwatch_" + std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }

  Family& add(double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (family_.type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    family_.metric.push_back(std::move(metric));
    return *this;
  }
  Family& add(std::uint64_t value, Labels labels = {}) {
    return add(static_cast<double>(value), std::move(labels));
  }
  Family& add(bool value, Labels labels = {}) { return add(value ? 1.0 : 0.0, std::move(labels)); }
  /// Nothing where it isn't known: a nought would be a time in 1970.
  Family& add(const std::optional<core::Timestamp>& at, Labels labels = {}) {
    return at ? add(seconds_since_1970(*at), std::move(labels)) : *this;
  }

  MetricFamily take() { return std::move(family_); }

 private:
  MetricFamily family_;
};

class Page {
 public:
  Family& gauge(const char* name, const char* help) {
    return families_.emplace_back(name, help, MetricType::Gauge);
  }
  Family& counter(const char* name, const char* help) {
    return families_.emplace_back(name, help, MetricType::Counter);
  }

  std::string text() {
    std::vector<MetricFamily> all;
    for (Family& family : families_) {
      MetricFamily made = family.take();
      if (!made.metric.empty()) {
        all.push_back(std::move(made));
      }
    }
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, all);
    return out.str();
  }

 private:
  std::deque<Family> families_;  // references to them stay good
};

void add_daemon(Page& page, const Metrics& metrics) {
  page.gauge("build_info", "Always 1; the version of rblwatchd.")
      .add(1.0, {{"version", metrics.version}});
  page.gauge("start_time_seconds", "When the daemon started.")
      .add(seconds_since_1970(metrics.started_at));
  page.gauge("config_last_reload_successful", "1 unless the last reload was refused.")
      .add(metrics.is_reload_good);
  page.gauge("config_last_reload_success_timestamp_seconds",
             "When the configuration in force was read.")
      .add(seconds_since_1970(metrics.reloaded_at));
  page.gauge("subjects", "Addresses and domains that are watched.").add(metrics.subjects);
  page.gauge("last_sweep_timestamp_seconds", "End of the latest complete sweep of any zone.")
      .add(metrics.last_sweep);
  page.counter("events_stored_total", "Events stored since the start.").add(metrics.events);
  page.counter("database_write_failures_total", "Writes that failed; each is tried again.")
      .add(metrics.write_failures);
  page.gauge("database_writable", "0 while changes can't be stored; nothing is asked then.")
      .add(metrics.is_recording);
}

void add_alerts(Page& page, const Metrics& metrics) {
  page.gauge("outbox_oldest_seconds", "How long the oldest delivery has waited; 0: none waits.")
      .add(seconds_of(metrics.outbox_oldest));
  page.gauge("last_alert_success_timestamp_seconds", "When an alert was last delivered.")
      .add(metrics.last_alert);
  Family& delivered = page.counter("alerts_delivered_total", "Alerts delivered since the start.");
  for (const ChannelMetrics& channel : metrics.channels) {
    delivered.add(channel.delivered, {{"channel", channel.name}});
  }
  Family& kept = page.gauge("deliveries", "Deliveries that wait, or have failed for good.");
  for (const ChannelMetrics& channel : metrics.channels) {
    kept.add(channel.waiting, {{"channel", channel.name}, {"state", "waiting"}});
    kept.add(channel.failed, {{"channel", channel.name}, {"state", "failed"}});
  }
}

void add_engine(Page& page, const Metrics& metrics) {
  const dns::Counters& dns = metrics.dns;
  page.counter("dns_forgery_alarms_total",
               "Questions to which so many wrong replies came that someone forges answers; they "
               "were asked over TCP.")
      .add(dns.forgery_alarms);
  page.counter("dns_questions_sent_total", "Questions sent, retries among them.")
      .add(dns.udp_sent, {{"transport", "udp"}})
      .add(dns.tcp_sent, {{"transport", "tcp"}});
  page.counter("dns_replies_total", "Replies that were taken.").add(dns.replies);
  page.counter("dns_timeouts_total", "Attempts without a usable reply.").add(dns.timeouts);
  page.counter("dns_retries_total", "Questions sent again.").add(dns.retries);
  page.counter("dns_network_errors_total", "Packets that could not be sent, and ICMP errors.")
      .add(dns.network_errors);
  Family& ignored = page.counter("dns_replies_ignored_total",
                                 "Replies that were none to what was asked, by reason; a reason "
                                 "shows when it first happens.");
  for (std::size_t i = 0; i < dns::kJunkReasons; ++i) {
    if (dns.junk[i] > 0) {
      ignored.add(dns.junk[i], {{"reason", std::string(dns::to_text(static_cast<dns::Junk>(i)))}});
    }
  }
}

void add_resolvers(Page& page, const Metrics& metrics) {
  page.gauge("resolver_seeing", "0 while the zones can't be seen through the resolver.")
      .add(metrics.is_resolver_seeing);
  Family& answering = page.gauge("resolver_server_answering", "0 while this server is silent.");
  for (const ResolverMetrics& resolver : metrics.resolvers) {
    answering.add(resolver.is_answering, {{"server", resolver.server}});
  }
  Family& less = page.gauge("resolver_server_asked_less",
                            "1 while so much stays unanswered that less is asked of this server.");
  for (const ResolverMetrics& resolver : metrics.resolvers) {
    less.add(resolver.is_asked_less, {{"server", resolver.server}});
  }
  Family& rtt = page.gauge("resolver_server_rtt_seconds", "Smoothed round trip.");
  for (const ResolverMetrics& resolver : metrics.resolvers) {
    if (resolver.rtt) {
      rtt.add(seconds_of(*resolver.rtt), {{"server", resolver.server}});
    }
  }
}

Labels of_zone(const ZoneMetrics& zone) {
  return {{"zone", zone.id}};
}

void add_zone_states(Page& page, const Metrics& metrics) {
  using lists::ZoneState;
  Family& info = page.gauge("zone_info", "Always 1; the name and severity of each zone in use.");
  for (const ZoneMetrics& zone : metrics.zones) {
    info.add(1.0, {{"zone", zone.id},
                   {"dns", zone.dns},
                   {"severity", std::string(core::enum_word(zone.severity))}});
  }
  Family& seeing = page.gauge("zone_seeing", "1 while what the zone answers can be trusted.");
  for (const ZoneMetrics& zone : metrics.zones) {
    seeing.add(zone.state == ZoneState::seeing, of_zone(zone));
  }
  Family& state = page.gauge("zone_state", "1 for the state that the zone is in.");
  for (const ZoneMetrics& zone : metrics.zones) {
    for (const ZoneState each :
         {ZoneState::seeing, ZoneState::blind, ZoneState::quarantined, ZoneState::untested}) {
      state.add(zone.state == each,
                {{"zone", zone.id}, {"state", std::string(core::enum_word(each))}});
    }
  }
  Family& since = page.gauge("zone_blind_since_timestamp_seconds", "Since when it is blind.");
  for (const ZoneMetrics& zone : metrics.zones) {
    since.add(zone.blind_since, of_zone(zone));
  }
}

void add_zone_figures(Page& page, const Metrics& metrics) {
  struct Count {
    const char* name;
    const char* help;
    std::uint64_t ZoneMetrics::*value;
  };
  constexpr std::array<Count, 4> kCounts{
      {{"zone_pairs", "Subjects that are asked about there.", &ZoneMetrics::pairs},
       {"zone_listed", "Of them, those that are listed.", &ZoneMetrics::listed},
       {"zone_pending", "Changes of listings that wait for their votes.", &ZoneMetrics::pending},
       {"zone_unknown", "Of them, those that nobody can vouch for.", &ZoneMetrics::unknown}}};
  for (const Count& count : kCounts) {
    Family& family = page.gauge(count.name, count.help);
    for (const ZoneMetrics& zone : metrics.zones) {
      family.add(zone.*count.value, of_zone(zone));
    }
  }
  Family& lookups = page.counter("zone_lookups_total", "Lookups that ended.");
  for (const ZoneMetrics& zone : metrics.zones) {
    lookups.add(zone.lookups, of_zone(zone));
  }
  Family& latency = page.gauge("zone_latency_seconds", "How long answers take, since the start.");
  for (const ZoneMetrics& zone : metrics.zones) {
    if (zone.latency_p50 && zone.latency_p99) {
      latency.add(seconds_of(*zone.latency_p50), {{"zone", zone.id}, {"quantile", "0.5"}});
      latency.add(seconds_of(*zone.latency_p99), {{"zone", zone.id}, {"quantile", "0.99"}});
    }
  }
  Family& sweep = page.gauge("zone_last_sweep_timestamp_seconds", "End of its last sweep.");
  for (const ZoneMetrics& zone : metrics.zones) {
    sweep.add(zone.last_sweep, of_zone(zone));
  }
}

}  // namespace

std::string to_prometheus(const Metrics& metrics) {
  Page page;
  add_daemon(page, metrics);
  add_alerts(page, metrics);
  add_engine(page, metrics);
  add_resolvers(page, metrics);
  add_zone_states(page, metrics);
  add_zone_figures(page, metrics);
  return page.text();
}

}  // namespace rblwatch::report
