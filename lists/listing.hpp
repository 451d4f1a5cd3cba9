// SPDX-License-Identifier: Apache-2.0
//
// The listing state machine (rules 3, 5, 6): what observations of one pair and one purpose add up
// to. Pure: time comes in, changes come out; the caller stores, alerts and schedules. One track
// belongs to the thread that holds it.
//
// How a listing opens, changes or closes:
//  * An observation is *fresh* when it can't have come from the cache that gave the one before: the
//  server
//    was asked directly; or the TTL of the last fresh answer to that question from that server ran
//    out, a second to spare; or nobody had answered the question before. Others are not fresh and
//    extend nothing. A server that comes in after another one starts its mark with its first answer
//    and is fresh after it.
//  * Votes are counted per matched entry: {2} and then {2, 4} confirms 2 and is the first vote
//  for 4. A vote
//    is a fresh observation that says otherwise than what is believed, asked at least confirm_after
//    after the vote before it. A fresh observation that agrees with what is believed resets them.
//  * A vote lapses when the next one has not come within twice the interval, counted from the
//  moment it
//    could first be asked.
//  * After `confirmations` votes the entry is decided, not yet believed: belief needs a test of the
//  zone and
//    kind that was asked after the last vote and whose positive answer was fetched after the first.
//  * Unknown changes nothing: it is no answer, casts and resets no vote, and is only asked again
//  sooner
//    where a vote waits.
//  * A listing ends only when nothing is on the way to join it: {2} → {} → {4} is a change, never
//  an
//    all-clear while the last answer says listed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "dns/question.hpp"
#include "lists/code_match.hpp"
#include "lists/evidence.hpp"
#include "lists/verdict.hpp"
#include "lists/words.hpp"

