// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "storage/codec.hpp"
#include "storage/rows.hpp"
#include "storage/state.hpp"

namespace rblwatch::storage {

namespace {

void read_open(Transaction& transaction, Snapshot& snapshot) {
  static const std::string sql = "SELECT id, " + kListingColumns + ", " + kEvidenceColumns +
                                 " FROM listings WHERE ended_at IS NULL ORDER BY id";
  Query query(transaction, sql);
  while (query.next()) {
    snapshot.open.push_back(read_listing(query));
    snapshot.open_evidence.push_back(read_evidence(query).value_or(lists::Evidence{}));
  }
}

std::vector<DoubtRecord> read_doubts(Transaction& transaction) {
  std::vector<DoubtRecord> records;
  Query query(transaction,
              "SELECT zone, subject, kind, cause, since, was_decided FROM doubts "
              "ORDER BY zone, subject");
  while (query.next()) {
    DoubtRecord record;
    record.pair.zone = query.text();
    record.pair.subject = query.text();
    record.kind = query.word<lists::Kind>();
    record.doubt.emplace();
    record.doubt->cause = query.word<lists::Cause>();
    record.doubt->since = query.timestamp();
    record.was_decided = query.flag();
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<KindRecord> read_kinds(Transaction& transaction) {
  static const std::string sql = "SELECT " + kKindColumns + " FROM kinds ORDER BY zone, kind";
  std::vector<KindRecord> records;
  Query query(transaction, sql);
  while (query.next()) {
    records.push_back(read_kind(query));
  }
  return records;
}

/// Of what a quarantine let go some may have been told since: its listing says so.
void read_held_of(Transaction& transaction, ZoneRecord& record) {
  static const std::string sql =
      "SELECT " + kHeldColumns +
      " FROM held_changes h WHERE zone = ? AND NOT EXISTS (SELECT 1 FROM listings l WHERE "
      "l.subject = h.subject AND l.zone = h.zone AND l.purpose = h.purpose AND "
      "((h.type = 'listed' AND l.listed_at = h.since) OR "
      "(h.type = 'delisted' AND l.ended_at = h.since))) ORDER BY position";
  Query query(transaction, sql);
  query.bind(record.row.zone);
  while (query.next()) {
    HeldRow row = read_held(query);
    record.held.push_back(std::move(row.change));
    record.held_subjects.push_back(std::move(row.subject));
  }
}

std::vector<ZoneRecord> read_zones(Transaction& transaction) {
  std::vector<ZoneRecord> records;
  Query query(
      transaction,
      "SELECT zone, quarantined, quarantined_since, last_sweep, lookups, latency_p50_ms, "
      "latency_p99_ms, pattern, quarantined_tick, told_quarantined FROM zones ORDER BY zone");
  while (query.next()) {
    ZoneRecord record;
    record.row.zone = query.text();
    record.row.quarantined = query.flag();
    record.row.quarantined_since = query.maybe_timestamp();
    record.row.last_sweep = query.maybe_timestamp();
    record.row.lookups = static_cast<std::uint64_t>(query.integer());
    record.row.latency_p50_ms = query.maybe_integer();
    record.row.latency_p99_ms = query.maybe_integer();
    record.row.pattern = query.maybe_text();
    record.quarantined_since = query.maybe_tick();
    record.told_quarantined = query.flag();
    read_held_of(transaction, record);
    records.push_back(std::move(record));
  }
  return records;
}

std::optional<ResolverRecord> read_resolver(Transaction& transaction) {
  std::optional<ResolverRecord> record;
  Query state(transaction, "SELECT told_blind, cause, since FROM resolver");
  if (!state.next()) {
    return record;
  }
  record.emplace();
  record->told_blind = state.flag();
  record->cause = state.maybe_word<lists::Cause>();
  record->since = state.maybe_timestamp();
  Query query(transaction,
              "SELECT server, state, cause, since, rtt_ms FROM resolver_servers ORDER BY position");
  while (query.next()) {
    report::ResolverView server;
    server.server = query.text();
    server.state = query.text();
    server.cause = query.maybe_word<lists::Cause>();
    server.since = query.maybe_timestamp();
    server.rtt_ms = query.maybe_integer();
    record->servers.push_back(std::move(server));
  }
  return record;
}

std::vector<HostRecord> read_hosts(Transaction& transaction) {
  std::vector<HostRecord> records;
  Query query(transaction,
              "SELECT host, addresses, resolved, told_unresolved, cause, since, notes FROM hosts "
              "ORDER BY host");
  while (query.next()) {
    HostRecord record;
    record.host = query.text();
    record.addresses = query.decoded(decode_addresses);
    record.is_resolved = query.flag();
    record.told_unresolved = query.flag();
    record.cause = query.text();
    record.since = query.maybe_timestamp();
    record.notes = query.decoded(decode_list);
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<std::string> read_texts(Transaction& transaction, std::string_view sql) {
  std::vector<std::string> texts;
  Query query(transaction, sql);
  while (query.next()) {
    texts.push_back(query.text());
  }
  return texts;
}

std::string select_pairs(const std::string& rest) {
  return "SELECT zone, subject, kind, was_decided, marks, answers, " + kEvidenceColumns +
         " FROM votes " + rest;
}
std::string select_entries(const std::string& rest) {
  return "SELECT zone, subject, purpose, " + kEntryColumns + " FROM vote_entries " + rest;
}

std::vector<VotesRecord> read_pairs(Query& query) {
  std::vector<VotesRecord> records;
  while (query.next()) {
    VotesRecord record;
    record.pair.zone = query.text();
    record.pair.subject = query.text();
    record.kind = query.word<lists::Kind>();
    record.was_decided = query.flag();
    record.marks = query.decoded(decode_marks);
    record.cast = query.decoded(decode_cast);
    record.evidence = read_evidence(query).value_or(lists::Evidence{});
    records.push_back(std::move(record));
  }
  return records;
}

/// Puts entries to their pairs; both come in the same order.
void read_entries(Query& query, std::span<VotesRecord> records) {
  auto record = records.begin();
  while (query.next()) {
    PairKey pair;
    pair.zone = query.text();
    pair.subject = query.text();
    const auto purpose = query.word<lists::Purpose>();
    lists::PendingEntry entry = read_entry(query);
    record = std::find_if(record, records.end(),
                          [&](const VotesRecord& candidate) { return candidate.pair == pair; });
    if (record == records.end()) {
      return;
    }
    if (record->tracks.empty() || record->tracks.back().purpose != purpose) {
      record->tracks.push_back({.purpose = purpose, .entries = {}});
    }
    record->tracks.back().entries.push_back(std::move(entry));
  }
}

std::vector<VotesRecord> read_with_entries(Transaction& transaction, const std::string& pairs) {
  static const std::string entries = select_entries("ORDER BY zone, subject, purpose, position");
  Query pair_query(transaction, pairs);
  std::vector<VotesRecord> records = read_pairs(pair_query);
  Query entry_query(transaction, entries);
  read_entries(entry_query, records);
  return records;
}

}  // namespace

std::vector<VotesRecord> read_votes(Transaction& transaction) {
  static const std::string pairs = select_pairs("ORDER BY zone, subject");
  return read_with_entries(transaction, pairs);
}

std::vector<VotesRecord> read_pending_votes(Transaction& transaction) {
  static const std::string pairs = select_pairs(
      "WHERE (zone, subject) IN (SELECT zone, subject FROM vote_entries UNION "
      "SELECT zone, subject FROM held_changes) ORDER BY zone, subject");
  return read_with_entries(transaction, pairs);
}

std::vector<VotesRecord> read_votes_of(Transaction& transaction, const std::string& subject) {
  static const std::string pairs = select_pairs("WHERE subject = ? ORDER BY zone");
  static const std::string entries =
      select_entries("WHERE zone = ? AND subject = ? ORDER BY purpose, position");
  Query pair_query(transaction, pairs);
  std::vector<VotesRecord> records = read_pairs(pair_query.bind(subject));
  for (VotesRecord& record : records) {
    Query entry_query(transaction, entries);
    read_entries(entry_query.bind(record.pair.zone, subject), {&record, 1});
  }
  return records;
}

std::vector<report::WatchedRow> read_watched(Transaction& transaction) {
  std::vector<report::WatchedRow> rows;
  Query query(transaction, "SELECT subject, zone_set FROM subjects ORDER BY subject");
  while (query.next()) {
    report::WatchedRow row;
    row.subject = query.text();
    row.zone_set = query.maybe_integer();
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<report::ZoneSetRow> read_zone_sets(Transaction& transaction) {
  std::vector<report::ZoneSetRow> rows;
  Query query(transaction, "SELECT id, zones FROM zone_sets ORDER BY id");
  while (query.next()) {
    report::ZoneSetRow row;
    row.id = query.integer();
    row.zones = query.decoded(decode_list);
    rows.push_back(std::move(row));
  }
  return rows;
}

Snapshot read_state(Transaction& transaction) {
  Snapshot snapshot;
  snapshot.doubts = read_doubts(transaction);
  snapshot.kinds = read_kinds(transaction);
  snapshot.zones = read_zones(transaction);
  snapshot.resolver = read_resolver(transaction);
  return snapshot;
}

Snapshot read_snapshot(Transaction& transaction) {
  Snapshot snapshot = read_state(transaction);
  read_open(transaction, snapshot);
  snapshot.votes = read_votes(transaction);
  snapshot.hosts = read_hosts(transaction);
  snapshot.subjects = read_watched(transaction);
  snapshot.zone_sets = read_zone_sets(transaction);
  snapshot.held_batches = read_texts(
      transaction, "SELECT DISTINCT batch FROM notices WHERE batch <> '' ORDER BY batch");
  return snapshot;
}

}  // namespace rblwatch::storage
