// SPDX-License-Identifier: Apache-2.0
//
// What people and programs are shown, as values: one struct per JSON document of the contract.
// Filled by storage queries, by `check` from live lookups, or by the daemon; turned into text or
// JSON by the other files here. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "core/untrusted.hpp"
#include "lists/event.hpp"
#include "lists/evidence.hpp"
#include "lists/listing.hpp"
#include "lists/neighbours.hpp"
#include "lists/words.hpp"

namespace rblwatch::report {

using core::Timestamp;

struct ListingView {
  std::string target;
  std::vector<std::string> targets;
  std::vector<std::string> tags;
  std::string subject;
  lists::Kind kind = lists::Kind::ipv4;
  std::string zone;  // id
  std::string dns;
  std::string operator_name;
  lists::Severity severity = lists::Severity::medium;
  lists::Purpose purpose = lists::Purpose::block;
  lists::ListingState state = lists::ListingState::listed;
  std::optional<lists::PendingTo> pending_to;
  std::vector<std::string> codes;
  std::vector<std::string> meanings;
  core::Untrusted reason;
  std::optional<Timestamp> listed_at;
  std::optional<Timestamp> last_seen;
  std::optional<Timestamp> delisted_at;
  std::optional<Timestamp> retired_at;  // it left the configuration; whether it went, nobody knows
  std::optional<lists::Doubt> doubt;
  std::string muted_by;  // "" = null
  std::string lookup_url;
  std::string delist_url;
  std::vector<std::string> delist_steps;
  std::optional<Timestamp> delist_requested_at;
  bool first_seen = false;
  bool acked = false;
  bool contained = false;
  bool held = false;
  bool overdue = false;

  /// From listed_at to delisted_at, or to when it was retired, or now.
  std::optional<core::Seconds> duration(Timestamp now) const;
};

struct KindView {
  lists::Kind kind = lists::Kind::ipv4;
  lists::ZoneState state = lists::ZoneState::untested;
  std::optional<lists::Cause> cause;
  std::optional<Timestamp> since;
  std::optional<Timestamp> last_test;
};

struct ZoneView {
  std::string id;
  std::string dns;
  std::string operator_name;
  lists::Severity severity = lists::Severity::medium;
  lists::Purpose purpose = lists::Purpose::block;
  lists::ZoneState state = lists::ZoneState::untested;
  std::optional<lists::Cause> cause;
  std::optional<Timestamp> since;
  std::optional<Timestamp> last_test;
  std::optional<Timestamp> last_sweep;
  std::vector<KindView> kinds;  // those with subjects
  std::uint64_t subjects = 0;
  std::uint64_t listed = 0;
  std::uint64_t unknown = 0;
};

struct ResolverView {
  std::string server;
  std::string state = "seeing";  // seeing | blind
  std::optional<lists::Cause> cause;
  std::optional<Timestamp> since;
  std::optional<std::int64_t> rtt_ms;
};

struct UnknownView {
  std::string zone;
  lists::Kind kind = lists::Kind::ipv4;
  lists::Cause cause = lists::Cause::not_asked;
  std::optional<Timestamp> since;
  std::uint64_t pairs = 0;
  std::vector<std::string> subjects;  // at most 20
};

/// A target some of whose addresses nobody knows, so that they can't be asked about.
struct UnresolvedView {
  std::string target;
  std::string why;  // "the name doesn't resolve (nxdomain)"
  std::optional<Timestamp> since;
};

struct DaemonView {
  bool running = false;
  std::string version;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> last_sweep;
};

struct Summary {
  std::uint64_t targets = 0;
  std::uint64_t subjects = 0;
  std::uint64_t pairs = 0;
  std::uint64_t zones = 0;
  std::uint64_t zones_seeing = 0;
  std::uint64_t zones_blind = 0;
  std::uint64_t zones_quarantined = 0;
  std::uint64_t zones_untested = 0;
  std::uint64_t listed = 0;
  std::uint64_t allow_lost = 0;
  std::uint64_t info = 0;
  std::uint64_t pending = 0;
  std::uint64_t unknown = 0;
  std::uint64_t unsupported = 0;

