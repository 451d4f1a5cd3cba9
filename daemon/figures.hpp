// SPDX-License-Identifier: Apache-2.0
//
// What the loop tells of itself to whoever measures it: a value, made between two turns, published
// and never altered. What it says of pairs is what `status` says, counted from the loop's own
// memory; the cost is that of what isn't clear, not of all pairs. Making: the loop's thread.
// Reading: any.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "daemon/generation.hpp"
#include "dns/resolver.hpp"
#include "report/prometheus.hpp"

namespace rblwatch::daemon {

struct Figures {
  core::Tick taken_at{};
  std::uint64_t subjects = 0;
  std::vector<report::ZoneMetrics> zones;
  std::vector<report::ResolverMetrics> resolvers;
  std::optional<core::Timestamp> last_sweep;
  bool is_resolver_seeing = true;
  dns::Counters dns;
  /// "" while sweeps run on time; else one line that names the zone and since when.
  std::string late;
};
using FiguresPtr = std::shared_ptr<const Figures>;

/// `epoch`: when the loop began.
Figures make_figures(const Generation& now, const dns::Resolver& resolver, core::Tick epoch,
                     const core::ClockPair& clocks);

/// Why sweeps are not on time; "" where they are. A kind that sees is late when its sweep takes
/// longer than twice the longest interval of its pairs (twice the last sweep's real length, or what
/// the pace allows, where that is longer) and confirm_after: rule 1 takes no pair's word from then
/// on. A blind zone isn't swept, which is told by itself; but when for so long none was seen,
/// nobody is watching.
std::string late_sweep(const Generation& now, core::Tick epoch, core::Tick tick);

}  // namespace rblwatch::daemon
