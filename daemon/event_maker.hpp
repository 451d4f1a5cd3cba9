// SPDX-License-Identifier: Apache-2.0
//
// Makes complete events and stored rows out of what the loop knows. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "daemon/pair_book.hpp"
#include "daemon/world.hpp"
#include "daemon/zone_desk.hpp"
#include "lists/event.hpp"
#include "storage/batch.hpp"

namespace rblwatch::daemon {

lists::ZoneRef zone_ref(const lists::Zone& zone, lists::Purpose purpose);

/// Of a believed change of one pair and purpose.
lists::Event listing_event(const World& world, lists::ZoneIndex index,
                           const lists::BelievedChange& believed, const PairDetail& detail,
                           const PurposeTrack& track, core::Timestamp now);

/// The row that is open after the change (or closed by it).
storage::ListingRecord listing_record(const World& world, lists::ZoneIndex index,
                                      const lists::BelievedChange& believed,
                                      const PairDetail& detail, const PurposeTrack& track,
                                      core::Timestamp now);

/// zone_blind, zone_seeing: of these kinds, of which the first went blind at `since`.
lists::Event sight_event(const lists::Zone& zone, lists::EventType type, const ZoneDesk& desk,
                         lists::KindSet kinds, core::Timestamp since);
/// zone_quarantined: while what tripped it still stands.
lists::Event quarantine_event(const lists::Zone& zone, const ZoneDesk& desk);
lists::Event release_event(const lists::Zone& zone, const ZoneDesk& desk,
                           const lists::Admission& admission);
/// What a quarantine lets go is told together, in the batch of this name.
std::string release_batch(const std::string& zone, core::Timestamp at);

/// resolver_blind, resolver_seeing.
lists::Event resolver_event(const World& world, lists::EventType type,
                            std::optional<lists::Cause> cause,
                            std::optional<core::Timestamp> since);

/// The answer of a lookup as evidence. `shown`: the asked name as it may be shown.
lists::Evidence make_evidence(const dns::Completion& completion, std::string shown,
                              const KindDesk& desk, const core::ClockPair& clocks);

/// A pair's evidence with the text of its listing, where it is of an answer that listed it.
lists::Evidence shown_evidence(const PairDetail& detail);

/// Votes of a pair as stored; nothing in it when it is neither listed nor on the way to be.
storage::VotesRecord votes_record(const World& world, const PairSlot& slot,
                                  const PairDetail& detail);

}  // namespace rblwatch::daemon
