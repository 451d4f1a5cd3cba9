// SPDX-License-Identifier: Apache-2.0
#include "daemon/ledger.hpp"

#include <algorithm>

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

void Ledger::note_subjects(std::vector<std::string> added, std::vector<std::string> removed) {
  batch_.subjects_added = std::move(added);
  batch_.subjects_removed = std::move(removed);
}

storage::Batch Ledger::take() {
  batch_.at = clocks_.now;
  votes_.clear();
  doubts_.clear();
  return std::exchange(batch_, storage::Batch{});
}

}  // namespace rblwatch::daemon
