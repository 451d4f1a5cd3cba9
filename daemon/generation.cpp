// SPDX-License-Identifier: Apache-2.0
#include "daemon/generation.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/log.hpp"
#include "daemon/event_maker.hpp"

namespace rblwatch::daemon {

namespace {

/// More new pairs of a swept kind than this aren't noted one by one: the kind's sweep starts from
/// nothing.
constexpr std::size_t kMostNewPairs = 4096;

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

void fill_schedule(Generation& now, core::Tick at) {
  for (std::uint32_t pair = 0; pair < core::size_as<std::uint32_t>(now.book); ++pair) {
    const PairSlot& slot = now.book.slot({pair});
    now.schedule.add({pair}, slot.zone, now.world->interval_of(slot.zone, slot.subject), at);
  }
}

void retire_row(const report::ListingRow& row, const lists::Evidence& evidence, Ledger& ledger) {
  lists::Event event;
  event.type = lists::EventType::retired;
  event.severity = lists::event_severity(event.type, row.zone_ref.severity);
  event.target = row.target;
  event.targets = row.targets;
  event.subject = row.subject;
  event.kind = row.kind;
  event.zone = row.zone_ref;
  event.codes = row.codes.addresses();
  event.meanings = row.codes.meanings();
  event.reason = row.reason;
  event.listed_at = row.listed_at;
  event.evidence = evidence;
  ledger.tell(std::move(event));
  storage::ListingRecord record{row, evidence};
  record.row.ended_at = ledger.clocks().now;
  record.row.is_retired = true;
  ledger.record(std::move(record));
}

/// Where a stored (subject, zone) stands in this generation.
std::optional<lists::PairId> find_pair(const Generation& now, const std::string& subject_text,
                                       const std::string& zone_id) {
  const auto zone = now.world->find_zone(zone_id);
  const auto subject = lists::Subject::parse(subject_text);
  if (!zone || !subject) {
    return std::nullopt;
  }
  const auto index = now.world->subjects.find(*subject);
  return index ? now.book.find(*zone, *index) : std::nullopt;
}

void restore_listings(Generation& now, const storage::Snapshot& snapshot, Ledger& ledger) {
  for (std::size_t i = 0; i < snapshot.open.size(); ++i) {
    const report::ListingRow& row = snapshot.open[i];
    const auto pair = find_pair(now, row.subject, row.zone);
    if (!pair) {
      retire_row(row, snapshot.open_evidence[i], ledger);
      continue;
    }
    PairDetail& detail = now.book.make_detail(*pair);
    PurposeTrack& track = detail.track_of(row.purpose);
    track.track.believed = row.codes;
    track.track.listed_at = row.listed_at;
    track.listed_at = row.listed_at;
    track.last_seen = row.last_seen.value_or(row.listed_at);
    track.is_open = true;
    track.is_contained = row.contained;
    track.first_seen = row.first_seen;
    detail.evidence = snapshot.open_evidence[i];
    detail.reason = row.reason;
    detail.is_reason_asked = true;
    now.book.slot(*pair).is_decided = true;
  }
}

/// What is believed of a pair whose change is held: it stands in the track, not yet in an open
/// listing.
lists::CodeSet held_state(const lists::BelievedChange& change) {
  return change.change.type == lists::EventType::delisted ? lists::CodeSet() : change.change.codes;
}

void restore_zone(Generation& now, const storage::ZoneRecord& record) {
  const auto zone = now.world->find_zone(record.row.zone);
  if (!zone) {
    return;
  }
  ZoneDesk& desk = now.desks[zone->value];
  desk.last_sweep = record.row.last_sweep;
  desk.lookups = record.row.lookups;
  if (!record.quarantined_since) {
    return;
  }
  desk.quarantined_since = record.row.quarantined_since;
  desk.told_quarantined = record.told_quarantined;
  std::vector<lists::BelievedChange> held;
  for (std::size_t i = 0; i < record.held.size(); ++i) {
    const auto pair = find_pair(now, record.held_subjects[i], record.row.zone);
    if (!pair) {
      continue;
    }
    lists::BelievedChange change = record.held[i];
    change.subject = now.book.slot(*pair).subject;
    now.book.make_detail(*pair).track_of(change.purpose).track.believed = held_state(change);
    held.push_back(std::move(change));
  }
  desk.breaker.restore(*record.quarantined_since, std::move(held));
}

void restore_kind(Generation& now, const storage::KindRecord& record) {
  const auto zone = now.world->find_zone(record.row.zone);
  if (!zone) {
    return;
  }
  KindDesk& desk = now.desks[zone->value].kind(record.row.kind);
  if (desk.subjects == 0) {
    return;
  }
  // The state itself is proved anew by the first test; what was seen before it stays known.
  desk.sweep.swept_at = record.row.swept_at;
  desk.sweep.length = record.row.sweep_length;
  desk.has_been_decided = record.has_been_decided;
  desk.last_test = record.row.last_test;
  desk.last_passed = record.last_passed;
  desk.before_restart = {record.row.state, record.row.cause, record.row.since};
  desk.told_blind_since = record.told_blind_since;
}

void forget_votes(const storage::VotesRecord& record, Ledger& ledger) {
  storage::VotesRecord gone;
  gone.pair = record.pair;
  gone.kind = record.kind;
  ledger.record(std::move(gone));
}

void restore_votes(Generation& now, const storage::VotesRecord& record, Ledger& ledger) {
  const auto pair = find_pair(now, record.pair.subject, record.pair.zone);
  if (!pair) {
    forget_votes(record, ledger);
    return;
  }
  now.book.slot(*pair).is_decided = record.was_decided;
  PairDetail& detail = now.book.make_detail(*pair);
  detail.freshness.restore(record.marks);
  detail.cast = record.cast;
  for (const auto& votes : record.tracks) {
    lists::Track& track = detail.track_of(votes.purpose).track;
    track.pending = votes.entries;
    // What is held already was believed on these votes; they are not for counting twice.
    std::erase_if(track.pending, [&track](const lists::PendingEntry& entry) {
      return entry.joins == track.believed.has(entry.code.entry);
    });
  }
  if (!record.evidence.question.empty()) {
    detail.evidence = record.evidence;
  }
  if (!record.evidence.txt.is_empty()) {
    detail.reason = record.evidence.txt;
  }
  if (detail.is_idle()) {
    now.book.drop_idle(*pair);
    forget_votes(record, ledger);
    return;
  }
  now.pairs.note_pending(*pair);
}

void restore_doubts(Generation& now, const storage::Snapshot& snapshot, Ledger& ledger) {
  for (const storage::DoubtRecord& record : snapshot.doubts) {
    const auto pair = find_pair(now, record.pair.subject, record.pair.zone);
    if (!pair || !record.doubt) {
      ledger.record(storage::DoubtRecord{record.pair, record.kind, std::nullopt, true});
      continue;
    }
    now.book.set_doubt(*pair, *record.doubt);
    now.book.slot(*pair).is_decided = record.was_decided;
  }
}

/// What nothing speaks against was seen by the last sweep in which its kind saw.
void recall_sights(Generation& now, Ledger& ledger) {
  for (const auto& [id, known] : now.book.details()) {
    const PairSlot& slot = now.book.slot({id});
    const KindDesk& desk = now.desks[slot.zone.value].kind(slot.kind);
    const bool was_blind =
        desk.before_restart && desk.before_restart->state != lists::ZoneState::seeing;
    if (slot.is_doubted || was_blind || !desk.sweep.swept_at) {
      continue;
    }
    for (PurposeTrack& track : now.book.detail({id})->tracks) {
      const bool stands = track.is_open && track.track.is_listed() &&
                          track.track.pending_to() != lists::PendingTo::delisted;
      if (stands && track.last_seen < *desk.sweep.swept_at) {
        track.last_seen = *desk.sweep.swept_at;
        const std::string subject = now.world->subjects.subject(slot.subject).to_text();
        ledger.record(storage::SightRecord{
            {subject, now.world->zone(slot.zone).id}, track.purpose, track.last_seen});
      }
    }
  }
}

/// Pairs that were watched before and had a first state, unless a row says otherwise.
void restore_decided(Generation& now, const std::unordered_set<std::string>& known) {
  const lists::SubjectTable& subjects = now.world->subjects;
  for (std::uint32_t pair = 0; pair < core::size_as<std::uint32_t>(now.book); ++pair) {
    PairSlot& slot = now.book.slot({pair});
    const lists::Subject& subject = subjects.subject(slot.subject);
    if (now.desks[slot.zone.value].kind(subject.kind()).has_been_decided &&
        known.count(subject.to_text()) > 0) {
      slot.is_decided = true;
    }
  }
}

/// New subjects and those that went, for the store's list of them.
void note_subjects(const lists::SubjectTable& subjects,
                   const std::unordered_set<std::string>& known, Ledger& ledger) {
  std::vector<std::string> added;
  std::unordered_set<std::string> gone = known;
  for (std::uint32_t index = 0; index < core::size_as<std::uint32_t>(subjects); ++index) {
    std::string text = subjects.subject({index}).to_text();
    if (gone.erase(text) == 0 && known.count(text) == 0) {
      added.push_back(std::move(text));
    }
  }
  ledger.note_subjects(std::move(added), {gone.begin(), gone.end()});
}

/// A pair that is new on a kind whose sweep has been completed is unknown until it is asked.
template <class Predicate>
void note_new_pairs(Generation& now, Predicate is_new, Ledger& ledger) {
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(now.desks); ++zone) {
    std::vector<std::uint32_t> fresh;
    const auto [begin, end] = now.book.range_of({zone});
    for (std::uint32_t pair = begin; pair < end; ++pair) {
      const PairSlot& slot = now.book.slot({pair});
      if (now.desks[zone].kind(slot.kind).sweep.swept_at && is_new(pair)) {
        fresh.push_back(pair);
      }
    }
    if (fresh.size() > kMostNewPairs) {
      for (KindDesk& desk : now.desks[zone].kinds) {
        desk.sweep.swept_before = std::exchange(desk.sweep.swept_at, std::nullopt);
      }
      continue;
    }
    for (const std::uint32_t pair : fresh) {
      const lists::Doubt doubt{lists::Cause::not_asked, ledger.clocks().now};
      now.book.set_doubt({pair}, doubt);
      const lists::Subject& subject = now.world->subjects.subject(now.book.slot({pair}).subject);
      ledger.record(storage::DoubtRecord{
          {subject.to_text(), now.world->zone({zone}).id}, subject.kind(), doubt, false});
    }
  }
}

void note_zones_gone(const Generation& now, const std::vector<storage::ZoneRecord>& stored,
                     Ledger& ledger) {
  std::vector<std::string> gone;
  for (const storage::ZoneRecord& record : stored) {
    if (!now.world->find_zone(record.row.zone)) {
      gone.push_back(record.row.zone);
    }
  }
  ledger.note_zones_removed(std::move(gone));
}

/// The last step: what all of the above has come to.
void set_out(Generation& now, Ledger& ledger) {
  now.pairs.set_breakers();
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(now.desks); ++zone) {
    for (const lists::Kind kind : lists::kAllKinds) {
      KindDesk& desk = now.desks[zone].kind(kind);
      if (desk.subjects > 0) {
        desk.since = desk.since.value_or(ledger.clocks().now);
        ledger.record(kind_record(now.world->zone({zone}), kind, desk));
      } else {
        ledger.note_kind_removed({now.world->zone({zone}).id, kind});
      }
    }
    ledger.record(zone_record(now.world->zone({zone}), now.desks[zone], *now.world));
  }
  now.teller.recall_contained();
  now.first_sight.begin(ledger.clocks().now);
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

void carry_zone(Generation& now, lists::ZoneIndex zone, const Generation& before,
                lists::ZoneIndex old) {
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
  }
}

