// SPDX-License-Identifier: Apache-2.0
//
// The half of PairDesk that turns votes into belief: what a zone's test means for its pairs, what
// the breaker lets through, what is taken back.
#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/event_maker.hpp"
#include "daemon/pair_desk.hpp"

namespace rblwatch::daemon {

namespace {

constexpr core::Seconds kLapseEvery{1};

/// Rule 4's last paragraph: where the positive entry is waived, nothing proves that a zone isn't
/// empty but another subject that still stands there, or time. What a cache repeats proves nothing:
/// a resolver that began to hide listings goes on answering those that it fetched before.
class Standing {
 public:
  void add(std::uint32_t pair, core::Tick fresh_at) {
    if (pair == latest_.pair) {
      latest_.fresh_at = std::max(latest_.fresh_at, fresh_at);
    } else if (fresh_at > latest_.fresh_at) {
      second_ = std::exchange(latest_, {pair, fresh_at});
    } else {
      second_ = std::max(second_, {pair, fresh_at},
                         [](const Seen& a, const Seen& b) { return a.fresh_at < b.fresh_at; });
    }
  }
  /// When a listing of another pair was last found; the oldest tick when there is none.
  core::Tick beside(std::uint32_t pair) const {
    return latest_.pair == pair ? second_.fresh_at : latest_.fresh_at;
  }

 private:
  struct Seen {
    std::uint32_t pair = std::numeric_limits<std::uint32_t>::max();  // none
    core::Tick fresh_at = core::Tick::min();
  };
  Seen latest_;
  Seen second_;
};

/// A listing that nothing speaks against.
bool stands(const PairBook& book, std::uint32_t pair, const PairDetail& detail) {
  const auto is_settled = [](const PurposeTrack& track) {
    return track.track.is_listed() && track.track.pending.empty();
  };
  return !book.slot({pair}).is_doubted &&
         std::any_of(detail.tracks.begin(), detail.tracks.end(), is_settled);
}

Standing standing_in(const PairBook& book, lists::ZoneIndex zone) {
  const auto [first, last] = book.range_of(zone);
  Standing standing;
  for (const auto& [pair, detail] : book.details()) {
    if (pair >= first && pair < last && stands(book, pair, detail)) {
      standing.add(pair, detail.fresh_listed_at);
    }
  }
  return standing;
}

}  // namespace

void PairDesk::take_test(const TestVerdict& verdict) {
  KindDesk& desk = desks_[verdict.zone.value].kind(verdict.kind);
  if (verdict.became_blind) {
    record_sights(verdict.zone, verdict.kind);
  }
  if (verdict.discard_votes) {
    discard(verdict);
  }
  tell_quarantine(verdict.zone);
  suspend_or_resume(verdict);
  if (verdict.began_seeing) {
    restart_sweep(verdict.zone, verdict.kind);
  }
  if (!verdict.passed || !desk.passed) {
    return;
  }
  believe_awaiting(verdict.zone, verdict.kind);
  end_hold(verdict.zone, ledger_.clocks().tick);
}

void PairDesk::record_sights(lists::ZoneIndex zone, lists::Kind kind) {
  const auto [first, last] = book_.range_of(zone);
  for (const auto& [pair, detail] : book_.details()) {
    if (pair >= first && pair < last && kind_of({pair}) == kind) {
      record_sights({pair});
    }
  }
}

// Rule 5: silence suspends votes and holds. A hold of several kinds stands still as long as one of
// them is silent.
void PairDesk::suspend_or_resume(const TestVerdict& verdict) {
  ZoneDesk& desk = desks_[verdict.zone.value];
  const core::Tick now = ledger_.clocks().tick;
  if (desk.is_any_suspended()) {
    desk.silent_since = desk.silent_since.value_or(now);
  } else if (const auto since = std::exchange(desk.silent_since, std::nullopt)) {
    desk.breaker.prolong(now - *since);
  }
  if (!verdict.resumed_after) {
    return;
  }
  for (const std::uint32_t pair : pending_[verdict.zone.value]) {
    if (kind_of({pair}) == verdict.kind) {
      for (PurposeTrack& track : book_.detail({pair})->tracks) {
        lists::prolong(track.track, *verdict.resumed_after);
      }
    }
  }
}

// A hold that is over ends with the next test of each kind that passes.
void PairDesk::end_hold(lists::ZoneIndex zone, core::Tick now) {
  ZoneDesk& desk = desks_[zone.value];
  const auto ends = desk.breaker.hold_ends();
  if (!ends || *ends > now) {
    if (const auto due = desk.breaker.next_tick(); due && *due <= now) {
      follow(zone, desk.breaker.tick(now, false));
    }
    return;
  }
  if (desk.has_passed_since(*ends)) {
    follow(zone, desk.breaker.tick(now, true));
    return;
  }
  desk.breaker.tick(now, false);
  for (KindDesk& kind : desk.kinds) {
    const bool is_known = kind.passed && kind.passed->asked_at >= *ends;
    if (kind.is_seeing() && !kind.is_testing && !is_known) {
      kind.want_test(now);
    }
  }
}

void PairDesk::set_breakers() {
  std::vector<std::uint64_t> open(desks_.size());
  for (const auto& [pair, detail] : book_.details()) {
    open[book_.slot({pair}).zone.value] += static_cast<std::uint64_t>(
        std::count_if(detail.tracks.begin(), detail.tracks.end(),
                      [](const PurposeTrack& track) { return track.track.is_listed(); }));
  }
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    desks_[zone].breaker.set_listings(open[zone]);
    set_breaker_window(desks_[zone], world_, {zone});
  }
}

