// SPDX-License-Identifier: Apache-2.0
//
// A generation out of what the store remembers.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "daemon/event_maker.hpp"
#include "daemon/generation.hpp"
#include "daemon/set_out.hpp"
#include "report/asked.hpp"

namespace rblwatch::daemon {

namespace {

/// When open listings were last seen: as it is stored with them, or by the last sweep in which
/// their kind saw, where nothing says that they were out of sight by then.
class Sights {
 public:
  explicit Sights(const storage::Snapshot& snapshot) {
    for (const storage::KindRecord& record : snapshot.kinds) {
      const report::KindRow& row = record.row;
      const bool saw = row.state == lists::ZoneState::seeing && row.swept_at &&
                       (!row.since || *row.swept_at >= *row.since);
      if (saw) {
        swept_.emplace(std::pair(row.zone, row.kind), *row.swept_at);
      }
    }
    for (const storage::DoubtRecord& record : snapshot.doubts) {
      unsure_.insert(record.pair);
    }
    for (const storage::VotesRecord& record : snapshot.votes) {
      if (!record.tracks.empty()) {
        unsure_.insert(record.pair);
      }
    }
    for (const storage::ZoneRecord& record : snapshot.zones) {
      for (const std::string& subject : record.held_subjects) {
        unsure_.insert({subject, record.row.zone});
      }
    }
  }

  std::optional<core::Timestamp> last_of(const report::ListingRow& row) const {
    const auto swept = swept_.find({row.zone, row.kind});
    if (swept == swept_.end() || unsure_.count({row.subject, row.zone}) > 0) {
      return row.last_seen;
    }
    return std::max(row.last_seen.value_or(row.listed_at), swept->second);
  }

 private:
  std::map<std::pair<std::string, lists::Kind>, core::Timestamp> swept_;
  std::set<storage::PairKey> unsure_;
};

void retire_row(const report::ListingRow& row, const lists::Evidence& evidence,
                const Sights& sights, Ledger& ledger) {
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
  record.row.last_seen = sights.last_of(row);
  ledger.record(std::move(record));
}

/// What the store remembers, and of which pairs: those that are asked as they were then.
struct Past {
  const storage::Snapshot& snapshot;
  report::AskedPairs asked;
  std::vector<bool> is_other_list;  // by zone: its id named another list
  std::vector<bool> is_other_form;  // by zone: domains were asked in another form

