// SPDX-License-Identifier: Apache-2.0
//
// What somebody means by a word: a target, a subject, a network, a zone; out of what is watched,
// for the command line and HTTP alike. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "lists/catalogue.hpp"
#include "report/status.hpp"

namespace rblwatch::report {

/// Targets that bear this name or value, and the subjects meant by it: an address or domain that is
/// watched.
struct Meant {
  std::vector<std::string> target_names;
  std::vector<std::string> subjects;
  bool is_known() const { return !target_names.empty() || !subjects.empty(); }
};
Meant find_meant(const lists::SubjectTable& subjects, const std::string& text);
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
