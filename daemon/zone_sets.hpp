// SPDX-License-Identifier: Apache-2.0
//
// On which zones each subject is asked, as the store keeps it: few different sets, and the number
// of one beside each subject. A set keeps its number when all its subjects go over to another one
// together, so that a zone that comes or goes is one row and not one for each subject. The loop's
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/world.hpp"
#include "report/status.hpp"

namespace rblwatch::daemon {

/// What is stored of this world's subjects: the number of their set by subject; nothing where the
/// subject is new, or from before there were sets.
using StoredSets = std::vector<std::optional<std::int64_t>>;

class ZoneSets {
 public:
  ZoneSets() = default;
  /// `stored` and `known` are what the store holds.
  ZoneSets(const World& world, const std::vector<report::ZoneSetRow>& stored,
           const StoredSets& known);

  const std::vector<report::ZoneSetRow>& rows() const { return rows_; }
  std::int64_t of(lists::SubjectIndex subject) const;

 private:
  struct Part {
    lists::SubjectIndex begin;
    std::int64_t set = 0;
  };
  std::vector<report::ZoneSetRow> rows_;  // by number
  std::vector<Part> parts_;               // subjects from one begin to the next
};

}  // namespace rblwatch::daemon
