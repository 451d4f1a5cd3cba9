// SPDX-License-Identifier: Apache-2.0
#include "storage/queries.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "report/why.hpp"
#include "storage/codec.hpp"
#include "storage/outbox.hpp"
#include "storage/rows.hpp"
#include "storage/state.hpp"

namespace rblwatch::storage {

namespace {

using PurposeKey = std::tuple<std::string, std::string, lists::Purpose>;  // zone, subject
using PendingBook = std::map<PurposeKey, report::PendingRow>;
using ReasonBook = std::map<std::pair<std::string, std::string>, core::Untrusted>;  // likewise

std::vector<report::ListingRow> read_listings(Transaction& transaction, std::string_view sql) {
  std::vector<report::ListingRow> rows;
  Query query(transaction, sql);
  while (query.next()) {
    rows.push_back(read_listing(query));
  }
  return rows;
}

std::vector<report::ListingRow> read_open(Transaction& transaction) {
  static const std::string sql =
      "SELECT id, " + kListingColumns + " FROM listings WHERE ended_at IS NULL ORDER BY id";
  return read_listings(transaction, sql);
}

std::vector<report::ListingRow> read_lost_allows(Transaction& transaction) {
  static const std::string sql =
      "SELECT id, " + kListingColumns +
      " FROM listings l WHERE purpose = 'allow' AND ended_at IS NOT NULL AND retired = 0 "
      "AND NOT EXISTS (SELECT 1 FROM listings n WHERE n.purpose = 'allow' AND n.zone = l.zone "
      "AND n.subject = l.subject AND n.id > l.id) ORDER BY id";
  return read_listings(transaction, sql);
}

report::PendingRow pending_row(const VotesRecord& record, const VotesRecord::PurposeVotes& votes,
                               const std::map<PurposeKey, lists::CodeSet>& believed) {
  lists::Track track;
  track.pending = votes.entries;
  const auto open = believed.find({record.pair.zone, record.pair.subject, votes.purpose});
  if (open != believed.end()) {
    track.believed = open->second;
  }
  report::PendingRow row;
  row.subject = record.pair.subject;
  row.kind = record.kind;
  row.zone = record.pair.zone;
  row.purpose = votes.purpose;
  row.to = track.pending_to().value_or(lists::PendingTo::listed);
  row.reason = record.evidence.txt;
  row.first_vote = core::Timestamp::max();
  for (const lists::PendingEntry& entry : votes.entries) {
    row.codes.insert(entry.code);
    if (!entry.votes.empty()) {
      row.first_vote = std::min(row.first_vote, entry.votes.front().wall);
      row.last_vote = std::max(row.last_vote.value_or(row.first_vote), entry.votes.back().wall);
    }
  }
  return row;
}

lists::PendingTo pending_to(lists::EventType type) {
  switch (type) {
    case lists::EventType::delisted:
      return lists::PendingTo::delisted;
    case lists::EventType::changed:
      return lists::PendingTo::changed;
    case lists::EventType::listed:
    case lists::EventType::overdue:
    case lists::EventType::retired:
    case lists::EventType::zone_blind:
    case lists::EventType::zone_seeing:
    case lists::EventType::zone_quarantined:
    case lists::EventType::zone_released:
    case lists::EventType::resolver_blind:
    case lists::EventType::resolver_seeing:
    case lists::EventType::target_unresolved:
    case lists::EventType::target_resolved:
    case lists::EventType::channel_failed:
    case lists::EventType::storage_failed:
      break;
  }
  return lists::PendingTo::listed;
}

lists::Kind kind_of(const std::string& subject) {
  const auto parsed = lists::Subject::parse(subject);
  return parsed ? parsed->kind() : lists::Kind::domain;
}

/// What a quarantine holds is believed, but not told: it outranks votes of the same pair, which are
/// against it then. What only waits for a wave is shown by its votes.
void add_held(Transaction& transaction, PendingBook& book, const ReasonBook& reasons) {
  static const std::string sql =
      "SELECT zone, " + kHeldColumns +
      " FROM held_changes WHERE zone IN (SELECT zone FROM zones WHERE quarantined) "
      "ORDER BY zone, position";
  Query query(transaction, sql);
  while (query.next()) {
    report::PendingRow row;
    row.zone = query.text();
    HeldRow held = read_held(query);
    row.subject = std::move(held.subject);
    row.kind = kind_of(row.subject);
    row.purpose = held.change.purpose;
    row.to = pending_to(held.change.change.type);
    row.codes = std::move(held.change.change.codes);
    row.first_vote = held.change.change.since;
    row.held = true;
    if (const auto reason = reasons.find({row.zone, row.subject}); reason != reasons.end()) {
      row.reason = reason->second;
    }
    PurposeKey key{row.zone, row.subject, row.purpose};
    row.is_contested = book.count(key) > 0;
    book.insert_or_assign(std::move(key), std::move(row));
  }
}

std::vector<report::PendingRow> read_pending(Transaction& transaction,
                                             const std::vector<report::ListingRow>& open) {
  std::map<PurposeKey, lists::CodeSet> believed;
  for (const report::ListingRow& row : open) {
    believed.emplace(PurposeKey{row.zone, row.subject, row.purpose}, row.codes);
  }
  PendingBook book;
  ReasonBook reasons;
  for (const VotesRecord& record : read_pending_votes(transaction)) {
    reasons.emplace(std::pair(record.pair.zone, record.pair.subject), record.evidence.txt);
    for (const VotesRecord::PurposeVotes& votes : record.tracks) {
      PurposeKey key{record.pair.zone, record.pair.subject, votes.purpose};
      book.emplace(std::move(key), pending_row(record, votes, believed));
    }
  }
  add_held(transaction, book, reasons);
  std::vector<report::PendingRow> rows;
  rows.reserve(book.size());
  for (auto& [key, row] : book) {
    rows.push_back(std::move(row));
  }
  return rows;
}

void read_daemon(Transaction& transaction, report::DaemonView& daemon) {
  Query query(transaction,
              "SELECT version, started_at, (SELECT max(last_sweep) FROM zones) FROM meta");
  if (query.next()) {
    daemon.version = query.text();
    daemon.started_at = query.timestamp();
    daemon.last_sweep = query.maybe_timestamp();
  }
}

using KeptBook = std::map<std::string, Reader::KeptEvidence>;  // by zone

Reader::KeptEvidence& keep(KeptBook& book, const std::string& zone,
                           std::optional<lists::Evidence> evidence) {
  const auto [found, is_new] = book.try_emplace(zone);
  Reader::KeptEvidence& kept = found->second;
  kept.zone = zone;
  if (evidence && (is_new || evidence->asked_at >= kept.evidence.asked_at)) {
    kept.evidence = std::move(*evidence);
  }
  return kept;
}

}  // namespace

report::TargetAddresses read_addresses(Transaction& transaction,
                                       const std::vector<lists::Target>& targets) {
  report::TargetAddresses known;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto target = static_cast<std::uint32_t>(i);
    for (const lists::AddressSource& source : lists::address_sources(targets[i])) {
      Query query(transaction,
                  "SELECT addresses, resolved, cause, since, notes FROM hosts WHERE host = ?");
      if (!query.bind(source.key).next()) {
        continue;
      }
      const std::vector<core::IpAddress> found = query.decoded(decode_addresses);
      std::vector<core::IpAddress>& all = known.hosts[target];
      all.insert(all.end(), found.begin(), found.end());
      report::SourceRow row;
      row.follow = source.follow;
      row.has_addresses = !found.empty();
      row.is_resolved = query.flag();
      row.cause = query.text();
      row.since = query.maybe_timestamp();
      row.notes = query.decoded(decode_list);
      known.sources[target].push_back(std::move(row));
    }
    if (const auto found = known.hosts.find(target); found != known.hosts.end()) {
      std::vector<core::IpAddress>& all = found->second;
      std::sort(all.begin(), all.end());
      all.erase(std::unique(all.begin(), all.end()), all.end());
    }
  }
  return known;
}

