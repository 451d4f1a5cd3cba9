// SPDX-License-Identifier: Apache-2.0
#include "report/status.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "report/sources.hpp"
#include "report/survey.hpp"

namespace rblwatch::report {

namespace {

using lists::Kind;
using lists::ListingState;
using lists::Subject;
using lists::SubjectIndex;

/// The worst that holds: a target that nobody asks about, or not about all of it, is not clear.
std::string target_state(const TargetView& view, bool has_gap, bool is_asked) {
  if (view.listed > 0) {
    return "listed";
  }
  if (has_gap && view.addresses.empty()) {
    return "unresolved";
  }
  return view.unknown > 0 || has_gap || !is_asked ? "unknown" : "clear";
}

std::vector<std::string> addresses_of(const lists::Target& target, std::uint32_t index,
                                      const lists::HostBook& hosts) {
  std::vector<std::string> addresses;
  if (target.type == lists::TargetType::address) {
    const auto subject = Subject::parse(target.value);
    addresses.push_back(subject ? subject->to_text() : target.value);
  }
  if (const auto found = hosts.find(index); found != hosts.end()) {
    for (const core::IpAddress& address : found->second) {
      addresses.push_back(address.to_text());
    }
  }
  return addresses;
}

TargetView target_view(const World& world, const Survey& survey, const TargetAddresses& known,
                       lists::TargetIndex index) {
  const lists::Target& target = world.subjects.targets()[index.value];
  TargetView view;
  view.name = target.name;
  view.type = target.type;
  view.value = target.value;
  view.tags = target.tags;
  view.addresses = addresses_of(target, index.value, known.hosts);
  bool is_asked = false;
  for (const SubjectIndex subject : world.subjects.subjects_of(index)) {
    ++view.subjects;
    view.listed += survey.is_listed(subject) ? 1 : 0;
    view.unknown += survey.is_unknown(subject) ? 1 : 0;
    is_asked = is_asked || survey.is_asked(subject);
    if (const std::optional<Timestamp> last_seen = survey.last_seen_listed(subject)) {
      ++view.listed_in_doubt;
      view.last_seen = std::min(view.last_seen.value_or(*last_seen), *last_seen);
    }
  }
  view.notes = source_notes(target, index, known.sources);
  const bool has_gap = source_gap(target, index, known.sources).has_value();
  view.state = target_state(view, has_gap, is_asked);
  return view;
}

/// Pattern and purpose of each code, the zone's tests, and whatever else the catalogue says.
ZoneDetail zone_detail(const lists::Zone& zone) {
  ZoneDetail detail;
  for (const lists::CodeEntry& entry : zone.codes) {
    detail.codes.push_back(
        {.code = entry.pattern.text(), .meaning = entry.meaning, .purpose = entry.purpose});
  }
  for (const lists::CodePattern& refusal : zone.refusals) {
    detail.refusals.push_back(refusal.text());
  }
  for (const lists::CodePattern& code : zone.test_codes) {
    detail.test_codes.push_back(code.text());
  }
  for (const Kind kind : lists::kAllKinds) {
    if (!zone.kinds.has(kind)) {
      continue;
    }
    const lists::TestEntries& entries = zone.test_of(kind);
    detail.kinds_supported.push_back(kind);
    detail.tests.push_back(
        {.kind = kind, .listed = entries.listed.value_or(""), .clear = entries.clear.value_or("")});
  }
  detail.test_random = zone.test_random;
  detail.lookup_url = zone.lookup_url;
  detail.delist_url = zone.delist_url;
  detail.delist_steps = zone.delist_steps;
  detail.contained_in = zone.contained_in;
  detail.limit_per_day = zone.limit_per_day;
  detail.policy = lists::terms_text(zone);
  detail.note = zone.note;
  return detail;
}

}  // namespace

StatusDoc build_status(const World& world, const StatusRows& rows, Timestamp now) {
  return Survey(world, rows, now).document();
}

StatusDoc restrict_to(const World& world, const StatusRows& rows, const Meant& meant,
                      Timestamp now) {
  Survey::Scope scope{.subjects = std::vector<bool>(world.subjects.size()),
                      .targets = {meant.targets.begin(), meant.targets.end()}};
  std::set<lists::TargetIndex> holders = scope.targets;
  for (const SubjectIndex subject : meant.subjects) {
    scope.subjects[subject.value] = true;
    if (meant.targets.empty()) {
      const std::vector<lists::TargetIndex> those = world.subjects.holders(subject);
      holders.insert(those.begin(), those.end());
    }
  }
  StatusDoc document = Survey(world, rows, now, std::move(scope)).document();
  document.summary.targets = holders.size();
  return document;
}

TargetsDoc build_targets(const World& world, const StatusRows& rows, Timestamp now) {
  const Survey survey(world, rows, now);
  TargetsDoc document;
  document.generated_at = now;
  for (std::uint32_t i = 0; i < world.subjects.targets().size(); ++i) {
    document.targets.push_back(target_view(world, survey, rows.addresses, lists::TargetIndex{i}));
  }
  return document;
}

ZonesDoc build_zones(const World& world, const StatusRows& rows, Timestamp now) {
  const Survey survey(world, rows, now);
  ZonesDoc document;
  document.generated_at = now;
  for (std::size_t i = 0; i < world.zones.size(); ++i) {
    ZoneDetail detail = zone_detail(world.zones[i]);
    detail.view = survey.zone_view(i);
    if (const ZoneRow* row = survey.zone_row(i)) {
      detail.lookups = row->lookups;
      detail.latency_p50_ms = row->latency_p50_ms;
      detail.latency_p99_ms = row->latency_p99_ms;
    }
    document.zones.push_back(std::move(detail));
  }
  return document;
}

ListingView view_of(const ListingRow& row, const lists::Zone* zone) {
  ListingView view;
  view.target = row.target.name;
  view.targets = row.targets;
  view.tags = row.target.tags;
  view.subject = row.subject;
  view.kind = row.kind;
  view.zone = row.zone;
  view.purpose = row.purpose;
  view.dns = zone != nullptr ? zone->dns.shown() : row.zone_ref.dns;
  view.operator_name = zone != nullptr ? zone->operator_name : row.zone_ref.operator_name;
  view.severity = zone != nullptr ? zone->severity : row.zone_ref.severity;
  view.lookup_url =
      zone != nullptr ? lists::fill_url(zone->lookup_url, row.subject) : row.lookup_url;
  view.delist_url =
      zone != nullptr ? lists::fill_url(zone->delist_url, row.subject) : row.delist_url;
  view.delist_steps = zone != nullptr ? zone->delist_steps : row.delist_steps;
  view.codes = row.codes.addresses();
  view.meanings = row.codes.meanings();
  view.reason = row.reason;
  view.listed_at = row.listed_at;
  view.last_seen = row.last_seen;
  (row.is_retired ? view.retired_at : view.delisted_at) = row.ended_at;
  view.first_seen = row.first_seen;
  view.contained = row.contained;
  if (row.ended_at) {
    view.state = row.is_retired ? ListingState::retired : ListingState::delisted;
  }
  return view;
}

}  // namespace rblwatch::report
