// SPDX-License-Identifier: Apache-2.0
//
// Collects what one turn of the loop wants recorded into a Batch: an event together with the
// notices that tell of it, and the records of state that changed with it, so that they become true
// in one transaction. Belongs to the loop's thread.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "core/time.hpp"
#include "daemon/world.hpp"
#include "lists/event.hpp"
#include "storage/batch.hpp"

namespace rblwatch::daemon {

class Ledger {
 public:
  /// The channels that notices go to; on start and reload.
  void set_channels(std::vector<alerts::Channel> channels) { channels_ = std::move(channels); }
  void set_now(const core::ClockPair& clocks) { clocks_ = clocks; }
  const core::ClockPair& clocks() const { return clocks_; }

  struct Manner {
    std::string batch;     // notices wait for it; "" = group_wait only
    std::string muted_by;  // notices are recorded, not told
  };
  /// The event happens in this batch, and whoever wants it is told.
  void tell(lists::Event event, const Manner& manner);
  void tell(lists::Event event) { tell(std::move(event), Manner{}); }

  // Later records of the same thing replace earlier ones of the same batch.
  void record(storage::ListingRecord record) { batch_.listings.push_back(std::move(record)); }
  void record(storage::SightRecord record) { batch_.sights.push_back(std::move(record)); }
  void record(storage::UnmutedRecord record) { batch_.unmuted.push_back(std::move(record)); }
  void record(storage::VotesRecord record);
  void record(storage::DoubtRecord record);
  void record(storage::KindRecord record);
  void record(storage::ZoneRecord record);
  void record(storage::ResolverRecord record) { batch_.resolver = std::move(record); }
  void record(storage::HostRecord record) { batch_.hosts.push_back(std::move(record)); }
  void release(std::string batch) { batch_.released_batches.push_back(std::move(batch)); }
  // Of several generations in one batch the last one counts: what leaves is removed before anything
  // is written, so what was to be written of it goes here.
  /// `watched`: those that are new, or asked on other zones now.
  void note_subjects(std::vector<report::WatchedRow> watched, std::vector<std::string> removed);
  void note_zone_sets(std::vector<report::ZoneSetRow> all) { batch_.zone_sets = std::move(all); }
  /// A kind of a zone has no subjects any more.
  void note_kind_removed(storage::KindKey key);
  void note_zones_removed(std::vector<std::string> ids);

  bool is_empty() const { return batch_.is_empty(); }
  /// Events can't wait; the rest may be collected for a moment.
  bool is_urgent() const {
    return !batch_.events.empty() || !batch_.released_batches.empty() || !batch_.unmuted.empty();
  }
  storage::Batch take();

 private:
  std::vector<alerts::Channel> channels_;
  core::ClockPair clocks_{};
  storage::Batch batch_;
  std::map<storage::PairKey, std::size_t> votes_;  // positions in batch_
  std::map<storage::PairKey, std::size_t> doubts_;
};

}  // namespace rblwatch::daemon
