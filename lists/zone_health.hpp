// SPDX-License-Identifier: Apache-2.0
//
// The state machine of one kind of one zone (rule 4): untested, seeing, blind; when to test next;
// when blindness is old or plain enough to be told. Pure; one object belongs to the thread that
// holds it.
//
// A kind is blind from its first failed test: verdicts are unknown at once. *Telling* waits: at
// once for refused, rewritten and lists_everything; else for a second failure at least health_retry
// later (for test_entry_missing also after the negative TTL of the first answer, at most 10
// minutes; for servfail and refused_rcode after 5 minutes, since resolvers repeat cached failures,
// RFC 9520), sooner when one of the zone's own servers, asked directly, fails too. A blind kind is
// tested after health_retry, doubling up to health_interval, and sees after one full test that
// passed. Silence at start (boot_grace) is the caller's to leave out. Tests asked beside the
// regular ones count as tests, but don't make the pauses longer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/time.hpp"
#include "lists/words.hpp"
#include "lists/zone_test.hpp"

namespace rblwatch::lists {

struct HealthPolicy {
  core::Millis health_interval{30 * 60'000};
  core::Millis health_retry{60'000};
};

struct KindHealth {
  ZoneState state = ZoneState::untested;  // untested, seeing or blind
  std::optional<Cause> cause;             // of blind
  std::optional<core::Tick> since;        // when this state began
  std::optional<core::Tick> last_test;
  std::optional<core::Tick> last_passed;
  core::Tick next_test{};       // the past = at once
  core::Millis retry_delay{0};  // while blind: the pause before the next regular test
  core::Tick retry_at{};        // while blind: when that one is; next_test may come sooner
  std::uint32_t failures = 0;   // in a row
  std::optional<core::Tick> first_failure;  // asked then
  core::Tick failure_cached_until{};        // a resolver may repeat the first failure until then
  core::Tick tell_from{};                   // the second failure counts when asked from here on
  std::optional<core::Tick>
      denied_until;             // a missing test entry: until when its denial may be repeated
  bool is_telling_due = false;  // zone_blind may be told, if the resolver isn't at fault
  bool is_suspended = false;    // failed by silence: votes and holds wait (rule 5)
  std::optional<core::Tick> suspended_at;
};

/// What a test did to a kind.
struct HealthStep {
  bool began_seeing = false;                  // untested or blind before
  bool became_blind = false;                  // this test failed first
  bool discard_votes = false;                 // failed other than by silence
  std::optional<core::Micros> resumed_after;  // votes were suspended for so long and go on
};

/// Failing by silence says nothing about the zone's data: timeout, network, servfail.
bool is_silence(Cause cause);
/// Told at the first failure: refused, rewritten, lists_everything.
bool is_told_at_once(Cause cause);

/// Takes a test's result; one asked before the latest that was taken is old news and changes
/// nothing. `confirmed_direct`: one of the zone's own servers, asked directly, failed too: then no
/// cache is waited for.
HealthStep take_test(KindHealth& health, const TestResult& result, const HealthPolicy& policy,
                     bool confirmed_direct = false);
/// Counts failures from zero again (a resolver came back), keeping state and cause; a blind kind is
/// tested now.
void forget_failures(KindHealth& health, core::Tick now);
/// The worst of the kinds that are asked and, unless one is blind, of the quarantine. `states` is
/// not empty.
ZoneState zone_state(std::span<const ZoneState> states, bool is_quarantined);

}  // namespace rblwatch::lists
