// SPDX-License-Identifier: Apache-2.0
#include "report/model.hpp"

#include <algorithm>

namespace rblwatch::report {
namespace {

/// What has ended without a known end (a listing that was retired) has no length that could be
/// told.
bool goes_on(lists::ListingState state) {
  switch (state) {
    case lists::ListingState::listed:
    case lists::ListingState::pending:
      return true;
    case lists::ListingState::delisted:
    case lists::ListingState::retired:
      return false;
  }
  return false;
}

}  // namespace

std::optional<core::Seconds> ListingView::duration(Timestamp now) const {
  const std::optional<Timestamp> known_end = delisted_at ? delisted_at : retired_at;
  if (!listed_at || (!known_end && !goes_on(state))) {
    return std::nullopt;
  }
  const Timestamp end = known_end.value_or(now);
  // The wall clock may have been set back since.
  return std::max(std::chrono::floor<core::Seconds>(end - *listed_at), core::Seconds{0});
}

int exit_code(const StatusDoc& status) {
  const Summary& summary = status.summary;
  if (summary.listed > 0 || summary.allow_lost > 0) {
    return 1;
  }
  return summary.unknown > 0 || summary.is_empty() ? 3 : 0;
}

}  // namespace rblwatch::report