void PairDesk::believe_awaiting(lists::ZoneIndex zone, lists::Kind kind) {
  KindDesk& desk = desks_[zone.value].kind(kind);
  const std::set<std::uint32_t> awaiting = desk.awaiting;
  if (awaiting.empty()) {
    return;
  }
  const bool is_waived = !world_.zone(zone).test_of(kind).listed;
  Standing standing = is_waived ? standing_in(book_, zone) : Standing();
  for (const std::uint32_t pair : awaiting) {
    const core::Tick proven_at = is_waived ? standing.beside(pair) : core::Tick::max();
    if (!believe_pair({pair}, *desk.passed, proven_at)) {
      want_covering_test({pair}, desk);
    }
    const PairDetail* detail = book_.detail({pair});
    if (is_waived && detail != nullptr && stands(book_, pair, *detail)) {
      standing.add(pair, detail->fresh_listed_at);
    }
  }
}

// True when nothing of the pair waits for a test any more. `proven_at` is when something was found
// in the zone that proves that it isn't empty.
bool PairDesk::believe_pair(lists::PairId pair, const lists::PassedTest& test,
                            core::Tick proven_at) {
  PairSlot& slot = book_.slot(pair);
  const lists::ZoneIndex zone = slot.zone;
  const bool was_decided = slot.is_decided;
  bool is_done = true;
  std::vector<lists::BelievedChange> believed;
  std::vector<core::Timestamp> voted_at;
  for (PurposeTrack& track : book_.detail(pair)->tracks) {
    if (!track.track.has_decided()) {
      continue;
    }
    lists::PassedTest covering = test;
    if (proven_at <= track.track.first_vote()) {
      covering.leaves_voted_by = ledger_.clocks().tick - world_.setup.breaker.hold;
    }
    auto change = lists::believe(track.track, covering);
    if (!change) {
      is_done = false;
      continue;
    }
    const bool is_first = !was_decided && change->type == lists::EventType::listed;
    slot.is_decided = true;
    voted_at.insert(voted_at.end(), change->voted_at.begin(), change->voted_at.end());
    believed.push_back({slot.subject, track.purpose, std::move(*change), is_first});
  }
  if (!believed.empty()) {
    book_.detail(pair)->mark_believed(voted_at);
  }
  settle_pending(pair, false);
  if (!is_done) {
    kind_desk(pair).awaiting.insert(pair.value);
  } else {
    kind_desk(pair).awaiting.erase(pair.value);
  }
  for (lists::BelievedChange& change : believed) {
    admit(zone, std::move(change));
  }
  return is_done;
}

// The breaker first: blind outranks quarantined, so the votes that go end no quarantine aloud.
void PairDesk::discard(const TestVerdict& verdict) {
  ZoneDesk& desk = desks_[verdict.zone.value];
  const std::vector<lists::BelievedChange> held = desk.breaker.held();
  const std::uint64_t dropped = verdict.drop_held ? desk.breaker.drop_all() : 0;
  const std::set<std::uint32_t> pending = pending_[verdict.zone.value];
  for (const std::uint32_t pair : pending) {
    if (kind_of({pair}) != verdict.kind) {
      continue;
    }
    for (PurposeTrack& track : book_.detail({pair})->tracks) {
      lists::discard_votes(track.track);
    }
    settle_pending({pair}, true);
    book_.drop_idle({pair});
  }
  if (verdict.drop_held && (dropped > 0 || desk.quarantined_since)) {
    for (const lists::BelievedChange& change : held) {
      take_back(verdict.zone, change);
    }
    desk.quarantined_since.reset();
    desk.told_quarantined = false;
    ledger_.record(zone_record(world_.zone(verdict.zone), desk, world_));
  }
}

// A held change that will not be told: the pair goes back to what was told last.
void PairDesk::take_back(lists::ZoneIndex zone, const lists::BelievedChange& change) {
  const auto pair = book_.find(zone, change.subject);
  PairDetail* detail = pair ? book_.detail(*pair) : nullptr;
  if (detail == nullptr) {
    return;
  }
  lists::revert(detail->track_of(change.purpose).track, change.change);
  detail->mark_believed({});
  record_votes(zone, change.subject);  // or a restart would find them decided
  book_.drop_idle(*pair);
}