report::StatusRows read_status(Transaction& transaction,
                               const std::vector<lists::Target>& targets) {
  report::StatusRows rows;
  read_daemon(transaction, rows.daemon);
  rows.open = read_open(transaction);
  rows.lost_allows = read_lost_allows(transaction);
  rows.pending = read_pending(transaction, rows.open);
  Snapshot state = read_state(transaction);
  for (DoubtRecord& record : state.doubts) {
    rows.doubts.push_back({.subject = std::move(record.pair.subject),
                           .kind = record.kind,
                           .zone = std::move(record.pair.zone),
                           .doubt = *record.doubt});
  }
  for (KindRecord& record : state.kinds) {
    rows.kinds.push_back(std::move(record.row));
  }
  for (ZoneRecord& record : state.zones) {
    rows.zones.push_back(std::move(record.row));
  }
  if (state.resolver) {
    rows.resolvers = std::move(state.resolver->servers);
  }
  rows.watched = read_watched(transaction);
  rows.zone_sets = read_zone_sets(transaction);
  rows.addresses = read_addresses(transaction, targets);
  return rows;
}

std::vector<Reader::KeptEvidence> read_kept(Transaction& transaction, const std::string& subject) {
  static const std::string listed = "SELECT id, " + kListingColumns + ", " + kEvidenceColumns +
                                    " FROM listings WHERE subject = ? AND ended_at IS NULL";
  KeptBook book;
  Query query(transaction, listed);
  query.bind(subject);
  while (query.next()) {
    const report::ListingRow row = read_listing(query);
    keep(book, row.zone, read_evidence(query)).is_listed = true;
  }
  for (VotesRecord& record : read_votes_of(transaction, subject)) {
    const std::string zone = record.pair.zone;
    if (record.cast.empty() && record.tracks.empty() && book.count(zone) == 0) {
      continue;  // only marks of freshness: a clear pair
    }
    keep(book, zone, std::move(record.evidence)).votes = report::vote_views(record.cast);
  }
  std::vector<Reader::KeptEvidence> all;
  for (auto& [zone, kept] : book) {
    all.push_back(std::move(kept));
  }
  return all;
}

