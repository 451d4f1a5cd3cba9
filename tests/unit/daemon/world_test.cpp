// SPDX-License-Identifier: Apache-2.0
#include "daemon/world.hpp"

#include <catch2/catch.hpp>

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
