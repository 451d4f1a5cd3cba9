// SPDX-License-Identifier: Apache-2.0
//
// What `doctor` says of zones and keys, from their tests through each resolver. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cli/survey.hpp"
#include "dns/question.hpp"
#include "lists/zone.hpp"
#include "report/doctor.hpp"

namespace rblwatch::cli {

/// One kind of one zone, tested through one resolver, or directly.
struct TestedZone {
  lists::ZoneIndex zone;               // among those in use
  std::optional<dns::Server> through;  // nothing = its own servers
  KindFinding finding;
};

/// How many pass; a line for each zone and cause that fails, one for each key, and one for each
/// resolver that hides 127.0.0.0/8 in all answers, of those that do find other names (`sound`):
/// that line stands for all zones that fail for it.
std::vector<report::CheckView> judge_zones(std::span<const lists::Zone> zones,
                                           std::span<const TestedZone> tested,
                                           std::span<const dns::Server> sound);

}  // namespace rblwatch::cli
