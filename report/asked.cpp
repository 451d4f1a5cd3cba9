// SPDX-License-Identifier: Apache-2.0
#include "report/asked.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace rblwatch::report {

bool is_same_list(const ZoneRow& row, const lists::Zone& zone) {
  return !row.pattern || *row.pattern == zone.dns.pattern();
}

bool is_same_form(const KindRow& row, const lists::Zone& zone) {
  return row.kind != lists::Kind::domain || !row.form || *row.form == zone.domain_form;
}

bool is_current(const LastSweep& sweep, core::Millis interval, core::Millis confirm_after,
                Timestamp now) {
  const core::Millis pace = std::max(interval, sweep.length.value_or(core::Millis(0)));
  return sweep.began && std::chrono::abs(now - *sweep.began) <= 2 * pace + confirm_after;
}

bool is_same_question(const StatusRows& rows, const lists::Zone& zone, lists::Kind kind) {
  return std::all_of(rows.zones.begin(), rows.zones.end(),
                     [&zone](const ZoneRow& row) {
                       return row.zone != zone.id || is_same_list(row, zone);
                     }) &&
         std::all_of(rows.kinds.begin(), rows.kinds.end(), [&](const KindRow& row) {
           return row.zone != zone.id || row.kind != kind || is_same_form(row, zone);
         });
}

namespace {

constexpr std::uint32_t kEmptySet = 0;
constexpr std::uint32_t kFullSet = 1;

}  // namespace

AskedPairs::AskedPairs(std::span<const lists::Zone> zones, const lists::SubjectTable& subjects,
                       std::span<const WatchedRow> watched, std::span<const ZoneSetRow> sets)
    : sets_{std::vector<bool>(zones.size()), std::vector<bool>(zones.size(), true)},
      set_of_(subjects.size(), kEmptySet) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < zones.size(); ++i) {
    places.emplace(zones[i].id, i);
  }
  std::unordered_map<std::int64_t, std::uint32_t> positions;
  for (const ZoneSetRow& row : sets) {
    std::vector<bool> set(zones.size());
    for (const std::string& zone : row.zones) {
      if (const auto place = places.find(zone); place != places.end()) {
        set[place->second] = true;
      }
    }
    positions.emplace(row.id, static_cast<std::uint32_t>(sets_.size()));
    sets_.push_back(std::move(set));
  }
  for (const WatchedRow& row : watched) {
    const auto subject = lists::Subject::parse(row.subject);
    if (const auto index = subject ? subjects.find(*subject) : std::nullopt) {
      const auto position = row.zone_set ? positions.find(*row.zone_set) : positions.end();
      const std::uint32_t known = position == positions.end() ? kEmptySet : position->second;
      set_of_[index->value] = row.zone_set ? known : kFullSet;
    }
  }
}

}  // namespace rblwatch::report
