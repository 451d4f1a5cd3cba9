// SPDX-License-Identifier: Apache-2.0
//
// Tests the zones (rule 4): when one is due or wanted, asks its questions, takes the result to the
// health of its kind and of the resolver, and tells what may be told. What a passed or failed test
// means for pairs is returned, not done here. The loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/random.hpp"
#include "core/time.hpp"
#include "daemon/ledger.hpp"
#include "daemon/own_servers.hpp"
#include "daemon/ticket.hpp"
#include "daemon/world.hpp"
#include "daemon/zone_desk.hpp"
#include "dns/resolver.hpp"
#include "lists/resolver_health.hpp"
#include "lists/zone_test.hpp"

namespace rblwatch::daemon {

/// What a finished test means for the pairs of its zone and kind.
struct TestVerdict {
  lists::ZoneIndex zone;
  lists::Kind kind = lists::Kind::ipv4;
  bool passed = false;
  bool began_seeing = false;
  bool became_blind = false;
  bool discard_votes = false;
  bool drop_held = false;  // likewise, and the kind wasn't as blind before
  std::optional<core::Micros> resumed_after;
};

class ZoneWatch {
 public:
  /// All outlive the watch.
  ZoneWatch(const World& world, std::vector<ZoneDesk>& desks, Ledger& ledger, core::Random& random,
            OwnServers& own, std::uint8_t generation);

  /// Ends the grace in which silence is no blindness: some server has replied.
  void note_reply() { has_reply_ = true; }
  /// Begins the tests that are due and submits their questions as far as the lanes allow. Verdicts
  /// come back at once only for zones whose every test question is waived.
  std::vector<TestVerdict> submit_due(dns::Resolver& resolver, core::Tick now);
  /// Questions of this zone's tests that wait for their lane: they go before its pairs.
  bool has_waiting(lists::ZoneIndex zone) const;
  /// Takes a completion of a test's question; a verdict when it was the last one.
  std::optional<TestVerdict> take(const Ticket& ticket, const dns::Completion& completion);
  /// When something is due by time; nothing while everything waits for answers.
  std::optional<core::Tick> next_due() const;

  lists::ResolverHealth& resolver_health() { return resolver_health_; }
  /// No zones that are asked through it are blind by its fault.
  bool is_resolver_seeing() const {
    return resolver_health_.state() != lists::ResolverHealth::State::blind;
  }
  storage::ResolverRecord resolver_record(const dns::Resolver& resolver);
  void restore_resolver(const storage::ResolverRecord& record);
  /// Takes over what the generation before knew of the resolver.
  void adopt(const ZoneWatch& before);

 private:
  struct Run {
    lists::ZoneIndex zone;
    lists::Kind kind = lists::Kind::ipv4;
    std::vector<lists::TestQuestion> questions;
    std::vector<lists::TestAnswer> answers;
    core::Tick started{};
    // The positive question once more, to the zone's own servers: the last of the questions.
    dns::ServerGroupPtr direct;
    std::optional<lists::TestAnswer> direct_answer;
  };
  struct Waiting {
    std::uint32_t run = 0;
    std::uint16_t part = 0;
  };

  void ask_directly(Run& run, KindDesk& desk, core::Tick now);
  lists::HealthStep take_result(const Run& run, lists::TestResult& result, core::Tick now);
  std::optional<TestVerdict> begin(lists::ZoneIndex zone, lists::Kind kind, core::Tick now);
  void submit_waiting(lists::ZoneIndex zone, dns::Resolver& resolver);
  void want_all(core::Tick now);
  void want_tests_elsewhere(lists::ZoneIndex zone, core::Tick now);
  TestVerdict finish(const Run& run, core::Tick now);
  std::map<lists::ZoneIndex, lists::KindSet> kinds_through_resolver() const;
  bool is_forgiven(const lists::TestResult& result, core::Tick now) const;
  void note_positive(KindDesk& desk, const lists::TestResult& result);
  void follow_ruling(const lists::ResolverHealth::Ruling& ruling, core::Tick now);
  void note_since(KindDesk& desk, lists::ZoneState before) const;
  void tell_zones();
  void tell_blind(lists::ZoneIndex zone);
  void tell_seeing(lists::ZoneIndex zone);
  void note_told(lists::ZoneIndex zone, lists::KindSet kinds, std::optional<core::Timestamp> since);

  const World& world_;
  std::vector<ZoneDesk>& desks_;
  Ledger& ledger_;
  core::Random& random_;
  OwnServers& own_;
  std::uint8_t generation_;
  bool has_reply_ = false;
  std::optional<core::Tick> started_;
  std::uint32_t next_run_ = 0;
  std::map<std::uint32_t, Run> runs_;
  std::vector<std::deque<Waiting>> waiting_;  // by zone
  lists::ResolverHealth resolver_health_;
  std::optional<core::Tick> test_all_at_;
  std::optional<core::Timestamp> resolver_since_;
  std::vector<report::ResolverView> resolver_views_;  // as recorded last
};

}  // namespace rblwatch::daemon
