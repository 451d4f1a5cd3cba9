// SPDX-License-Identifier: Apache-2.0
//
// What the monitor wants recorded, as one transaction: events with their evidence and notices, and
// the state that rule 11 keeps over a restart. Values; made by the loop, consumed by the writer.
//
// Ticks are stored as CLOCK_BOOTTIME microseconds beside the boot id of the database's last writer:
// good on the same boot, dropped on another (rule 13).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alerts/route.hpp"
#include "core/ip.hpp"
#include "core/time.hpp"
#include "lists/breaker.hpp"
#include "lists/event.hpp"
#include "lists/listing.hpp"
#include "lists/zone_health.hpp"
#include "report/status.hpp"

namespace rblwatch::storage {

using core::Timestamp;

/// One open listing to insert or update, or (ended_at set) to close. Found by subject, zone and
/// purpose; `row.id` is ignored.
struct ListingRecord {
  report::ListingRow row;
  lists::Evidence evidence;
};

struct PairKey {
  std::string subject;
  std::string zone;
  friend auto operator<=>(const PairKey&, const PairKey&) = default;
};

/// Pending votes of a pair with their freshness, and the answers that `why` shows: replaces what
/// was stored. No tracks, no marks and no answers = delete.
struct VotesRecord {
  PairKey pair;
  lists::Kind kind = lists::Kind::ipv4;
  std::vector<lists::CacheMark> marks;
  struct PurposeVotes {
    lists::Purpose purpose = lists::Purpose::block;
    std::vector<lists::PendingEntry> entries;
  };
  std::vector<PurposeVotes> tracks;
  std::vector<lists::CastVote> cast;  // those that are pending, or were believed last
  lists::Evidence evidence;
  bool was_decided = true;  // false: these votes are about the pair's first state
};

/// When an open listing was last seen, recorded as it goes out of sight: its stored row says so of
/// the last change only, and sweeps speak for it only while they see it.
struct SightRecord {
  PairKey pair;
  lists::Purpose purpose = lists::Purpose::block;
  Timestamp at{};
};

/// An open listing that its container alone was to tell, and that nobody else tells any more:
/// what was kept back of it goes out.
struct UnmutedRecord {
  PairKey pair;
  lists::Purpose purpose = lists::Purpose::block;
  Timestamp listed_at{};
};

/// A pair's doubt: replaces what was stored; nothing = delete.
struct DoubtRecord {
  PairKey pair;
  lists::Kind kind = lists::Kind::ipv4;
  std::optional<lists::Doubt> doubt;
  bool was_decided = true;  // false: no lookup has ever decided this pair
};

/// State of one kind of a zone: replaces what was stored. A change of state or cause also ends the
/// interval kept for the history and begins a new one. Untested, as every kind is after a start,
/// is no interval of its own: what stood before goes on until the first test says otherwise.
struct KindRecord {
  report::KindRow row;
  bool has_been_decided = false;  // its pairs without a row that says otherwise had a first state
  std::optional<Timestamp> last_passed;
  /// A zone_blind event of this kind stands, and said so.
  std::optional<Timestamp> told_blind_since;
};

/// A kind of a zone that has no subjects any more: its state goes, its history stays.
struct KindKey {
  std::string zone;
  lists::Kind kind = lists::Kind::ipv4;
  friend auto operator<=>(const KindKey&, const KindKey&) = default;
};

struct ZoneRecord {
  report::ZoneRow row;
  bool told_quarantined = false;
  std::optional<core::Tick> quarantined_since;
  /// What a quarantine let go and nobody was told of yet, and behind it what one holds now.
  std::vector<lists::BelievedChange> held;  // with `held_subjects`, by position
  std::vector<std::string> held_subjects;
};

struct ResolverRecord {
  std::vector<report::ResolverView> servers;
  bool told_blind = false;
  std::optional<lists::Cause> cause;
  std::optional<Timestamp> since;
};

/// Addresses of one source (lists::AddressSource) as last found.
struct HostRecord {
  std::string host;  // the source's key
  std::vector<core::IpAddress> addresses;
  bool is_resolved = true;
  bool told_unresolved = false;
  std::string cause;
  std::optional<Timestamp> since;
  std::vector<std::string> notes;  // what of it can't be followed
};

struct Batch {
  Timestamp at{};
  std::vector<lists::Event> events;
  std::vector<alerts::Notice> notices;  // event_offset points into events
  std::vector<ListingRecord> listings;
  std::vector<SightRecord> sights;
  std::vector<UnmutedRecord> unmuted;
  std::vector<VotesRecord> votes;
  std::vector<DoubtRecord> doubts;
  std::vector<KindRecord> kinds;
  std::vector<KindKey> kinds_removed;
  std::vector<ZoneRecord> zones;
  std::optional<ResolverRecord> resolver;
  std::vector<HostRecord> hosts;
  std::vector<report::WatchedRow> subjects;  // those that are new, or asked on other zones now
  std::vector<std::string> subjects_removed;
  std::optional<std::vector<report::ZoneSetRow>> zone_sets;  // all of them
  std::vector<std::string> zones_removed;     // their rows other than listings and events go
  std::vector<std::string> released_batches;  // notices of these batches become due at `at`
  bool is_empty() const;
};

/// What a start needs to go on (rule 11).
struct Snapshot {
  bool is_same_boot = false;  // stored ticks are good
  std::vector<report::ListingRow> open;
  std::vector<lists::Evidence> open_evidence;  // by position
  /// On another boot or when the wall clock went back without what is pending: only the answers of
  /// what is listed or held.
  std::vector<VotesRecord> votes;
  std::vector<DoubtRecord> doubts;
  std::vector<KindRecord> kinds;
  std::vector<ZoneRecord> zones;
  std::optional<ResolverRecord> resolver;
  std::vector<HostRecord> hosts;
  std::vector<report::WatchedRow> subjects;
  std::vector<report::ZoneSetRow> zone_sets;
  std::vector<std::string> held_batches;  // notices that still wait for their batch
};

}  // namespace rblwatch::storage
