// SPDX-License-Identifier: Apache-2.0
//
// The zones rblwatch ships as data, and the choice a user makes among them. Reading the file is
// conf's affair. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns_name.hpp"
#include "core/time.hpp"
#include "lists/zone.hpp"

namespace rblwatch::lists {

struct CatalogueZone {
  Zone zone;
  bool is_default = false;
  std::string
      shared_key;  // the name under [keys] that this operator's zones use; empty = not keyed
};

/// A zone that is no more. `dns` may begin with "*." for all below.
struct DeadZone {
  std::string dns;
  std::string died;  // "2024-06-05", "2012-08", "2015" or ""
  bool lists_world = false;
  std::string note;
};

/// Names that tell what a resolver does with its questions. What is empty isn't asked.
struct Probes {
  std::vector<core::DnsName> nxdomain;  // domains below which a random name doesn't exist
  std::optional<core::DnsName> exists;  // has an A record
  std::optional<core::DnsName> bogus;   // likewise, with a DNSSEC signature broken on purpose
  std::vector<core::DnsName> whoami;    // whose TXT holds the address that it was asked from
};

struct Catalogue {
  core::Timestamp date{};
  std::vector<CatalogueZone> zones;
  std::vector<DeadZone> dead;
  Probes probes;

  /// By id or DNS name (case-insensitive).
  const CatalogueZone* find(std::string_view id_or_dns) const;
  const DeadZone* find_dead(std::string_view dns) const;
};

/// Groups of `catalogue.use`: default, high, medium, low, domain, allow, all.
bool is_group(std::string_view name);
std::span<const std::string_view> group_names();
/// Whether the zone is a member of the group. A zone that lacks its operator's key is in none of
/// them.
bool is_member(const CatalogueZone& entry, std::string_view group);

}  // namespace rblwatch::lists
