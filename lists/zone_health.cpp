// SPDX-License-Identifier: Apache-2.0
#include "lists/zone_health.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "lists/listing.hpp"

namespace rblwatch::lists {

namespace {

using core::Tick;

/// How long a resolver may repeat a failure it has cached (RFC 9520 section 3.2).
constexpr core::Millis kFailureCache{5 * 60'000};
/// A zone whose denials live longer than this is told blind all the same.
constexpr core::Millis kLongestDenial{10 * 60'000};

void start_row_of_failures(KindHealth& health, const TestResult& result) {
  health.failures = 0;
  health.first_failure = result.asked_at;
  health.failure_cached_until = result.finished_at + kFailureCache;
  health.denied_until.reset();
}

/// From when on another failed test says more than the first: not a cached answer once more.
Tick tell_from(const KindHealth& health, const TestResult& result, const HealthPolicy& policy,
               bool is_cache_out) {
  const Tick plain = *health.first_failure + policy.health_retry;
  if (is_cache_out) {
    return plain;
  }
  switch (*result.failed) {
    case Cause::test_entry_missing:
      return std::max(plain, *health.denied_until);
    case Cause::servfail:
    case Cause::refused_rcode:
      return std::max(plain, health.failure_cached_until);
    case Cause::refused:
    case Cause::stale:
    case Cause::rewritten:
    case Cause::other_rcode:
    case Cause::lame:
    case Cause::malformed:
    case Cause::network:
    case Cause::timeout:
    case Cause::not_asked:
    case Cause::unsupported:
    case Cause::lists_everything:
      return plain;
  }
  RBL_CHECK(false);
}

/// The first denial in a row of failures may be repeated by the resolver for its negative TTL.
void note_denial(KindHealth& health, const TestResult& result) {
  if (*result.failed != Cause::test_entry_missing || health.denied_until) {
    return;
  }
  const core::Micros ttl = result.denial_ttl.value_or(kTtlOfNothing) + kTtlSpare;
  health.denied_until = result.finished_at + std::min<core::Micros>(ttl, kLongestDenial);
}

void suspend_or_discard(KindHealth& health, const TestResult& result, HealthStep& step) {
  if (!is_silence(*result.failed)) {
    step.discard_votes = true;
    health.is_suspended = false;
    health.suspended_at.reset();
  } else if (!health.is_suspended) {
    health.is_suspended = true;
    health.suspended_at = result.asked_at;
  }
}

/// Doubles the pause after each regular test; one asked between them leaves the regular ones where
/// they are.
void plan_retry(KindHealth& health, const TestResult& result, const HealthPolicy& policy) {
  const core::Millis longest = std::max(policy.health_interval, policy.health_retry);
  if (health.retry_delay == core::Millis::zero()) {
    health.retry_delay = policy.health_retry;
    health.retry_at = result.finished_at + health.retry_delay;
  } else if (result.asked_at >= health.retry_at) {
    health.retry_delay = std::min(2 * health.retry_delay, longest);
    health.retry_at = result.finished_at + health.retry_delay;
  }
  health.next_test = health.retry_at;
  if (!health.is_telling_due) {
    // The test that may tell comes as soon as it can, not with the next doubling.
    const Tick telling = std::max(health.tell_from, result.finished_at + policy.health_retry);
    health.next_test = std::min(health.next_test, telling);
  }
}

HealthStep take_failure(KindHealth& health, const TestResult& result, const HealthPolicy& policy,
                        bool confirmed_direct) {
  HealthStep step;
  if (!health.first_failure) {
    start_row_of_failures(health, result);
  }
  ++health.failures;
  if (health.state != ZoneState::blind) {
    health.state = ZoneState::blind;
    health.since = result.finished_at;
    step.became_blind = true;
  }
  health.cause = result.failed;
  note_denial(health, result);
  suspend_or_discard(health, result, step);
  health.tell_from =
      tell_from(health, result, policy, confirmed_direct || !result.through_resolver);
  const bool is_second = health.failures >= 2 && result.asked_at >= health.tell_from;
  health.is_telling_due = health.is_telling_due || is_told_at_once(*result.failed) || is_second;
  plan_retry(health, result, policy);
  return step;
}

HealthStep take_pass(KindHealth& health, const TestResult& result, const HealthPolicy& policy) {
  HealthStep step;
  step.began_seeing = health.state != ZoneState::seeing;
  if (health.is_suspended) {
    step.resumed_after = result.finished_at - health.suspended_at.value_or(result.finished_at);
  }
  const KindHealth before = health;
  health = KindHealth{};
  health.state = ZoneState::seeing;
  health.since = step.began_seeing ? result.finished_at : before.since;
  health.last_test = result.asked_at;
  health.last_passed = result.asked_at;
  health.next_test = result.finished_at + policy.health_interval;
  return step;
}

}  // namespace

bool is_silence(Cause cause) {
  return cause == Cause::timeout || cause == Cause::network || cause == Cause::servfail;
}

bool is_told_at_once(Cause cause) {
  return cause == Cause::refused || cause == Cause::rewritten || cause == Cause::lists_everything;
}

HealthStep take_test(KindHealth& health, const TestResult& result, const HealthPolicy& policy,
                     bool confirmed_direct) {
  if (health.last_test && result.asked_at < *health.last_test) {
    return {};
  }
  health.last_test = result.asked_at;
  return result.is_passed() ? take_pass(health, result, policy)
                            : take_failure(health, result, policy, confirmed_direct);
}

void forget_failures(KindHealth& health, core::Tick now) {
  health.failures = 0;
  health.first_failure.reset();
  health.denied_until.reset();
  health.is_telling_due = false;
  health.retry_delay = core::Millis::zero();
  if (health.state == ZoneState::blind) {
    health.next_test = std::min(health.next_test, now);
    health.retry_at = health.next_test;
  }
}

ZoneState zone_state(std::span<const ZoneState> states, bool is_quarantined) {
  RBL_CHECK(!states.empty());
  ZoneState worst = *std::min_element(states.begin(), states.end());
  return is_quarantined ? std::min(worst, ZoneState::quarantined) : worst;
}

}  // namespace rblwatch::lists
