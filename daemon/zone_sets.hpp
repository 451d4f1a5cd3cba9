// SPDX-License-Identifier: Apache-2.0
//
// On which zones each subject is asked, as the store keeps it: few different sets, and the number
// of one beside each subject. A set keeps its number when all its subjects go over to another one
// together, so that a zone that comes or goes is one row and not one for each subject. The loop's
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/world.hpp"
#include "report/status.hpp"

namespace rblwatch::daemon {

/// What is stored of subjects: the number of their set, nothing where it is from before there were
/// any.
using WatchedBook = std::unordered_map<std::string, std::optional<std::int64_t>>;

class ZoneSets {
 public:
  ZoneSets() = default;
  /// `stored` and `known` are what the store holds.
  ZoneSets(const World& world, const std::vector<report::ZoneSetRow>& stored,
           const WatchedBook& known);

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
