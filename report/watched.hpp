// SPDX-License-Identifier: Apache-2.0
//
// What concerns a word (a target, a subject, a network, a zone), and what to say where it names
// nothing; for the command line and HTTP alike. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "lists/catalogue.hpp"
#include "report/meant.hpp"
#include "report/status.hpp"

namespace rblwatch::report {

/// What to say of a word that names nothing watched.
std::string not_watched_text(const lists::SubjectTable& subjects, const std::string& text);

/// All of `status`, or what concerns the target, subject or network that is meant. Kind::not_found
/// for anything else.
core::Result<StatusDoc> status_of(const World& world, const StatusRows& rows,
                                  const std::string& text, Timestamp now);

/// Whether the zone's id or DNS name is this one.
bool is_named(const lists::Zone& zone, std::string_view name);
/// The zone in use that is named so, by id before DNS name; null where there is none.
const lists::Zone* find_used(std::span<const lists::Zone> zones, std::string_view name);
/// "it died 2024-06-05 and lists everything (…)" where the name is that of a dead zone.
std::optional<std::string> obituary(const lists::Catalogue& catalogue, const std::string& dns);
/// A zone that died is still configured where somebody wrote it down.
void mark_dead(ZonesDoc& document, const lists::Catalogue& catalogue);

}  // namespace rblwatch::report
