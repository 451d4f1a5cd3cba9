// SPDX-License-Identifier: Apache-2.0
//
// The judge's half for zones and the resolver: each disaster told once, nothing without a reason;
// and how long a disaster disturbs the pairs of a zone. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "soak_judge.hpp"

namespace rblwatch::scenario {

/// "3d4h25m", for people.
std::string to_moment(core::Micros at);

/// When the pairs of this zone can't be expected to be found out about, recovery included.
std::vector<std::pair<core::Micros, core::Micros>> disturbed(const SoakFacts& facts,
                                                             std::uint32_t zone);

/// What was told wrongly of zones and the resolver, or not at all.
std::vector<std::string> judge_tellings(const SoakFacts& facts);

}  // namespace rblwatch::scenario
