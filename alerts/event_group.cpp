// SPDX-License-Identifier: Apache-2.0
#include "alerts/event_group.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/enum_text.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

using core::Cidr;
using core::IpAddress;
using lists::Event;
using lists::EventType;
using lists::Network;
using lists::Purpose;

constexpr std::uint8_t kSlash64 = 64;

/// The range that the event's target is; nothing of single addresses and names.
std::optional<Cidr> range_of(const Event& event) {
  if (!event.target || event.target->value.find('/') == std::string::npos) {
    return std::nullopt;
  }
  const auto range = Cidr::parse(event.target->value);
  return range && range->size() > 1 ? std::optional(*range) : std::nullopt;
}

bool is_of_listing(EventType type) {
  switch (type) {
    case EventType::listed:
    case EventType::changed:
    case EventType::delisted:
    case EventType::overdue:
    case EventType::retired:
      return true;
    case EventType::zone_blind:
    case EventType::zone_seeing:
    case EventType::zone_quarantined:
    case EventType::zone_released:
    case EventType::resolver_blind:
    case EventType::resolver_seeing:
    case EventType::target_unresolved:
    case EventType::target_resolved:
    case EventType::channel_failed:
    case EventType::storage_failed:
      return false;
  }
  return false;
}

/// How many addresses of its target's range are watched, as far as is known.
std::uint64_t watched_of(const EventView& view, const Cidr& range) {
  return std::min(view.watched.value_or(range.size()), range.size());
}

/// What is known to be watched of each /64: ranges, and addresses beside them.
class Slash64s {
 public:
  void add(const IpAddress& address, const std::optional<Cidr>& range, const EventView& view) {
    Known& known = known_[Cidr(address, kSlash64)];
    if (range && range->prefix() >= kSlash64) {
      known.ranges.emplace(*range, watched_of(view, *range));
    } else {
      known.addresses.insert(address);
    }
  }
  void add_to(std::vector<Network>& networks) const {
    for (const auto& [cidr, known] : known_) {
      std::uint64_t watched = 0;
      for (const auto& [range, count] : known.ranges) {
        watched = lists::add_counts(watched, count);
      }
      watched += static_cast<std::uint64_t>(std::count_if(
          known.addresses.begin(), known.addresses.end(), [&known = known](const IpAddress& one) {
            return std::none_of(known.ranges.begin(), known.ranges.end(),
                                [&one](const auto& range) { return range.first.contains(one); });
          }));
      networks.push_back({cidr, "", watched, Network::Origin::slash64, true});
    }
  }

 private:
  struct Known {
    std::map<Cidr, std::uint64_t> ranges;
    std::set<IpAddress> addresses;
  };
  std::map<Cidr, Known> known_;
};

std::string alike(const Event& event) {
  return std::string(core::enum_word(event.type)) + '\n' + event.zone->id + '\n' +
         std::string(core::enum_word(event.zone->purpose)) + '\n' + core::join(event.codes, ",") +
         '\n' + core::join(event.added, ",") + '\n' + core::join(event.removed, ",");
}

struct Found {
  std::vector<lists::Neighbour> neighbours;
  std::vector<std::size_t> positions;  // of their events
  std::vector<Network> networks;
};

Found look_at(const std::vector<EventView>& events) {
  Found found;
  Slash64s slash64s;
  std::set<Cidr> ranges;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i].event;
    const auto address = IpAddress::parse(event.subject);
    if (!address || !event.zone || !is_of_listing(event.type)) {
      continue;
    }
    const std::optional<Cidr> range = range_of(event);
    if (range && ranges.insert(*range).second) {
      found.networks.push_back({*range, event.target->name, watched_of(events[i], *range)});
    }
    if (address->is_v6()) {
      slash64s.add(*address, range, events[i]);
    }
    found.neighbours.push_back({*address, alike(event)});
    found.positions.push_back(i);
  }
  slash64s.add_to(found.networks);
  return found;
}

std::string happened(const Event& event) {
  const std::string list = event.zone->purpose == Purpose::allow ? "the allowlist " : "";
  const std::string zone = list + event.zone->id;
  switch (event.type) {
    case EventType::changed:
      return " still on " + zone + ", with other codes";
    case EventType::delisted:
      return " no longer on " + zone;
    case EventType::overdue:
      return " still on " + zone + ", longer than its operator says a removal takes";
    case EventType::retired:
      return " no longer watched on " + zone;
    case EventType::listed:
    case EventType::zone_blind:
    case EventType::zone_seeing:
    case EventType::zone_quarantined:
    case EventType::zone_released:
    case EventType::resolver_blind:
    case EventType::resolver_seeing:
    case EventType::target_unresolved:
    case EventType::target_resolved:
    case EventType::channel_failed:
    case EventType::storage_failed:
      break;
  }
  return event.zone->purpose == Purpose::info ? " for information on " + zone : " on " + zone;
}

}  // namespace

std::vector<EventGroup> group_events(const std::vector<EventView>& events) {
  Found found = look_at(events);
  std::vector<lists::Neighbourhood> groups =
      lists::find_neighbours(found.neighbours, found.networks);
  std::map<std::size_t, std::size_t> begins;  // position of the first event to its group
  std::vector<bool> is_taken(events.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (std::size_t& member : groups[i].members) {
      member = found.positions[member];
      is_taken[member] = true;
    }
    begins[groups[i].members.front()] = i;
  }
  std::vector<EventGroup> all;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!is_taken[i]) {
      all.push_back({{&events[i]}, std::nullopt});
    } else if (const auto group = begins.find(i); group != begins.end()) {
      EventGroup made;
      for (const std::size_t member : groups[group->second].members) {
        made.events.push_back(&events[member]);
      }
      made.neighbours = std::move(groups[group->second]);
      all.push_back(std::move(made));
    }
  }
  return all;
}

std::string group_text(const EventGroup& group) {
  const Event& event = group.first();
  if (group.is_single()) {
    return lists::event_text(event);
  }
  std::string text = lists::count_text(*group.neighbours) + happened(event);
  if (event.type == EventType::listed) {
    text += lists::whole_text(*group.neighbours);
  }
  return text;
}

std::string place_text(const EventGroup& group) {
  return group.neighbours->network.range.to_text() + " on " + group.first().zone->id;
}

Event stand_in(const EventGroup& group) {
  Event event = group.first();
  if (group.is_single()) {
    return event;
  }
  const Network& network = group.neighbours->network;
  event.subject = network.range.to_text();
  event.target.reset();
  if (!network.name.empty()) {
    event.target = lists::TargetRef{network.name, event.subject, {}};
  }
  for (const EventView* view : group.events) {
    event.listed_at = std::min(event.listed_at, view->event.listed_at);
    event.delisted_at = std::max(event.delisted_at, view->event.delisted_at);
  }
  return event;
}

std::vector<std::string> members_of(const EventGroup& group) {
  std::vector<std::string> members;
  if (group.is_single()) {
    return members;
  }
  for (const EventView* view : group.events) {
    const Event& event = view->event;
    const bool has_name = event.target && !range_of(event) && event.target->name != event.subject;
    members.push_back(event.subject + (has_name ? " (" + event.target->name + ")" : ""));
  }
  return members;
}

std::string where_to_see(const EventGroup& group) {
  const bool is_target = group.neighbours && !group.neighbours->network.name.empty();
  return "rblwatch history --events" +
         (is_target ? " " + group.neighbours->network.range.to_text() : "");
}

}  // namespace rblwatch::alerts
