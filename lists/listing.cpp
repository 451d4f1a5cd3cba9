// SPDX-License-Identifier: Apache-2.0
#include "lists/listing.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/check.hpp"

namespace rblwatch::lists {

namespace {

using core::Tick;

bool is_direct(const Observation& observation) {
  return observation.role == dns::ServerRole::authoritative;
}

const CodeSet& codes_of(const Verdict& verdict) {
  static const CodeSet kNone;
  const auto* const listed = std::get_if<Listed>(&verdict);
  return listed != nullptr ? listed->codes : kNone;
}

bool is_lapsed(const PendingEntry& entry, Tick now) {
  return !entry.is_decided && now > entry.lapses_at;
}

bool is_same_as_shown(const Code& a, const Code& b) {
  return a.entry == b.entry && a.meaning == b.meaning && a.purpose == b.purpose &&
         a.addresses == b.addresses;
}

/// A score that moved inside its band: no change, but what people are shown is the newest.
bool refresh_shown(CodeSet& shown, const CodeSet& seen) {
  bool has_changed = false;
  for (const Code& code : seen) {
    const Code* const known = shown.find(code.entry);
    if (known != nullptr && !is_same_as_shown(*known, code)) {
      shown.insert(code);
      has_changed = true;
    }
  }
  return has_changed;
}

bool drop_contradicted(Track& track, const CodeSet& seen, bool is_partial) {
  return std::erase_if(track.pending, [&](const PendingEntry& entry) {
           const bool is_seen = seen.has(entry.code.entry);
           return entry.joins != is_seen && (is_seen || !is_partial);
         }) > 0;
}

/// The question of one observation and how long its answers may come from a cache.
struct Ballot {
  const Observation& observation;
  const ConfirmPolicy& policy;
  Tick cached_until;  // the next answer can be fresh from here on, unless asked directly

