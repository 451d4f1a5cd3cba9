// SPDX-License-Identifier: Apache-2.0
#include "cli/zone_choice.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::cli {
namespace {

std::string_view without_dot(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

bool is_named(const lists::Zone& zone, std::string_view name) {
  return core::equals_ignoring_case(zone.id, name) ||
         core::equals_ignoring_case(zone.dns.shown(), name) ||
         core::equals_ignoring_case(zone.dns.pattern(), name);
}

std::vector<std::string> names_of(const conf::Config& config, bool with_catalogue) {
  std::vector<std::string> names;
  for (const lists::Zone& zone : config.zones) {
    names.push_back(zone.id);
    names.push_back(zone.dns.shown());
  }
  if (with_catalogue) {
    for (const lists::CatalogueZone& entry : config.catalogue.zones) {
      names.push_back(entry.zone.id);
      names.push_back(entry.zone.dns.shown());
    }
  }
  return names;
}

tl::unexpected<Failure> no_such_zone(const conf::Config& config, const std::string& name,
                                     bool with_catalogue) {
  const auto death = obituary(config, name);
  if (death) {
    return wrong(core::quoted(name) + " is no zone any more: " + *death);
  }
  const bool is_unused = !with_catalogue && config.catalogue.find(name) != nullptr;
  return wrong(core::quoted(name) +
               (is_unused ? " is in the catalogue, but not in use"
                          : " is no zone" + did_you_mean(name, names_of(config, with_catalogue))) +
               " (rblwatch zones names those in use)");
}

}  // namespace

const lists::Zone* find_used(const conf::Config& config, const std::string& name) {
  const std::string_view wanted = without_dot(name);
  // An id before a DNS name: ids are what operators give.
  for (const lists::Zone& zone : config.zones) {
    if (core::equals_ignoring_case(zone.id, wanted)) {
      return &zone;
    }
  }
  for (const lists::Zone& zone : config.zones) {
    if (is_named(zone, wanted)) {
      return &zone;
    }
  }
  return nullptr;
}

core::Result<lists::Zone, Failure> choose_zone(const conf::Config& config,
                                               const std::string& name) {
  if (const lists::Zone* used = find_used(config, name)) {
    return *used;
  }
  const lists::CatalogueZone* entry = config.catalogue.find(name);
  if (entry == nullptr) {
    return no_such_zone(config, name, true);
  }
  if (entry->zone.dns.needs_key() && !entry->zone.dns.has_key()) {
    return wrong(entry->zone.id + " needs a key of its operator's: put it under [keys]" +
                 (entry->shared_key.empty() ? "" : " as " + entry->shared_key));
  }
  return entry->zone;
}

core::Result<lists::Zone, Failure> choose_used_zone(const conf::Config& config,
                                                    const std::string& name) {
  const lists::Zone* used = find_used(config, name);
  if (used == nullptr) {
    return no_such_zone(config, name, false);
  }
  return *used;
}

std::optional<std::string> obituary(const conf::Config& config, const std::string& dns) {
  const lists::DeadZone* dead = config.catalogue.find_dead(dns);
  if (dead == nullptr) {
    return std::nullopt;
  }
  std::string text = dead->died.empty() ? "it is dead" : "it died " + dead->died;
  if (dead->lists_world) {
    text += " and lists everything";
  }
  return dead->note.empty() ? text : text + " (" + dead->note + ")";
}

}  // namespace rblwatch::cli
