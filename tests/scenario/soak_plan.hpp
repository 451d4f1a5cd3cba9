// SPDX-License-Identifier: Apache-2.0
//
// The disasters of a soak and when they strike: lists that die, lapse, are emptied or list the
// world, resolvers that lie, hide or fall silent, and what happens to the daemon itself. One after
// the other, each with time to recover; which and when is drawn. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "soak_truth.hpp"
#include "soak_world.hpp"
#include "stage.hpp"

namespace rblwatch::scenario {

/// Whose eyes a disaster shuts, and so what must be told of it, once.
enum class Telling {
  nothing,     // nothing need be told
  zone,        // one zone_blind
  resolver,    // one resolver_blind and no zone_blind
  zones,       // a zone_blind of each zone behind the resolver that has a test entry
  quarantine,  // zone_quarantined and zone_released
};

struct Disaster {
  std::string name;
  Telling telling = Telling::nothing;
  std::optional<std::uint32_t> zone;  // nothing: all of them
  std::string cause;                  // of what is told
  core::Micros from{0};
  core::Micros to{0};
};

/// Something is done to the world or the daemon.
struct PlanStep {
  core::Micros at;
  std::function<void(Stage&)> act;
};

/// A subject that isn't watched over [from, to).
struct Absence {
  std::uint32_t subject = 0;
  core::Micros from{0};
  core::Micros to{0};
};

struct Plan {
  std::vector<Disaster> disasters;  // by time
  std::vector<PlanStep> steps;      // by time
  std::vector<Absence> absences;
  std::set<std::uint32_t> waves;  // pairs that stand for a while because of a mass listing
};

/// Mass listings go into the truth.
Plan make_plan(const SoakWorld& world, Truth& truth, core::Micros length, core::Random& random);

}  // namespace rblwatch::scenario
