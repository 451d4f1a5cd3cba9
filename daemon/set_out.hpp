// SPDX-License-Identifier: Apache-2.0
//
// What a generation begins with, whether the store remembers what was before it (restore.cpp) or
// the generation before does (generation.cpp). The loop's thread.
#pragma once

#include <vector>

#include "daemon/generation.hpp"

namespace rblwatch::daemon {

/// A pair that is new on a kind whose sweep has been completed is unknown until it is asked.
/// `is_new`: by pair.
void note_new_pairs(Generation& now, const std::vector<bool>& is_new, Ledger& ledger);
/// New subjects, those that are asked on other zones now, and those that went, for the store's list
/// of them. `gone`: what it holds.
void note_subjects(Generation& now, WatchedBook gone,
                   const std::vector<report::ZoneSetRow>& stored_sets, Ledger& ledger);
/// The last step: what all of the rest has come to.
void set_out(Generation& now, Ledger& ledger);

}  // namespace rblwatch::daemon
