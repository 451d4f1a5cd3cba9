// SPDX-License-Identifier: Apache-2.0
#include "daemon/zone_sets.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "core/check.hpp"

namespace rblwatch::daemon {

namespace {

using Zones = std::vector<std::uint16_t>;  // sorted

Zones asked_zones(const World& world, lists::SubjectIndex subject) {
  Zones zones;
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(world.setup.zones); ++zone) {
    if (world.subjects.is_asked(subject, world.zone({zone}))) {
      zones.push_back(zone);
    }
  }
  return zones;
}

/// Nothing where the set has a zone that isn't in use any more.
std::optional<Zones> zones_of(const World& world, const report::ZoneSetRow& row) {
  Zones zones;
  for (const std::string& id : row.zones) {
    const auto zone = world.find_zone(id);
    if (!zone) {
      return std::nullopt;
    }
    zones.push_back(zone->value);
  }
  std::sort(zones.begin(), zones.end());
  return zones;
}

/// Gives numbers to sets of zones.
class Numbering {
 public:
  Numbering(const std::vector<report::ZoneSetRow>& stored, const StoredSets& known) {
    for (const report::ZoneSetRow& row : stored) {
      last_ = std::max(last_, row.id);
    }
    for (const auto& set : known) {
      last_ = std::max(last_, set.value_or(0));
    }
  }
  /// A set that is wanted and stored as it is.
  void keep(std::int64_t number, const Zones& zones) {
    if (const auto found = numbers_.find(zones); found != numbers_.end() && found->second == 0) {
      found->second = number;
      taken_.insert(number);
    }
  }
  void want(Zones zones) { numbers_.try_emplace(std::move(zones), 0); }
  /// Its number; `before` is that of its first subject, which it takes over where nobody has it.
  std::int64_t number(const Zones& zones, std::optional<std::int64_t> before) {
    std::int64_t& number = numbers_.at(zones);
    if (number == 0) {
      const bool is_free = before && taken_.count(*before) == 0;
      number = is_free ? *before : ++last_;
      taken_.insert(number);
    }
    return number;
  }
  const std::map<Zones, std::int64_t>& all() const { return numbers_; }

 private:
  std::map<Zones, std::int64_t> numbers_;  // 0: none yet
  std::unordered_set<std::int64_t> taken_;
  std::int64_t last_ = 0;
};

}  // namespace

ZoneSets::ZoneSets(const World& world, const std::vector<report::ZoneSetRow>& stored,
                   const StoredSets& known) {
  RBL_CHECK(known.size() == world.subjects.size());
  Numbering numbering(stored, known);
  std::vector<std::pair<lists::SubjectIndex, Zones>> wanted;
  for (const lists::SubjectTable::Stretch& stretch : world.subjects.stretches()) {
    wanted.emplace_back(stretch.begin, asked_zones(world, stretch.begin));
    numbering.want(wanted.back().second);
  }
  for (const report::ZoneSetRow& row : stored) {
    if (const auto zones = zones_of(world, row)) {
      numbering.keep(row.id, *zones);
    }
  }
  for (const auto& [begin, zones] : wanted) {
    parts_.push_back({begin, numbering.number(zones, known[begin.value])});
  }
  for (const auto& [zones, number] : numbering.all()) {
    report::ZoneSetRow row;
    row.id = number;
    for (const std::uint16_t zone : zones) {
      row.zones.push_back(world.zone({zone}).id);
    }
    std::sort(row.zones.begin(), row.zones.end());
    rows_.push_back(std::move(row));
  }
  std::sort(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
}

std::int64_t ZoneSets::of(lists::SubjectIndex subject) const {
  const auto behind =
      std::upper_bound(parts_.begin(), parts_.end(), subject,
                       [](lists::SubjectIndex a, const Part& part) { return a < part.begin; });
  return std::prev(behind)->set;
}

}  // namespace rblwatch::daemon
