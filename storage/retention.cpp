// SPDX-License-Identifier: Apache-2.0
#include "storage/retention.hpp"

#include <array>
#include <string_view>

namespace rblwatch::storage {

namespace {

// Each deletes the oldest rows first; the notices of a delivery or event go along with it.
constexpr std::array<std::string_view, 4> kSteps{
    "DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries "
    "WHERE state <> 'waiting' AND max(created_at, waits_since) < ? ORDER BY seq LIMIT ?)",
    // An event stays while its listing is open, and while somebody is still to be told of it.
    "DELETE FROM events WHERE id IN (SELECT e.id FROM events e WHERE e.at < ? "
    "AND NOT EXISTS (SELECT 1 FROM listings l WHERE l.zone = e.zone AND l.subject = e.subject "
    "AND l.purpose = e.zone_purpose AND l.ended_at IS NULL AND e.at >= l.listed_at) "
    "AND NOT EXISTS (SELECT 1 FROM notices n LEFT JOIN deliveries d ON d.id = n.delivery "
    "WHERE n.event = e.id AND n.muted_by = '' AND (n.delivery IS NULL OR d.state = 'waiting')) "
    "ORDER BY e.at LIMIT ?)",
    "DELETE FROM listings WHERE id IN (SELECT id FROM listings "
    "WHERE ended_at IS NOT NULL AND ended_at < ? ORDER BY ended_at LIMIT ?)",
    "DELETE FROM kind_intervals WHERE id IN (SELECT id FROM kind_intervals "
    "WHERE ended_at IS NOT NULL AND ended_at < ? ORDER BY ended_at LIMIT ?)",
};

}  // namespace

std::size_t prune_rows(Transaction& transaction, core::Timestamp before, std::size_t at_most) {
  std::size_t gone = 0;
  for (const std::string_view step : kSteps) {
    if (gone >= at_most) {
      break;
    }
    Query query(transaction, step);
    query.bind(before, at_most - gone).run();
    if (!transaction.is_ok()) {
      break;
    }
    gone += static_cast<std::size_t>(transaction.changes());
  }
  return gone;
}

}  // namespace rblwatch::storage
