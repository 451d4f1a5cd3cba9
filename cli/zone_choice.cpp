// SPDX-License-Identifier: Apache-2.0
#include "cli/zone_choice.hpp"

#include <utility>
#include <vector>

#include "core/untrusted.hpp"
#include "report/watched.hpp"

namespace rblwatch::cli {
namespace {

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
  const auto death = report::obituary(config.catalogue, name);
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
  return report::find_used(config.zones, name);
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

}  // namespace rblwatch::cli
