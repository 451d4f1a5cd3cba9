// SPDX-License-Identifier: Apache-2.0
//
// From stored rows and the configured world to what is shown: which pairs are listed, pending,
// unknown, and how much can be seen. The rows come from storage (or from the daemon's memory);
// nothing here reads a database. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/time.hpp"
#include "lists/listing.hpp"
#include "lists/target.hpp"
#include "lists/zone.hpp"
#include "report/meant.hpp"
#include "report/model.hpp"

namespace rblwatch::report {

/// An open or ended listing as stored.
struct ListingRow {
  std::int64_t id = 0;
  std::string subject;
  lists::Kind kind = lists::Kind::ipv4;
  std::string zone;  // id
  lists::Purpose purpose = lists::Purpose::block;
  lists::CodeSet codes;
  core::Untrusted reason;
  Timestamp listed_at{};
  std::optional<Timestamp>
      last_seen;  // stored when something changed; a sweep since then counts too
  std::optional<Timestamp> ended_at;
  bool is_retired = false;  // ended as retired, else delisted
  bool first_seen = false;
  bool contained = false;  // told by its container
  // As it was when it opened, for zones and targets that have left the configuration since.
  lists::ZoneRef zone_ref;
  lists::TargetRef target;
  std::vector<std::string> targets;
  std::string lookup_url;
  std::string delist_url;
  std::vector<std::string> delist_steps;
};

/// Votes collected for a pair and purpose.
struct PendingRow {
  std::string subject;
  lists::Kind kind = lists::Kind::ipv4;
  std::string zone;
  lists::Purpose purpose = lists::Purpose::block;
  lists::PendingTo to = lists::PendingTo::listed;
  lists::CodeSet codes;  // that would join, or leave
  Timestamp first_vote{};
  std::optional<Timestamp> last_vote;
  core::Untrusted reason;     // where the last answer listed it
  bool held = false;          // believed, and held by the breaker
  bool is_contested = false;  // held, and votes against it are collected
};

/// A pair whose last lookup said unknown, or that was never asked though its zone was swept.
struct DoubtRow {
  std::string subject;
  lists::Kind kind = lists::Kind::ipv4;
  std::string zone;
  lists::Doubt doubt;
};

struct KindRow {
  std::string zone;
  lists::Kind kind = lists::Kind::ipv4;
  lists::ZoneState state = lists::ZoneState::untested;
  std::optional<lists::Cause> cause;
  std::optional<Timestamp> since;
  std::optional<Timestamp> last_test;
  /// Start of the last completed sweep in which the kind could be seen: each of its pairs was
  /// looked at then or later. Nothing: none was completed yet.
  std::optional<Timestamp> swept_at;
  std::optional<core::Millis> sweep_length;  // how long that sweep really took
  /// In which form domains are asked; of other kinds nothing. Nothing too where it was stored
  /// before this was: as it is configured.
  std::optional<lists::DomainForm> form;
};

struct ZoneRow {
  std::string zone;
  bool quarantined = false;
  std::optional<Timestamp> quarantined_since;
  std::optional<Timestamp> last_sweep;  // completed
  std::uint64_t lookups = 0;
  std::optional<std::int64_t> latency_p50_ms;
  std::optional<std::int64_t> latency_p99_ms;
  /// Under which name it is asked (ZoneDns::pattern), which bears no key. Nothing where it was
  /// stored before this was: as it is configured.
  std::optional<std::string> pattern;
};

/// A subject that the daemon asks about, and on which zones.
struct WatchedRow {
  std::string subject;
  /// Nothing where it was stored before this was: on all that it is configured for.
  std::optional<std::int64_t> zone_set;
  friend bool operator==(const WatchedRow&, const WatchedRow&) = default;
};
/// Most subjects are asked on the same zones as many others.
struct ZoneSetRow {
  std::int64_t id = 0;
  std::vector<std::string> zones;  // ids
  friend bool operator==(const ZoneSetRow&, const ZoneSetRow&) = default;
};

/// How one source of a target's addresses (lists::AddressSource) was last found.
struct SourceRow {
  std::optional<lists::Follow> follow;
  bool has_addresses = false;
  bool is_resolved = true;
  std::string cause;  // of not being resolved
  std::optional<Timestamp> since;
  std::vector<std::string> notes;  // what of it can't be followed
};
/// By target; a source that was never looked up has no row.
using SourceBook = std::unordered_map<std::uint32_t, std::vector<SourceRow>>;
struct TargetAddresses {
  lists::HostBook hosts;
  SourceBook sources;
};

struct StatusRows {
  DaemonView daemon;
  std::vector<ListingRow> open;
  std::vector<ListingRow> lost_allows;  // ended as delisted, purpose allow, not back since
  std::vector<PendingRow> pending;
  std::vector<DoubtRow> doubts;
  std::vector<KindRow> kinds;
  std::vector<ZoneRow> zones;
  std::vector<ResolverView> resolvers;
  /// What the daemon asks about. A configuration that it hasn't read names more.
  std::vector<WatchedRow> watched;
  std::vector<ZoneSetRow> zone_sets;
  TargetAddresses addresses;
};

/// What is watched, by configuration.
struct World {
  std::span<const lists::Zone> zones;
  const lists::SubjectTable& subjects;
  core::Millis interval{30 * 60'000};  // the schedule's; zones and targets may have their own
  core::Millis confirm_after{120'000};
};

/// All of `status`. Rows of zones or subjects that aren't watched are left out.
StatusDoc build_status(const World& world, const StatusRows& rows, Timestamp now);
/// Only what concerns these: pairs, listings and unknowns of the subjects.
StatusDoc restrict_to(const World& world, const StatusRows& rows, const Meant& meant,
                      Timestamp now);
TargetsDoc build_targets(const World& world, const StatusRows& rows, Timestamp now);
ZonesDoc build_zones(const World& world, const StatusRows& rows, Timestamp now);

/// A stored listing as it is shown; `zone` where it is still configured gives links and names anew.
ListingView view_of(const ListingRow& row, const lists::Zone* zone);

}  // namespace rblwatch::report