/// What the breaker holds goes on to be held; what only waited for a wave is admitted anew.
void carry_held(Generation& now, lists::ZoneIndex zone, const Generation& before,
                lists::ZoneIndex old) {
  const lists::Breaker& was = before.desks[old.value].breaker;
  lists::Breaker& breaker = now.desks[zone.value].breaker;
  for (const auto& vote : was.decided_votes()) {
    if (const auto subject =
            now.world->subjects.find(before.world->subjects.subject(vote.subject))) {
      breaker.recall(*subject, vote.purpose, vote.opens, {vote.at, {}}, true);
    }
  }
  const auto since = was.quarantined_since();
  std::vector<lists::BelievedChange> held;
  for (lists::BelievedChange change : was.held()) {
    const auto subject = now.world->subjects.find(before.world->subjects.subject(change.subject));
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
    const auto pair = zone && subject ? now.book.find(*zone, *subject) : std::nullopt;
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

/// Takes over the pairs; those that nobody watches any more are retired.
void carry_pairs(Generation& now, Generation& before, const std::vector<std::uint32_t>& pairs) {
  for (std::uint32_t id = 0; id < core::size_as<std::uint32_t>(pairs); ++id) {
    const lists::PairId pair{pairs[id]};
    if (pair.value == kGone) {
      before.teller.retire({id});
      continue;
    }
    now.book.adopt(pair, before.book, {id});
    if (now.book.detail(pair) != nullptr) {
      now.pairs.note_pending(pair);
    }
  }
}

std::unordered_set<std::string> subject_texts(const lists::SubjectTable& subjects) {
  std::unordered_set<std::string> texts;
  for (std::uint32_t index = 0; index < core::size_as<std::uint32_t>(subjects); ++index) {
    texts.insert(subjects.subject({index}).to_text());
  }
  return texts;
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

void restore(Generation& now, const storage::Snapshot& snapshot, Ledger& ledger) {
  fill_schedule(now, ledger.clocks().tick);
  for (const storage::KindRecord& record : snapshot.kinds) {
    restore_kind(now, record);
  }
  const std::unordered_set<std::string> known(snapshot.subjects.begin(), snapshot.subjects.end());
  restore_decided(now, known);
  restore_doubts(now, snapshot, ledger);
  restore_listings(now, snapshot, ledger);
  for (const storage::ZoneRecord& record : snapshot.zones) {
    restore_zone(now, record);
  }
  for (const storage::VotesRecord& record : snapshot.votes) {
    restore_votes(now, record, ledger);
  }
  recall_sights(now, ledger);
  if (snapshot.resolver) {
    now.watch.restore_resolver(*snapshot.resolver);
  }
  const auto is_new = [&now, &known](std::uint32_t pair) {
    return known.count(now.world->subjects.subject(now.book.slot({pair}).subject).to_text()) == 0;
  };
  note_new_pairs(now, is_new, ledger);
  note_subjects(now.world->subjects, known, ledger);
  note_zones_gone(now, snapshot.zones, ledger);
  set_out(now, ledger);
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
      carry_zone(now, *zones[old], before, {old});
    } else if (!now.world->find_zone(was.id)) {
      zones_gone.push_back(was.id);
    }
  }
  carry_pairs(now, before, pairs);
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
  std::vector<bool> was_there(now.book.size());
  for (const std::uint32_t pair : pairs) {
    if (pair != kGone) {
      was_there[pair] = true;
    }
  }
  note_new_pairs(
      now, [&was_there](std::uint32_t pair) { return !was_there[pair]; }, ledger);
  note_subjects(now.world->subjects, subject_texts(before.world->subjects), ledger);
  ledger.note_zones_removed(std::move(zones_gone));
  set_out(now, ledger);
}

}  // namespace rblwatch::daemon
