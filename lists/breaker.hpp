// SPDX-License-Identifier: Apache-2.0
//
// Rule 7: a zone that suddenly lists (or clears) far too much is quarantined: asked and judged as
// before, its events held. One Breaker per zone, standing in the way of every believed change.
// Pure; the loop's thread.
//
// What it watches are first votes, decided or not, within a sliding window: from more than `share`
// of the zone's subjects and from at least `min`, they trip it. From half of that on, a believed
// change waits until those whose first vote came before its own confirmation are decided or have
// lapsed, so that no drop is told before the wave. Votes that came to nothing within the window
// still tell of a wave, but are not waited for: of a zone whose answers flap nothing is ever
// believed, and the quarantine is what says so. The mirror image counts first votes for delisting;
// there most of the zone's listings are as much, though they be fewer than the share of its
// subjects, when so many votes stand: few listings come and go. Not so for a `hold` after a
// quarantine: the zone is coming to its senses, and what it left behind may go as it came.
//
// A quarantine ends by itself when what still stands, and came lately, is below the limit (what
// stands goes its usual way), by the zone's failed test (everything held is dropped), after `hold`
// with a passing test, or by the operator. What is held of one subject is folded into one change:
// listed and then delisted is nothing to tell. One that is just being voted away when the
// quarantine ends stays back until that is decided. One that follows two others that ended by
// themselves, each within a `hold`, doesn't: a zone that flaps en masse is told of twice, not all
// day.
//
// The caller keeps the tally true: vote() when a track's pending_to() becomes listed or delisted,
// then admit() with what was believed or gone(). Pairs without a first state don't vote: their
// listings are `first_seen`. Each call costs O(log n) in the votes of the window.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "lists/listing.hpp"
#include "lists/subject.hpp"
#include "lists/words.hpp"

namespace rblwatch::lists {

struct BreakerPolicy {
  double share = 0.2;      // above this share of the subjects; 1 = off
  std::uint32_t min = 10;  // and at least so many
  core::Millis hold{6 * 3'600'000};
};

/// A believed change on its way to becoming an event.
struct BelievedChange {
  SubjectIndex subject;
  Purpose purpose = Purpose::block;
  Change change;
  bool first_seen = false;  // a pair's first decided state: doesn't trip the breaker by itself
};

/// What the breaker lets through or does.
struct Admission {
  std::vector<BelievedChange> pass;  // become events now
  bool quarantined = false;          // one zone_quarantined event
  bool released = false;             // one zone_released event …
  std::uint64_t passed = 0;   // … with the changes that were held and still stand: in `pass`, or
                              // after a retraction perhaps waiting for others once more
  std::uint64_t dropped = 0;  // … and what went while it lasted or is going, decided or not
};

class Breaker {
 public:
  explicit Breaker(const BreakerPolicy& policy) : policy_(policy) {}

  /// On start, reload and when host addresses change.
  void set_subjects(std::uint64_t count) { subjects_ = count; }
  /// Likewise: how many listings are believed open, held ones included; kept true from here on.
  void set_listings(std::uint64_t open) { open_listings_ = static_cast<std::int64_t>(open); }
  /// The sliding window: the zone's interval, its sweep's real length or the confirmation time,
  /// whichever is longest.
  void set_window(core::Millis window) { window_ = window; }

  /// A first vote towards listed (`opens`) or towards delisted was cast.
  Admission vote(SubjectIndex subject, Purpose purpose, bool opens, core::Tick at);
  /// The votes of this subject came to nothing (contrary vote, lapse) or its state was decided
  /// otherwise.
  Admission gone(SubjectIndex subject, Purpose purpose, bool opens, core::Tick now);
  /// A change is believed.
  Admission admit(BelievedChange change, core::Tick now);
  /// Time passed: votes slid out of the window; the hold ends, if a test passed lately.
  Admission tick(core::Tick now, bool test_passed_lately);
  /// The zone failed its test other than by silence: what is held or waits is dropped with all open
  /// votes, a quarantine ends unsaid (blind outranks it). What was told before still counts. How
  /// many changes were dropped; held() names them before, and revert() of listing.hpp takes each
  /// back.
  std::uint64_t drop_all();
  /// The operator releases it. Nothing happens where nothing is quarantined.
  Admission release(core::Tick now);
  /// The zone was silent for so long: the hold is suspended with its votes.
  void prolong(core::Micros by) { hold_ends_ += by; }

