// SPDX-License-Identifier: Apache-2.0
#include "daemon/generation.hpp"

#include <algorithm>
#include <utility>

#include "daemon/set_out.hpp"
#include "report/asked.hpp"

namespace rblwatch::daemon {

namespace {

std::vector<ZoneDesk> make_desks(const World& world) {
  std::vector<ZoneDesk> desks;
  desks.reserve(world.setup.zones.size());
  for (const lists::Zone& zone : world.setup.zones) {
    ZoneDesk desk(world.setup.breaker);
    for (std::uint32_t subject = 0; subject < core::size_as<std::uint32_t>(world.subjects);
         ++subject) {
      if (world.subjects.is_asked({subject}, zone)) {
        ++desk.kind(world.subjects.subject({subject}).kind()).subjects;
      }
    }
    desk.breaker.set_subjects(desk.subjects());
    desks.push_back(std::move(desk));
  }
  return desks;
}

/// The subjects of one generation in the table of another.
std::vector<std::optional<lists::SubjectIndex>> map_subjects(const lists::SubjectTable& from,
                                                             const lists::SubjectTable& to) {
  std::vector<std::optional<lists::SubjectIndex>> mapped(from.size());
  for (std::uint32_t index = 0; index < core::size_as<std::uint32_t>(from); ++index) {
    mapped[index] = to.find(from.subject({index}));
  }
  return mapped;
}

/// Whether subjects of the kind are asked under the same names. Pre: the zones are the same list.
bool is_same_form(const lists::Zone& was, const lists::Zone& now, lists::Kind kind) {
  return kind != lists::Kind::domain || was.domain_form == now.domain_form;
}

void carry_zone(Generation& now, lists::ZoneIndex zone, const Generation& before,
                lists::ZoneIndex old, const core::ClockPair& clocks) {
  ZoneDesk& desk = now.desks[zone.value];
  const ZoneDesk& was = before.desks[old.value];
  desk.last_sweep = was.last_sweep;
  desk.lookups = was.lookups;
  desk.latency = was.latency;
  desk.quarantined_since = was.quarantined_since;
  desk.told_quarantined = was.told_quarantined;
  desk.silent_since = was.silent_since;
  desk.longest_wait = was.longest_wait;
  for (const lists::Kind kind : lists::kAllKinds) {
    KindDesk& to = desk.kind(kind);
    const std::uint32_t subjects = to.subjects;
    if (subjects == 0 || was.kind(kind).subjects == 0) {
      continue;
    }
    to = was.kind(kind);
    to.subjects = subjects;
    to.awaiting.clear();
    to.is_testing = false;
    if (!is_same_form(before.world->zone(old), now.world->zone(zone), kind)) {
      to.sweep = Sweep();
      to.sweep.started = clocks.now;
      to.sweep.started_tick = clocks.tick;
      to.has_been_decided = false;
    }
  }
}

/// What the breaker holds goes on to be held; what only waited for a wave is admitted anew.
void carry_held(Generation& now, lists::ZoneIndex zone, const Generation& before,
                lists::ZoneIndex old) {
  const lists::Breaker& was = before.desks[old.value].breaker;
  lists::Breaker& breaker = now.desks[zone.value].breaker;
  const auto find = [&](lists::SubjectIndex subject) {
    const lists::Subject& known = before.world->subjects.subject(subject);
    return is_same_form(before.world->zone(old), now.world->zone(zone), known.kind())
               ? now.world->subjects.find(known)
               : std::nullopt;
  };
  for (const auto& vote : was.decided_votes()) {
    if (const auto subject = find(vote.subject)) {
      breaker.recall(*subject, vote.purpose, vote.opens, {vote.at, {}}, true);
    }
  }
  const auto since = was.quarantined_since();
  std::vector<lists::BelievedChange> held;
  for (lists::BelievedChange change : was.held()) {
    const auto subject = find(change.subject);
    if (!subject || !now.book.find(zone, *subject)) {
      continue;
    }
    change.subject = *subject;
    if (since) {
      held.push_back(std::move(change));
    } else {
      now.pairs.admit(zone, std::move(change));
    }
  }
  if (since) {
    breaker.restore(*since, std::move(held));
  }
}

constexpr std::uint32_t kGone = 0xFFFFFFFF;

/// The zones of the generation before in this one. An id that names another list now is none.
std::vector<std::optional<lists::ZoneIndex>> map_zones(const World& from, const World& to) {
  std::vector<std::optional<lists::ZoneIndex>> mapped;
  for (const lists::Zone& was : from.setup.zones) {
    const auto zone = to.find_zone(was.id);
    const bool is_same = zone && to.zone(*zone).dns.pattern() == was.dns.pattern();
    mapped.push_back(is_same ? zone : std::nullopt);
  }
  return mapped;
}

/// Where each pair of the generation before stands in this one; kGone where it doesn't.
std::vector<std::uint32_t> map_pairs(const Generation& now, const Generation& before,
                                     const std::vector<std::optional<lists::ZoneIndex>>& zones) {
  const auto subjects = map_subjects(before.world->subjects, now.world->subjects);
  std::vector<std::uint32_t> mapped(before.book.size(), kGone);
  for (std::uint32_t id = 0; id < core::size_as<std::uint32_t>(before.book); ++id) {
    const PairSlot& slot = before.book.slot({id});
    const auto zone = zones[slot.zone.value];
    const auto subject = subjects[slot.subject.value];
    const bool is_same =
        zone && subject &&
        is_same_form(before.world->zone(slot.zone), now.world->zone(*zone), slot.kind);
    const auto pair = is_same ? now.book.find(*zone, *subject) : std::nullopt;
    mapped[id] = pair ? pair->value : kGone;
  }
  return mapped;
}

/// Pairs that stay keep their turn, though none is later than an interval from now; new ones are
/// due at once. A reload neither asks everything anew nor lets what is last in line start over.
void carry_schedule(Generation& now, const Generation& before,
                    const std::vector<std::uint32_t>& pairs, core::Tick at) {
  std::vector<core::Tick> due(now.book.size(), at);
  for (std::uint32_t id = 0; id < core::size_as<std::uint32_t>(pairs); ++id) {
    if (pairs[id] != kGone) {
      due[pairs[id]] = before.schedule.due({id});
    }
  }
  for (std::uint32_t pair = 0; pair < core::size_as<std::uint32_t>(now.book); ++pair) {
    const PairSlot& slot = now.book.slot({pair});
    const core::Millis interval = now.world->interval_of(slot.zone, slot.subject);
    now.schedule.add({pair}, slot.zone, interval, std::min<core::Tick>(due[pair], at + interval));
  }
}

/// The pair may stay under its zone's id, on another list.
void forget_doubt(const Generation& before, lists::PairId pair, Ledger& ledger) {
  const PairSlot& slot = before.book.slot(pair);
  if (slot.is_doubted) {
    const std::string subject = before.world->subjects.subject(slot.subject).to_text();
    ledger.record(storage::DoubtRecord{
        {subject, before.world->zone(slot.zone).id}, slot.kind, std::nullopt, true});
  }
}

/// Takes over the pairs; those that nobody watches any more are retired.
void carry_pairs(Generation& now, Generation& before, const std::vector<std::uint32_t>& pairs,
                 Ledger& ledger) {
  for (std::uint32_t id = 0; id < core::size_as<std::uint32_t>(pairs); ++id) {
    const lists::PairId pair{pairs[id]};
    if (pair.value == kGone) {
      before.teller.retire({id});
      forget_doubt(before, {id}, ledger);
      continue;
    }
    now.book.adopt(pair, before.book, {id});
    if (now.book.detail(pair) != nullptr) {
      now.pairs.note_pending(pair);
    }
  }
}

WatchedBook stored_subjects(const Generation& before) {
  WatchedBook book;
  const lists::SubjectTable& subjects = before.world->subjects;
  for (std::uint32_t index = 0; index < core::size_as<std::uint32_t>(subjects); ++index) {
    book.emplace(subjects.subject({index}).to_text(), before.zone_sets.of({index}));
  }
  return book;
}

}  // namespace

Generation::Generation(std::shared_ptr<const World> the_world, Ledger& ledger, core::Random& random,
                       core::Tick epoch, std::uint8_t the_number,
                       std::vector<std::string> held_batches)
    : world(std::move(the_world)),
      number(the_number),
      book(*world, epoch),
      desks(make_desks(*world)),
      schedule(desks.size(), world->setup.jitter, random),
      own_servers(*world, number),
      teller({*world, book, desks, schedule, ledger, number}),
      pairs({*world, book, desks, schedule, ledger, number}, teller, own_servers),
      watch(*world, desks, ledger, random, own_servers, number),
      first_sight(desks, ledger, std::move(held_batches)) {
  schedule.reserve(book.size());
}

bool is_current(const Generation& now, const KindDesk& kind, core::Millis interval,
                core::Timestamp at) {
  return report::is_current({kind.sweep.swept_at, kind.sweep.length}, interval,
                            now.world->setup.confirm.confirm_after, at);
}

bool is_swept(const Generation& now, const PairSlot& slot, core::Timestamp at) {
  return is_current(now, now.desks[slot.zone.value].kind(slot.kind),
                    now.world->interval_of(slot.zone, slot.subject), at);
}

void carry_over(Generation& now, Generation& before, Ledger& ledger) {
  before.teller.tell_all();
  const auto zones = map_zones(*before.world, *now.world);
  const std::vector<std::uint32_t> pairs = map_pairs(now, before, zones);
  carry_schedule(now, before, pairs, ledger.clocks().tick);
  std::vector<std::string> zones_gone;
  for (std::uint16_t old = 0; old < core::size_as<std::uint16_t>(before.desks); ++old) {
    const lists::Zone& was = before.world->zone({old});
    if (zones[old]) {
      carry_zone(now, *zones[old], before, {old}, ledger.clocks());
    } else if (!now.world->find_zone(was.id)) {
      zones_gone.push_back(was.id);
    }
  }
  carry_pairs(now, before, pairs, ledger);
  for (std::uint16_t old = 0; old < core::size_as<std::uint16_t>(before.desks); ++old) {
    if (!zones[old]) {
      continue;
    }
    for (const lists::Kind kind : lists::kAllKinds) {
      if (now.desks[zones[old]->value].kind(kind).subjects > 0) {
        now.pairs.resume_sweep(*zones[old], kind);
      }
    }
    carry_held(now, *zones[old], before, {old});
  }
  now.watch.adopt(before.watch);
  std::vector<bool> is_new(now.book.size(), true);
  for (const std::uint32_t pair : pairs) {
    if (pair != kGone) {
      is_new[pair] = false;
    }
  }
  note_new_pairs(now, is_new, ledger);
  note_subjects(now, stored_subjects(before), before.zone_sets.rows(), ledger);
  ledger.note_zones_removed(std::move(zones_gone));
  set_out(now, ledger);
}

}  // namespace rblwatch::daemon
