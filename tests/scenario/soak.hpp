// SPDX-License-Identifier: Apache-2.0
//
// The soak: weeks on the stage with random listings, one spoilt answer in twenty and every disaster
// on record, judged by what the simulator knows. The same seed gives the same soak. One thread.
#pragma once

#include "soak_world.hpp"

namespace rblwatch::scenario {

/// Plays one soak and prints a line of figures, and an account of everything that went wrong.
/// Whether nothing did.
bool play_soak(const SoakOptions& options);

}  // namespace rblwatch::scenario
