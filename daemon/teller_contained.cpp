// SPDX-License-Identifier: Apache-2.0
//
// The half of Teller that looks after what was kept back for a container (rule 9): when the
// container lets go of a subject that still stands on the inner zone, nobody else tells of it. What
// was kept back then goes out as it was recorded, its listed event first: the listing is no new
// one, and what is told later of it has a beginning. A list and its container mostly let go
// together, so the inner zone is asked first.
#include <algorithm>

#include "daemon/event_maker.hpp"
#include "daemon/teller.hpp"

namespace rblwatch::daemon {

namespace {

PurposeTrack* open_track(PairDetail* detail, lists::Purpose purpose) {
  if (detail == nullptr) {
    return nullptr;
  }
  const auto found = std::find_if(
      detail->tracks.begin(), detail->tracks.end(),
      [&](const PurposeTrack& track) { return track.is_open && track.purpose == purpose; });
  return found == detail->tracks.end() ? nullptr : &*found;
}

}  // namespace

bool Teller::is_contained(lists::PairId pair, lists::Purpose purpose) const {
  const PairSlot& slot = book_.slot(pair);
  const std::vector<std::string>& containers = world_.zone(slot.zone).contained_in;
  return std::any_of(containers.begin(), containers.end(), [&](const std::string& id) {
    const auto zone = world_.find_zone(id);
    const auto outer = zone ? book_.find(*zone, slot.subject) : std::nullopt;
    return outer && open_track(book_.detail(*outer), purpose) != nullptr;
  });
}

void Teller::note_orphans(lists::PairId container, const lists::BelievedChange& end) {
  const PairSlot& slot = book_.slot(container);
  const std::string& id = world_.zone(slot.zone).id;
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    const std::vector<std::string>& containers = world_.zone({zone}).contained_in;
    if (std::find(containers.begin(), containers.end(), id) == containers.end()) {
      continue;
    }
    const auto inner = book_.find({zone}, slot.subject);
    const PurposeTrack* track = inner ? open_track(book_.detail(*inner), end.purpose) : nullptr;
    if (track != nullptr && track->is_contained) {
      orphans_.push_back({*inner, end.purpose, end.change.first_vote});
    }
  }
}

void Teller::recall_contained() {
  for (const auto& [id, detail] : book_.details()) {
    for (const PurposeTrack& track : detail.tracks) {
      if (track.is_open && track.is_contained && !is_contained({id}, track.purpose)) {
        orphans_.push_back({{id}, track.purpose, ledger_.clocks().tick});
      }
    }
  }
}

// True when there is nothing left to wait for.
bool Teller::settle_orphan(Orphan& orphan) {
  PairDetail* detail = book_.detail(orphan.pair);
  PurposeTrack* track = open_track(detail, orphan.purpose);
  if (track == nullptr || !track->is_contained || is_contained(orphan.pair, orphan.purpose)) {
    return true;
  }
  const bool is_leaving =
      !track->track.is_listed() || track->track.pending_to() == lists::PendingTo::delisted;
  if (is_leaving || book_.slot(orphan.pair).is_doubted) {
    return false;
  }
  // An answer that a cache repeats doesn't say that it still stands.
  if (detail->fresh_listed_at >= orphan.since) {
    tell_orphan(orphan.pair, *track);
    return true;
  }
  if (!orphan.is_asked) {
    orphan.is_asked = true;
    schedule_.ask_again(orphan.pair,
                        std::max(ledger_.clocks().tick, detail->freshness.all_run_out()));
  }
  return false;
}

void Teller::tell_orphan(lists::PairId pair, PurposeTrack& track) {
  const PairSlot& slot = book_.slot(pair);
  const PairDetail& detail = *book_.detail(pair);
  track.is_contained = false;
  lists::BelievedChange standing;
  standing.subject = slot.subject;
  standing.purpose = track.purpose;
  standing.change.codes = track.track.believed;
  const core::Timestamp now = ledger_.clocks().now;
  storage::ListingRecord record = listing_record(world_, slot.zone, standing, detail, track, now);
  ledger_.record(storage::UnmutedRecord{
      {record.row.subject, record.row.zone}, track.purpose, track.listed_at});
  ledger_.record(std::move(record));
}

}  // namespace rblwatch::daemon
