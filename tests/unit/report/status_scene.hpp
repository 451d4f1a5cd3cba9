// SPDX-License-Identifier: Apache-2.0
//
// A small world with every pair clear, for the tests of report/status: they break one thing each.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "report/status.hpp"

namespace rblwatch::report::scene {

using lists::Cause;
using lists::Kind;
using lists::ListingState;
using lists::PendingTo;
using lists::Purpose;
using lists::ZoneState;
using Texts = std::vector<std::string>;

inline constexpr core::Millis kInterval{1'800'000};
inline constexpr core::Millis kConfirmAfter{120'000};

inline Timestamp at(std::int64_t seconds) {
  return Timestamp(core::Seconds(1'700'000'000 + seconds));
}
inline const Timestamp kNow = at(10'000);

inline lists::Zone make_zone(const std::string& id, const std::vector<Kind>& kinds,
                             Purpose purpose = Purpose::block) {
  lists::Zone zone;
  zone.id = id;
  zone.dns = lists::ZoneDns::parse(id + ".test").value();
  for (const Kind kind : kinds) {
    zone.kinds.add(kind);
  }
  zone.operator_name = "Operator of " + id;
  zone.purpose = purpose;
  zone.lookup_url = "https://" + id + ".test/q/{subject}";
  zone.delist_url = "https://" + id + ".test/r/{subject}";
  zone.delist_steps = {"Ask."};
  return zone;
}

inline lists::Target make_target(const std::string& value, const std::string& name = "") {
  lists::Target target = lists::parse_target_value(value).value();
  target.name = name.empty() ? target.value : name;
  return target;
}

/// Zones, targets and rows that show each pair of them clear; tests then break something.
struct Scene {
  std::vector<lists::Zone> zones{make_zone("corp", {Kind::ipv4}),
                                 make_zone("both", {Kind::ipv4, Kind::ipv6}),
                                 make_zone("names", {Kind::domain})};
  std::vector<lists::Target> targets{make_target("192.0.2.10", "mx1"),
                                     make_target("198.51.100.0/29", "net"),
                                     make_target("2001:db8::1", "six")};
  lists::HostBook hosts;
  SourceBook sources;
  std::optional<std::int64_t> zone_set;  // of all subjects
  Texts unwatched;  // that only the configuration names: the daemon hasn't read it yet
  StatusRows rows;

  Scene() {
    targets[0].tags = {"outbound"};
    for (const auto& [zone, kind] : std::vector<std::pair<std::string, Kind>>{
             {"corp", Kind::ipv4}, {"both", Kind::ipv4}, {"both", Kind::ipv6}}) {
      KindRow row;
      row.zone = zone;
      row.kind = kind;
      row.state = ZoneState::seeing;
      row.since = at(100);
      row.last_test = at(9'000);
      row.swept_at = at(9'500);
      row.sweep_length = core::Millis(5'000);
      rows.kinds.push_back(row);
    }
    for (const lists::Zone& zone : zones) {
      ZoneRow row;
      row.zone = zone.id;
      row.last_sweep = at(9'505);
      rows.zones.push_back(row);
    }
    rows.daemon.running = true;
    rows.daemon.version = "0.1.0";
  }

  KindRow& kind(std::size_t i) { return rows.kinds[i]; }
  lists::SubjectTable table() const {
    return lists::SubjectTable::build(targets, hosts, 10'000'000).value();
  }
  StatusRows stored(const lists::SubjectTable& subjects) const {
    StatusRows all = rows;
    all.addresses = {hosts, sources};
    for (std::uint32_t i = 0; i < subjects.size(); ++i) {
      std::string text = subjects.subject(lists::SubjectIndex{i}).to_text();
      if (std::find(unwatched.begin(), unwatched.end(), text) == unwatched.end()) {
        all.watched.push_back({std::move(text), zone_set});
      }
    }
    return all;
  }
  template <class Build>
  auto with_world(const Build& build) const {
    const lists::SubjectTable subjects = table();
    const World world{.zones = zones,
                      .subjects = subjects,
                      .interval = kInterval,
                      .confirm_after = kConfirmAfter};
    return build(world, stored(subjects));
  }
  StatusDoc status(Timestamp now = kNow) const {
    return with_world(
        [now](const World& world, const StatusRows& all) { return build_status(world, all, now); });
  }
  StatusDoc only(const std::string& target) const {
    return with_world([&target](const World& world, const StatusRows& all) {
      return restrict_to(world, all, find_meant(world.subjects, target), kNow);
    });
  }
  std::vector<TargetView> target_views() const {
    return with_world([](const World& world, const StatusRows& all) {
      return build_targets(world, all, kNow).targets;
    });
  }
};

inline ListingRow listing(const std::string& subject = "192.0.2.10",
                          const std::string& zone = "corp", Purpose purpose = Purpose::block) {
  ListingRow row;
  row.subject = subject;
  row.zone = zone;
  row.purpose = purpose;
  row.codes.insert({.entry = "127.0.0.2",
                    .meaning = "SBL",
                    .purpose = purpose,
                    .addresses = {core::IpAddress::parse("127.0.0.2").value()}});
  row.listed_at = at(1'000);
  row.last_seen = at(2'000);
  row.target.name = "an old name";
  row.lookup_url = "https://old.test/";
  row.zone_ref.dns = "old.test";
  return row;
}

inline PendingRow pending(PendingTo to, const std::string& subject = "192.0.2.10",
                          const std::string& zone = "corp", Purpose purpose = Purpose::block) {
  PendingRow row;
  row.subject = subject;
  row.zone = zone;
  row.purpose = purpose;
  row.to = to;
  row.codes = listing().codes;
  row.first_vote = at(9'900);
  return row;
}

inline DoubtRow doubt(const std::string& subject, const std::string& zone = "corp",
                      Cause cause = Cause::servfail) {
  DoubtRow row;
  row.subject = subject;
  row.zone = zone;
  row.doubt = {.cause = cause, .since = at(8'000)};
  return row;
}

/// Of a host, or what is followed of a domain.
inline SourceRow source(bool has_addresses, bool is_resolved,
                        std::optional<lists::Follow> follow = std::nullopt) {
  SourceRow row;
  row.follow = follow;
  row.has_addresses = has_addresses;
  row.is_resolved = is_resolved;
  row.cause = is_resolved ? "" : "nxdomain";
  row.since = is_resolved ? std::nullopt : std::optional(at(4'000));
  return row;
}

inline const ZoneView& zone_of(const StatusDoc& document, const std::string& id) {
  for (const ZoneView& zone : document.zones) {
    if (zone.id == id) {
      return zone;
    }
  }
  FAIL("no zone " << id);
  return document.zones.front();
}

}  // namespace rblwatch::report::scene
