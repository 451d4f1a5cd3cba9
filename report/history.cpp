// SPDX-License-Identifier: Apache-2.0
#include "report/history.hpp"

#include <optional>

#include "report/watched.hpp"

namespace rblwatch::report {

namespace {

/// An open listing as `status` shows it: with its doubt, its votes and when it was last seen.
const ListingView* find_open(const StatusDoc& status, const ListingRow& row) {
  for (const ListingView& view : status.listings) {
    if (view.subject == row.subject && view.zone == row.zone && view.purpose == row.purpose &&
        view.state == lists::ListingState::listed) {
      return &view;
    }
  }
  return nullptr;
}

}  // namespace

HistoryDoc build_history(const World& world, const StatusRows& rows,
                         const std::vector<ListingRow>& listings, bool more, Timestamp now) {
  HistoryDoc document;
  document.generated_at = now;
  document.more = more;
  std::optional<StatusDoc> status;
  for (const ListingRow& row : listings) {
    const ListingView* view = nullptr;
    if (!row.ended_at && !row.is_retired) {
      if (!status) {
        status = build_status(world, rows, now);
      }
      view = find_open(*status, row);
    }
    document.listings.push_back(view != nullptr ? *view
                                                : view_of(row, find_used(world.zones, row.zone)));
  }
  return document;
}

}  // namespace rblwatch::report
