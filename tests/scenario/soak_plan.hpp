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

/// What must be told of a disaster, once.
enum class Telling {
  nothing,     // nothing need be told
  zones,       // a zone_blind of each of `told`
  resolver,    // one resolver_blind and no zone_blind
  quarantine,  // zone_quarantined and zone_released
};

struct Disaster {
  std::string name;
  Telling telling = Telling::nothing;
  std::vector<std::uint32_t> struck;  // zones whose pairs can't be expected to be found out about
  std::optional<lists::Kind> kind;    // only those of this kind
  std::vector<std::uint32_t> told;    // zones
  std::string cause;                  // of what is told
  core::Micros from{0};
  core::Micros to{0};
  /// Zones whose tests are left alone by random faults until then: what hangs on every single one
  /// of many tests would hardly ever come otherwise.
  std::vector<std::uint32_t> spared;
  core::Micros spared_until{0};

  bool strikes(std::uint32_t zone) const;
};

/// A pair whose answers bear one code more every other time.
struct Flap {
  std::uint32_t pair = 0;
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
  std::vector<Flap> flaps;
  std::set<std::uint32_t> waves;  // pairs that stand for a while because of a mass listing
};

/// The code that a flap adds.
inline constexpr const char* kFlappingCode = "127.0.0.4";

/// Mass listings go into the truth, and listings that flap.
Plan make_plan(const SoakWorld& world, Truth& truth, core::Micros length, core::Random& random);

}  // namespace rblwatch::scenario
