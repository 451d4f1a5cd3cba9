// SPDX-License-Identifier: Apache-2.0
//
// What a soak watches: zones of every sort (exact and bitmask codes, two purposes, IPv6, domains
// under one name and two, asked directly, contained in another, without a test entry, with TTLs
// that are not waited for) and the subjects on them. What stands on a zone is a mask: a bit for
// each entry of its code table. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "daemon/world.hpp"
#include "fake_world.hpp"
#include "lists/subject.hpp"
#include "lists/zone.hpp"

namespace rblwatch::scenario {

/// Which entries of its code table a pair's answer matches; 0 = clear.
using Mask = std::uint8_t;
inline constexpr unsigned kEntries = 4;

struct SoakZone {
  lists::Zone data;
  bool is_direct = false;
  bool is_waived = false;  // has no positive test entry
  core::Seconds ttl{60};   // of its entries
  core::Seconds negative{60};
  core::Seconds test_ttl{60};                             // of its test entries
  std::vector<std::pair<lists::Purpose, Mask>> purposes;  // which entries speak of each
  std::vector<std::uint32_t> pairs;                       // indexes into SoakWorld::pairs
};

struct SoakPair {
  std::uint32_t zone = 0;
  std::uint32_t subject = 0;
  lists::Kind kind = lists::Kind::ipv4;
  std::vector<std::string> labels;  // in front of the zone's name; of some domains two
};

struct SoakOptions {
  std::uint64_t seed = 1;
  std::uint32_t days = 30;
  std::uint32_t pairs = 10'000;
  bool with_log = false;  // every event and disaster, for the reader of a failure

  /// One soak in four has confirm_via = "authoritative", two in three a zone without a test entry.
  bool is_via_authoritative() const { return seed % 4 == 0; }
  bool has_waived() const { return seed % 3 != 0; }
};

struct SoakWorld {
  std::vector<SoakZone> zones;
  std::vector<std::string> subjects;
  std::vector<SoakPair> pairs;
  daemon::MonitorSetup setup;

  /// What the name before the zone says where the pair stands with this mask; nothing = it isn't
  /// there.
  std::optional<Entry> entry(std::uint32_t pair, std::size_t name, Mask mask) const;
  /// The entries that an event's meanings name.
  Mask mask_of(const std::vector<std::string>& meanings) const;
  std::uint32_t find_zone(const std::string& id) const;
  bool is_behind_resolver(std::uint32_t zone) const { return !zones[zone].is_direct; }
  /// Its TTL is longer than anybody waits: votes and tests go to its own servers.
  bool is_long(std::uint32_t zone) const { return zones[zone].ttl > setup.confirm.confirm_within; }
  /// For how long what was so before may still be answered.
  core::Micros cached_for(std::uint32_t zone) const;
  /// How long it may take from the moment a change could first be seen until it is believed, if
  /// nothing comes between: confirm_after or the TTL, and the test that covers it.
  core::Micros confirmation(std::uint32_t zone) const;
};

SoakWorld make_soak_world(const SoakOptions& options, core::Random& random);

}  // namespace rblwatch::scenario
