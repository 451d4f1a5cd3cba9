// SPDX-License-Identifier: Apache-2.0
#include "daemon/figures.hpp"

#include <algorithm>
#include <cmath>

#include "core/enum_text.hpp"

namespace rblwatch::daemon {

namespace {

using report::ZoneMetrics;

/// What targets ask for, of which there can be a million.
struct OwnIntervals {
  core::Millis shortest = core::Millis::max();
  core::Millis longest{0};
};

OwnIntervals own_intervals(const MonitorSetup& setup) {
  OwnIntervals own;
  for (const lists::Target& target : setup.targets) {
    if (target.interval) {
      own.shortest = std::min(own.shortest, *target.interval);
      own.longest = std::max(own.longest, *target.interval);
    }
  }
  return own;
}

core::Millis time_of(double questions, double per_second) {
  constexpr double kLongest = 1e9;  // seconds
  const double seconds = per_second > 0 ? questions / per_second : 0;
  return core::Millis(std::llround(std::min(seconds, kLongest) * 1000));
}

/// How long a sweep of the zone takes at the pace that is allowed, when nothing else is known.
core::Millis expected_length(const Generation& now, std::size_t zone) {
  const auto pairs = static_cast<double>(now.book.size());
  const auto own = static_cast<double>(now.desks[zone].subjects());
  const MonitorSetup& setup = now.world->setup;
  return std::max(time_of(pairs, setup.resolver_qps), time_of(own, setup.zones[zone].qps));
}

core::Millis allowed_time(const Generation& now, std::size_t zone, const KindDesk& desk,
                          core::Millis of_targets) {
  const MonitorSetup& setup = now.world->setup;
  const core::Millis pace =
      std::max({setup.zones[zone].interval.value_or(setup.interval), of_targets,
                desk.sweep.length.value_or(core::Millis(0)), expected_length(now, zone)});
  return 2 * pace + setup.confirm.confirm_after;
}

std::string ago_text(core::Micros span) {
  return core::to_human(std::chrono::duration_cast<core::Millis>(span));
}

/// Pairs of a kind that nobody vouches for, all of them or those whose sweep is too old.
std::uint64_t count_unseen(const Generation& now, lists::ZoneIndex zone, lists::Kind which,
                           const OwnIntervals& own, core::Timestamp at) {
  const KindDesk& kind = now.desks[zone.value].kind(which);
  if (!kind.is_seeing() || !kind.sweep.swept_at) {
    return kind.subjects;
  }
  const MonitorSetup& setup = now.world->setup;
  const core::Millis shortest =
      std::min(own.shortest, setup.zones[zone.value].interval.value_or(setup.interval));
  if (is_current(now, kind, shortest, at)) {
    return 0;  // as nearly always: no look at each pair
  }
  const auto [first, last] = now.book.range_of(zone);
  std::uint64_t unseen = 0;
  for (std::uint32_t pair = first; pair < last; ++pair) {
    const PairSlot& slot = now.book.slot({pair});
    unseen += slot.kind == which && !is_swept(now, slot, at) ? 1 : 0;
  }
  return unseen;
}

/// The zones' counts of pairs, by what the book keeps beside its slots.
void count_pairs(const Generation& now, core::Timestamp at, std::vector<ZoneMetrics>& zones) {
  for (const auto& [pair, detail] : now.book.details()) {
    ZoneMetrics& zone = zones[now.book.slot({pair}).zone.value];
    for (const PurposeTrack& track : detail.tracks) {
      const bool is_on_its_way = track.track.is_listed() || !track.track.pending.empty();
      zone.listed += track.is_open && track.purpose == lists::Purpose::block ? 1 : 0;
      zone.pending += !track.is_open && is_on_its_way ? 1 : 0;
    }
  }
  const OwnIntervals own = own_intervals(now.world->setup);
  for (std::uint16_t i = 0; i < core::size_as<std::uint16_t>(now.desks); ++i) {
    for (const lists::Kind which : lists::kAllKinds) {
      zones[i].pairs += now.desks[i].kind(which).subjects;
      zones[i].unknown += count_unseen(now, {i}, which, own, at);
    }
  }
  for (const auto& [pair, doubt] : now.book.doubts()) {
    const PairSlot& slot = now.book.slot({pair});
    const KindDesk& kind = now.desks[slot.zone.value].kind(slot.kind);
    const bool is_counted =
        kind.is_seeing() && is_swept(now, slot, at) && doubt.cause != lists::Cause::unsupported;
    zones[slot.zone.value].unknown += is_counted ? 1 : 0;
  }
}

void take_state(ZoneMetrics& metrics, const ZoneDesk& desk) {
  std::vector<lists::ZoneState> states;
  for (const KindDesk& kind : desk.kinds) {
    if (kind.subjects == 0) {
      continue;
    }
    states.push_back(kind.health.state);
    if (kind.health.state == lists::ZoneState::blind && kind.since) {
      metrics.blind_since = std::min(metrics.blind_since.value_or(*kind.since), *kind.since);
    }
  }
  if (!states.empty()) {
    metrics.state = lists::zone_state(states, desk.breaker.is_quarantined());
  }
}

ZoneMetrics zone_metrics(const lists::Zone& zone, const ZoneDesk& desk) {
  ZoneMetrics metrics;
  metrics.id = zone.id;
  metrics.dns = zone.dns.shown();
  metrics.severity = zone.severity;
  take_state(metrics, desk);
  metrics.lookups = desk.lookups;
  metrics.latency_p50 = desk.latency.quantile(0.5);
  metrics.latency_p99 = desk.latency.quantile(0.99);
  metrics.last_sweep = desk.last_sweep;
  return metrics;
}

void take_resolvers(Figures& figures, const Generation& now, const dns::Resolver& resolver) {
  const std::vector<dns::Server>& watched = now.world->resolvers->servers;
  for (const dns::ServerStatus& status : resolver.servers()) {
    if (status.role == dns::ServerRole::resolver &&
        std::find(watched.begin(), watched.end(), status.server) != watched.end()) {
      figures.resolvers.push_back({.server = status.server.to_text(),
                                   .is_answering = status.is_answering,
                                   .is_asked_less = status.is_asked_less,
                                   .rtt = status.rtt});
    }
  }
  figures.dns = resolver.counters();
}

}  // namespace

std::string late_sweep(const Generation& now, core::Tick epoch, core::Tick tick) {
  std::optional<core::Tick> unseen_since;
  std::optional<core::Millis> patience;
  bool is_any_seeing = false;
  const core::Millis of_targets = own_intervals(now.world->setup).longest;
  for (std::size_t i = 0; i < now.desks.size(); ++i) {
    for (const lists::Kind which : lists::kAllKinds) {
      const KindDesk& kind = now.desks[i].kind(which);
      if (kind.subjects == 0) {
        continue;
      }
      const core::Millis allowed = allowed_time(now, i, kind, of_targets);
      if (kind.is_seeing() && tick - kind.sweep.started_tick > allowed) {
        return "the sweep of " + now.world->setup.zones[i].id + " (" +
               std::string(core::enum_word(which)) + ") is late: it began " +
               ago_text(tick - kind.sweep.started_tick) + " ago";
      }
      is_any_seeing = is_any_seeing || kind.is_seeing();
      patience = std::max(patience.value_or(allowed), allowed);
      const core::Tick since = kind.health.since.value_or(epoch);
      unseen_since = std::max(unseen_since.value_or(since), since);
    }
  }
  if (is_any_seeing || !unseen_since || tick - *unseen_since <= *patience) {
    return "";
  }
  return "no zone can be seen, for " + ago_text(tick - *unseen_since) +
         "; rblwatch zones and rblwatch doctor say why";
}

Figures make_figures(const Generation& now, const dns::Resolver& resolver, core::Tick epoch,
                     const core::ClockPair& clocks) {
  Figures figures;
  figures.taken_at = clocks.tick;
  figures.subjects = now.world->subjects.size();
  for (std::size_t i = 0; i < now.desks.size(); ++i) {
    figures.zones.push_back(zone_metrics(now.world->setup.zones[i], now.desks[i]));
    if (const auto& swept = figures.zones.back().last_sweep) {
      figures.last_sweep = std::max(figures.last_sweep.value_or(*swept), *swept);
    }
  }
  count_pairs(now, clocks.now, figures.zones);
  take_resolvers(figures, now, resolver);
  figures.is_resolver_seeing = now.watch.is_resolver_seeing();
  figures.late = late_sweep(now, epoch, clocks.tick);
  return figures;
}

}  // namespace rblwatch::daemon
