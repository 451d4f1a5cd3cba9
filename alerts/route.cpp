// SPDX-License-Identifier: Apache-2.0
#include "alerts/route.hpp"

#include <algorithm>

namespace rblwatch::alerts {
namespace {

using lists::EventType;

template <class Range, class Value>
bool holds(const Range& range, const Value& value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

bool wants_type(const Channel& channel, EventType type) {
  return channel.events.empty() ? type != EventType::retired : holds(channel.events, type);
}

/// Purposes are those of codes: they choose among listings, not among the states of zones.
bool wants_purpose(const Channel& channel, const lists::Event& event) {
  switch (event.type) {
    case EventType::listed:
    case EventType::changed:
    case EventType::delisted:
    case EventType::overdue:
    case EventType::retired:
      return !event.zone || holds(channel.purposes, event.zone->purpose);
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
      return true;
  }
  return true;
}

bool wants_tags(const Channel& channel, const lists::Event& event) {
  if (channel.tags.empty()) {
    return true;
  }
  return event.target &&
         std::any_of(channel.tags.begin(), channel.tags.end(),
                     [&](const auto& tag) { return holds(event.target->tags, tag); });
}

}  // namespace

bool is_wanted(const Channel& channel, const lists::Event& event) {
  if (event.type == EventType::channel_failed && event.channel == channel.name) {
    return false;
  }
  return wants_type(channel, event.type) && wants_purpose(channel, event) &&
         event.severity >= channel.min_severity && wants_tags(channel, event);
}

std::vector<Notice> route(const lists::Event& event, std::span<const Channel> channels,
                          core::Timestamp now) {
  std::vector<Notice> notices;
  for (const Channel& channel : channels) {
    if (is_wanted(channel, event)) {
      Notice notice;
      notice.event_id = event.id;
      notice.channel = channel.name;
      notice.due_at = now + channel.group_wait;
      notices.push_back(std::move(notice));
    }
  }
  return notices;
}

}  // namespace rblwatch::alerts
