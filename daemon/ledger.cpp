// SPDX-License-Identifier: Apache-2.0
#include "daemon/ledger.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "alerts/route.hpp"

namespace rblwatch::daemon {

namespace {

/// Puts a record where the batch already has one of the same thing, else at the end.
template <class Record, class IsSame>
void put(std::vector<Record>& records, Record record, IsSame is_same) {
  const auto found = std::find_if(records.begin(), records.end(), is_same);
  if (found != records.end()) {
    *found = std::move(record);
  } else {
    records.push_back(std::move(record));
  }
}

template <class Item>
void append(std::vector<Item>& all, std::vector<Item> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

template <class Record>
void put_pair(std::vector<Record>& records, std::map<storage::PairKey, std::size_t>& positions,
              Record record) {
  const auto [position, is_new] = positions.try_emplace(record.pair, records.size());
  if (is_new) {
    records.push_back(std::move(record));
  } else {
    records[position->second] = std::move(record);
  }
}

}  // namespace

void Ledger::tell(lists::Event event, const Manner& manner) {
  event.at = clocks_.now;
  for (alerts::Notice& notice : alerts::route(event, channels_, clocks_.now)) {
    notice.event_offset = batch_.events.size();
    notice.batch = manner.batch;
    notice.muted_by = manner.muted_by;
    batch_.notices.push_back(std::move(notice));
  }
  batch_.events.push_back(std::move(event));
}

void Ledger::record(storage::VotesRecord record) {
  put_pair(batch_.votes, votes_, std::move(record));
}

void Ledger::record(storage::DoubtRecord record) {
  put_pair(batch_.doubts, doubts_, std::move(record));
}

void Ledger::record(storage::KindRecord record) {
  const auto is_same = [zone = record.row.zone, kind = record.row.kind](const auto& other) {
    return other.row.zone == zone && other.row.kind == kind;
  };
  put(batch_.kinds, std::move(record), is_same);
}

void Ledger::record(storage::ZoneRecord record) {
  const auto is_same = [zone = record.row.zone](const auto& other) {
    return other.row.zone == zone;
  };
  put(batch_.zones, std::move(record), is_same);
}

void Ledger::note_subjects(std::vector<report::WatchedRow> watched,
                           std::vector<std::string> removed) {
  if (!batch_.subjects.empty() && !removed.empty()) {
    const std::unordered_set<std::string> gone(removed.begin(), removed.end());
    std::erase_if(batch_.subjects, [&gone](const auto& row) { return gone.contains(row.subject); });
  }
  append(batch_.subjects, std::move(watched));
  append(batch_.subjects_removed, std::move(removed));
}

void Ledger::note_kind_removed(storage::KindKey key) {
  std::erase_if(batch_.kinds, [&key](const storage::KindRecord& record) {
    return record.row.zone == key.zone && record.row.kind == key.kind;
  });
  batch_.kinds_removed.push_back(std::move(key));
}

void Ledger::note_zones_removed(std::vector<std::string> ids) {
  for (const std::string& id : ids) {
    std::erase_if(batch_.zones, [&id](const auto& record) { return record.row.zone == id; });
    std::erase_if(batch_.kinds, [&id](const auto& record) { return record.row.zone == id; });
  }
  append(batch_.zones_removed, std::move(ids));
}

storage::Batch Ledger::take() {
  batch_.at = clocks_.now;
  votes_.clear();
  doubts_.clear();
  return std::exchange(batch_, storage::Batch{});
}

}  // namespace rblwatch::daemon
