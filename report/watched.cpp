// SPDX-License-Identifier: Apache-2.0
#include "report/watched.hpp"

#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::report {

std::string not_watched_text(const lists::SubjectTable& subjects, const std::string& text) {
  std::vector<std::string> names;
  for (const lists::Target& target : subjects.targets()) {
    names.push_back(target.name);
  }
  const auto near = core::nearest(text, names);
  return core::quoted(text) + " is not watched" + (near ? "; did you mean " + *near + "?" : "") +
         " (rblwatch targets names what is; rblwatch check asks about anything)";
}

core::Result<StatusDoc> status_of(const World& world, const StatusRows& rows,
                                  const std::string& text, Timestamp now) {
  if (text.empty()) {
    return build_status(world, rows, now);
  }
  const Meant meant = find_meant(world.subjects, text);
  if (!meant.is_known()) {
    return core::fail(core::Error::Kind::not_found, not_watched_text(world.subjects, text));
  }
  return restrict_to(world, rows, meant, now);
}

bool is_named(const lists::Zone& zone, std::string_view name) {
  return core::equals_ignoring_case(zone.id, name) ||
         core::equals_ignoring_case(zone.dns.shown(), name) ||
         core::equals_ignoring_case(zone.dns.pattern(), name);
}

const lists::Zone* find_used(std::span<const lists::Zone> zones, std::string_view name) {
  const std::string_view wanted = name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
  // An id before a DNS name: ids are what operators give.
  for (const lists::Zone& zone : zones) {
    if (core::equals_ignoring_case(zone.id, wanted)) {
      return &zone;
    }
  }
  for (const lists::Zone& zone : zones) {
    if (is_named(zone, wanted)) {
      return &zone;
    }
  }
  return nullptr;
}

std::optional<std::string> obituary(const lists::Catalogue& catalogue, const std::string& dns) {
  const lists::DeadZone* dead = catalogue.find_dead(dns);
  if (dead == nullptr) {
    return std::nullopt;
  }
  std::string text = dead->died.empty() ? "it is dead" : "it died " + dead->died;
  if (dead->lists_world) {
    text += " and lists everything";
  }
  return dead->note.empty() ? text : text + " (" + dead->note + ")";
}

void mark_dead(ZonesDoc& document, const lists::Catalogue& catalogue) {
  for (ZoneDetail& zone : document.zones) {
    const auto death = obituary(catalogue, zone.view.dns);
    if (death) {
      zone.status = "dead";
      zone.note = *death;
    }
  }
}

}  // namespace rblwatch::report
