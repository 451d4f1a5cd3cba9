// SPDX-License-Identifier: Apache-2.0
//
// What one message to one channel is made of: the events, the past of their subjects, and how much
// of the world could be seen. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "lists/event.hpp"
#include "lists/listing.hpp"

namespace rblwatch::alerts {

/// Listings that stay open where nobody sees whether they stand.
struct InDoubt {
  std::uint64_t listings = 0;
  std::optional<core::Timestamp> seen_from;  // the one that was last seen first
  std::optional<core::Timestamp> seen_to;
  friend bool operator==(const InDoubt&, const InDoubt&) = default;
};

/// A block listing that an event's subject has on another zone, and that nobody sees now: it counts
/// as listed, and whether it stands isn't known.
struct UnseenListing {
  std::string zone;  // id
  std::vector<std::string> codes;
  core::Timestamp listed_at{};
  std::optional<core::Timestamp> last_seen;
  lists::Doubt doubt;
  bool is_zone_blind = false;  // else only this pair is in doubt
  friend bool operator==(const UnseenListing&, const UnseenListing&) = default;
};

/// An event with the earlier events of its subject, newest first, at most 20.
struct EventView {
  lists::Event event;
  std::vector<lists::TimelineEntry> timeline;
  /// The Message-ID of the mail that told the channel of the beginning of what this goes on with or
  /// ends (mail_thread's begun_by); "" = none did.
  std::string follows = {};
  /// How many addresses of the range that its target is are watched, where some are excepted.
  std::optional<std::uint64_t> watched = {};
  InDoubt in_doubt = {};  // of a zone_blind: on the zone, of the kind that it is about
  std::vector<UnseenListing> unseen = {};  // of the subject, by zone
  friend bool operator==(const EventView&, const EventView&) = default;
};

struct Coverage {
  std::uint32_t zones = 0;
  std::uint32_t seeing = 0;
  std::vector<std::string> blind;        // ids
  std::vector<std::string> quarantined;  // ids
  friend bool operator==(const Coverage&, const Coverage&) = default;
};

struct Notification {
  std::string delivery_id;  // ULID
  core::Timestamp created_at{};
  std::vector<EventView> events;  // in the order they happened; at least one
  Coverage coverage;
  std::uint32_t part =
      1;  // of the messages into which more events than one message bears were split
  std::uint32_t parts = 1;
  bool is_test = false;  // `alerts test` sent it: the summary says so
};

/// "1 listed, 1 delisted"; a listed and its delisted in one message say so: "1 listed and delisted
/// again"; "1000 listed (message 1 of 3)" where there was too much for one. Networks that are
/// listed alike are named: "200 listed: 203.0.113.0/24 on uceprotect-2", with others beside them
/// "201 listed: 200 in 203.0.113.0/24 on uceprotect-2".
std::string summary_of(const Notification& notification);

}  // namespace rblwatch::alerts
