// SPDX-License-Identifier: Apache-2.0
//
// What is watched and how, for one generation of the configuration: zones, subjects, policies,
// channels and the servers that each zone is asked of. Made on start, on a reload and when a host's
// addresses change; never altered in between. Belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

/// The lanes of the zones' lookups. A zone keeps its lane from one configuration to the next, since
/// the engine keeps pace, round trips and silence by lane; and that of a zone taken out keeps its
/// pace, which lookups under way still need. None is given away again.
class ZoneLanes {
 public:
  static constexpr dns::Lane kHosts{0};  // host names: held by the resolver's own pace only

  /// The zones of this configuration, in their order.
  void set_zones(const std::vector<lists::Zone>& zones);
  dns::Lane of(lists::ZoneIndex zone) const { return of_zone_[zone.value]; }
  const std::vector<dns::LaneLimit>& limits() const { return limits_; }

 private:
  std::map<std::string, dns::Lane, std::less<>> by_id_;
  std::vector<dns::Lane> of_zone_;
  std::vector<dns::LaneLimit> limits_ = std::vector<dns::LaneLimit>(1);  // by lane
};

struct World {
  MonitorSetup setup;
  lists::SubjectTable subjects;
  dns::ServerGroupPtr resolvers;
  std::vector<dns::ServerGroupPtr> zone_servers;  // by zone: its own, or the resolvers
  ZoneLanes lanes;

  const lists::Zone& zone(lists::ZoneIndex index) const { return setup.zones[index.value]; }
  std::optional<lists::ZoneIndex> find_zone(std::string_view id) const;
  /// The pair's interval: the shortest that its targets ask for.
  core::Millis interval_of(lists::ZoneIndex index, lists::SubjectIndex subject) const;
  lists::ConfirmPolicy confirm_policy(lists::ZoneIndex index, lists::SubjectIndex subject) const;
  bool uses_resolver(lists::ZoneIndex zone) const { return this->zone(zone).servers.empty(); }

  dns::Lane lane_of(lists::ZoneIndex zone) const { return lanes.of(zone); }
  dns::Lane host_lane() const { return ZoneLanes::kHosts; }
};

/// Called with a zone and neighbours that are asked on it, of one kind and with one interval.
using VisitStretch = std::function<void(lists::ZoneIndex, const lists::SubjectTable::Stretch&)>;
/// All pairs of a world, zone by zone, in the order of the subjects.
void for_each_stretch(const World& world, const VisitStretch& visit);

/// `lanes` are those of the world before. Fails with Kind::limit when there are more subjects than
/// allowed.
core::Result<std::shared_ptr<const World>> make_world(MonitorSetup setup,
                                                      const lists::HostBook& hosts,
                                                      ZoneLanes lanes = {});

}  // namespace rblwatch::daemon
