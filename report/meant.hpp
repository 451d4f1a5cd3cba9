// SPDX-License-Identifier: Apache-2.0
//
// What somebody means by a word, out of what is watched. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "lists/target.hpp"

namespace rblwatch::report {

/// The targets that bear the word as name or value, with all their subjects. Where there is none,
/// the address or domain that it is, or what lies in the network that it is ("2001:db8::/64").
struct Meant {
  std::vector<lists::TargetIndex> targets;
  std::vector<lists::SubjectIndex> subjects;  // one of several targets may come more than once
  bool is_known() const { return !targets.empty() || !subjects.empty(); }
};
Meant find_meant(const lists::SubjectTable& subjects, const std::string& text);

}  // namespace rblwatch::report
