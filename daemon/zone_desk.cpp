// SPDX-License-Identifier: Apache-2.0
#include "daemon/zone_desk.hpp"

#include <algorithm>

namespace rblwatch::daemon {

namespace {

bool is_blind(const KindDesk& desk) {
  return desk.subjects > 0 && desk.health.state == lists::ZoneState::blind;
}

std::optional<std::int64_t> in_ms(std::optional<core::Millis> duration) {
  return duration ? std::optional(static_cast<std::int64_t>(duration->count())) : std::nullopt;
}

}  // namespace

bool ZoneDesk::has_pairs() const {
  return subjects() > 0;
}

bool ZoneDesk::is_any_seeing() const {
  return std::any_of(kinds.begin(), kinds.end(),
                     [](const KindDesk& desk) { return desk.subjects > 0 && desk.is_seeing(); });
}

bool ZoneDesk::is_any_blind() const {
  return std::any_of(kinds.begin(), kinds.end(), is_blind);
}

bool ZoneDesk::is_tested_since_quarantine() const {
  const auto since = breaker.quarantined_since();
  return since && std::all_of(kinds.begin(), kinds.end(), [&](const KindDesk& desk) {
           return desk.subjects == 0 || (desk.tested_at && *desk.tested_at >= *since);
         });
}

std::uint64_t ZoneDesk::subjects() const {
  std::uint64_t sum = 0;
  for (const KindDesk& desk : kinds) {
    sum += desk.subjects;
  }
  return sum;
}

std::uint64_t ZoneDesk::subjects_blind() const {
  std::uint64_t sum = 0;
  for (const KindDesk& desk : kinds) {
    sum += is_blind(desk) ? desk.subjects : 0;
  }
  return sum;
}

std::optional<lists::Cause> ZoneDesk::cause() const {
  const auto found = std::find_if(kinds.begin(), kinds.end(), is_blind);
  return found == kinds.end() ? std::nullopt : found->health.cause;
}

std::optional<core::Timestamp> ZoneDesk::blind_since() const {
  const auto found = std::find_if(kinds.begin(), kinds.end(), is_blind);
  return found == kinds.end() ? std::nullopt : found->since;
}

std::optional<lists::Kind> ZoneDesk::only_blind_kind() const {
  const auto found = std::find_if(kinds.begin(), kinds.end(), is_blind);
  return std::count_if(kinds.begin(), kinds.end(), is_blind) == 1
             ? std::optional(static_cast<lists::Kind>(found - kinds.begin()))
             : std::nullopt;
}

storage::KindRecord kind_record(const lists::Zone& zone, lists::Kind kind, const KindDesk& desk) {
  storage::KindRecord record;
  record.row.zone = zone.id;
  record.row.kind = kind;
  record.row.state = desk.health.state;
  record.row.cause = desk.health.cause;
  record.row.since = desk.since;
  record.row.last_test = desk.last_test;
  record.row.swept_at = desk.sweep.swept_at;
  record.row.sweep_length = desk.sweep.length;
  record.has_been_decided = desk.has_been_decided;
  record.last_passed = desk.last_passed;
  return record;
}

storage::ZoneRecord zone_record(const lists::Zone& zone, const ZoneDesk& desk, const World& world) {
  storage::ZoneRecord record;
  record.row.zone = zone.id;
  record.row.quarantined = desk.breaker.is_quarantined();
  record.row.quarantined_since = desk.quarantined_since;
  record.row.last_sweep = desk.last_sweep;
  record.row.lookups = desk.lookups;
  record.row.latency_p50_ms = in_ms(desk.latency.quantile(0.5));
  record.row.latency_p99_ms = in_ms(desk.latency.quantile(0.99));
  record.told_blind = desk.told_blind;
  record.told_quarantined = desk.told_quarantined;
  record.quarantined_since = desk.breaker.quarantined_since();
  record.held = desk.breaker.held();
  for (const lists::BelievedChange& change : record.held) {
    record.held_subjects.push_back(world.subjects.subject(change.subject).to_text());
  }
  return record;
}

}  // namespace rblwatch::daemon
