// SPDX-License-Identifier: Apache-2.0
//
// The wide rows that several files read or write: each with its column list, the binding and the
// reading in the same order. Internal to storage; any thread, as the Query given.
#pragma once

#include <optional>
#include <string>

#include "lists/event.hpp"
#include "lists/evidence.hpp"
#include "report/status.hpp"
#include "storage/batch.hpp"
#include "storage/sqlite.hpp"

namespace rblwatch::storage {

/// Rule 6: what is kept of a zone's text.
inline constexpr std::size_t kMaxText = 4096;

extern const std::string kEvidenceColumns;
void bind_evidence(Query& query, const lists::Evidence* evidence);  // nullptr: all NULL
std::optional<lists::Evidence> read_evidence(Query& query);

extern const std::string kEventColumns;  // without id; the evidence's at the end
void bind_event(Query& query, const lists::Event& event);
/// Columns: id, then kEventColumns.
lists::Event read_event(Query& query);

extern const std::string kListingColumns;  // without id and evidence
void bind_listing(Query& query, const report::ListingRow& row);
/// Columns: id, then kListingColumns.
report::ListingRow read_listing(Query& query);

extern const std::string kKindColumns;  // all but the last three are of the row
KindRecord read_kind(Query& query);

extern const std::string kEntryColumns;  // of a pending entry
lists::PendingEntry read_entry(Query& query);

extern const std::string kHeldColumns;  // subject first
struct HeldRow {
  std::string subject;
  lists::BelievedChange change;
};
HeldRow read_held(Query& query);

}  // namespace rblwatch::storage
