// SPDX-License-Identifier: Apache-2.0
//
// What a generation begins with, whether the store remembers what was before it (restore.cpp) or
// the generation before does (generation.cpp). The loop's thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/generation.hpp"

namespace rblwatch::daemon {

/// When a pair of this interval is asked first.
using FirstDue = std::function<core::Tick(lists::PairId, core::Millis)>;
/// Pre: nothing is in the schedule.
void fill_schedule(Generation& now, const FirstDue& first_due);
/// A pair that is new on a kind whose sweep has been completed is unknown until it is asked.
/// `is_new`: nobody asked it before.
void note_new_pairs(Generation& now, const std::function<bool(lists::PairId)>& is_new,
                    Ledger& ledger);

/// The store's list of subjects.
struct StoredSubjects {
  StoredSets sets;                // of those that are watched
  std::vector<std::string> gone;  // those that aren't any more
};
/// New subjects, those that are asked on other zones now, and those that went, for the store's
/// list.
void note_subjects(Generation& now, StoredSubjects stored,
                   const std::vector<report::ZoneSetRow>& stored_sets, Ledger& ledger);
/// `before`: zones that were asked or stored. The rows of those that aren't in use any more go.
void note_zones_gone(const Generation& now, const std::vector<std::string>& before, Ledger& ledger);
/// The last step: what all of the rest has come to.
void set_out(Generation& now, Ledger& ledger);

}  // namespace rblwatch::daemon
