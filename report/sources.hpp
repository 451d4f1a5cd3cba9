// SPDX-License-Identifier: Apache-2.0
//
// How the sources of targets' addresses fare: what isn't known of them is not asked about. Pure;
// any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/status.hpp"

namespace rblwatch::report {

/// What nobody knows of a target: a source of its addresses that was never looked up, or that
/// couldn't be and has no last ones. A source that is known to have none (a null MX) is no gap.
struct SourceGap {
  std::string why;  // "the name doesn't resolve (nxdomain)"
  std::optional<Timestamp> since;
};
/// The first of the target's; most have none.
std::optional<SourceGap> source_gap(const lists::Target& target, lists::TargetIndex index,
                                    const SourceBook& sources);

/// What of a target can't be resolved or followed.
std::vector<std::string> source_notes(const lists::Target& target, lists::TargetIndex index,
                                      const SourceBook& sources);

}  // namespace rblwatch::report
