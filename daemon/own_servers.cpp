// SPDX-License-Identifier: Apache-2.0
#include "daemon/own_servers.hpp"

#include <memory>
#include <string>
#include <utility>

#include "core/check.hpp"
#include "core/log.hpp"

namespace rblwatch::daemon {

namespace {
/// Delegations change rarely; a failure to find or reach them may be over sooner.
constexpr core::Seconds kGoodFor{24 * 3600};
constexpr core::Seconds kLeftAloneFor{3600};
}  // namespace

OwnServers::OwnServers(const World& world, std::uint8_t generation)
    : world_(world), generation_(generation), zones_(world.setup.zones.size()) {}

OwnServers::State OwnServers::state(lists::ZoneIndex zone, core::Tick now) const {
  const Zone& one = zones_[zone.value];
  if (one.group) {
    return State::known;  // until the hunt that renews them says otherwise
  }
  return one.is_settled && now < one.good_until ? State::none : State::finding;
}

OwnServers::State OwnServers::want(lists::ZoneIndex zone, core::Tick now) {
  Zone& one = zones_[zone.value];
  const bool is_settled = one.is_settled && now < one.good_until;
  if (!is_settled && !one.hunt) {
    one.hunt.emplace(world_.zone(zone).dns.apex());
    waiting_.push_back(zone.value);
  }
  return state(zone, now);
}

const dns::ServerGroupPtr& OwnServers::group(lists::ZoneIndex zone) const {
  RBL_CHECK(zones_[zone.value].group != nullptr);
  return zones_[zone.value].group;
}

void OwnServers::note_unusable(lists::ZoneIndex zone, core::Tick now) {
  Zone& one = zones_[zone.value];
  one.group.reset();
  one.is_settled = true;
  one.good_until = now + kLeftAloneFor;
  core::log_info("none of a zone's own servers answers usably: TTLs are waited for",
                 {{"zone", world_.zone(zone).id}});
}

void OwnServers::submit_due(dns::Resolver& resolver) {
  while (!waiting_.empty() && resolver.can_submit(world_.host_lane())) {
    const std::uint32_t zone = waiting_.back();
    waiting_.pop_back();
    const dns::DelegationHunt::Ask& ask = *zones_[zone].hunt->next();
    const dns::ServerGroupPtr servers =
        ask.servers.empty() ? world_.resolvers
                            : std::make_shared<const dns::ServerGroup>(
                                  dns::ServerGroup{ask.servers, dns::ServerRole::authoritative});
    resolver.submit({Ticket{Errand::own_servers, generation_, 0, zone}.id(), world_.host_lane(),
                     ask.question, servers});
  }
}

void OwnServers::take(const Ticket& ticket, const dns::Completion& completion) {
  dns::DelegationHunt& hunt = *zones_[ticket.index].hunt;
  hunt.take(completion.outcome);
  if (hunt.next()) {
    waiting_.push_back(ticket.index);
    return;
  }
  settle({static_cast<std::uint16_t>(ticket.index)}, completion.asked_at);
}

void OwnServers::settle(lists::ZoneIndex zone, core::Tick now) {
  Zone& one = zones_[zone.value];
  const std::vector<dns::Server> servers = one.hunt->servers();
  one.hunt.reset();
  if (servers.empty()) {
    note_unusable(zone, now);
    return;
  }
  std::string names;
  for (const dns::Server& server : servers) {
    names += (names.empty() ? "" : " ") + server.to_text();
  }
  core::log_info("a zone's own servers", {{"zone", world_.zone(zone).id}, {"servers", names}});
  one.group = std::make_shared<const dns::ServerGroup>(
      dns::ServerGroup{servers, dns::ServerRole::authoritative});
  one.is_settled = true;
  one.good_until = now + kGoodFor;
}

}  // namespace rblwatch::daemon
