// SPDX-License-Identifier: Apache-2.0
#include "daemon/world.hpp"

#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include "fixtures.hpp"

using namespace rblwatch;
using namespace rblwatch::daemon;

namespace {

std::vector<lists::Zone> named(std::initializer_list<const char*> ids, double qps) {
  std::vector<lists::Zone> zones;
  for (const char* id : ids) {
    lists::Zone& zone = zones.emplace_back();
    zone.id = id;
    zone.qps = qps;
  }
  return zones;
}

}  // namespace

TEST_CASE("a zone keeps its lane through reloads, and nobody gets that of one taken out") {
  ZoneLanes lanes;
  lanes.set_zones(named({"a", "b", "c"}, 10));
  const dns::Lane a = lanes.of({0});
  const dns::Lane b = lanes.of({1});
  const dns::Lane c = lanes.of({2});
  lanes.set_zones(named({"d", "c", "b"}, 20));
  CHECK(lanes.of({2}) == b);
  CHECK(lanes.of({1}) == c);
  CHECK(lanes.of({0}) != a);
  CHECK(lanes.of({0}) != ZoneLanes::kHosts);
  REQUIRE(lanes.limits().size() == 5);
  CHECK(lanes.limits()[ZoneLanes::kHosts.value].qps == 0);
  CHECK(lanes.limits()[a.value].qps == 10);  // of what is still under way
  CHECK(lanes.limits()[b.value].qps == 20);
  lanes.set_zones(named({"a"}, 30));
  CHECK(lanes.of({0}) == a);
  CHECK(lanes.limits().size() == 5);
}

TEST_CASE("a word for a stretch is a word for each of its subjects") {
  using Asked = std::tuple<std::uint16_t, std::uint32_t, core::Millis>;  // zone, subject, interval
  MonitorSetup setup;
  setup.zones = {make_zone("a", {lists::Kind::ipv4, lists::Kind::domain}),
                 make_zone("b", {lists::Kind::ipv6}), make_zone("c", {lists::Kind::ipv4})};
  setup.zones[2].interval = core::Seconds(90);
  setup.resolver_servers = {*dns::Server::parse("127.0.0.1:53")};
  for (const char* value : {"192.0.2.0/28", "192.0.2.4/31", "192.0.2.9", "198.51.100.0/30",
                            "2001:db8::/127", "domain:example.com", "203.0.113.1"}) {
    setup.targets.push_back(*lists::parse_target_value(value));
  }
  setup.targets[1].interval = core::Seconds(30);
  setup.targets[2].zones = {"a"};
  setup.targets[3].skip_zones = {"c"};
  setup.targets[6].zones = {"b"};  // on which no IPv4 address is asked
  const auto world = *make_world(std::move(setup), {});
  std::vector<Asked> each;
  for (std::uint16_t zone = 0; zone < 3; ++zone) {
    for (std::uint32_t subject = 0; subject < world->subjects.size(); ++subject) {
      if (world->subjects.is_asked({subject}, world->zone({zone}))) {
        each.emplace_back(zone, subject, world->interval_of({zone}, {subject}));
      }
    }
  }
  std::vector<Asked> together;
  for_each_stretch(*world, [&](lists::ZoneIndex zone, const lists::SubjectTable::Stretch& stretch) {
    const core::Millis interval = world->interval_of(zone, stretch.begin);
    for (std::uint32_t i = 0; i < stretch.count; ++i) {
      together.emplace_back(zone.value, stretch.begin.value + i, interval);
    }
  });
  CHECK(together == each);
}
