// SPDX-License-Identifier: Apache-2.0
// conf/zones.toml as the programs read it. What stands in it is held by
// tests/structure/catalogue_test.py.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "lists/code_match.hpp"
#include "tests/unit/conf/loading.hpp"

namespace rblwatch::conf::test {
namespace {

using lists::Kind;
using lists::Purpose;

Config with_all() {
  Loaded loaded = load_alone("[catalogue]\nuse = ['all']\n");
  INFO((loaded.errors.empty() ? "" : to_text(loaded.errors[0])));
  REQUIRE(loaded.config);
  return std::move(*loaded.config);
}

std::set<std::string> members(const std::string& group) {
  const Loaded loaded = load_alone("[catalogue]\nuse = ['" + group + "']\n");
  REQUIRE(loaded.config);
  std::set<std::string> ids;
  for (const lists::Zone& zone : loaded.config->zones) {
    ids.insert(zone.id);
  }
  return ids;
}

const lists::Zone& zone_of(const Config& config, const std::string& id) {
  const lists::CatalogueZone* entry = config.catalogue.find(id);
  REQUIRE(entry != nullptr);
  return entry->zone;
}

core::IpAddress ip(const std::string& text) {
  return *core::IpAddress::parse(text);
}

TEST_CASE("The whole shipped catalogue is read") {
  const Config config = with_all();
  CHECK(config.catalogue.zones.size() >= 80);
  CHECK(config.catalogue.dead.size() >= 100);
  CHECK(config.catalogue.date > core::Timestamp{});
}

TEST_CASE("Members of default can be proved alive, only block and need no key") {
  const std::set<std::string> ids = members("default");
  CHECK(ids.size() >= 10);
  CHECK(ids.count("spamhaus-zen") == 1);
  const Config config = with_all();
  for (const std::string& id : ids) {
    const lists::Zone& zone = zone_of(config, id);
    INFO(id);
    CHECK_FALSE(zone.dns.needs_key());
    CHECK(zone.purposes() == std::vector{Purpose::block});
    for (const Kind kind : lists::kAllKinds) {
      CHECK((!zone.kinds.has(kind) || zone.test_of(kind).listed));
    }
  }
}

TEST_CASE("The default configuration gives no warning") {
  CHECK(lines(load_alone("").warnings, "/nonexistent") == std::vector<std::string>{});
}

TEST_CASE("Every group has members, and all holds every other group") {
  const std::set<std::string> all = members("all");
  for (const std::string_view group : lists::group_names()) {
    const std::set<std::string> some = members(std::string(group));
    INFO(group);
    CHECK_FALSE(some.empty());
    CHECK(std::includes(all.begin(), all.end(), some.begin(), some.end()));
  }
}

TEST_CASE("127.0.0.1 is a refusal where the operator says so and data elsewhere") {
  const Config config = with_all();
  CHECK(lists::is_refusal(zone_of(config, "uribl-multi"), ip("127.0.0.1")));
  CHECK(lists::is_refusal(zone_of(config, "surbl-multi"), ip("127.0.0.1")));
  CHECK_FALSE(lists::is_refusal(zone_of(config, "junkemailfilter-hostkarma"), ip("127.0.0.1")));
  CHECK_FALSE(lists::is_refusal(zone_of(config, "spamhaus-zen"), ip("127.0.0.1")));
}

TEST_CASE("Domain lists that answer no addresses have domain as their only kind") {
  const Config config = with_all();
  const lists::Zone& dbl = zone_of(config, "spamhaus-dbl");
  CHECK_FALSE(dbl.kinds.has(Kind::ipv4));
  CHECK_FALSE(dbl.kinds.has(Kind::ipv6));
  CHECK(dbl.test_of(Kind::domain).listed == "dbltest.com");
  CHECK(lists::is_refusal(dbl, ip("127.0.1.255")));
}

TEST_CASE("Bits of a bitmask zone have their meanings") {
  const Config config = with_all();
  const lists::Zone& zone = zone_of(config, "uribl-multi");
  const std::vector<core::IpAddress> answer{ip("127.0.0.6")};
  const lists::CodeSet codes = lists::match_codes(answer, zone.codes, zone.match, zone.purpose);
  CHECK(codes.entries() == std::vector<std::string>{"2", "4"});
  CHECK(codes.of_purpose(Purpose::block).entries() == std::vector<std::string>{"2"});
  CHECK(codes.of_purpose(Purpose::info).entries() == std::vector<std::string>{"4"});
}

TEST_CASE("Containers are zones of the catalogue, and none holds itself") {
  for (const lists::CatalogueZone& entry : with_all().catalogue.zones) {
    for (const std::string& container : entry.zone.contained_in) {
      INFO(entry.zone.id);
      CHECK(container != entry.zone.id);
    }
  }
  CHECK(zone_of(with_all(), "spamhaus-sbl").contained_in.size() == 2);
}

}  // namespace
}  // namespace rblwatch::conf::test
