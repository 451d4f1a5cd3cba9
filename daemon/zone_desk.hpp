// SPDX-License-Identifier: Apache-2.0
//
// What the loop keeps of each zone at run time: the health of its kinds, its sweep, its breaker,
// its figures. Values with small helpers; zone_watch.hpp runs the tests, pair_desk.hpp the pairs.
// The loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "daemon/latency.hpp"
#include "daemon/world.hpp"
#include "lists/breaker.hpp"
#include "lists/schedule.hpp"
#include "lists/zone_health.hpp"
#include "lists/zone_test.hpp"
#include "storage/batch.hpp"

namespace rblwatch::daemon {

/// One pass over every pair of a kind.
struct Sweep {
  core::Timestamp started{};
  core::Tick started_tick{};
  std::uint32_t remaining = 0;            // pairs not looked at since it started
  bool mark = true;                       // a pair whose sweep_mark equals this has been looked at
  bool is_complete_since_seeing = false;  // a sweep was completed since the kind began seeing
  std::uint32_t fresh = 0;                // of what remains: new since a reload
  std::optional<core::Timestamp> swept_at;      // start of the last completed one
  std::optional<core::Timestamp> swept_before;  // it again, as soon as the fresh ones are looked at
  std::optional<core::Millis> length;           // of the last completed one
};

/// How a kind was when the daemon last ran: found the same again, it has been so since then.
struct KnownBefore {
  lists::ZoneState state = lists::ZoneState::untested;
  std::optional<lists::Cause> cause;
  std::optional<core::Timestamp> since;
};

struct KindDesk {
  std::uint32_t subjects = 0;  // 0 = the kind is not tested nor asked
  lists::KindHealth health;
  std::optional<KnownBefore> before_restart;  // until its first test
  /// A zone_blind stands, which said since when; kinds with the same time were told in one.
  std::optional<core::Timestamp> told_blind_since;
  std::optional<core::Timestamp> since;  // wall time of health.since
  std::optional<core::Timestamp> last_test;
  std::optional<core::Timestamp> last_passed;
  Sweep sweep;
  bool has_been_decided =
      false;  // a sweep of it was completed once: pairs without a row had a first state
  std::map<dns::Server, lists::PositiveCache> positive;
  std::optional<lists::PassedTest> passed;  // the last one
  std::optional<core::Tick> tested_at;      // when the last test that passed or failed was asked
  std::optional<core::Tick> test_at;        // a test is wanted then, beside the regular one
  bool is_testing = false;
  bool is_direct_test_wanted = false;  // the next test asks the zone's own servers too
  bool awaits_own_servers = false;     // so does a vote, once they are found
  bool is_missing_directly = false;    // it is blind because those servers have no test entry
  std::set<std::uint32_t> awaiting;    // pairs with decided votes
  std::uint32_t odd_answers = 0;       // unknowns among the latest pair lookups
  std::uint32_t recent_answers = 0;

  bool is_seeing() const { return health.state == lists::ZoneState::seeing; }
  /// Wants a test no later than this.
  void want_test(core::Tick at) {
    if (!test_at || at < *test_at) {
      test_at = at;
    }
  }
};

struct ZoneDesk {
  explicit ZoneDesk(const lists::BreakerPolicy& policy) : breaker(policy) {}

  std::array<KindDesk, 3> kinds;
  lists::Breaker breaker;
  std::optional<core::Timestamp> quarantined_since;
  bool told_quarantined = false;               // of the quarantine that lasts
  std::deque<lists::BelievedChange> released;  // what one that ended let go, until all is told
  std::optional<core::Tick> silent_since;      // a kind's votes are suspended, and so is the hold
  core::Micros longest_wait{0};                // of a vote for the next one, for the caches
  std::optional<core::Timestamp> last_sweep;
  std::uint64_t lookups = 0;
  Latency latency;
  std::string batch;  // first-seen listings of this zone go out with it; "" = settled

  KindDesk& kind(lists::Kind which) { return kinds[static_cast<std::size_t>(which)]; }
  const KindDesk& kind(lists::Kind which) const { return kinds[static_cast<std::size_t>(which)]; }
  bool has_pairs() const;
  bool is_any_seeing() const;
  std::uint64_t subjects() const;
  std::uint64_t subjects_of(lists::KindSet which) const;
  /// Subjects with a first vote that stands, in the direction that has more of them.
  std::uint64_t subjects_in_wave() const;
  /// A quarantine of which nobody was told yet: its zone's test may still say that it is blind.
  bool is_quarantine_untold() const { return breaker.is_quarantined() && !told_quarantined; }
  /// Every kind has been tested since the quarantine began.
  bool is_tested_since_quarantine() const;
  /// Every kind sees by a test that was asked since then, but for those that failed theirs other
  /// than by silence: nothing of them is held.
  bool has_passed_since(core::Tick since) const;
  bool is_any_suspended() const;
};

/// The breaker's sliding window: the zone's interval, the longest sweep of its kinds, or the time
/// that a confirmation takes, whichever is longest.
void set_breaker_window(ZoneDesk& desk, const World& world, lists::ZoneIndex zone);

storage::KindRecord kind_record(const lists::Zone& zone, lists::Kind kind, const KindDesk& desk);
storage::ZoneRecord zone_record(const lists::Zone& zone, const ZoneDesk& desk, const World& world);

}  // namespace rblwatch::daemon