namespace rblwatch::lists {

struct ConfirmPolicy {
  std::uint32_t confirmations = 2;
  core::Millis confirm_after{120'000};
  core::Millis confirm_within{
      6 * 3'600'000};                  // a longer TTL is not waited for: ask the zone's own servers
  core::Millis interval{30 * 60'000};  // of the pair, for lapsing
  bool via_authoritative = false;      // confirm_via: every next vote from the zone's own servers

  /// How long after an answer that can't be used the pair is asked again; a second at least.
  core::Millis after_unknown() const { return std::max(confirm_after, core::Millis(1000)); }
};

struct Observation {
  Verdict
      verdict;  // after the zone's state had its say: Unknown when the kind is blind or untested
  core::Tick asked_at;
  core::Timestamp wall;  // of asked_at
  std::optional<core::Seconds> ttl;
  dns::Server server;
  dns::ServerRole role = dns::ServerRole::resolver;
  core::Micros took{0};  // a TTL counts from the answer, not from the question
  /// Of a domain asked under two names, one was listed and the other unknown: what is missing may
  /// still stand there, so its absence says nothing.
  bool is_partial = false;

  core::Tick answered_at() const { return asked_at + took; }
};

/// What a resolver's answer without a TTL counts as, and what is added to a TTL, which is in whole
/// seconds.
inline constexpr core::Seconds kTtlOfNothing{5};
inline constexpr core::Seconds kTtlSpare{1};

/// Until when a server's cache may repeat its last fresh answer to the pair's question.
struct CacheMark {
  dns::Server server;
  core::Tick runs_out;
  friend bool operator==(const CacheMark&, const CacheMark&) = default;
};

/// Until when a resolver may repeat this answer: its TTL counts from when it came.
core::Tick mark_of(const Observation& observation);

/// Freshness of one pair's question, over all servers. Shared by the pair's purposes.
class Freshness {
 public:
  /// Whether this observation is fresh; when it is, it becomes the server's last fresh one. A
  /// server that wasn't seen before while another was starts its own mark without being fresh.
  /// Unknown is no answer: it is not fresh and leaves no mark.
  bool note(const Observation& observation);
  /// When a question to `server` would get a fresh answer: now where nothing of it is known to be
  /// cached, and for direct ones.
  core::Tick fresh_from(const dns::Server& server, dns::ServerRole role, core::Tick now) const;
  /// When every cache that is known has let go of the question; the oldest tick when none is.
  core::Tick all_run_out() const;
  const std::vector<CacheMark>& marks() const { return marks_; }
  void restore(std::vector<CacheMark> marks) { marks_ = std::move(marks); }

 private:
  std::vector<CacheMark> marks_;
};

struct Vote {
  core::Tick at;
  core::Timestamp wall;
  friend bool operator==(const Vote&, const Vote&) = default;
};

/// An answer that was a vote for one entry or several, with all the codes that it showed.
struct CastVote {
  core::Timestamp wall{};          // as of the Vote
  std::vector<std::string> codes;  // addresses; empty: it said clear
  bool is_believed = false;        // of those that the last change was believed on
  friend bool operator==(const CastVote&, const CastVote&) = default;
};

/// Votes collected for one entry: to join the listing or to leave it.
struct PendingEntry {
  Code code;
  bool joins = true;
  std::vector<Vote> votes;  // oldest first; never empty, never more than `confirmations`
  core::Tick
      next_possible;     // when the next vote could first be asked of where the last one came from
  core::Tick lapses_at;  // without a next vote by then, gone; unused once decided
  bool is_decided = false;  // enough votes; waits for the zone's test
  friend bool operator==(const PendingEntry&, const PendingEntry&) = default;
};

struct Doubt {
  Cause cause = Cause::not_asked;
  core::Timestamp since{};
  friend bool operator==(const Doubt&, const Doubt&) = default;
};

/// What is believed and collected of one pair and purpose.
struct Track {
  CodeSet believed;                   // empty = not listed
  std::vector<PendingEntry> pending;  // sorted by entry
  core::Timestamp listed_at{};  // of the open listing: the first agreeing vote; meaningless if none

  bool is_listed() const { return !believed.is_empty(); }
  /// What the pending votes lead to, if anything: listed (none open), delisted (all would leave),
  /// changed. The breaker counts by it: a first vote when it becomes listed or delisted, gone when
  /// it ceases unbelieved.
  std::optional<PendingTo> pending_to() const;
  /// The earliest first vote among the pending; Pre: pending not empty.
  core::Tick first_vote() const;
  bool has_decided() const;
};

/// What an observation did. The question asked again is the pair's own; of several hints the
/// earliest counts.
struct Step {
  bool cast_first_vote = false;         // a new pending entry began: time to ask the test entry too
  bool cast_last_vote = false;          // an entry was decided: the zone's test is needed now
  bool changed = false;                 // the track differs from before: to be stored
  std::optional<core::Tick> ask_again;  // for the next vote
  bool ask_direct = false;  // its TTL is above confirm_within: ask the zone's own servers
  std::optional<core::Tick> else_again;  // where none of those answers: when the TTL has run out
};

/// Takes one observation of this purpose's codes (Listed restricted to the purpose, Clear where
/// none is of it). `is_fresh` from Freshness::note. Pending entries that have lapsed by then are
/// dropped first, so a late vote is a first one. Unknown leaves the track as it is; only
/// `ask_again` is set, where a vote waits. An answer that is not fresh but says otherwise than what
/// is believed is asked again when it could be fresh.
Step advance(Track& track, const Observation& observation, bool is_fresh,
             const Freshness& freshness, const ConfirmPolicy& policy);

/// When the next vote could be asked of the zone's own servers, and of those that were asked last.
struct NextVote {
  core::Tick independent;  // confirm_after has passed
  core::Tick possible;     // and the caches have let go
};
/// Nothing where no vote is missing.
std::optional<NextVote> next_vote(const Track& track, const ConfirmPolicy& policy);

/// Drops pending entries whose next vote is overdue. True when something was dropped.
bool lapse(Track& track, core::Tick now);
/// Shifts the lapsing of pending votes: the kind's votes were suspended for this long.
void prolong(Track& track, core::Micros by);
/// Drops all votes that are not believed yet: the zone failed its test other than by silence.
bool discard_votes(Track& track);

/// What became believed.
struct Change {
  EventType type = EventType::listed;  // listed, changed or delisted
  CodeSet codes;                       // after the change; of a delisting: before it
  CodeSet added;
  CodeSet removed;
  core::Timestamp since{};  // the first agreeing vote; of a delisting: of the code that left last
  core::Tick first_vote{};  // the earliest vote of what was believed
  core::Timestamp listed_at{};  // of the listing; of the one that ended, when it is delisted
  std::vector<core::Timestamp> voted_at{};  // the walls of all its votes; not stored
};

/// A test of the zone and kind that passed.
struct PassedTest {
  core::Tick asked_at;       // of its positive question
  core::Tick fetched_after;  // its positive answer can't be older than this; waived: asked_at
  /// Where the positive entry is waived and no other subject is seen listed there: a clear is
  /// believed only when its first vote isn't later than this (now less breaker_hold). Joining isn't
  /// held by it.
  core::Tick leaves_voted_by = core::Tick::max();
};

/// Believes the decided entries that this test covers: asked after their last vote, answer fetched
/// after their first. One Change at most; nothing when none is covered, or when the listing would
/// end while votes for another code are still coming in.
std::optional<Change> believe(Track& track, const PassedTest& test);
/// Undoes a change that was believed but is never told (dropped by the breaker), with all votes
/// since.
void revert(Track& track, const Change& change);
/// Whether believing waits for a test whose answer is fetched after this tick: the latest first
/// vote of what is decided.
std::optional<core::Tick> waits_for_test_after(const Track& track);

}  // namespace rblwatch::lists
