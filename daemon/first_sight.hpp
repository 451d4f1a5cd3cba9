// SPDX-License-Identifier: Apache-2.0
//
// First sight (end of rule 7): the listings found by the first look after a start or reload go out
// as one message per channel, once every pair of the zones that see is decided or its confirmation
// time is over; a zone that sees later sends its own as one message. The loop's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "daemon/ledger.hpp"
#include "daemon/pair_desk.hpp"
#include "daemon/teller.hpp"
#include "daemon/zone_desk.hpp"

namespace rblwatch::daemon {

class FirstSight {
 public:
  /// All outlive it. `held`: batches that an earlier run left waiting; they go with the first one.
  FirstSight(std::vector<ZoneDesk>& desks, Ledger& ledger, std::vector<std::string> held);

  /// Begins a batch for every zone that has pairs.
  void begin(core::Timestamp now);
  /// Releases what is complete. Cheap when nothing is open.
  void turn(const PairDesk& pairs, const Teller& teller, core::Tick now);
  /// Batches that are still to be released: the `held` of what follows.
  std::vector<std::string> open_batches() const;

 private:
  bool is_settled(std::uint16_t zone, const PairDesk& pairs, const Teller& teller) const;
  void turn_late(std::uint16_t zone, bool is_settled);

  std::vector<ZoneDesk>& desks_;
  Ledger& ledger_;
  std::vector<std::string> held_;
  std::string name_;
  std::vector<bool> was_seeing_;  // by zone, of those with a batch of their own
  bool is_open_ = false;
  core::Tick next_look_{};
};

}  // namespace rblwatch::daemon
