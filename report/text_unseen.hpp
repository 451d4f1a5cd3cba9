// SPDX-License-Identifier: Apache-2.0
//
// The part of `status` and `check` that says what can't be seen: resolvers and zones, single pairs,
// since when, why, and what to do, once for each cause. Pure; any thread.
#pragma once

#include <string>

#include "report/model.hpp"
#include "report/shown.hpp"
#include "report/wording.hpp"

namespace rblwatch::report {

/// "\nTitle\nbody"; nothing without a body.
void add_section(std::string& text, std::string_view title, const std::string& body,
                 const TextStyle& style);
Ink ink_of(lists::ZoneState state);
/// A zone's KINDS in its table: "ipv4, ipv6".
std::string kinds_text(const std::vector<lists::Kind>& kinds);

/// The stopped line of a daemon that doesn't run; else nothing.
void add_stopped(std::string& text, const std::optional<DaemonView>& daemon, Timestamp now,
                 const TextStyle& style);

/// Sections with what isn't seen; "" when all is.
std::string unseen_to_text(const StatusDoc& document, const TextStyle& style);

}  // namespace rblwatch::report
