// SPDX-License-Identifier: Apache-2.0
//
// What reading commands ask, each inside the caller's read transaction. Internal to storage; any
// thread, as the transaction given.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lists/target.hpp"
#include "report/status.hpp"
#include "storage/reader.hpp"
#include "storage/sqlite.hpp"

namespace rblwatch::storage {

/// All but daemon.running; the addresses of these targets.
report::StatusRows read_status(Transaction& transaction, const std::vector<lists::Target>& targets);
report::TargetAddresses read_addresses(Transaction& transaction,
                                       const std::vector<lists::Target>& targets);
std::vector<Reader::KeptEvidence> read_kept(Transaction& transaction, const std::string& subject);
std::vector<report::DeliveryView> read_deliveries(Transaction& transaction, bool only_failed,
                                                  std::size_t limit);
OutboxFigures read_outbox_figures(Transaction& transaction);

ListingHistory read_history(Transaction& transaction, const HistoryFilter& filter);
EventHistory read_events(Transaction& transaction, const HistoryFilter& filter);
EventHistory read_events_after(Transaction& transaction, std::int64_t id, std::size_t limit);

}  // namespace rblwatch::storage
