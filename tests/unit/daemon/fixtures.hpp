// SPDX-License-Identifier: Apache-2.0
//
// A small world for the daemon's tests: zones, targets, a clock that is moved by hand.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/world.hpp"

namespace rblwatch::daemon {

class HandClock final : public core::Clock {
 public:
  core::Timestamp now() const override {
    return core::Timestamp{core::Millis(1'780'000'000'000)} + passed_;
  }
  core::Tick tick() const override { return core::Tick{core::Seconds(1000)} + passed_; }
  void advance(core::Millis by) { passed_ += by; }

 private:
  core::Millis passed_{0};
};

inline lists::Zone make_zone(const std::string& id, std::vector<lists::Kind> kinds) {
  lists::Zone zone;
  zone.id = id;
  zone.dns = *lists::ZoneDns::parse(id + ".test");
  for (const lists::Kind kind : kinds) {
    zone.kinds.add(kind);
    zone.tests[static_cast<std::size_t>(kind)] = lists::default_test_entries(kind);
  }
  return zone;
}

inline std::shared_ptr<const World> make_small_world(std::vector<lists::Zone> zones,
                                                     const std::vector<std::string>& targets) {
  MonitorSetup setup;
  setup.zones = std::move(zones);
  setup.resolver_servers = {*dns::Server::parse("127.0.0.1:53")};
  for (const std::string& value : targets) {
    setup.targets.push_back(*lists::parse_target_value(value));
  }
  return *make_world(std::move(setup), {});
}

}  // namespace rblwatch::daemon
