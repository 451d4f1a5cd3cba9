// SPDX-License-Identifier: Apache-2.0
//
// What the parts of one generation share: references that outlive them all, owned by Generation and
// Monitor.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/ledger.hpp"
#include "daemon/pair_book.hpp"
#include "daemon/world.hpp"
#include "daemon/zone_desk.hpp"
#include "lists/schedule.hpp"

namespace rblwatch::daemon {

struct LoopParts {
  const World& world;
  PairBook& book;
  std::vector<ZoneDesk>& desks;
  lists::Schedule& schedule;
  Ledger& ledger;
  std::uint8_t generation = 0;
};

}  // namespace rblwatch::daemon
