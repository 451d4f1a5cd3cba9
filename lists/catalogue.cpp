// SPDX-License-Identifier: Apache-2.0
#include "lists/catalogue.hpp"

#include <algorithm>
#include <array>

#include "core/check.hpp"
#include "core/text.hpp"

namespace rblwatch::lists {
namespace {

constexpr std::array<std::string_view, 7> kGroups{"default", "high",  "medium", "low",
                                                  "domain",  "allow", "all"};

std::string_view without_dot(std::string_view dns) {
  return dns.ends_with('.') ? dns.substr(0, dns.size() - 1) : dns;
}

/// "*.ahbl.org" stands for all below ahbl.org, not for itself.
bool is_below_wildcard(std::string_view dns, std::string_view wildcard) {
  if (!wildcard.starts_with("*.")) {
    return false;
  }
  const std::string_view suffix = wildcard.substr(1);
  return dns.size() > suffix.size() &&
         core::equals_ignoring_case(dns.substr(dns.size() - suffix.size()), suffix);
}

}  // namespace

const CatalogueZone* Catalogue::find(std::string_view id_or_dns) const {
  const std::string_view wanted = without_dot(id_or_dns);
  const auto by_id = std::find_if(zones.begin(), zones.end(), [wanted](const CatalogueZone& entry) {
    return core::equals_ignoring_case(entry.zone.id, wanted);
  });
  if (by_id != zones.end()) {
    return &*by_id;
  }
  const auto by_dns =
      std::find_if(zones.begin(), zones.end(), [wanted](const CatalogueZone& entry) {
        return core::equals_ignoring_case(entry.zone.dns.pattern(), wanted) ||
               core::equals_ignoring_case(entry.zone.dns.shown(), wanted);
      });
  return by_dns != zones.end() ? &*by_dns : nullptr;
}

const DeadZone* Catalogue::find_dead(std::string_view dns) const {
  const std::string_view wanted = without_dot(dns);
  const auto exact = std::find_if(dead.begin(), dead.end(), [wanted](const DeadZone& zone) {
    return core::equals_ignoring_case(zone.dns, wanted);
  });
  if (exact != dead.end()) {
    return &*exact;
  }
  const auto below = std::find_if(dead.begin(), dead.end(), [wanted](const DeadZone& zone) {
    return is_below_wildcard(wanted, zone.dns);
  });
  return below != dead.end() ? &*below : nullptr;
}

std::span<const std::string_view> group_names() {
  return kGroups;
}

bool is_group(std::string_view name) {
  return std::find(kGroups.begin(), kGroups.end(), name) != kGroups.end();
}

bool is_member(const CatalogueZone& entry, std::string_view group) {
  const Zone& zone = entry.zone;
  if (zone.dns.needs_key() && !zone.dns.has_key()) {
    return false;
  }
  if (group == "default") {
    return entry.is_default;
  }
  if (group == "domain") {
    return zone.kinds.has(Kind::domain);
  }
  if (group == "allow") {
    return zone.purpose == Purpose::allow;
  }
  return group == "all" || core::enum_from<Severity>(group) == zone.severity;
}

}  // namespace rblwatch::lists
