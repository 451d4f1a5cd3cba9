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
  if (const auto own = subjects.interval_of(subject)) {
    return *own;
  }
  return zone(index).interval.value_or(setup.interval);
}

lists::ConfirmPolicy World::confirm_policy(lists::ZoneIndex index,
                                           lists::SubjectIndex subject) const {
  lists::ConfirmPolicy policy = setup.confirm;
  policy.interval = interval_of(index, subject);
  return policy;
}

std::vector<dns::LaneLimit> World::lanes() const {
  std::vector<dns::LaneLimit> lanes;
  lanes.reserve(setup.zones.size() + 1);
  for (const lists::Zone& zone : setup.zones) {
    lanes.push_back({.qps = zone.qps});
  }
  lanes.push_back({});  // host names: held by the resolver's own pace only
  return lanes;
}

core::Result<std::shared_ptr<const World>> make_world(MonitorSetup setup,
                                                      const lists::HostBook& hosts) {
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
  world->setup = std::move(setup);
  return world;
}

}  // namespace rblwatch::daemon
