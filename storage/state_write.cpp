// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "core/check.hpp"
#include "storage/codec.hpp"
#include "storage/rows.hpp"
#include "storage/state.hpp"

namespace rblwatch::storage {

namespace {

std::string insert_into(const std::string& table, const std::string& columns) {
  return "INSERT INTO " + table + " (" + columns + ") VALUES (" + placeholders(columns) + ")";
}

/// "a = ?, b = ?" of "a, b".
std::string assignments(const std::string& columns) {
  std::string text;
  for (const char c : columns) {
    if (c == ',') {
      text += " = ?";
    }
    text += c;
  }
  return text + " = ?";
}

/// Runs a statement with these parameters.
template <class... Values>
void run(Transaction& transaction, std::string_view sql, const Values&... values) {
  Query query(transaction, sql);
  query.bind(values...).run();
}

bool has_votes(const VotesRecord& record) {
  return std::any_of(record.tracks.begin(), record.tracks.end(),
                     [](const auto& track) { return !track.entries.empty(); });
}

void write_entries(Transaction& transaction, const PairKey& pair,
                   const VotesRecord::PurposeVotes& track) {
  static const std::string sql =
      insert_into("vote_entries", "zone, subject, purpose, position, " + kEntryColumns);
  std::int64_t position = 0;
  for (const lists::PendingEntry& entry : track.entries) {
    Query query(transaction, sql);
    query.bind(pair.zone, pair.subject, track.purpose, position++, encode_code(entry.code),
               entry.joins, encode_votes(entry.votes), entry.next_possible, entry.lapses_at,
               entry.is_decided);
    query.run();
  }
}

/// Ends the interval that stands when state or cause differ from it, and begins the new one: where
/// only the cause is another, now, since the state has been so for longer.
void note_interval(Transaction& transaction, const report::KindRow& row, Timestamp at) {
  if (row.state == lists::ZoneState::untested) {
    return;
  }
  Query standing(transaction,
                 "SELECT state = ?3, cause IS ?4 FROM kind_intervals "
                 "WHERE zone = ?1 AND kind = ?2 AND ended_at IS NULL");
  standing.bind(row.zone, row.kind, row.state, row.cause);
  Timestamp began = row.since.value_or(at);
  if (standing.next()) {
    const bool is_same_state = standing.flag();
    if (is_same_state && standing.flag()) {
      return;
    }
    began = is_same_state ? at : began;
  }
  Query end(transaction,
            "UPDATE kind_intervals SET ended_at = ? "
            "WHERE zone = ? AND kind = ? AND ended_at IS NULL");
  end.bind(began, row.zone, row.kind).run();
  Query begin(transaction,
              "INSERT INTO kind_intervals (zone, kind, state, cause, began_at) "
              "VALUES (?, ?, ?, ?, ?)");
  begin.bind(row.zone, row.kind, row.state, row.cause, began).run();
}

void write_held(Transaction& transaction, const ZoneRecord& record) {
  RBL_CHECK(record.held.size() == record.held_subjects.size());
  static const std::string sql = insert_into("held_changes", "zone, position, " + kHeldColumns);
  for (std::size_t i = 0; i < record.held.size(); ++i) {
    const lists::BelievedChange& held = record.held[i];
    Query query(transaction, sql);
    query.bind(record.row.zone, i, record.held_subjects[i], held.purpose, held.first_seen,
               held.change.type, encode_codes(held.change.codes), encode_codes(held.change.added),
               encode_codes(held.change.removed), held.change.since, held.change.first_vote);
    query.run();
  }
}

}  // namespace

std::vector<std::int64_t> write_events(Transaction& transaction,
                                       std::span<const lists::Event> events) {
  static const std::string sql = insert_into("events", kEventColumns);
  std::vector<std::int64_t> ids;
  ids.reserve(events.size());
  for (const lists::Event& event : events) {
    Query query(transaction, sql);
    bind_event(query, event);
    query.run();
    ids.push_back(transaction.last_id());
  }
  return ids;
}

void write_notices(Transaction& transaction, std::span<const alerts::Notice> notices,
                   std::span<const std::int64_t> ids) {
  for (const alerts::Notice& notice : notices) {
    RBL_CHECK(notice.event_offset < ids.size());
    Query query(transaction,
                "INSERT INTO notices (event, channel, due_at, batch, muted_by) "
                "VALUES (?, ?, ?, ?, ?)");
    query.bind(ids[notice.event_offset], notice.channel, notice.due_at, notice.batch,
               notice.muted_by);
    query.run();
  }
}

void write_listings(Transaction& transaction, std::span<const ListingRecord> records) {
  static const std::string columns = kListingColumns + ", " + kEvidenceColumns;
  static const std::string update =
      "UPDATE listings SET " + assignments(columns) +
      " WHERE zone = ? AND subject = ? AND purpose = ? AND ended_at IS NULL";
  static const std::string insert = insert_into("listings", columns);
  for (const ListingRecord& record : records) {
    const auto bind_all = [&](Query& query) {
      bind_listing(query, record.row);
      bind_evidence(query, &record.evidence);
    };
    Query open(transaction, update);
    bind_all(open);
    open.bind(record.row.zone, record.row.subject, record.row.purpose).run();
    if (transaction.is_ok() && transaction.changes() == 0) {
      Query query(transaction, insert);
      bind_all(query);
      query.run();
    }
  }
}

void write_sights(Transaction& transaction, std::span<const SightRecord> records) {
  for (const SightRecord& record : records) {
    run(transaction,
        "UPDATE listings SET last_seen = ?1 WHERE zone = ?2 AND subject = ?3 AND purpose = ?4 "
        "AND ended_at IS NULL AND ifnull(last_seen, 0) < ?1",
        record.at, record.pair.zone, record.pair.subject, record.purpose);
  }
}

void unmute(Transaction& transaction, std::span<const UnmutedRecord> records, Timestamp at) {
  for (const UnmutedRecord& record : records) {
    // subject <> '' is what the index says; without it the planner would not take it.
    run(transaction,
        "UPDATE notices SET muted_by = '', due_at = ? WHERE muted_by = 'contained' AND event IN "
        "(SELECT id FROM events WHERE subject = ? AND subject <> '' AND zone = ? "
        "AND zone_purpose = ? AND listed_at = ?)",
        at, record.pair.subject, record.pair.zone, record.purpose, record.listed_at);
  }
}

void write_votes(Transaction& transaction, std::span<const VotesRecord> records) {
  static const std::string sql =
      insert_into("votes", "zone, subject, kind, was_decided, marks, answers, " + kEvidenceColumns);
  for (const VotesRecord& record : records) {
    run(transaction, "DELETE FROM votes WHERE zone = ? AND subject = ?", record.pair.zone,
        record.pair.subject);
    if (record.marks.empty() && record.cast.empty() && !has_votes(record)) {
      continue;
    }
    {
      Query query(transaction, sql);
      query.bind(record.pair.zone, record.pair.subject, record.kind, record.was_decided,
                 encode_marks(record.marks), encode_cast(record.cast));
      bind_evidence(query, &record.evidence);
      query.run();
    }
    for (const VotesRecord::PurposeVotes& track : record.tracks) {
      write_entries(transaction, record.pair, track);
    }
  }
}

void write_doubts(Transaction& transaction, std::span<const DoubtRecord> records) {
  for (const DoubtRecord& record : records) {
    if (!record.doubt) {
      run(transaction, "DELETE FROM doubts WHERE zone = ? AND subject = ?", record.pair.zone,
          record.pair.subject);
      continue;
    }
    Query query(transaction,
                "INSERT OR REPLACE INTO doubts (zone, subject, kind, cause, since, was_decided) "
                "VALUES (?, ?, ?, ?, ?, ?)");
    query.bind(record.pair.zone, record.pair.subject, record.kind, record.doubt->cause,
               record.doubt->since, record.was_decided);
    query.run();
  }
}

void write_kinds(Transaction& transaction, std::span<const KindRecord> records, Timestamp at) {
  static const std::string sql = "INSERT OR REPLACE INTO kinds (" + kKindColumns + ") VALUES (" +
                                 placeholders(kKindColumns) + ")";
  for (const KindRecord& record : records) {
    const report::KindRow& row = record.row;
    note_interval(transaction, row, at);
    Query query(transaction, sql);
    query.bind(row.zone, row.kind, row.state, row.cause, row.since, row.last_test, row.swept_at,
               row.sweep_length, row.form, record.has_been_decided, record.last_passed,
               record.told_blind_since);
    query.run();
  }
}

void remove_kinds(Transaction& transaction, std::span<const KindKey> kinds, Timestamp at) {
  for (const KindKey& key : kinds) {
    run(transaction, "DELETE FROM kinds WHERE zone = ? AND kind = ?", key.zone, key.kind);
    run(transaction, "DELETE FROM votes WHERE zone = ? AND kind = ?", key.zone, key.kind);
    run(transaction, "DELETE FROM doubts WHERE zone = ? AND kind = ?", key.zone, key.kind);
    run(transaction,
        "UPDATE kind_intervals SET ended_at = ? WHERE zone = ? AND kind = ? AND ended_at IS NULL",
        at, key.zone, key.kind);
  }
}

void write_zones(Transaction& transaction, std::span<const ZoneRecord> records) {
  for (const ZoneRecord& record : records) {
    const report::ZoneRow& row = record.row;
    // Not REPLACE, which would delete and take the held changes along before they are written anew.
    Query query(transaction,
                "INSERT INTO zones (zone, quarantined, quarantined_since, quarantined_tick, "
                "last_sweep, lookups, latency_p50_ms, latency_p99_ms, told_quarantined, pattern) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (zone) DO UPDATE SET "
                "quarantined = ?2, quarantined_since = ?3, quarantined_tick = ?4, "
                "last_sweep = ?5, lookups = ?6, latency_p50_ms = ?7, latency_p99_ms = ?8, "
                "told_quarantined = ?9, pattern = ?10");
    query.bind(row.zone, row.quarantined, row.quarantined_since, record.quarantined_since,
               row.last_sweep, row.lookups, row.latency_p50_ms, row.latency_p99_ms,
               record.told_quarantined, row.pattern);
    query.run();
    run(transaction, "DELETE FROM held_changes WHERE zone = ?", row.zone);
    write_held(transaction, record);
  }
}

void write_resolver(Transaction& transaction, const ResolverRecord& record) {
  Query state(transaction,
              "INSERT OR REPLACE INTO resolver (id, told_blind, cause, since) "
              "VALUES (1, ?, ?, ?)");
  state.bind(record.told_blind, record.cause, record.since).run();
  run(transaction, "DELETE FROM resolver_servers");
  std::int64_t position = 0;
  for (const report::ResolverView& server : record.servers) {
    Query query(transaction,
                "INSERT INTO resolver_servers (position, server, state, cause, since, rtt_ms) "
                "VALUES (?, ?, ?, ?, ?, ?)");
    query.bind(position++, server.server, server.state, server.cause, server.since, server.rtt_ms);
    query.run();
  }
}

void write_hosts(Transaction& transaction, std::span<const HostRecord> records) {
  for (const HostRecord& record : records) {
    Query query(transaction,
                "INSERT OR REPLACE INTO hosts (host, addresses, resolved, told_unresolved, cause, "
                "since, notes) VALUES (?, ?, ?, ?, ?, ?, ?)");
    query.bind(record.host, encode_addresses(record.addresses), record.is_resolved,
               record.told_unresolved, record.cause, record.since, encode_list(record.notes));
    query.run();
  }
}

void write_subjects(Transaction& transaction, const Batch& batch) {
  for (const std::string& subject : batch.subjects_removed) {
    run(transaction, "DELETE FROM subjects WHERE subject = ?", subject);
    run(transaction, "DELETE FROM votes WHERE subject = ?", subject);
    run(transaction, "DELETE FROM doubts WHERE subject = ?", subject);
  }
  for (const report::WatchedRow& row : batch.subjects) {
    run(transaction, "INSERT OR REPLACE INTO subjects (subject, zone_set) VALUES (?, ?)",
        row.subject, row.zone_set);
  }
  if (batch.zone_sets) {
    run(transaction, "DELETE FROM zone_sets");
    for (const report::ZoneSetRow& row : *batch.zone_sets) {
      run(transaction, "INSERT INTO zone_sets (id, zones) VALUES (?, ?)", row.id,
          encode_list(row.zones));
    }
  }
}

void remove_zones(Transaction& transaction, std::span<const std::string> ids, Timestamp at) {
  for (const std::string& zone : ids) {
    run(transaction, "DELETE FROM votes WHERE zone = ?", zone);
    run(transaction, "DELETE FROM doubts WHERE zone = ?", zone);
    run(transaction, "DELETE FROM kinds WHERE zone = ?", zone);
    run(transaction, "DELETE FROM zones WHERE zone = ?", zone);
    run(transaction, "UPDATE kind_intervals SET ended_at = ? WHERE zone = ? AND ended_at IS NULL",
        at, zone);
  }
}

void release_batches(Transaction& transaction, std::span<const std::string> batches, Timestamp at) {
  for (const std::string& batch : batches) {
    if (!batch.empty()) {
      run(transaction, "UPDATE notices SET due_at = ?, batch = '' WHERE batch = ?", at, batch);
    }
  }
}

void write_batch(Transaction& transaction, const Batch& batch) {
  // What leaves goes first: a zone or subject taken out and put back in one batch stays.
  remove_zones(transaction, batch.zones_removed, batch.at);
  remove_kinds(transaction, batch.kinds_removed, batch.at);
  write_subjects(transaction, batch);
  const std::vector<std::int64_t> ids = write_events(transaction, batch.events);
  write_notices(transaction, batch.notices, ids);
  write_listings(transaction, batch.listings);
  write_sights(transaction, batch.sights);
  unmute(transaction, batch.unmuted, batch.at);
  write_votes(transaction, batch.votes);
  write_doubts(transaction, batch.doubts);
  write_kinds(transaction, batch.kinds, batch.at);
  write_zones(transaction, batch.zones);
  if (batch.resolver) {
    write_resolver(transaction, *batch.resolver);
  }
  write_hosts(transaction, batch.hosts);
  release_batches(transaction, batch.released_batches, batch.at);
  // The latest wall time there was: one that is earlier at the next start went back (rule 13).
  run(transaction, "UPDATE meta SET last_wall = max(last_wall, ?)", batch.at);
}

}  // namespace rblwatch::storage
