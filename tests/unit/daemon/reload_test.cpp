// SPDX-License-Identifier: Apache-2.0
// What a reload does to the sweep: what stays keeps its turn, what is new is asked at once.
#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "daemon/monitor.hpp"
#include "dns/udp_resolver.hpp"
#include "tests/support/answering_zone.hpp"

using namespace rblwatch;

namespace {

struct Watching {
  support::AnsweringZone zone;
  core::SystemClock clock;
  core::SystemRandom random;
  support::CountingJournal journal;
  std::unique_ptr<dns::Resolver> resolver;
  std::unique_ptr<daemon::Monitor> monitor;

  explicit Watching(unsigned bits) {
    dns::ResolverOptions options;
    options.qps = 0;
    options.in_flight = 128;
    options.timeout = core::Seconds(30);  // the zone answers when it is its turn, however slow
    resolver = *dns::make_udp_resolver(options, clock, random);
    monitor = *daemon::Monitor::make({*resolver, journal, clock, random}, setup(bits), {});
  }
  daemon::MonitorSetup setup(unsigned bits) const {
    return support::make_setup(bits, 2, zone.port());
  }
  void turn() {
    monitor->turn(core::Millis(0));
    zone.answer_all();
  }
  // Until nothing is on its way nor due for a while.
  void settle() {
    for (int quiet = 0; quiet < 300; ++quiet) {
      const std::uint64_t before = zone.answered();
      turn();
      if (zone.answered() != before || resolver->in_flight() > 0) quiet = 0;
    }
  }
};

}  // namespace

TEST_CASE("a reload asks what is new and leaves what stays to its turn") {
  Watching watching(8);
  watching.settle();
  const std::uint64_t first = watching.zone.answered();
  REQUIRE(first >= 2U * 256);
  REQUIRE(watching.monitor->reload(watching.setup(8)));
  watching.settle();
  CHECK(watching.zone.answered() == first);
  REQUIRE(watching.monitor->reload(watching.setup(9)));
  watching.settle();
  CHECK(watching.zone.answered() == first + 2U * 256);
}

TEST_CASE("a reload in the middle of a sweep goes on with the rest of it") {
  Watching watching(12);
  while (watching.zone.answered() < 4096)
    watching.turn();
  REQUIRE(watching.journal.sweeps == 0);
  REQUIRE(watching.monitor->reload(watching.setup(12)));
  watching.settle();
  CHECK(watching.journal.sweeps >= 2);
  // What was on its way is asked once more, and nothing else.
  CHECK(watching.zone.answered() <= 2U * 4096 + 128 + 16);
}