  Tick at() const { return observation.asked_at; }
  /// Where the next vote is better asked directly.
  bool goes_direct() const {
    if (policy.via_authoritative) {
      return true;
    }
    if (is_direct(observation)) {
      // It came to this because a resolver's cache holds on for long, and that may still be so.
      return cached_until > at() + policy.confirm_after;
    }
    const core::Micros waiting = cached_until - kTtlSpare - observation.took - at();
    return waiting > policy.confirm_within;
  }
};

Ballot ballot_of(const Observation& observation, const Freshness& freshness,
                 const ConfirmPolicy& policy) {
  const Tick cached_until =
      is_direct(observation)
          ? std::max(observation.asked_at, freshness.all_run_out())
          : freshness.fresh_from(observation.server, observation.role, observation.asked_at);
  return {observation, policy, cached_until};
}

void await_next_vote(PendingEntry& entry, const Ballot& ballot) {
  const Tick next =
      std::max(entry.votes.back().at + ballot.policy.confirm_after, ballot.cached_until);
  entry.next_possible = std::max(entry.next_possible, next);
  entry.lapses_at = entry.next_possible + 2 * ballot.policy.interval;
}

void add_vote(PendingEntry& entry, const Ballot& ballot, Step& step) {
  entry.votes.push_back({ballot.at(), ballot.observation.wall});
  entry.next_possible = Tick::min();
  await_next_vote(entry, ballot);
  step.changed = true;
  if (entry.votes.size() >= ballot.policy.confirmations) {
    entry.is_decided = true;
    step.cast_last_vote = true;
  }
}

void cast(Track& track, const Code& code, bool joins, const Ballot& ballot, Step& step) {
  auto place = std::lower_bound(
      track.pending.begin(), track.pending.end(), code.entry,
      [](const PendingEntry& entry, const std::string& text) { return entry.code.entry < text; });
  if (place == track.pending.end() || place->code.entry != code.entry) {
    place = track.pending.insert(place, PendingEntry{});
    place->code = code;
    place->joins = joins;
    step.cast_first_vote = true;
    add_vote(*place, ballot, step);
    return;
  }
  if (joins && !is_same_as_shown(place->code, code)) {
    place->code = code;
    step.changed = true;
  }
  if (place->is_decided) {
    return;
  }
  if (ballot.at() >= place->votes.back().at + ballot.policy.confirm_after) {
    add_vote(*place, ballot, step);
  } else {
    // Fresh, but too soon to be independent: no vote, and the cache has been filled anew.
    await_next_vote(*place, ballot);
    step.changed = true;
  }
}

void cast_all(Track& track, const CodeSet& seen, const Ballot& ballot, Step& step) {
  for (const Code& code : seen) {
    if (!track.believed.has(code.entry)) {
      cast(track, code, true, ballot, step);
    }
  }
  for (const Code& code : track.believed) {
    if (!seen.has(code.entry) && !ballot.observation.is_partial) {
      cast(track, code, false, ballot, step);
    }
  }
}

/// When the next vote should be asked, seen from a usable answer.
void plan_next_vote(const Track& track, const Ballot& ballot, Step& step) {
  const std::optional<NextVote> next = next_vote(track, ballot.policy);
  if (!next) {
    return;
  }
  step.ask_direct = ballot.goes_direct();
  step.else_again = std::max(ballot.at(), next->possible);
  step.ask_again = step.ask_direct ? std::max(ballot.at(), next->independent) : *step.else_again;
}

/// An answer that may have been a cached one counts for nothing; where it matters, the next one
/// should.
void plan_fresh_answer(const Track& track, const CodeSet& seen, const Ballot& ballot, Step& step) {
  const bool has_open_votes = std::any_of(track.pending.begin(), track.pending.end(),
                                          [](const PendingEntry& e) { return !e.is_decided; });
  if (!has_open_votes && seen == track.believed) {
    return;
  }
  if (has_open_votes) {
    plan_next_vote(track, ballot, step);
  } else {
    step.ask_direct = ballot.goes_direct();
    step.ask_again = ballot.at();
    step.else_again = ballot.at();
  }
  step.else_again = std::max(*step.else_again, ballot.cached_until);
  if (!step.ask_direct) {
    step.ask_again = step.else_again;
  }
}

Step after_unknown(const Track& track, const Observation& observation,
                   const ConfirmPolicy& policy) {
  Step step;
  const Tick retry = observation.asked_at + policy.after_unknown();
  for (const PendingEntry& entry : track.pending) {
    if (!entry.is_decided && !is_lapsed(entry, observation.asked_at)) {
      const Tick at = std::max(entry.next_possible, retry);
      step.ask_again = std::min(step.ask_again.value_or(at), at);
    }
  }
  return step;
}

bool is_covered(const PendingEntry& entry, const PassedTest& test) {
  return entry.is_decided && test.asked_at >= entry.votes.back().at &&
         test.fetched_after >= entry.votes.front().at;
}

/// Whether the pair was seen clear: everything believed is on its way out and nothing on its way
/// in.
bool is_seen_clear(const Track& track) {
  return track.pending_to() == PendingTo::delisted;
}

/// The pending entries that this test lets believe.
std::vector<PendingEntry> covered_by(const Track& track, const PassedTest& test) {
  const bool seen_clear = is_seen_clear(track);
  std::vector<PendingEntry> covered;
  std::copy_if(track.pending.begin(), track.pending.end(), std::back_inserter(covered),
               [&](const PendingEntry& entry) {
                 return is_covered(entry, test) &&
                        (!seen_clear || entry.votes.front().at <= test.leaves_voted_by);
               });
  return covered;
}

CodeSet after_believing(const Track& track, const std::vector<PendingEntry>& covered) {
  CodeSet after = track.believed;
  for (const PendingEntry& entry : covered) {
    if (entry.joins) {
      after.insert(entry.code);
    } else {
      after.erase(entry.code.entry);
    }
  }
  return after;
}

Change change_of(const Track& track, const CodeSet& after,
                 const std::vector<PendingEntry>& covered) {
  Change change;
  const CodeSet& before = track.believed;
  change.added = after.without(before);
  change.removed = before.without(after);
  if (before.is_empty()) {
    change.type = EventType::listed;
  } else {
    change.type = after.is_empty() ? EventType::delisted : EventType::changed;
  }
  const bool is_end = change.type == EventType::delisted;
  change.codes = is_end ? before : after;
  change.since = covered.front().votes.front().wall;
  change.first_vote = covered.front().votes.front().at;
  for (const PendingEntry& entry : covered) {
    const Vote& first = entry.votes.front();
    // It was listed from its first code on, and until its last one.
    change.since = is_end ? std::max(change.since, first.wall) : std::min(change.since, first.wall);
    change.first_vote = std::min(change.first_vote, first.at);
    for (const Vote& vote : entry.votes) {
      change.voted_at.push_back(vote.wall);
    }
  }
  change.listed_at = before.is_empty() ? change.since : track.listed_at;
  return change;
}

}  // namespace

Tick mark_of(const Observation& observation) {
  core::Micros ttl = observation.ttl.value_or(kTtlOfNothing);
  ttl = std::max(ttl, core::Micros::zero());
  return observation.answered_at() + ttl + kTtlSpare;
}

bool Freshness::note(const Observation& observation) {
  if (std::holds_alternative<Unknown>(observation.verdict)) {
    return false;
  }
  if (is_direct(observation)) {
    // No cache stands between; it only remains that the question has been answered before.
    if (marks_.empty()) {
      marks_.push_back({observation.server, observation.asked_at});
    }
    return true;
  }
  const auto known = std::find_if(
      marks_.begin(), marks_.end(),
      [&observation](const CacheMark& mark) { return mark.server == observation.server; });
  if (known == marks_.end()) {
    const bool is_first = marks_.empty();
    marks_.push_back({observation.server, mark_of(observation)});
    return is_first;
  }
  if (observation.asked_at < known->runs_out) {
    return false;
  }
  known->runs_out = mark_of(observation);
  return true;
}

core::Tick Freshness::fresh_from(const dns::Server& server, dns::ServerRole role,
                                 core::Tick now) const {
  if (role == dns::ServerRole::authoritative) {
    return now;
  }
  const auto known = std::find_if(marks_.begin(), marks_.end(), [&server](const CacheMark& mark) {
    return mark.server == server;
  });
  return known == marks_.end() ? now : std::max(now, known->runs_out);
}

core::Tick Freshness::all_run_out() const {
  Tick latest = Tick::min();
  for (const CacheMark& mark : marks_) {
    latest = std::max(latest, mark.runs_out);
  }
  return latest;
}

std::optional<PendingTo> Track::pending_to() const {
  if (pending.empty()) {
    return std::nullopt;
  }
  if (!is_listed()) {
    return PendingTo::listed;
  }
  const bool all_leave = pending.size() == believed.size() &&
                         std::none_of(pending.begin(), pending.end(),
                                      [](const PendingEntry& entry) { return entry.joins; });
  return all_leave ? PendingTo::delisted : PendingTo::changed;
}

core::Tick Track::first_vote() const {
  RBL_CHECK(!pending.empty());
  Tick first = Tick::max();
  for (const PendingEntry& entry : pending) {
    first = std::min(first, entry.votes.front().at);
  }
  return first;
}

bool Track::has_decided() const {
  return std::any_of(pending.begin(), pending.end(),
                     [](const PendingEntry& entry) { return entry.is_decided; });
}

Step advance(Track& track, const Observation& observation, bool is_fresh,
             const Freshness& freshness, const ConfirmPolicy& policy) {
  if (std::holds_alternative<Unknown>(observation.verdict)) {
    return after_unknown(track, observation, policy);
  }
  const CodeSet& seen = codes_of(observation.verdict);
  const Ballot ballot = ballot_of(observation, freshness, policy);
  Step step;
  step.changed = lapse(track, observation.asked_at);
  if (!is_fresh) {
    plan_fresh_answer(track, seen, ballot, step);
    return step;
  }
  step.changed |= drop_contradicted(track, seen, observation.is_partial);
  step.changed |= refresh_shown(track.believed, seen);
  cast_all(track, seen, ballot, step);
  plan_next_vote(track, ballot, step);
  return step;
}

std::optional<NextVote> next_vote(const Track& track, const ConfirmPolicy& policy) {
  std::optional<NextVote> next;
  for (const PendingEntry& entry : track.pending) {
    if (entry.is_decided) {
      continue;
    }
    const Tick independent = entry.votes.back().at + policy.confirm_after;
    if (!next) {
      next = NextVote{independent, entry.next_possible};
    }
    next->independent = std::min(next->independent, independent);
    next->possible = std::min(next->possible, entry.next_possible);
  }
  return next;
}

bool lapse(Track& track, core::Tick now) {
  return std::erase_if(track.pending,
                       [now](const PendingEntry& entry) { return is_lapsed(entry, now); }) > 0;
}

void prolong(Track& track, core::Micros by) {
  for (PendingEntry& entry : track.pending) {
    entry.lapses_at += by;
  }
}

bool discard_votes(Track& track) {
  const bool had_votes = !track.pending.empty();
  track.pending.clear();
  return had_votes;
}

std::optional<Change> believe(Track& track, const PassedTest& test) {
  const std::vector<PendingEntry> covered = covered_by(track, test);
  if (covered.empty()) {
    return std::nullopt;
  }
  CodeSet after = after_believing(track, covered);
  const bool has_more_to_join = std::any_of(track.pending.begin(), track.pending.end(),
                                            [](const PendingEntry& entry) { return entry.joins; });
  if (after.is_empty() && has_more_to_join) {
    return std::nullopt;
  }
  Change change = change_of(track, after, covered);
  std::erase_if(track.pending, [&covered](const PendingEntry& entry) {
    return std::any_of(covered.begin(), covered.end(), [&entry](const PendingEntry& believed) {
      return believed.code.entry == entry.code.entry;
    });
  });
  track.believed = std::move(after);
  track.listed_at = track.is_listed() ? change.listed_at : core::Timestamp{};
  return change;
}

void revert(Track& track, const Change& change) {
  track.pending.clear();
  if (change.type == EventType::delisted) {
    track.believed = change.codes;
    track.listed_at = change.listed_at;
    return;
  }
  for (const Code& code : change.added) {
    track.believed.erase(code.entry);
  }
  for (const Code& code : change.removed) {
    track.believed.insert(code);
  }
  if (!track.is_listed()) {
    track.listed_at = {};
  }
}

std::optional<core::Tick> waits_for_test_after(const Track& track) {
  std::optional<Tick> latest;
  for (const PendingEntry& entry : track.pending) {
    if (entry.is_decided) {
      const Tick first = entry.votes.front().at;
      latest = std::max(latest.value_or(first), first);
    }
  }
  return latest;
}

}  // namespace rblwatch::lists
