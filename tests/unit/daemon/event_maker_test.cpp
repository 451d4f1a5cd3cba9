// SPDX-License-Identifier: Apache-2.0
#include "daemon/event_maker.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/fixtures.hpp"

namespace rblwatch::daemon {

TEST_CASE("a resolver's event names the zones asked through it, and counts what they are asked") {
  lists::Zone direct = make_zone("direct", {lists::Kind::ipv6});
  direct.servers = {*dns::Server::parse("127.0.0.2:53")};
  const auto world = make_small_world(
      {make_zone("four", {lists::Kind::ipv4}), make_zone("names", {lists::Kind::domain}), direct},
      {"198.51.100.0/30", "2001:db8::1"});
  const lists::Event event = resolver_event(*world, lists::EventType::resolver_blind,
                                            lists::Cause::timeout, core::Timestamp{});
  CHECK(event.zones == std::vector<std::string>{"four"});
  CHECK(event.affected_subjects == 4);
  CHECK(event.cause == "timeout");
}

TEST_CASE("a release says since when its quarantine lasted") {
  const auto world = make_small_world({make_zone("four", {lists::Kind::ipv4})}, {"192.0.2.1"});
  ZoneDesk desk{lists::BreakerPolicy{}};
  desk.quarantined_since = core::Timestamp{core::Seconds(1'800'000'000)};
  lists::Admission admission;
  admission.passed = 3;
  admission.dropped = 1;
  const lists::Event event = release_event(world->zone({0}), desk, admission);
  CHECK(event.since == desk.quarantined_since);
  CHECK(event.affected_subjects == 4);
}

}  // namespace rblwatch::daemon
