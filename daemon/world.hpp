// SPDX-License-Identifier: Apache-2.0
//
// What is watched and how, for one generation of the configuration: zones, subjects, policies,
// channels and the servers that each zone is asked of. Made on start, on a reload and when a host's
// addresses change; never altered in between. Belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "alerts/channel.hpp"
#include "core/time.hpp"
#include "dns/question.hpp"
#include "dns/resolver.hpp"
#include "lists/breaker.hpp"
#include "lists/listing.hpp"
#include "lists/target.hpp"
#include "lists/zone.hpp"
#include "lists/zone_health.hpp"

namespace rblwatch::daemon {

/// What the monitor is told to watch. Filled from the configuration by app.cpp, by tests directly.
struct MonitorSetup {
  std::vector<lists::Zone> zones;
  std::vector<lists::Target> targets;
  std::vector<alerts::Channel> channels;
  std::vector<dns::Server> resolver_servers;  // at least one
  double resolver_qps = 500;
  core::Millis interval{30 * 60'000};
  double jitter = 0.1;
  lists::ConfirmPolicy confirm;
  lists::HealthPolicy health;
  lists::BreakerPolicy breaker;
  core::Millis boot_grace{120'000};
  std::uint64_t max_subjects = 4'194'304;
};

struct World {
  MonitorSetup setup;
  lists::SubjectTable subjects;
  dns::ServerGroupPtr resolvers;
  std::vector<dns::ServerGroupPtr> zone_servers;  // by zone: its own, or the resolvers

  const lists::Zone& zone(lists::ZoneIndex index) const { return setup.zones[index.value]; }
  std::optional<lists::ZoneIndex> find_zone(std::string_view id) const;
  /// The pair's interval: its targets', else the zone's, else the schedule's.
  core::Millis interval_of(lists::ZoneIndex index, lists::SubjectIndex subject) const;
  lists::ConfirmPolicy confirm_policy(lists::ZoneIndex index, lists::SubjectIndex subject) const;
  bool uses_resolver(lists::ZoneIndex zone) const { return this->zone(zone).servers.empty(); }

  /// The lane of a zone's lookups; the last lane is for host names.
  static dns::Lane lane_of(lists::ZoneIndex zone) { return dns::Lane{zone.value}; }
  dns::Lane host_lane() const { return dns::Lane{static_cast<std::uint32_t>(setup.zones.size())}; }
  std::vector<dns::LaneLimit> lanes() const;
};

/// Fails with Kind::limit when there are more subjects than allowed.
core::Result<std::shared_ptr<const World>> make_world(MonitorSetup setup,
                                                      const lists::HostBook& hosts);

}  // namespace rblwatch::daemon
