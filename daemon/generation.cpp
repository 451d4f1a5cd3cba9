// SPDX-License-Identifier: Apache-2.0
#include "daemon/generation.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "daemon/set_out.hpp"
#include "report/asked.hpp"

namespace rblwatch::daemon {

namespace {

std::vector<ZoneDesk> make_desks(const World& world) {
  std::vector<ZoneDesk> desks(world.setup.zones.size(), ZoneDesk(world.setup.breaker));
  for_each_stretch(world, [&](lists::ZoneIndex zone, const lists::SubjectTable::Stretch& stretch) {
    desks[zone.value].kind(world.subjects.subject(stretch.begin).kind()).subjects += stretch.count;
  });
  for (ZoneDesk& desk : desks) {
    desk.breaker.set_subjects(desk.subjects());
  }
  return desks;
}

/// Where each subject, or pair, of this generation stood in the one before; kNone where it didn't.
using Origins = std::vector<std::uint32_t>;
constexpr std::uint32_t kNone = PairBook::kNoPair;

Origins subjects_before(const lists::SubjectTable& now, const lists::SubjectTable& before) {
  Origins origins(now.size(), kNone);
  std::uint32_t old = 0;  // both tables are sorted
  for (std::uint32_t index = 0; index < core::size_as<std::uint32_t>(now); ++index) {
    while (old < before.size() && before.subject({old}) < now.subject({index})) {
      ++old;
    }
    if (old < before.size() && before.subject({old}) == now.subject({index})) {
      origins[index] = old;
    }
  }
  return origins;
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
    to.health.next_test = std::min<core::Tick>(
        to.health.next_test, clocks.tick + now.world->setup.health.health_interval);
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

/// The zones of this generation in the one before. An id that named another list then is none.
std::vector<std::optional<lists::ZoneIndex>> zones_before(const World& now, const World& before) {
  std::vector<std::optional<lists::ZoneIndex>> origins;
  for (const lists::Zone& zone : now.setup.zones) {
    const auto old = before.find_zone(zone.id);
    const bool is_same = old && before.zone(*old).dns.pattern() == zone.dns.pattern();
    origins.push_back(is_same ? old : std::nullopt);
  }
  return origins;
}

/// Those of one zone, into `pairs`. Both zones' pairs are in the order of their subjects.
void find_pairs(const Generation& now, lists::ZoneIndex zone, const Generation& before,
                lists::ZoneIndex old_zone, const Origins& subjects, Origins& pairs) {
  const bool has_same_form =
      is_same_form(before.world->zone(old_zone), now.world->zone(zone), lists::Kind::domain);
  const auto [begin, end] = now.book.range_of(zone);
  auto [old, old_end] = before.book.range_of(old_zone);
  for (std::uint32_t pair = begin; pair < end; ++pair) {
    const PairSlot& slot = now.book.slot({pair});
    const std::uint32_t subject = subjects[slot.subject.value];
    if (subject == kNone || (slot.kind == lists::Kind::domain && !has_same_form)) {
      continue;
    }
    while (old < old_end && before.book.slot({old}).subject.value < subject) {
      ++old;
    }
    if (old < old_end && before.book.slot({old}).subject.value == subject) {
      pairs[pair] = old;
    }
  }
}

Origins pairs_before(const Generation& now, const Generation& before, const Origins& subjects,
                     const std::vector<std::optional<lists::ZoneIndex>>& zones) {
  Origins pairs(now.book.size(), kNone);
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(zones); ++zone) {
    if (zones[zone]) {
      find_pairs(now, {zone}, before, *zones[zone], subjects, pairs);
    }
  }
  return pairs;
}

/// By index in the generation before: whether it has become one of this generation's.
std::vector<bool> staying(const Origins& origins, std::size_t count_before) {
  std::vector<bool> stays(count_before);
  for (const std::uint32_t old : origins) {
    if (old != kNone) {
      stays[old] = true;
    }
  }
  return stays;
}

std::optional<lists::PairId> heir_of(const Generation& now, const Generation& before,
                                     const Origins& pairs, lists::PairId old) {
  const PairSlot& slot = before.book.slot(old);
  const auto zone = now.world->find_zone(before.world->zone(slot.zone).id);
  const auto subject = now.world->subjects.find(before.world->subjects.subject(slot.subject));
  const auto pair = zone && subject ? now.book.find(*zone, *subject) : std::nullopt;
  return pair && pairs[pair->value] == old.value ? pair : std::nullopt;
}

/// Pairs that stay keep their turn, though none is later than an interval from now; new ones are
/// due at once. A reload neither asks everything anew nor lets what is last in line start over.
void carry_schedule(Generation& now, const Generation& before, const Origins& pairs,
                    core::Tick at) {
  fill_schedule(now, [&](lists::PairId pair, core::Millis interval) {
    const std::uint32_t old = pairs[pair.value];
    const core::Tick due = old == kNone ? at : before.schedule.due({old});
    return std::min<core::Tick>(due, at + interval);
  });
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
void carry_pairs(Generation& now, Generation& before, const Origins& pairs, Ledger& ledger) {
  const std::vector<bool> stays = staying(pairs, before.book.size());
  for (std::uint32_t old = 0; old < core::size_as<std::uint32_t>(stays); ++old) {
    if (!stays[old]) {
      before.teller.retire({old});
      forget_doubt(before, {old}, ledger);
    }
  }
  now.book.adopt(before.book, pairs);
  std::set<std::uint32_t> detailed;  // sorted: what follows comes in one order, whatever the hashes
  for (const auto& [pair, detail] : now.book.details()) {
    detailed.insert(pair);
  }
  for (const std::uint32_t pair : detailed) {
    now.pairs.note_pending({pair});
  }
}

StoredSubjects subjects_of(const Generation& before, const Origins& subjects) {
  StoredSubjects stored{StoredSets(subjects.size()), {}};
  for (std::size_t index = 0; index < subjects.size(); ++index) {
    if (subjects[index] != kNone) {
      stored.sets[index] = before.zone_sets.of({subjects[index]});
    }
  }
  const lists::SubjectTable& were = before.world->subjects;
  const std::vector<bool> stays = staying(subjects, were.size());
  for (std::uint32_t old = 0; old < core::size_as<std::uint32_t>(stays); ++old) {
    if (!stays[old]) {
      stored.gone.push_back(were.subject({old}).to_text());
    }
  }
  return stored;
}

std::vector<std::string> zone_ids(const World& world) {
  std::vector<std::string> ids;
  std::transform(world.setup.zones.begin(), world.setup.zones.end(), std::back_inserter(ids),
                 [](const lists::Zone& zone) { return zone.id; });
  return ids;
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
  const auto zones = zones_before(*now.world, *before.world);
  const Origins subjects = subjects_before(now.world->subjects, before.world->subjects);
  const Origins pairs = pairs_before(now, before, subjects, zones);
  before.teller.hand_over(now.teller,
                          [&](lists::PairId old) { return heir_of(now, before, pairs, old); });
  carry_schedule(now, before, pairs, ledger.clocks().tick);
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(zones); ++zone) {
    if (zones[zone]) {
      carry_zone(now, {zone}, before, *zones[zone], ledger.clocks());
    }
  }
  carry_pairs(now, before, pairs, ledger);
  now.teller.resume();
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(zones); ++zone) {
    if (!zones[zone]) {
      continue;
    }
    for (const lists::Kind kind : lists::kAllKinds) {
      if (now.desks[zone].kind(kind).subjects > 0) {
        now.pairs.resume_sweep({zone}, kind);
      }
    }
    carry_held(now, {zone}, before, *zones[zone]);
  }
  now.watch.adopt(before.watch);
  note_new_pairs(
      now, [&pairs](lists::PairId pair) { return pairs[pair.value] == kNone; }, ledger);
  note_subjects(now, subjects_of(before, subjects), before.zone_sets.rows(), ledger);
  note_zones_gone(now, zone_ids(*before.world), ledger);
  set_out(now, ledger);
}

}  // namespace rblwatch::daemon