std::vector<report::DeliveryView> read_deliveries(Transaction& transaction, bool only_failed,
                                                  std::size_t limit) {
  std::vector<report::DeliveryView> views;
  Query query(transaction,
              only_failed ? "SELECT id, channel, state, created_at, attempts, last_attempt_at, "
                            "next_attempt_at, response FROM deliveries WHERE state = 'failed' "
                            "ORDER BY seq DESC LIMIT ?"
                          : "SELECT id, channel, state, created_at, attempts, last_attempt_at, "
                            "next_attempt_at, response FROM deliveries ORDER BY seq DESC LIMIT ?");
  query.bind(limit);
  while (query.next()) {
    report::DeliveryView view;
    view.id = query.text();
    view.channel = query.text();
    view.state = query.text();
    view.created_at = query.timestamp();
    view.attempts = static_cast<std::uint32_t>(query.integer());
    view.last_attempt_at = query.maybe_timestamp();
    view.next_attempt_at = query.maybe_timestamp();
    view.response = query.text();
    view.events = read_events_of(transaction, view.id);
    if (view.state != "delivered" && !view.events.empty()) {
      view.about = read_text_of(transaction, view.events.front());
    }
    views.push_back(std::move(view));
  }
  return views;
}

// Each of these goes through an index of what waits or failed, or stops at the first row: the many
// that were delivered are not looked through.
OutboxFigures read_outbox_figures(Transaction& transaction) {
  OutboxFigures figures;
  Query waiting(transaction,
                "SELECT channel, count(*), min(created_at) FROM deliveries WHERE state = 'waiting' "
                "GROUP BY channel");
  while (waiting.next()) {
    OutboxFigures::Channel& channel = figures.channels[waiting.text()];
    channel.waiting = static_cast<std::uint64_t>(waiting.integer());
    const core::Timestamp oldest = waiting.timestamp();
    figures.oldest = std::min(figures.oldest.value_or(oldest), oldest);
  }
  Query failed(transaction,
               "SELECT channel, count(*) FROM deliveries WHERE state = 'failed' GROUP BY channel");
  while (failed.next()) {
    OutboxFigures::Channel& channel = figures.channels[failed.text()];
    channel.failed = static_cast<std::uint64_t>(failed.integer());
  }
  Query delivered(transaction,
                  "SELECT last_attempt_at FROM deliveries WHERE state = 'delivered' ORDER BY seq "
                  "DESC LIMIT 1");
  if (delivered.next()) {
    figures.last_delivered = delivered.maybe_timestamp();
  }
  return figures;
}

}  // namespace rblwatch::storage
