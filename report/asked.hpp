// SPDX-License-Identifier: Apache-2.0
//
// A clear pair has no row: that it was asked follows from what is stored of its subject and zone.
// This says which pairs of a configuration that may be newer those rows speak for; of all others
// nobody has asked yet. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lists/target.hpp"
#include "lists/zone.hpp"
#include "report/status.hpp"

namespace rblwatch::report {

/// Whether the row is of the list that the zone names now: an id may come to stand for another one.
bool is_same_list(const ZoneRow& row, const lists::Zone& zone);
/// Whether subjects of this kind are asked in the same form.
bool is_same_form(const KindRow& row, const lists::Zone& zone);
/// Both, of the rows that there are.
bool is_same_question(const StatusRows& rows, const lists::Zone& zone, lists::Kind kind);

/// The last completed sweep of a kind.
struct LastSweep {
  std::optional<Timestamp> began;
  std::optional<core::Millis> length;
};
/// Rule 1: whether it still speaks for a pair of this interval. It doesn't once it began longer ago
/// than twice the interval, or twice its own length where that is longer, and `confirm_after`; nor
/// when it began so far ahead of a clock that was set back since, for then nobody knows how long
/// ago.
bool is_current(const LastSweep& sweep, core::Millis interval, core::Millis confirm_after,
                Timestamp now);

class AskedPairs {
 public:
  AskedPairs(std::span<const lists::Zone> zones, const lists::SubjectTable& subjects,
             std::span<const WatchedRow> watched, std::span<const ZoneSetRow> sets);
  /// Whether whoever stored the rows asked the subject on this zone of the configuration.
  bool has(std::size_t zone, lists::SubjectIndex subject) const {
    return sets_[set_of_[subject.value]][zone];
  }

 private:
  std::vector<std::vector<bool>> sets_;  // by zone
  std::vector<std::uint32_t> set_of_;    // by subject: position in sets_
};

}  // namespace rblwatch::report
