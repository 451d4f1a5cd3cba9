// SPDX-License-Identifier: Apache-2.0
#include "daemon/zone_desk.hpp"

#include <algorithm>

namespace rblwatch::daemon {

namespace {

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

bool ZoneDesk::is_any_suspended() const {
  return std::any_of(kinds.begin(), kinds.end(), [](const KindDesk& desk) {
    return desk.subjects > 0 && desk.health.is_suspended;
  });
}

bool ZoneDesk::has_passed_since(core::Tick since) const {
  const auto has_nothing_held = [](const KindDesk& desk) {
    const bool is_blind = desk.health.state == lists::ZoneState::blind;
    return desk.subjects == 0 || (is_blind && !desk.health.is_suspended);
  };
  return is_any_seeing() && std::all_of(kinds.begin(), kinds.end(), [&](const KindDesk& desk) {
           const bool has_passed = desk.passed && desk.passed->asked_at >= since;
           return has_nothing_held(desk) || (desk.is_seeing() && has_passed);
         });
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

std::uint64_t ZoneDesk::subjects_of(lists::KindSet which) const {
  std::uint64_t sum = 0;
  for (const lists::Kind one : lists::kAllKinds) {
    sum += which.has(one) ? kind(one).subjects : 0;
  }
  return sum;
}

std::uint64_t ZoneDesk::subjects_in_wave() const {
  return std::max(breaker.standing(true), breaker.standing(false));
}

void set_breaker_window(ZoneDesk& desk, const World& world, lists::ZoneIndex zone) {
  const lists::ConfirmPolicy& confirm = world.setup.confirm;
  const core::Micros wait = std::max<core::Micros>(confirm.confirm_after, desk.longest_wait);
  core::Micros window = world.zone(zone).interval.value_or(world.setup.interval);
  window = std::max(window, wait * std::max(confirm.confirmations, 2U) - wait);
  for (const KindDesk& kind : desk.kinds) {
    window = std::max<core::Micros>(window, kind.sweep.length.value_or(core::Millis(0)));
  }
  desk.breaker.set_window(std::chrono::ceil<core::Millis>(window));
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
  if (kind == lists::Kind::domain) {
    record.row.form = zone.domain_form;
  }
  record.has_been_decided = desk.has_been_decided;
  record.last_passed = desk.last_passed;
  record.told_blind_since = desk.told_blind_since;
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
  record.row.pattern = zone.dns.pattern();
  record.told_quarantined = desk.told_quarantined;
  record.quarantined_since = desk.breaker.quarantined_since();
  record.held.assign(desk.released.begin(), desk.released.end());  // it was believed before
  if (desk.breaker.is_quarantined()) {  // what only waits for a wave is known by its votes
    const std::vector<lists::BelievedChange> held = desk.breaker.held();
    record.held.insert(record.held.end(), held.begin(), held.end());
  }
  for (const lists::BelievedChange& change : record.held) {
    record.held_subjects.push_back(world.subjects.subject(change.subject).to_text());
  }
  return record;
}

}  // namespace rblwatch::daemon
