// SPDX-License-Identifier: Apache-2.0
//
// What a survey found, as the documents that are shown. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cli/survey.hpp"
#include "core/time.hpp"
#include "lists/target.hpp"
#include "lists/zone.hpp"
#include "report/model.hpp"

namespace rblwatch::cli {

struct Surveyed {
  std::span<const lists::Zone> zones;
  const lists::SubjectTable& subjects;
  const Findings& findings;
  core::Timestamp now{};
};

/// The document of `check`: without a daemon, listings with the time they were seen and none when
/// they began, zones that have a pair. A listing on a zone contained in another one that lists the
/// subject too is marked so.
report::StatusDoc check_document(const Surveyed& surveyed, std::uint64_t targets);

/// A host whose addresses can't be found now: its pairs on each IP zone are unknown, `not_asked`.
void add_unresolved(report::StatusDoc& document, std::span<const lists::Zone> zones,
                    const std::string& host);

/// Of one zone: state and cause of its kinds, as just tested.
void set_tested(report::ZoneView& view, std::uint16_t zone, const Findings& findings,
                core::Timestamp now);

}  // namespace rblwatch::cli
