// SPDX-License-Identifier: Apache-2.0
//
// The judge's half for zones and the resolver: each disaster told once, by its name, within a
// health interval and the hysteresis of its cause; nothing without a reason; and how long a
// disaster disturbs a pair. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "soak_judge.hpp"

namespace rblwatch::scenario {

/// "3d4h25m", for people.
std::string to_moment(core::Micros at);

/// When the pair can't be expected to be found out about, recovery included.
std::vector<std::pair<core::Micros, core::Micros>> disturbed(const SoakFacts& facts,
                                                             const SoakPair& pair);

/// What was told wrongly of zones and the resolver, or not at all.
std::vector<std::string> judge_tellings(const SoakFacts& facts);

}  // namespace rblwatch::scenario
