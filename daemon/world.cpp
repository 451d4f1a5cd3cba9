// SPDX-License-Identifier: Apache-2.0
#include "daemon/world.hpp"

#include <algorithm>
#include <utility>

namespace rblwatch::daemon {

std::optional<lists::ZoneIndex> World::find_zone(std::string_view id) const {
  const auto found = std::find_if(setup.zones.begin(), setup.zones.end(),
                                  [&](const lists::Zone& zone) { return zone.id == id; });
  if (found == setup.zones.end()) {
    return std::nullopt;
  }
  return lists::ZoneIndex{static_cast<std::uint16_t>(found - setup.zones.begin())};
}

core::Millis World::interval_of(lists::ZoneIndex index, lists::SubjectIndex subject) const {
  return subjects.interval_of(subject, zone(index), setup.interval);
}

lists::ConfirmPolicy World::confirm_policy(lists::ZoneIndex index,
                                           lists::SubjectIndex subject) const {
  lists::ConfirmPolicy policy = setup.confirm;
  policy.interval = interval_of(index, subject);
  return policy;
}

void for_each_stretch(const World& world, const VisitStretch& visit) {
  const std::vector<lists::SubjectTable::Stretch> stretches = world.subjects.stretches();
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(world.setup.zones); ++zone) {
    for (const lists::SubjectTable::Stretch& stretch : stretches) {
      if (world.subjects.is_asked(stretch.begin, world.zone({zone}))) {
        visit({zone}, stretch);
      }
    }
  }
}

void ZoneLanes::set_zones(const std::vector<lists::Zone>& zones) {
  of_zone_.clear();
  for (const lists::Zone& zone : zones) {
    const dns::Lane next{static_cast<std::uint32_t>(limits_.size())};
    const dns::Lane lane = by_id_.try_emplace(zone.id, next).first->second;
    if (lane == next) {
      limits_.emplace_back();
    }
    limits_[lane.value].qps = zone.qps;
    of_zone_.push_back(lane);
  }
}

core::Result<std::shared_ptr<const World>> make_world(MonitorSetup setup,
                                                      const lists::HostBook& hosts,
                                                      ZoneLanes lanes) {
  auto world = std::make_shared<World>();
  auto subjects = lists::SubjectTable::build(setup.targets, hosts, setup.max_subjects);
  if (!subjects) {
    return tl::make_unexpected(subjects.error());
  }
  world->subjects = std::move(*subjects);
  world->resolvers = std::make_shared<const dns::ServerGroup>(
      dns::ServerGroup{setup.resolver_servers, dns::ServerRole::resolver});
  for (const lists::Zone& zone : setup.zones) {
    world->zone_servers.push_back(zone.servers.empty()
                                      ? world->resolvers
                                      : std::make_shared<const dns::ServerGroup>(dns::ServerGroup{
                                            zone.servers, dns::ServerRole::authoritative}));
  }
  world->lanes = std::move(lanes);
  world->lanes.set_zones(setup.zones);
  world->setup = std::move(setup);
  return world;
}

}  // namespace rblwatch::daemon
