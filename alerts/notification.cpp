// SPDX-License-Identifier: Apache-2.0
#include "alerts/notification.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <tuple>

#include "alerts/event_group.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

using lists::EventType;

constexpr std::size_t kNetworksNamed = 3;  // in a summary

std::string_view words_of(EventType type) {
  switch (type) {
    case EventType::listed:
      return "listed";
    case EventType::changed:
      return "changed";
    case EventType::delisted:
      return "delisted";
    case EventType::overdue:
      return "overdue";
    case EventType::retired:
      return "retired";
    case EventType::zone_blind:
      return "zone blind";
    case EventType::zone_seeing:
      return "zone seeing again";
    case EventType::zone_quarantined:
      return "zone quarantined";
    case EventType::zone_released:
      return "zone released";
    case EventType::resolver_blind:
      return "resolver blind";
    case EventType::resolver_seeing:
      return "resolver seeing again";
    case EventType::target_unresolved:
      return "target unresolved";
    case EventType::target_resolved:
      return "target resolved";
    case EventType::channel_failed:
      return "channel failed";
    case EventType::storage_failed:
      return "storage failed";
  }
  return "";
}

struct Counts {
  std::array<std::size_t, core::EnumWords<EventType>::table.size()> single{};
  std::size_t come_and_gone = 0;
  std::size_t& of(EventType type) { return single[static_cast<std::size_t>(type)]; }
};

/// A delisted takes the listed of its pair that came before it in the same message.
Counts count(const std::vector<EventView>& events) {
  Counts counts;
  std::map<std::tuple<std::string, std::string, lists::Purpose>, std::size_t> open;
  for (const EventView& view : events) {
    const lists::Event& event = view.event;
    ++counts.of(event.type);
    if (!event.zone || (event.type != EventType::listed && event.type != EventType::delisted)) {
      continue;
    }
    std::size_t& here = open[{event.subject, event.zone->id, event.zone->purpose}];
    if (event.type == EventType::listed) {
      ++here;
    } else if (here > 0) {
      --here;
      --counts.of(EventType::listed);
      --counts.of(EventType::delisted);
      ++counts.come_and_gone;
    }
  }
  return counts;
}

/// "203.0.113.0/24 on uceprotect-2", or where that is not all of it "200 in 203.0.113.0/24 on …".
std::string networks_of(const std::vector<EventView>& events) {
  struct Place {
    std::string name;
    std::set<std::string> subjects;
  };
  std::vector<Place> places;
  std::size_t grouped = 0;
  for (const EventGroup& group : group_events(events)) {
    if (group.is_single()) {
      continue;
    }
    grouped += group.events.size();
    const std::string name = place_text(group);
    auto place = std::find_if(places.begin(), places.end(),
                              [&name](const Place& known) { return known.name == name; });
    if (place == places.end()) {
      place = places.insert(place, Place{name, {}});
    }
    for (const EventView* view : group.events) {
      place->subjects.insert(view->event.subject);
    }
  }
  std::vector<std::string> parts;
  for (const Place& place : places) {
    const bool is_all = places.size() == 1 && grouped == events.size();
    parts.push_back(is_all ? place.name
                           : std::to_string(place.subjects.size()) + " in " + place.name);
  }
  if (parts.size() > kNetworksNamed) {
    const std::size_t more = parts.size() - kNetworksNamed;
    parts.resize(kNetworksNamed);
    parts.push_back("and " + core::count_of(more, "network", "networks") + " more");
  }
  return core::join(parts, ", ");
}

}  // namespace

std::string summary_of(const Notification& notification) {
  if (notification.is_test) {
    return "test alert, nothing is listed";
  }
  Counts counts = count(notification.events);
  std::vector<std::string> parts;
  for (const auto& [type, word] : core::EnumWords<EventType>::table) {
    if (counts.of(type) > 0) {
      parts.push_back(std::to_string(counts.of(type)) + " " + std::string(words_of(type)));
    }
    if (type == EventType::listed && counts.come_and_gone > 0) {
      parts.push_back(std::to_string(counts.come_and_gone) + " listed and delisted again");
    }
  }
  std::string summary = core::join(parts, ", ");
  if (const std::string networks = networks_of(notification.events); !networks.empty()) {
    summary += ": " + networks;
  }
  if (notification.parts > 1) {
    summary += " (message " + std::to_string(notification.part) + " of " +
               std::to_string(notification.parts) + ")";
  }
  return summary;
}

}  // namespace rblwatch::alerts