  bool is_quarantined() const { return quarantined_since_.has_value(); }
  std::optional<core::Tick> quarantined_since() const { return quarantined_since_; }
  /// Whether a change of this subject waits here, in quarantine or for the wave to show.
  bool holds(SubjectIndex subject, Purpose purpose) const;
  /// What waits here, in the order it was believed.
  std::vector<BelievedChange> held() const;
  /// After a restart, of a quarantine that lasted. What only waited for the wave is admitted anew
  /// instead.
  void restore(core::Tick quarantined_since, std::vector<BelievedChange> held);
  /// After a restart: a vote of the window that was counted before, pending or believed since.
  /// Trips nothing.
  void recall(SubjectIndex subject, Purpose purpose, bool opens, Vote first, bool is_decided);
  /// A vote of the window that was believed since.
  struct DecidedVote {
    SubjectIndex subject;
    Purpose purpose = Purpose::block;
    bool opens = true;
    core::Tick at;
  };
  /// What a reload recalls, beside the votes that are pending.
  std::vector<DecidedVote> decided_votes() const;
  /// Until when a quarantine holds at least.
  std::optional<core::Tick> hold_ends() const {
    return is_quarantined() ? std::optional(hold_ends_) : std::nullopt;
  }
  /// When tick() next has something to do of a quarantine. Nothing when the hold is over but no
  /// test has passed: then tick() is called with the next one that does.
  std::optional<core::Tick> next_tick() const;

  /// How many subjects trip it: more than the share (of closing: or most of the listings that stood
  /// when the window began), and at least `min`. Nothing = off.
  std::optional<std::uint64_t> limit(bool opens) const;
  /// How many subjects have a vote that stands.
  std::uint64_t standing(bool opens) const { return wave(opens).subjects.size(); }
  /// These, and those whose vote came to nothing within the window.
  std::uint64_t came(bool opens) const { return standing(opens) + wave(opens).gone.size(); }

 private:
  struct Key {
    SubjectIndex subject;
    Purpose purpose = Purpose::block;
    friend bool operator==(const Key&, const Key&) = default;
    friend bool operator<(const Key& a, const Key& b) {
      return a.subject != b.subject ? a.subject < b.subject : a.purpose < b.purpose;
    }
  };
  struct Ballot {
    core::Tick at;
    bool is_decided = false;
    bool is_counted = true;  // within the window, or in quarantine
  };
  /// First votes in one direction.
  struct Wave {
    std::map<Key, Ballot> ballots;
    std::set<std::pair<core::Tick, Key>> counted;               // oldest first
    std::set<std::pair<core::Tick, Key>> undecided;             // oldest first
    std::unordered_map<std::uint32_t, std::uint32_t> subjects;  // counted ballots of each
    std::map<std::uint32_t, core::Tick> gone;  // other subjects' last that went …
    std::set<std::pair<core::Tick, std::uint32_t>> gone_by_time;  // … within the window
    std::int64_t decided = 0;                                     // ballots
    std::set<std::pair<core::Tick, Key>> waiting;  // held until the wave shows, by confirmation
  };
  struct Held {
    std::vector<BelievedChange> changes;  // one; more only while it waits for the wave
    core::Tick confirmed_at;
    std::uint64_t order = 0;
    bool is_leaving = false;  // votes against it are being collected; only in quarantine and after
  };

  Wave& wave(bool opens) { return waves_[opens ? 1 : 0]; }
  const Wave& wave(bool opens) const { return waves_[opens ? 1 : 0]; }
  void note_time(core::Tick now) { latest_ = std::max(latest_, now); }
  bool is_over(bool opens) const;
  bool must_wait(bool opens) const;
  bool takes_back_held(const Key& key, bool opens) const;
  void insert_ballot(Wave& wave, const Key& key, Ballot ballot);
  bool erase_ballot(Wave& wave, const Key& key);
  bool withdraw_ballot(Wave& wave, const Key& key);
  static void forget_gone(Wave& wave, std::uint32_t subject);
  void decide_ballot(Wave& wave, const Key& key);
  void uncount(Wave& wave, const Key& key);
  void forget_old(core::Tick now);
  std::optional<core::Tick> next_forgotten() const;
  void hold(BelievedChange change, core::Tick now);
  void hold_folded(BelievedChange change, core::Tick now);
  void trip(core::Tick now, Admission& admission);
  void retract(core::Tick now, Admission& admission);
  void pass_standing(Admission& admission);
  void stay(const Key& key);
  void pass_free(Admission& admission);
  Admission settle(core::Tick now);
  void end_quarantine(Admission& admission);

  BreakerPolicy policy_;
  std::uint64_t subjects_ = 0;
  std::int64_t open_listings_ = 0;
  core::Millis window_{30 * 60'000};
  std::array<Wave, 2> waves_;  // closing, opening
  std::map<Key, Held> held_;
  std::uint64_t next_order_ = 0;
  std::uint64_t dropped_ = 0;
  std::optional<core::Tick> quarantined_since_;
  core::Tick hold_ends_{};
  core::Tick latest_{};            // when it was last called
  core::Tick recovers_until_{};    // a hold after the end of the last quarantine
  std::uint32_t retractions_ = 0;  // in a row, each within a hold of the one before
  bool waits_for_test_ = false;
};

}  // namespace rblwatch::lists
