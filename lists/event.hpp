// SPDX-License-Identifier: Apache-2.0
//
// An event: what happened, complete in itself, so that rendering it years later needs no
// configuration. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "core/untrusted.hpp"
#include "lists/evidence.hpp"
#include "lists/words.hpp"

namespace rblwatch::lists {

/// Whom an event is about, as the operator wrote it.
struct TargetRef {
  std::string name;
  std::string value;
  std::vector<std::string> tags;  // of all targets that hold the subject, united
  friend bool operator==(const TargetRef&, const TargetRef&) = default;
};

/// The zone as it was then.
struct ZoneRef {
  std::string id;
  std::string dns;  // shown form
  std::string operator_name;
  Severity severity = Severity::medium;
  Purpose purpose = Purpose::block;  // of the listing, on zone events of the zone
  friend bool operator==(const ZoneRef&, const ZoneRef&) = default;
};

struct Event {
  std::int64_t id = 0;  // given by the store; 0 before
  EventType type = EventType::listed;
  core::Timestamp at{};  // when it was believed
  Severity severity = Severity::medium;

  std::optional<TargetRef> target;   // the most specific one
  std::vector<std::string> targets;  // names of all
  std::string subject;               // empty on zone and resolver events
  std::optional<Kind> kind;
  std::optional<ZoneRef> zone;
  std::vector<std::string> resolver_servers;  // resolver events
  std::vector<std::string> zones;             // resolver events: ids of the zones affected
  std::string channel;                        // channel_failed

  std::vector<std::string> codes;  // addresses
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> meanings;
  core::Untrusted reason;  // TXT
  bool first_seen = false;
  std::optional<core::Timestamp> listed_at;  // of the first agreeing vote
  std::optional<core::Timestamp> delisted_at;
  std::string cause;  // a Cause's word; channel_failed: the last answer (escaped already)
  std::optional<core::Timestamp> since;
  std::optional<std::uint64_t> affected_subjects;
  std::optional<std::uint64_t> passed;   // zone_released
  std::optional<std::uint64_t> dropped;  // zone_released

  std::string lookup_url;
  std::string delist_url;  // of a zone_blind that is refused: who is answered, and on what terms
  std::vector<std::string> delist_steps;
  std::optional<Evidence> evidence;
  friend bool operator==(const Event&, const Event&) = default;
};

/// An earlier event of the same subject, as the alert's timeline shows it.
struct TimelineEntry {
  EventType type = EventType::listed;
  core::Timestamp at{};
  std::string zone;  // id
  std::vector<std::string> codes;
  friend bool operator==(const TimelineEntry&, const TimelineEntry&) = default;
};

/// One sentence a person can read: "192.0.2.10 (mx1) is listed on zen.spamhaus.org: SBL". Plain
/// text, safe for any output that escapes its own markup.
std::string event_text(const Event& event);

/// How many it affects: "258 subjects", or of one kind "258 IPv6 addresses".
std::string affected_text(const Event& event);

/// How bad it is when this happens: the zone's severity for listings; zone and target events are
/// medium, resolver events, channel_failed and storage_failed high. Good news bears the severity of
/// the news it ends, so that a channel that heard of the one hears of the other; is_alarming tells
/// them apart.
Severity event_severity(EventType type, Severity zone_severity);

/// Whether the event is bad news on a listing of this purpose (rule 8 turns allow listings round).
bool is_alarming(const Event& event);

}  // namespace rblwatch::lists
