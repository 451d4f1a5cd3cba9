// SPDX-License-Identifier: Apache-2.0
//
// The half of PairDesk that turns votes into belief: what a zone's test means for its pairs, what
// the breaker lets through, what is taken back.
#include <algorithm>
#include <utility>

#include "daemon/event_maker.hpp"
#include "daemon/pair_desk.hpp"

namespace rblwatch::daemon {

namespace {
constexpr core::Seconds kLapseEvery{1};
}  // namespace

void PairDesk::take_test(const TestVerdict& verdict) {
  KindDesk& desk = desks_[verdict.zone.value].kind(verdict.kind);
  if (verdict.discard_votes) {
    discard(verdict.zone, verdict.kind);
  }
  if (verdict.resumed_after) {
    desks_[verdict.zone.value].breaker.prolong(*verdict.resumed_after);
    for (const std::uint32_t pair : pending_[verdict.zone.value]) {
      if (kind_of({pair}) == verdict.kind) {
        for (PurposeTrack& track : book_.detail({pair})->tracks) {
          lists::prolong(track.track, *verdict.resumed_after);
        }
      }
    }
  }
  if (verdict.began_seeing) {
    restart_sweep(verdict.zone, verdict.kind);
  }
  if (!verdict.passed || !desk.passed) {
    return;
  }
  believe_awaiting(verdict.zone, verdict.kind);
  // A hold that is over waited for this.
  lists::Breaker& breaker = desks_[verdict.zone.value].breaker;
  if (breaker.is_quarantined() && !breaker.next_tick()) {
    follow(verdict.zone, breaker.tick(ledger_.clocks().tick, true));
  }
}

void PairDesk::believe_awaiting(lists::ZoneIndex zone, lists::Kind kind) {
  KindDesk& desk = desks_[zone.value].kind(kind);
  const std::set<std::uint32_t> awaiting = desk.awaiting;
  for (const std::uint32_t pair : awaiting) {
    if (!believe_pair({pair}, *desk.passed)) {
      want_covering_test({pair}, desk);
    }
  }
}

// True when nothing of the pair waits for a test any more.
bool PairDesk::believe_pair(lists::PairId pair, const lists::PassedTest& test) {
  PairSlot& slot = book_.slot(pair);
  const lists::ZoneIndex zone = slot.zone;
  bool is_done = true;
  std::vector<lists::BelievedChange> believed;
  for (PurposeTrack& track : book_.detail(pair)->tracks) {
    if (!track.track.has_decided()) {
      continue;
    }
    auto change = lists::believe(track.track, covering(pair, track, test));
    if (!change) {
      is_done = false;
      continue;
    }
    const bool is_first = !slot.is_decided && change->type == lists::EventType::listed;
    slot.is_decided = true;
    believed.push_back({slot.subject, track.purpose, std::move(*change), is_first});
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

// Rule 4's last paragraph: where the positive entry is waived, nothing proves that the zone isn't
// empty but another subject that still stands there, or time.
lists::PassedTest PairDesk::covering(lists::PairId pair, const PurposeTrack& track,
                                     lists::PassedTest test) const {
  const lists::Zone& zone = world_.zone(book_.slot(pair).zone);
  if (!zone.test_of(kind_of(pair)).listed && !is_another_listed(pair, track.track.first_vote())) {
    test.leaves_voted_by = ledger_.clocks().tick - world_.setup.breaker.hold;
  }
  return test;
}

bool PairDesk::is_another_listed(lists::PairId pair, core::Tick since) const {
  const auto range = book_.range_of(book_.slot(pair).zone);
  const auto stands = [](const PurposeTrack& track) {
    return track.track.is_listed() && track.track.pending.empty();
  };
  return std::any_of(book_.details().begin(), book_.details().end(), [&](const auto& other) {
    const auto& [id, detail] = other;
    return id != pair.value && id >= range.first && id < range.second &&
           !book_.slot({id}).is_doubted && book_.tick_of(book_.slot({id}).asked_s) > since &&
           std::any_of(detail.tracks.begin(), detail.tracks.end(), stands);
  });
}

void PairDesk::discard(lists::ZoneIndex zone, lists::Kind kind) {
  const std::set<std::uint32_t> pending = pending_[zone.value];
  for (const std::uint32_t pair : pending) {
    if (kind_of({pair}) != kind) {
      continue;
    }
    for (PurposeTrack& track : book_.detail({pair})->tracks) {
      const auto before = track.track.pending_to();
      if (lists::discard_votes(track.track) && before) {
        follow(zone, desks_[zone.value].breaker.gone(book_.slot({pair}).subject, track.purpose,
                                                     before == lists::PendingTo::listed,
                                                     ledger_.clocks().tick));
      }
    }
    settle_pending({pair}, true);
    book_.drop_idle({pair});
  }
  lists::Breaker& breaker = desks_[zone.value].breaker;
  const std::vector<lists::BelievedChange> held = breaker.held();
  if (breaker.drop_all() > 0 || !held.empty()) {
    for (const lists::BelievedChange& change : held) {
      take_back(zone, change);
    }
    desks_[zone.value].quarantined_since.reset();
    ledger_.record(zone_record(world_.zone(zone), desks_[zone.value], world_));
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
  book_.drop_idle(*pair);
}

void PairDesk::follow(lists::ZoneIndex zone, const lists::Admission& admission) {
  ZoneDesk& desk = desks_[zone.value];
  const lists::Zone& data = world_.zone(zone);
  if (admission.quarantined) {
    desk.quarantined_since = ledger_.clocks().now;
    ledger_.tell(zone_event(data, lists::EventType::zone_quarantined, desk));
    for (KindDesk& kind : desk.kinds) {
      kind.want_test(ledger_.clocks().tick);  // a sudden jump: is it the zone?
    }
  }
  std::string batch;
  if (admission.released) {
    desk.quarantined_since.reset();
    lists::Event event = zone_event(data, lists::EventType::zone_released, desk);
    event.passed = admission.passed;
    event.dropped = admission.dropped;
    ledger_.tell(std::move(event));
    batch = "release:" + data.id + ":" + core::to_rfc3339(ledger_.clocks().now);
  }
  for (const lists::BelievedChange& change : admission.pass) {
    if (const auto pair = book_.find(zone, change.subject)) {
      teller_.announce(*pair, change, batch);
    }
  }
  const bool has_news =
      admission.quarantined || admission.released || desk.breaker.is_quarantined();
  if (has_news) {
    ledger_.record(zone_record(data, desk, world_));
  }
}

void PairDesk::admit(lists::ZoneIndex zone, lists::BelievedChange change) {
  follow(zone, desks_[zone.value].breaker.admit(std::move(change), ledger_.clocks().tick));
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
    ZoneDesk& desk = desks_[zone];
    const auto next = desk.breaker.next_tick();
    if (next && *next <= now) {
      const bool is_tested =
          std::all_of(desk.kinds.begin(), desk.kinds.end(), [&](const auto& kind) {
            return kind.subjects == 0 ||
                   (kind.is_seeing() && kind.passed &&
                    now - kind.passed->asked_at <= world_.setup.health.health_interval * 2);
          });
      follow({zone}, desk.breaker.tick(now, is_tested));
    }
  }
  if (now < next_lapse_) {
    return;
  }
  next_lapse_ = now + kLapseEvery;
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    lapse_zone({zone}, now);
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