  bool is_of(lists::ZoneIndex zone, lists::Kind kind) const {
    const bool is_other =
        is_other_list[zone.value] || (kind == lists::Kind::domain && is_other_form[zone.value]);
    return !is_other;
  }
};

Past make_past(const World& world, const storage::Snapshot& snapshot) {
  const std::size_t zones = world.setup.zones.size();
  Past past{snapshot,
            {world.setup.zones, world.subjects, snapshot.subjects, snapshot.zone_sets},
            std::vector<bool>(zones),
            std::vector<bool>(zones)};
  for (const storage::ZoneRecord& record : snapshot.zones) {
    if (const auto zone = world.find_zone(record.row.zone)) {
      past.is_other_list[zone->value] = !report::is_same_list(record.row, world.zone(*zone));
    }
  }
  for (const storage::KindRecord& record : snapshot.kinds) {
    const auto zone = world.find_zone(record.row.zone);
    if (zone && !report::is_same_form(record.row, world.zone(*zone))) {
      past.is_other_form[zone->value] = true;
    }
  }
  return past;
}

/// Where a stored (subject, zone) stands in this generation.
std::optional<lists::PairId> find_pair(const Generation& now, const Past& past,
                                       const std::string& subject_text,
                                       const std::string& zone_id) {
  const auto zone = now.world->find_zone(zone_id);
  const auto subject = lists::Subject::parse(subject_text);
  if (!zone || !subject || !past.is_of(*zone, subject->kind())) {
    return std::nullopt;
  }
  const auto index = now.world->subjects.find(*subject);
  return index ? now.book.find(*zone, *index) : std::nullopt;
}

void restore_listings(Generation& now, const Past& past, Ledger& ledger) {
  const storage::Snapshot& snapshot = past.snapshot;
  std::optional<Sights> sights;  // as much work as there are doubts, and seldom needed
  for (std::size_t i = 0; i < snapshot.open.size(); ++i) {
    const report::ListingRow& row = snapshot.open[i];
    const auto pair = find_pair(now, past, row.subject, row.zone);
    if (!pair) {
      if (!sights) {
        sights.emplace(snapshot);
      }
      retire_row(row, snapshot.open_evidence[i], *sights, ledger);
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

/// Whether the listing that is stored says what the change says.
bool is_in_listing(const PurposeTrack& track, const lists::Change& change) {
  return track.is_open == (change.type != lists::EventType::delisted) &&
         (!track.is_open || track.track.believed == change.codes);
}

/// What a quarantine that ended let go: some of it may have been told.
void restore_released(Generation& now, lists::PairId pair, const lists::BelievedChange& change,
                      const std::string& batch) {
  PurposeTrack& track = now.book.make_detail(pair).track_of(change.purpose);
  const bool changes_nothing =
      change.change.type == lists::EventType::changed && !track.is_open;  // it ended since
  if (changes_nothing || is_in_listing(track, change.change)) {
    now.book.drop_idle(pair);
    return;
  }
  track.track.believed = held_state(change);
  now.desks[now.book.slot(pair).zone.value].released.push_back(change);
  now.teller.announce(pair, change, batch);
}

void restore_zone(Generation& now, const Past& past, const storage::ZoneRecord& record,
                  core::Timestamp at) {
  const auto zone = now.world->find_zone(record.row.zone);
  if (!zone || past.is_other_list[zone->value]) {
    return;
  }
  ZoneDesk& desk = now.desks[zone->value];
  desk.last_sweep = record.row.last_sweep;
  desk.lookups = record.row.lookups;
  const std::string batch = release_batch(record.row.zone, at);
  desk.quarantined_since = record.row.quarantined_since;
  desk.told_quarantined = record.told_quarantined;
  std::vector<lists::BelievedChange> held;
  for (std::size_t i = 0; i < record.held.size(); ++i) {
    const auto pair = find_pair(now, past, record.held_subjects[i], record.row.zone);
    if (!pair) {
      continue;
    }
    lists::BelievedChange change = record.held[i];
    change.subject = now.book.slot(*pair).subject;
    if (!record.quarantined_since) {
      restore_released(now, *pair, change, batch);
      continue;
    }
    now.book.make_detail(*pair).track_of(change.purpose).track.believed = held_state(change);
    held.push_back(std::move(change));
  }
  if (record.quarantined_since) {
    desk.breaker.restore(*record.quarantined_since, std::move(held));
  }
}

void restore_kind(Generation& now, const Past& past, const storage::KindRecord& record) {
  const auto zone = now.world->find_zone(record.row.zone);
  if (!zone || past.is_other_list[zone->value]) {
    return;
  }
  KindDesk& desk = now.desks[zone->value].kind(record.row.kind);
  if (desk.subjects == 0) {
    return;
  }
  // The state itself is proved anew by the first test; what was seen before it stays known.
  if (past.is_of(*zone, record.row.kind)) {
    desk.sweep.swept_at = record.row.swept_at;
    desk.sweep.length = record.row.sweep_length;
    desk.has_been_decided = record.has_been_decided;
  }
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

void restore_votes(Generation& now, const Past& past, const storage::VotesRecord& record,
                   Ledger& ledger) {
  const auto pair = find_pair(now, past, record.pair.subject, record.pair.zone);
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

void restore_doubts(Generation& now, const Past& past, Ledger& ledger) {
  for (const storage::DoubtRecord& record : past.snapshot.doubts) {
    const auto pair = find_pair(now, past, record.pair.subject, record.pair.zone);
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
void restore_decided(Generation& now, const Past& past) {
  for (std::uint32_t pair = 0; pair < core::size_as<std::uint32_t>(now.book); ++pair) {
    PairSlot& slot = now.book.slot({pair});
    slot.is_decided = now.desks[slot.zone.value].kind(slot.kind).has_been_decided &&
                      past.asked.has(slot.zone.value, slot.subject);
  }
}

std::vector<std::string> stored_zones(const storage::Snapshot& snapshot) {
  std::vector<std::string> ids;
  std::transform(snapshot.zones.begin(), snapshot.zones.end(), std::back_inserter(ids),
                 [](const storage::ZoneRecord& record) { return record.row.zone; });
  return ids;
}

StoredSubjects stored_subjects(const lists::SubjectTable& subjects,
                               const storage::Snapshot& snapshot) {
  StoredSubjects stored{StoredSets(subjects.size()), {}};
  for (const report::WatchedRow& row : snapshot.subjects) {
    const auto subject = lists::Subject::parse(row.subject);
    if (const auto index = subject ? subjects.find(*subject) : std::nullopt) {
      stored.sets[index->value] = row.zone_set;
    } else {
      stored.gone.push_back(row.subject);
    }
  }
  return stored;
}

}  // namespace

void restore(Generation& now, const storage::Snapshot& snapshot, Ledger& ledger) {
  const core::Tick at_once = ledger.clocks().tick;
  fill_schedule(now, [at_once](lists::PairId, core::Millis) { return at_once; });
  const Past past = make_past(*now.world, snapshot);
  for (const storage::KindRecord& record : snapshot.kinds) {
    restore_kind(now, past, record);
  }
  restore_decided(now, past);
  restore_doubts(now, past, ledger);
  restore_listings(now, past, ledger);
  for (const storage::ZoneRecord& record : snapshot.zones) {
    restore_zone(now, past, record, ledger.clocks().now);
  }
  for (const storage::VotesRecord& record : snapshot.votes) {
    restore_votes(now, past, record, ledger);
  }
  recall_sights(now, ledger);
  if (snapshot.resolver) {
    now.watch.restore_resolver(*snapshot.resolver);
  }
  const auto is_new = [&now, &past](lists::PairId pair) {
    const PairSlot& slot = now.book.slot(pair);
    return !past.asked.has(slot.zone.value, slot.subject);
  };
  note_new_pairs(now, is_new, ledger);
  note_subjects(now, stored_subjects(now.world->subjects, snapshot), snapshot.zone_sets, ledger);
  note_zones_gone(now, stored_zones(snapshot), ledger);
  set_out(now, ledger);
}

}  // namespace rblwatch::daemon
