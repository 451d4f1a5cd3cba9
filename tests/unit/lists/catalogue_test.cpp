// SPDX-License-Identifier: Apache-2.0
#include "lists/catalogue.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::lists {

namespace {

CatalogueZone entry(std::string id, std::string_view dns, Severity severity, bool is_default,
                    Kind kind = Kind::ipv4, Purpose purpose = Purpose::block) {
  CatalogueZone made;
  made.zone.id = std::move(id);
  made.zone.dns = ZoneDns::parse(dns).value();
  made.zone.kinds.add(kind);
  made.zone.severity = severity;
  made.zone.purpose = purpose;
  made.is_default = is_default;
  return made;
}

Catalogue catalogue() {
  Catalogue made;
  made.zones = {
      entry("spamhaus-zen", "zen.spamhaus.org", Severity::high, true),
      entry("spamhaus-dbl", "dbl.spamhaus.org", Severity::high, true, Kind::domain),
      entry("dnswl-list", "list.dnswl.org", Severity::medium, false, Kind::ipv4, Purpose::allow),
      entry("uceprotect-3", "dnsbl-3.uceprotect.net", Severity::low, false),
      entry("spamhaus-dqs-zen", "{key}.zen.dq.spamhaus.net", Severity::high, false)};
  made.dead = {{"dnsbl.sorbs.net", "2024-06-05", false, "emptied"},
               {"*.ahbl.org", "2015-01-01", true, "wildcard"},
               {"ircbl.ahbl.org", "2014", false, "exact"}};
  return made;
}

std::string id_of(const CatalogueZone* found) {
  return found == nullptr ? "" : found->zone.id;
}

}  // namespace

TEST_CASE("a catalogue zone is found by id or DNS name in any case") {
  struct Row {
    std::string wanted;
    std::string id;
  };
  const auto row = GENERATE(
      Row{"spamhaus-zen", "spamhaus-zen"}, Row{"Spamhaus-ZEN", "spamhaus-zen"},
      Row{"zen.spamhaus.org", "spamhaus-zen"}, Row{"ZEN.spamhaus.org.", "spamhaus-zen"},
      Row{"{key}.zen.dq.spamhaus.net", "spamhaus-dqs-zen"},
      Row{"<key>.zen.dq.spamhaus.net", "spamhaus-dqs-zen"}, Row{"spamhaus.org", ""}, Row{"", ""});
  CAPTURE(row.wanted);
  const Catalogue known = catalogue();
  CHECK(id_of(known.find(row.wanted)) == row.id);
}

TEST_CASE("a dead zone is found by name, or below a wildcard") {
  struct Row {
    std::string dns;
    std::string died;
  };
  const auto row =
      GENERATE(Row{"dnsbl.sorbs.net", "2024-06-05"}, Row{"DNSBL.Sorbs.net.", "2024-06-05"},
               Row{"spam.dnsbl.sorbs.net", ""}, Row{"dnsbl.ahbl.org", "2015-01-01"},
               Row{"a.b.AHBL.org", "2015-01-01"}, Row{"ircbl.ahbl.org", "2014"},
               Row{"ahbl.org", ""}, Row{"notahbl.org", ""}, Row{"", ""});
  CAPTURE(row.dns);
  const Catalogue known = catalogue();
  const DeadZone* found = known.find_dead(row.dns);
  CHECK((found == nullptr ? "" : found->died) == row.died);
}

TEST_CASE("groups choose by default flag, severity, kind and purpose") {
  struct Row {
    std::string group;
    std::vector<std::string> members;
  };
  const auto row = GENERATE(
      Row{"default", {"spamhaus-zen", "spamhaus-dbl"}},
      Row{"high", {"spamhaus-zen", "spamhaus-dbl"}}, Row{"medium", {"dnswl-list"}},
      Row{"low", {"uceprotect-3"}}, Row{"domain", {"spamhaus-dbl"}}, Row{"allow", {"dnswl-list"}},
      Row{"all", {"spamhaus-zen", "spamhaus-dbl", "dnswl-list", "uceprotect-3"}}, Row{"none", {}},
      Row{"", {}});
  CAPTURE(row.group);
  std::vector<std::string> members;
  for (const CatalogueZone& zone : catalogue().zones) {
    if (is_member(zone, row.group)) {
      members.push_back(zone.zone.id);
    }
  }
  CHECK(members == row.members);
  CHECK(is_group(row.group) == !row.members.empty());
}

TEST_CASE("a keyed zone joins its groups with its key, and none without") {
  CatalogueZone keyed = catalogue().zones.back();
  for (const std::string_view group : group_names()) {
    CHECK_FALSE(is_member(keyed, group));
  }
  REQUIRE(keyed.zone.dns.set_key(core::Secret("abc")));
  for (const std::string_view group : group_names()) {
    CAPTURE(group);
    CHECK(is_member(keyed, group) == (group == "all" || group == "high"));
  }
}

}  // namespace rblwatch::lists