  /// Nothing is asked, and not because the zones have no data for it.
  bool is_empty() const { return pairs == 0 && unsupported == 0; }
};

/// `status` and `check`.
struct StatusDoc {
  Timestamp generated_at{};
  std::optional<DaemonView> daemon;  // nothing for check
  Summary summary;
  std::vector<ListingView> listings;
  std::vector<ZoneView> zones;
  std::vector<ResolverView> resolvers;
  std::vector<UnknownView> unknowns;
  std::vector<lists::Network> networks;    // for texts: what may be told as one line
  std::vector<UnresolvedView> unresolved;  // for texts: their pairs are among the unknowns
};

/// 1 when something is listed on a block code or an allow listing is lost; else 3 when anything is
/// unknown or there is no pair at all, neither one that was seen nor an unsupported one; else 0.
int exit_code(const StatusDoc& status);

struct HistoryDoc {
  Timestamp generated_at{};
  std::vector<ListingView> listings;
  bool more = false;
};

/// `history --events`: each element is the contract's JSON of an event (alerts/event_json.hpp makes
/// it).
struct EventsDoc {
  Timestamp generated_at{};
  std::vector<std::string> events;
  bool more = false;
};

struct VoteView {
  std::string verdict;  // listed | clear
  std::vector<std::string> codes;
  Timestamp asked_at{};
  bool independent = true;
};

struct WhyAnswer {
  std::string zone;
  std::string dns;
  std::string verdict;  // listed | clear | unknown
  std::optional<lists::Cause> cause;
  bool kept = true;  // false: nobody holds the evidence (a clear pair with the daemon down), or
                     // there is none yet
  std::optional<lists::Evidence> evidence;  // not kept: the question alone
  std::string dig;                          // "" = the line that repeats the evidence's question
  std::vector<VoteView> votes;
  lists::ZoneState test_state = lists::ZoneState::untested;
  std::optional<Timestamp> test_at;
  std::optional<lists::Cause> test_cause;
};

struct WhyDoc {
  Timestamp generated_at{};
  std::string subject;
  std::string target;  // "" = null: not watched
  std::vector<WhyAnswer> answers;
  bool is_from_daemon = false;        // for texts: else from the database
  std::vector<ListingView> listings;  // for texts: of the subject, as status shows them
};

/// `zones`: the zone of status and what the catalogue knows of it.
struct ZoneDetail {
  ZoneView view;
  std::vector<lists::Kind> kinds_supported;
  struct CodeRow {
    std::string code;
    std::string meaning;
    lists::Purpose purpose = lists::Purpose::block;
  };
  std::vector<CodeRow> codes;
  std::vector<std::string> refusals;
  struct TestRow {
    lists::Kind kind = lists::Kind::ipv4;
    std::string listed;  // "" = waived
    std::string clear;   // "" = waived
  };
  std::vector<TestRow> tests;
  bool test_random = true;
  std::vector<std::string> test_codes;
  std::string lookup_url;
  std::string delist_url;
  std::vector<std::string> delist_steps;
  std::vector<std::string> contained_in;
  std::uint64_t limit_per_day = 0;  // 0 = null
  std::string status = "live";      // live | dead
  std::string policy;
  std::string note;
  std::uint64_t lookups = 0;
  std::optional<std::int64_t> latency_p50_ms;
  std::optional<std::int64_t> latency_p99_ms;
};

struct ZonesDoc {
  Timestamp generated_at{};
  std::vector<ZoneDetail> zones;
  std::optional<DaemonView> daemon;  // for texts, where it is what the daemon knows
};

struct TargetView {
  std::string name;
  lists::TargetType type = lists::TargetType::address;
  std::string value;
  std::vector<std::string> tags;
  std::uint64_t subjects = 0;
  std::uint64_t listed = 0;
  std::uint64_t unknown = 0;
  std::vector<std::string> addresses;  // of a host or followed domain; of others its own address
  std::string state;                   // clear | listed | unknown | unresolved
  std::vector<std::string> notes;      // what of it can't be resolved or followed
  std::uint64_t listed_in_doubt = 0;   // of `listed`, those that no zone is seen to list
  std::optional<Timestamp> last_seen;  // of the one of these that was seen least lately
};

struct TargetsDoc {
  Timestamp generated_at{};
  std::vector<TargetView> targets;
  std::optional<DaemonView> daemon;  // for texts
};

struct DeliveryView {
  std::string id;
  std::string channel;
  std::string state;  // waiting | delivered | failed | dropped
  Timestamp created_at{};
  std::uint32_t attempts = 0;
  std::optional<Timestamp> last_attempt_at;
  std::optional<Timestamp> next_attempt_at;
  std::string response;  // "" = null
  std::vector<std::int64_t> events;
  std::string about;  // what nobody was told yet: the first event's text; "" once it is delivered
};

struct AlertsDoc {
  Timestamp generated_at{};
  std::vector<DeliveryView> deliveries;
  bool only_failed = false;  // for texts
  bool has_stopped = false;  // for texts: no daemon runs that would send what waits
};

/// `config check`.
struct DiagnosticView {
  std::string file;
  std::uint32_t line = 0;    // 0 = null
  std::uint32_t column = 0;  // 0 = null
  std::string key;
  std::string text;
  std::string allowed;  // "" = null
};

struct ConfigCheckDoc {
  Timestamp generated_at{};
  std::vector<DiagnosticView> errors;
  std::vector<DiagnosticView> warnings;
};

}  // namespace rblwatch::report
