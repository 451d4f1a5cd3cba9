// SPDX-License-Identifier: Apache-2.0
// A sweep over clear pairs, through the real engine and its sockets, allocates nothing per lookup:
// what is allocated at all depends on turns and seconds, not on lookups.
#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "daemon/monitor.hpp"
#include "dns/udp_resolver.hpp"
#include "tests/support/answering_zone.hpp"
#include "tests/support/counted_allocations.hpp"

using namespace rblwatch;

TEST_CASE("a sweep over clear pairs allocates nothing per lookup and records nothing per pair") {
  constexpr unsigned kBits = 12;
  constexpr unsigned kZones = 4;
  constexpr std::size_t kPairs = kZones << kBits;
  support::AnsweringZone zone;
  core::SystemClock clock;
  core::SystemRandom random;
  support::CountingJournal journal;
  dns::ResolverOptions options;
  options.qps = 0;
  options.in_flight = 128;              // what any socket buffer holds
  options.timeout = core::Seconds(30);  // the zone answers when it is its turn, however slow we are
  auto resolver = dns::make_udp_resolver(options, clock, random);
  REQUIRE(resolver);
  daemon::MonitorSetup setup = support::make_setup(kBits, kZones, zone.port());
  setup.interval = core::Seconds(1);
  auto monitor = daemon::Monitor::make({**resolver, journal, clock, random}, setup, {});
  REQUIRE(monitor);
  // The first sweep lets every table grow to its working size; of three more the last is counted,
  // for the windows grow too.
  std::size_t turns = 0;
  std::size_t allocations = 0;
  for (const std::size_t sweeps : {3U, 1U}) {
    const std::uint64_t until = zone.answered() + sweeps * kPairs;
    allocations = turns = 0;
    while (zone.answered() < until) {
      {
        const support::CountedAllocations counted;
        (*monitor)->turn(core::Millis(0));
        allocations += counted.count();
      }
      ++turns;
      zone.answer_all();
    }
  }
  INFO(turns << " turns, " << allocations << " allocations for " << kPairs << " lookups");
  CHECK(allocations < kPairs / 20);
  CHECK(journal.records == 0);
}
