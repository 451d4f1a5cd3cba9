// SPDX-License-Identifier: Apache-2.0
#include "storage/batch.hpp"

namespace rblwatch::storage {

bool Batch::is_empty() const {
  return events.empty() && notices.empty() && listings.empty() && sights.empty() &&
         unmuted.empty() && votes.empty() && doubts.empty() && kinds.empty() &&
         kinds_removed.empty() && zones.empty() && !resolver.has_value() && hosts.empty() &&
         subjects.empty() && subjects_removed.empty() && zones_removed.empty() &&
         !zone_sets.has_value() && released_batches.empty();
}

}  // namespace rblwatch::storage
