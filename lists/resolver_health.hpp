// SPDX-License-Identifier: Apache-2.0
//
// Is it the zone or the resolver (rule 4)? When a test through the resolver fails in a way that a
// resolver can cause, all of its zones are tested at once and again health_retry later, and no
// zone_blind is told before that. None passed of at least three zones, and more than half with one
// cause (all of them for test_entry_missing: rebind protection does that): the resolver is at
// fault, one event, no zone_blind. A zone that goes on failing raises no second suspicion: only a
// new failure does. Pure; one object per resolver group, in the loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/time.hpp"
#include "lists/words.hpp"
#include "lists/zone.hpp"
#include "lists/zone_test.hpp"

namespace rblwatch::lists {

class ResolverHealth {
 public:
  enum class State : std::uint8_t { seeing, suspect, blind };

  struct Ruling {
    bool test_all = false;                  // test every zone of the resolver now
    std::optional<core::Tick> test_all_at;  // and again then
    bool became_blind = false;              // one resolver_blind event
    bool began_seeing = false;  // one resolver_seeing event; zones count their failures from zero
    bool is_cleared = false;    // the suspicion ended: zone_blind events may be told
  };

  explicit ResolverHealth(core::Millis health_retry) : health_retry_(health_retry) {}

  /// The zones whose tests go through this resolver; call on start and reload.
  void set_zones(const std::set<ZoneIndex>& zones);
  /// The same, for zones that are tested per kind: a round is over when each kind has its result.
  void set_zone_kinds(const std::map<ZoneIndex, KindSet>& zones);
  /// Takes a test's result; those of other zones or of zones asked directly say nothing of the
  /// resolver.
  Ruling take(ZoneIndex zone, const TestResult& result, core::Tick now, Kind kind = Kind::ipv4);
  /// Whether zone_blind events must wait or are the resolver's.
  bool holds_zone_events() const { return state_ != State::seeing; }
  State state() const { return state_; }
  std::optional<Cause> cause() const { return cause_; }
  /// When the suspicion that proved right began, or when it was back.
  std::optional<core::Tick> since() const { return since_; }
  /// After a restart: what had been told.
  void restore_blind(Cause cause, core::Tick since);

 private:
  struct Latest {
    std::optional<Cause> failed;  // nothing = passed
    core::Tick at{};
  };
  using Test = std::pair<ZoneIndex, Kind>;

  bool is_news(const Test& test, const TestResult& result) const;
  bool is_missing_elsewhere(ZoneIndex zone) const;
  bool has_all_since(core::Tick at) const;
  bool have_all_passed() const;
  bool has_any_passed() const;
  Ruling suspect(core::Tick now);
  Ruling weigh(const TestResult& result, core::Tick now);
  Ruling decide();
  Ruling clear_suspicion();
  std::optional<Cause> common_cause() const;

  core::Millis health_retry_;
  State state_ = State::seeing;
  std::optional<Cause> cause_;
  std::optional<core::Tick> since_;
  std::set<Test> tests_;
  std::uint64_t zones_ = 0;
  std::map<Test, Latest> latest_;
  core::Tick suspected_at_{};
  core::Tick second_round_{};
};

}  // namespace rblwatch::lists
