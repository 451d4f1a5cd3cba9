// SPDX-License-Identifier: Apache-2.0
//
// Everything that belongs to one generation of the world: made on start from what the store
// remembers, on a reload from the generation before. What isn't watched any more is retired on the
// way. The loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "daemon/first_sight.hpp"
#include "daemon/ledger.hpp"
#include "daemon/own_servers.hpp"
#include "daemon/pair_book.hpp"
#include "daemon/pair_desk.hpp"
#include "daemon/teller.hpp"
#include "daemon/world.hpp"
#include "daemon/zone_desk.hpp"
#include "daemon/zone_sets.hpp"
#include "daemon/zone_watch.hpp"
#include "lists/schedule.hpp"
#include "storage/batch.hpp"

namespace rblwatch::daemon {

struct Generation {
  /// `ledger` and `random` outlive it. `epoch`: of the pair book, the same for all generations of a
  /// run.
  Generation(std::shared_ptr<const World> world, Ledger& ledger, core::Random& random,
             core::Tick epoch, std::uint8_t number, std::vector<std::string> held_batches);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  std::shared_ptr<const World> world;
  std::uint8_t number;
  PairBook book;
  std::vector<ZoneDesk> desks;
  lists::Schedule schedule;
  OwnServers own_servers;
  Teller teller;
  PairDesk pairs;
  ZoneWatch watch;
  FirstSight first_sight;
  ZoneSets zone_sets;
};

/// Rule 1: whether the last sweep of the kind, be it from before the start, speaks for its pairs
/// that have this interval; for this pair.
bool is_current(const Generation& now, const KindDesk& kind, core::Millis interval,
                core::Timestamp at);
bool is_swept(const Generation& now, const PairSlot& slot, core::Timestamp at);

/// Takes up what the store remembers (rule 11): open listings, votes, doubts, zone states that were
/// told, quarantines with what they hold. Rows of what isn't watched any more are retired.
void restore(Generation& now, const storage::Snapshot& snapshot, Ledger& ledger);

/// Takes over from the generation before what stays; retires what doesn't.
void carry_over(Generation& now, Generation& before, Ledger& ledger);

}  // namespace rblwatch::daemon
