// SPDX-License-Identifier: Apache-2.0
//
// `history` out of stored listings: what is over as it was, what is open as `status` shows it.
// Pure; any thread.
#pragma once

#include <vector>

#include "report/model.hpp"
#include "report/status.hpp"

namespace rblwatch::report {

HistoryDoc build_history(const World& world, const StatusRows& rows,
                         const std::vector<ListingRow>& listings, bool more, Timestamp now);

}  // namespace rblwatch::report
