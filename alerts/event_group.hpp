// SPDX-License-Identifier: Apache-2.0
//
// What is told as one in a message: an event, or many of one kind and zone with the same codes from
// one network. Only how it is said to people: the events themselves stay single in the webhook's
// JSON. An event knows no configuration, so the networks are those that the events' targets name,
// less their exceptions where the view counts them, and the /64 of IPv6 addresses. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "alerts/notification.hpp"
#include "lists/neighbours.hpp"

namespace rblwatch::alerts {

struct EventGroup {
  std::vector<const EventView*> events;            // in order; at least one
  std::optional<lists::Neighbourhood> neighbours;  // nothing: one event by itself

  const lists::Event& first() const { return events.front()->event; }
  bool is_single() const { return !neighbours; }
};

/// Every event in exactly one of them, in the order of their first. Points into `events`.
std::vector<EventGroup> group_events(const std::vector<EventView>& events);

/// One sentence: the event's own, or "203.0.113.0/24: 200 of 256 on uceprotect-2, dnsbl covers the
/// whole network". Holds foreign text like event_text.
std::string group_text(const EventGroup& group);
/// "203.0.113.0/24 on uceprotect-2". Pre: not single.
std::string place_text(const EventGroup& group);
/// An event about the network instead of one of its addresses, with the first one's codes, reason
/// and links: for the facts. A single event is its own.
lists::Event stand_in(const EventGroup& group);
/// The single ones behind it: "203.0.113.10 (mx1)". None of a single event.
std::vector<std::string> members_of(const EventGroup& group);
/// The command that shows them all.
std::string where_to_see(const EventGroup& group);

}  // namespace rblwatch::alerts