void PairDesk::follow(lists::ZoneIndex zone, const lists::Admission& admission) {
  ZoneDesk& desk = desks_[zone.value];
  const lists::Zone& data = world_.zone(zone);
  if (admission.quarantined) {
    desk.quarantined_since = ledger_.clocks().now;
    desk.told_quarantined = false;
    for (KindDesk& kind : desk.kinds) {
      kind.want_test(ledger_.clocks().tick);  // a sudden jump: is it the zone?
    }
  }
  std::string batch;
  if (admission.released) {
    const lists::Event released = release_event(data, desk, admission);
    if (!std::exchange(desk.told_quarantined, false)) {
      lists::Event quarantined = quarantine_event(data, desk);
      quarantined.affected_subjects = released.affected_subjects;  // it stands no more
      ledger_.tell(std::move(quarantined));
    }
    desk.quarantined_since.reset();
    ledger_.tell(released);
    batch = release_batch(data.id, ledger_.clocks().now);
  }
  for (const lists::BelievedChange& change : admission.pass) {
    if (const auto pair = book_.find(zone, change.subject)) {
      teller_.announce(*pair, change, batch);
      if (admission.released) {
        desk.released.push_back(change);
      }
    }
  }
  const bool has_news =
      admission.quarantined || admission.released || desk.breaker.is_quarantined();
  if (has_news) {
    ledger_.record(zone_record(data, desk, world_));
  }
}

// What trips the breaker is either a list at work or its end, and one disaster is one alert: which
// it is the zone's test says, which was asked for at once. When it fails other than by silence,
// nothing is left here to be told of.
void PairDesk::tell_quarantine(lists::ZoneIndex zone) {
  ZoneDesk& desk = desks_[zone.value];
  if (!desk.is_quarantine_untold() || !desk.has_pairs()) {
    return;
  }
  if (desk.is_tested_since_quarantine()) {
    desk.told_quarantined = true;
    ledger_.tell(quarantine_event(world_.zone(zone), desk));
    ledger_.record(zone_record(world_.zone(zone), desk, world_));
    return;
  }
  // The test may have been lost with a reload.
  for (KindDesk& kind : desk.kinds) {
    if (!kind.is_testing) {
      kind.want_test(ledger_.clocks().tick);
    }
  }
}

void PairDesk::admit(lists::ZoneIndex zone, lists::BelievedChange change) {
  lists::Breaker& breaker = desks_[zone.value].breaker;
  const lists::SubjectIndex subject = change.subject;
  const lists::Purpose purpose = change.purpose;
  const lists::Admission admission = breaker.admit(std::move(change), ledger_.clocks().tick);
  follow(zone, admission);
  const bool passes = std::any_of(admission.pass.begin(), admission.pass.end(),
                                  [&](const lists::BelievedChange& passed) {
                                    return passed.subject == subject && passed.purpose == purpose;
                                  });
  // The votes of what waits for the wave are kept, to be believed anew after a restart; of what
  // passes they go with its event. In quarantine, or undone by it, they have done their part.
  const bool waits = !breaker.is_quarantined() && breaker.holds(subject, purpose);
  if (!passes && !waits) {
    record_votes(zone, subject);
  }
}

void PairDesk::record_votes(lists::ZoneIndex zone, lists::SubjectIndex subject) {
  const auto pair = book_.find(zone, subject);
  const PairDetail* detail = pair ? book_.detail(*pair) : nullptr;
  if (detail != nullptr) {
    ledger_.record(votes_record(world_, book_.slot(*pair), *detail));
  }
}

bool PairDesk::release(lists::ZoneIndex zone) {
  lists::Breaker& breaker = desks_[zone.value].breaker;
  if (!breaker.is_quarantined()) {
    return false;
  }
  follow(zone, breaker.release(ledger_.clocks().tick));
  return true;
}

void PairDesk::turn(core::Tick now) {
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    end_hold({zone}, now);
    tell_quarantine({zone});
  }
  if (now < next_lapse_) {
    return;
  }
  next_lapse_ = now + kLapseEvery;
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    lapse_zone({zone}, now);
    retry_covering_tests({zone}, now);
  }
}

void PairDesk::lapse_zone(lists::ZoneIndex zone, core::Tick now) {
  const std::set<std::uint32_t> pending = pending_[zone.value];
  for (const std::uint32_t id : pending) {
    const lists::PairId pair{id};
    if (kind_desk(pair).health.is_suspended) {
      continue;
    }
    bool has_lapsed = false;
    for (PurposeTrack& track : book_.detail(pair)->tracks) {
      const auto before = track.track.pending_to();
      if (lists::lapse(track.track, now)) {
        has_lapsed = true;
        if (before && before != track.track.pending_to()) {
          follow(zone, desks_[zone.value].breaker.gone(book_.slot(pair).subject, track.purpose,
                                                       before == lists::PendingTo::listed, now));
        }
      }
    }
    if (has_lapsed) {
      settle_pending(pair, true);
      book_.drop_idle(pair);
    }
  }
}

}  // namespace rblwatch::daemon
