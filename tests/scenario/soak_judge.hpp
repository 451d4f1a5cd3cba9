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
  std::uint64_t missed = 0;
  std::uint64_t wrong_tellings = 0;  // of zones and the resolver
  std::vector<std::string> accounts;
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
