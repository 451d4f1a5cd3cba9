// SPDX-License-Identifier: Apache-2.0
//
// Compares what the daemon told with what the simulator knows. A listing event is false when what
// it claims was true at no moment since its first vote (less the age a cached answer may have). A
// truth is missed when it stood for longer than the interval and the confirmation, and the time
// that disasters and spoilt answers took from it, and wasn't told. Each disaster is told once, and
// nothing of zones and the resolver without a reason. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "soak_faults.hpp"
#include "soak_plan.hpp"
#include "soak_truth.hpp"
#include "soak_world.hpp"
#include "stage.hpp"

namespace rblwatch::scenario {

struct SoakVerdict {
  std::uint64_t listing_events = 0;
  std::uint64_t false_events = 0;
  std::uint64_t judged = 0;       // truths that stood long enough to be found
  std::uint64_t undisturbed = 0;  // of these, with nothing in the way from beginning to end
  std::uint64_t short_lived = 0;  // that were over before anybody had to find them
  std::uint64_t unjudged = 0;     // that would have stood long enough, but for what disturbed them
  std::uint64_t missed = 0;
  std::uint64_t wrong_tellings = 0;  // of zones and the resolver
  std::vector<std::string> accounts;

  /// Nothing false, nothing missed, and enough was judged to say so.
  bool is_good() const {
    return false_events == 0 && missed == 0 && wrong_tellings == 0 && has_judged_enough();
  }
  bool has_judged_enough() const {
    return static_cast<double>(judged) >= kLeastJudged * static_cast<double>(judged + unjudged);
  }
  static constexpr double kLeastJudged = 0.6;
};

/// All that is known when a soak is over.
struct SoakFacts {
  const SoakWorld& world;
  const Truth& truth;
  const Plan& plan;
  const Faults& faults;
  const std::vector<Happened>& events;
  core::Micros length;
};

SoakVerdict judge_soak(const SoakFacts& facts);

}  // namespace rblwatch::scenario
