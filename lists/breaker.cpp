// SPDX-License-Identifier: Apache-2.0
#include "lists/breaker.hpp"

#include <algorithm>
#include <cmath>

#include "core/check.hpp"

namespace rblwatch::lists {

namespace {

using core::Tick;

/// So many quarantines in a row end by themselves.
constexpr std::uint32_t kMostRetractions = 2;

/// Which wave a change belongs to; a changed code set belongs to none.
std::optional<bool> direction(const Change& change) {
  if (change.type == EventType::listed) {
    return true;
  }
  if (change.type == EventType::delisted) {
    return false;
  }
  return std::nullopt;
}

/// What had been told before this change.
CodeSet codes_before(const Change& change) {
  if (change.type == EventType::listed) {
    return {};
  }
  CodeSet before = change.codes;
  if (change.type == EventType::changed) {
    for (const Code& code : change.added) {
      before.erase(code.entry);
    }
    for (const Code& code : change.removed) {
      before.insert(code);
    }
  }
  return before;
}

CodeSet codes_after(const Change& change) {
  return change.type == EventType::delisted ? CodeSet{} : change.codes;
}

/// Two changes, neither of them told, as one; nothing when the second undoes the first.
std::optional<BelievedChange> fold(const BelievedChange& first, BelievedChange second) {
  const CodeSet before = codes_before(first.change);
  const CodeSet after = codes_after(second.change);
  if (before == after) {
    return std::nullopt;
  }
  Change& change = second.change;
  change.added = after.without(before);
  change.removed = before.without(after);
  if (before.is_empty()) {
    change.type = EventType::listed;
    change.since = first.change.since;
    change.listed_at = first.change.listed_at;
  } else {
    change.type = after.is_empty() ? EventType::delisted : EventType::changed;
  }
  change.codes = after.is_empty() ? before : after;
  change.first_vote = std::min(first.change.first_vote, change.first_vote);
  second.first_seen = first.first_seen;
  return second;
}

std::optional<BelievedChange> fold_all(const std::vector<BelievedChange>& changes) {
  std::optional<BelievedChange> one;
  for (const BelievedChange& change : changes) {
    one = one ? fold(*one, change) : change;
  }
  return one;
}

}  // namespace

std::optional<std::uint64_t> Breaker::limit(bool opens) const {
  if (policy_.share >= 1) {
    return std::nullopt;
  }
  // A product that should be whole may come out a hair below: 0.29 × 100.
  constexpr double kHair = 1e-9;
  const double share = std::floor(policy_.share * static_cast<double>(subjects_) + kHair);
  const std::uint64_t least = std::max<std::uint64_t>(policy_.min, 1);
  const std::uint64_t of_subjects = std::max(least, static_cast<std::uint64_t>(share) + 1);
  if (opens || latest_ < recovers_until_) {
    return of_subjects;
  }
  const auto stood =
      static_cast<std::uint64_t>(std::max<std::int64_t>(open_listings_ + wave(false).decided, 0));
  return std::min(of_subjects, std::max(least, stood / 2 + 1));
}

bool Breaker::is_over(bool opens) const {
  const auto most = limit(opens);
  return most && (standing(opens) >= *most || came(opens) >= *limit(true));
}

bool Breaker::must_wait(bool opens) const {
  const auto most = limit(opens);
  return most && 2 * standing(opens) >= *most;
}

Admission Breaker::vote(SubjectIndex subject, Purpose purpose, bool opens, core::Tick at) {
  note_time(at);
  const Key key{subject, purpose};
  if (takes_back_held(key, opens)) {
    // Nobody was told of what is held, so this is no drop of another wave.
    held_.at(key).is_leaving |= is_quarantined();
    return {};
  }
  insert_ballot(wave(opens), key, {at, false, true});
  forget_old(at);
  Admission admission;
  if (!is_quarantined() && is_over(opens)) {
    trip(at, admission);
  }
  return admission;
}

Admission Breaker::gone(SubjectIndex subject, Purpose purpose, bool opens, core::Tick now) {
  note_time(now);
  const Key key{subject, purpose};
  if (takes_back_held(key, opens)) {
    stay(key);
  } else if (withdraw_ballot(wave(opens), key) && is_quarantined()) {
    ++dropped_;
  }
  return settle(now);
}

Admission Breaker::admit(BelievedChange change, core::Tick now) {
  note_time(now);
  const Key key{change.subject, change.purpose};
  const std::optional<bool> opens = direction(change.change);
  if (opens) {
    open_listings_ += *opens ? 1 : -1;
    decide_ballot(wave(*opens), key);
    erase_ballot(wave(!*opens), key);  // what it undoes no longer stands
  }
  const auto known = held_.find(key);
  if (is_quarantined() || (known != held_.end() && known->second.is_leaving)) {
    hold_folded(std::move(change), now);
    return settle(now);
  }
  forget_old(now);
  if (held_.contains(key) || (opens && must_wait(*opens))) {
    hold(std::move(change), now);
    return settle(now);
  }
  Admission admission = settle(now);
  admission.pass.push_back(std::move(change));
  return admission;
}

Admission Breaker::tick(core::Tick now, bool test_passed_lately) {
  note_time(now);
  if (!is_quarantined()) {
    return settle(now);
  }
  if (now < hold_ends_) {
    return settle(now);
  }
  waits_for_test_ = !test_passed_lately;
  return test_passed_lately ? release(now) : Admission{};
}

std::uint64_t Breaker::drop_all() {
  const std::uint64_t dropped = held().size();
  for (const auto& [key, one] : held_) {
    const bool was_listed = !codes_before(one.changes.front().change).is_empty();
    const bool is_listed = !codes_after(one.changes.back().change).is_empty();
    open_listings_ += (was_listed ? 1 : 0) - (is_listed ? 1 : 0);
  }
  for (Wave& one : waves_) {
    one.waiting.clear();
    std::vector<Key> unsaid_keys;
    for (const auto& [key, ballot] : one.ballots) {
      if (!ballot.is_decided || held_.contains(key)) {
        unsaid_keys.push_back(key);
      }
    }
    for (const Key& key : unsaid_keys) {
      erase_ballot(one, key);
    }
    one.gone.clear();
    one.gone_by_time.clear();
  }
  held_.clear();
  Admission unsaid;
  end_quarantine(unsaid);
  return dropped;
}

Admission Breaker::release(core::Tick now) {
  note_time(now);
  Admission admission;
  if (is_quarantined()) {
    end_quarantine(admission);
    pass_standing(admission);
    waves_ = {};  // what stands now is accepted; only another wave trips it again
  }
  return admission;
}

bool Breaker::holds(SubjectIndex subject, Purpose purpose) const {
  return held_.contains({subject, purpose});
}

std::vector<BelievedChange> Breaker::held() const {
  std::vector<const Held*> ordered;
  ordered.reserve(held_.size());
  for (const auto& [key, one] : held_) {
    ordered.push_back(&one);
  }
  std::sort(ordered.begin(), ordered.end(),
            [](const Held* a, const Held* b) { return a->order < b->order; });
  std::vector<BelievedChange> all;
  for (const Held* one : ordered) {
    all.insert(all.end(), one->changes.begin(), one->changes.end());
  }
  return all;
}

void Breaker::restore(core::Tick quarantined_since, std::vector<BelievedChange> held) {
  quarantined_since_ = quarantined_since;
  hold_ends_ = quarantined_since + policy_.hold;
  for (BelievedChange& change : held) {
    if (const auto opens = direction(change.change)) {
      insert_ballot(wave(*opens), {change.subject, change.purpose},
                    {quarantined_since, true, true});
    }
    hold_folded(std::move(change), quarantined_since);
  }
}

void Breaker::recall(SubjectIndex subject, Purpose purpose, bool opens, Vote first,
                     bool is_decided) {
  insert_ballot(wave(opens), {subject, purpose}, {first.at, is_decided, true});
}

std::vector<Breaker::DecidedVote> Breaker::decided_votes() const {
  std::vector<DecidedVote> votes;
  for (const bool opens : {false, true}) {
    for (const auto& [key, ballot] : wave(opens).ballots) {
      if (ballot.is_decided) {
        votes.push_back({key.subject, key.purpose, opens, ballot.at});
      }
    }
  }
  return votes;
}

std::optional<core::Tick> Breaker::next_tick() const {
  if (!is_quarantined() || waits_for_test_) {
    return std::nullopt;
  }
  const auto forgotten = next_forgotten();
  return forgotten ? std::min(*forgotten, hold_ends_) : hold_ends_;
}

/// When the next vote that came to nothing no longer counts against the end of a quarantine.
std::optional<core::Tick> Breaker::next_forgotten() const {
  std::optional<core::Tick> next;
  for (const Wave& one : waves_) {
    if (retractions_ < kMostRetractions && !one.gone_by_time.empty()) {
      const Tick at = one.gone_by_time.begin()->first + window_;
      next = std::min(next.value_or(at), at);
    }
  }
  return next;
}

/// Whether a vote only goes back on what is held and was never told.
bool Breaker::takes_back_held(const Key& key, bool opens) const {
  const auto found = held_.find(key);
  return found != held_.end() && direction(found->second.changes.front().change) == !opens;
}

void Breaker::insert_ballot(Wave& wave, const Key& key, Ballot ballot) {
  erase_ballot(wave, key);
  forget_gone(wave, key.subject.value);
  wave.ballots.emplace(key, ballot);
  wave.counted.emplace(ballot.at, key);
  ++wave.subjects[key.subject.value];
  wave.decided += ballot.is_decided ? 1 : 0;
  if (!ballot.is_decided) {
    wave.undecided.emplace(ballot.at, key);
  }
}

bool Breaker::erase_ballot(Wave& wave, const Key& key) {
  const auto found = wave.ballots.find(key);
  if (found == wave.ballots.end()) {
    return false;
  }
  uncount(wave, key);
  wave.undecided.erase({found->second.at, key});
  wave.decided -= found->second.is_decided ? 1 : 0;
  wave.ballots.erase(found);
  return true;
}

/// The vote came to nothing; that it came still counts while it is within the window.
bool Breaker::withdraw_ballot(Wave& wave, const Key& key) {
  const auto found = wave.ballots.find(key);
  if (found == wave.ballots.end()) {
    return false;
  }
  const Ballot ballot = found->second;
  erase_ballot(wave, key);
  const std::uint32_t subject = key.subject.value;
  if (ballot.is_counted && !wave.subjects.contains(subject)) {
    forget_gone(wave, subject);
    wave.gone.emplace(subject, ballot.at);
    wave.gone_by_time.emplace(ballot.at, subject);
  }
  return true;
}

void Breaker::forget_gone(Wave& wave, std::uint32_t subject) {
  const auto found = wave.gone.find(subject);
  if (found != wave.gone.end()) {
    wave.gone_by_time.erase({found->second, subject});
    wave.gone.erase(found);
  }
}

void Breaker::decide_ballot(Wave& wave, const Key& key) {
  const auto found = wave.ballots.find(key);
  if (found == wave.ballots.end() || found->second.is_decided) {
    return;
  }
  found->second.is_decided = true;
  ++wave.decided;
  wave.undecided.erase({found->second.at, key});
  if (!found->second.is_counted) {
    erase_ballot(wave, key);
  }
}

void Breaker::uncount(Wave& wave, const Key& key) {
  Ballot& ballot = wave.ballots.at(key);
  if (!ballot.is_counted) {
    return;
  }
  ballot.is_counted = false;
  wave.counted.erase({ballot.at, key});
  const auto subject = wave.subjects.find(key.subject.value);
  if (--subject->second == 0) {
    wave.subjects.erase(subject);
  }
}

/// What slid out of the window no longer counts; a vote that is still open is kept for those that
/// wait for it. In quarantine everything that stands counts, however old.
void Breaker::forget_old(core::Tick now) {
  for (Wave& one : waves_) {
    while (!one.gone_by_time.empty() && one.gone_by_time.begin()->first <= now - window_) {
      forget_gone(one, one.gone_by_time.begin()->second);
    }
  }
  if (is_quarantined()) {
    return;
  }
  for (Wave& one : waves_) {
    while (!one.counted.empty() && one.counted.begin()->first <= now - window_) {
      const Key key = one.counted.begin()->second;
      uncount(one, key);
      if (one.ballots.at(key).is_decided) {
        erase_ballot(one, key);
      }
    }
  }
}

/// To wait for the wave. What follows on a change that waits, waits behind it.
void Breaker::hold(BelievedChange change, core::Tick now) {
  const Key key{change.subject, change.purpose};
  const auto [place, is_new] = held_.try_emplace(key);
  if (is_new) {
    place->second.confirmed_at = now;
    place->second.order = next_order_++;
    wave(*direction(change.change)).waiting.emplace(now, key);
  }
  place->second.changes.push_back(std::move(change));
}

void Breaker::hold_folded(BelievedChange change, core::Tick now) {
  const Key key{change.subject, change.purpose};
  const auto [place, is_new] = held_.try_emplace(key);
  if (is_new) {
    place->second = {{std::move(change)}, now, next_order_++};
    return;
  }
  auto folded = fold(place->second.changes.front(), std::move(change));
  if (folded) {
    place->second.changes = {std::move(*folded)};
    stay(key);
    return;
  }
  held_.erase(place);
  erase_ballot(wave(true), key);
  erase_ballot(wave(false), key);
  dropped_ += is_quarantined() ? 1 : 0;
}

/// What was being voted away stands after all; where the quarantine has ended, it goes its way.
void Breaker::stay(const Key& key) {
  Held& held = held_.at(key);
  if (!held.is_leaving) {
    return;
  }
  held.is_leaving = false;
  if (!is_quarantined()) {
    wave(direction(held.changes.front().change).value_or(true))
        .waiting.emplace(held.confirmed_at, key);
  }
}

void Breaker::trip(core::Tick now, Admission& admission) {
  retractions_ = now < recovers_until_ ? retractions_ : 0;
  quarantined_since_ = now;
  hold_ends_ = now + policy_.hold;
  waits_for_test_ = false;
  dropped_ = 0;
  admission.quarantined = true;
  for (Wave& one : waves_) {
    one.waiting.clear();
  }
  for (auto one = held_.begin(); one != held_.end();) {
    auto folded = fold_all(one->second.changes);
    if (folded) {
      one->second.changes = {std::move(*folded)};
      ++one;
    } else {
      one = held_.erase(one);
      ++dropped_;
    }
  }
}

void Breaker::end_quarantine(Admission& admission) {
  admission.released = true;
  if (is_quarantined()) {
    recovers_until_ = latest_ + policy_.hold;
  }
  for (const auto& [key, one] : held_) {
    ++(one.is_leaving ? dropped_ : admission.passed);
  }
  admission.dropped = dropped_;
  quarantined_since_.reset();
  waits_for_test_ = false;
  dropped_ = 0;
}

/// What still stands is no wave: it goes its usual way, which may mean to wait for others.
void Breaker::retract(core::Tick now, Admission& admission) {
  end_quarantine(admission);
  ++retractions_;
  forget_old(now);
  for (const auto& [key, one] : held_) {
    const auto opens = direction(one.changes.front().change);
    if (!one.is_leaving && opens && must_wait(*opens)) {
      wave(*opens).waiting.emplace(one.confirmed_at, key);
    }
  }
  pass_standing(admission);
}

/// In the order they were believed: all but what waits or is leaving.
void Breaker::pass_standing(Admission& admission) {
  std::vector<std::pair<std::uint64_t, Key>> ordered;
  for (const auto& [key, one] : held_) {
    const std::pair<Tick, Key> place{one.confirmed_at, key};
    const bool waits = waves_[0].waiting.contains(place) || waves_[1].waiting.contains(place);
    if (!waits && !one.is_leaving) {
      ordered.emplace_back(one.order, key);
    }
  }
  std::sort(ordered.begin(), ordered.end());
  for (const auto& [order, key] : ordered) {
    const auto found = held_.find(key);
    for (BelievedChange& change : found->second.changes) {
      admission.pass.push_back(std::move(change));
    }
    held_.erase(found);
  }
}

/// Those that waited for votes older than their own confirmation, when none of these is open any
/// more.
void Breaker::pass_free(Admission& admission) {
  for (Wave& one : waves_) {
    while (!one.waiting.empty()) {
      const auto [confirmed_at, key] = *one.waiting.begin();
      if (!one.undecided.empty() && one.undecided.begin()->first < confirmed_at) {
        break;
      }
      const auto found = held_.find(key);
      RBL_CHECK(found != held_.end());
      for (BelievedChange& change : found->second.changes) {
        admission.pass.push_back(std::move(change));
      }
      held_.erase(found);
      one.waiting.erase(one.waiting.begin());
    }
  }
}

Admission Breaker::settle(core::Tick now) {
  forget_old(now);
  Admission admission;
  if (is_quarantined() && retractions_ < kMostRetractions && !is_over(true) && !is_over(false)) {
    retract(now, admission);
  }
  if (!is_quarantined()) {
    pass_free(admission);
  }
  return admission;
}

}  // namespace rblwatch::lists
