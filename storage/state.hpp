// SPDX-License-Identifier: Apache-2.0
//
// A batch into rows, and the rows that rule 11 keeps back into a snapshot. Everything runs inside
// the caller's transaction, where the first error sticks. Internal to storage; the writer's thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "alerts/route.hpp"
#include "lists/event.hpp"
#include "storage/batch.hpp"
#include "storage/sqlite.hpp"

namespace rblwatch::storage {

/// Inserts events; their new ids, by position.
std::vector<std::int64_t> write_events(Transaction& transaction,
                                       std::span<const lists::Event> events);
/// Pre: every event_offset is a position in `ids`.
void write_notices(Transaction& transaction, std::span<const alerts::Notice> notices,
                   std::span<const std::int64_t> ids);
void write_listings(Transaction& transaction, std::span<const ListingRecord> records);
void write_sights(Transaction& transaction, std::span<const SightRecord> records);
/// Their notices become due at `at`.
void unmute(Transaction& transaction, std::span<const UnmutedRecord> records, Timestamp at);
void write_votes(Transaction& transaction, std::span<const VotesRecord> records);
void write_doubts(Transaction& transaction, std::span<const DoubtRecord> records);
void write_kinds(Transaction& transaction, std::span<const KindRecord> records, Timestamp at);
void remove_kinds(Transaction& transaction, std::span<const KindKey> kinds, Timestamp at);
void write_zones(Transaction& transaction, std::span<const ZoneRecord> records);
void write_resolver(Transaction& transaction, const ResolverRecord& record);
void write_hosts(Transaction& transaction, std::span<const HostRecord> records);
void write_subjects(Transaction& transaction, const Batch& batch);
void remove_zones(Transaction& transaction, std::span<const std::string> ids, Timestamp at);
void release_batches(Transaction& transaction, std::span<const std::string> batches, Timestamp at);

/// Everything of a batch, in an order in which later parts may lean on earlier ones.
void write_batch(Transaction& transaction, const Batch& batch);

/// Votes are those that are stored: another boot has deleted them before.
Snapshot read_snapshot(Transaction& transaction);
/// Of it the doubts, kinds, zones and resolver.
Snapshot read_state(Transaction& transaction);
/// Every subject that the daemon asks about, in order.
std::vector<report::WatchedRow> read_watched(Transaction& transaction);
std::vector<report::ZoneSetRow> read_zone_sets(Transaction& transaction);
std::vector<VotesRecord> read_votes(Transaction& transaction);
/// Of those alone that wait: for votes, or in a quarantine.
std::vector<VotesRecord> read_pending_votes(Transaction& transaction);
std::vector<VotesRecord> read_votes_of(Transaction& transaction, const std::string& subject);

}  // namespace rblwatch::storage
