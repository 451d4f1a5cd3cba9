// SPDX-License-Identifier: Apache-2.0
//
// What history is given up, and in which order: settled deliveries, then events that nothing needs
// any more, closed listings and closed intervals of zones. Internal to storage; the writer's
// thread.
#pragma once

#include <cstddef>

#include "core/time.hpp"
#include "storage/sqlite.hpp"

namespace rblwatch::storage {

/// At most so many rows older than `before`; how many went.
std::size_t prune_rows(Transaction& transaction, core::Timestamp before, std::size_t at_most);

}  // namespace rblwatch::storage
