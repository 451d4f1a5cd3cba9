// SPDX-License-Identifier: Apache-2.0
//
// Takes the pairs through their day: asks those that are due, judges what comes back, counts votes,
// and hands what became believed to the breaker and on to the teller. The loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "daemon/loop_parts.hpp"
#include "daemon/own_servers.hpp"
#include "daemon/teller.hpp"
#include "daemon/ticket.hpp"
#include "daemon/zone_watch.hpp"
#include "dns/resolver.hpp"
#include "lists/verdict.hpp"

namespace rblwatch::daemon {

class PairDesk {
 public:
  /// `teller` and `own` outlive the desk.
  PairDesk(const LoopParts& parts, Teller& teller, OwnServers& own);

  /// Submits what is due in this zone, at most so many; how many it did.
  std::size_t submit_due(dns::Resolver& resolver, lists::ZoneIndex zone, std::size_t at_most);
  void take(const Ticket& ticket, const dns::Completion& completion);
  void take_test(const TestVerdict& verdict);
  /// Lapses, breakers, waits. Once per turn of the loop.
  void turn(core::Tick now);
  /// Hands a believed change to the breaker, and on what it lets through.
  void admit(lists::ZoneIndex zone, lists::BelievedChange change);
  /// The operator ends a quarantine. False when there is none.
  bool release(lists::ZoneIndex zone);
  /// After a restore or a reload: the breakers' windows, and how many listings they may see end.
  void set_breakers();

  /// Whether first states of this zone are still being decided: a pair without one collects votes.
  bool has_undecided(lists::ZoneIndex zone) const;
  /// Starts a kind's sweep anew: every pair counts as not looked at.
  void restart_sweep(lists::ZoneIndex zone, lists::Kind kind);
  /// After a reload: the sweep goes on with what remains of it and what is new.
  void resume_sweep(lists::ZoneIndex zone, lists::Kind kind);
  /// Puts a restored or carried-over pair on the lists of those that are pending or await a test.
  void note_pending(lists::PairId pair);

 private:
  lists::Observation observation_of(const lists::Zone& zone,
                                    const dns::Completion& completion) const;
  void keep_first_part(lists::PairId pair, const lists::Observation& seen,
                       const dns::Completion& completion, const std::string& shown);
  static void add_first_part(PairDetail& detail, lists::Observation& seen);
  void judge_pair(lists::PairId pair, const lists::Observation& seen,
                  const dns::Completion& completion, const std::string& shown);
  void observe(lists::PairId pair, const lists::Observation& observation,
               const dns::Completion& completion, const std::string& shown);
  void observe_purpose(lists::PairId pair, lists::Purpose purpose,
                       const lists::Observation& observation, bool is_fresh);
  void follow_step(lists::PairId pair, const PurposeTrack& track, const lists::Step& step);
  const dns::ServerGroupPtr& servers_for(lists::PairId pair);
  bool is_unusable(lists::PairId pair, const lists::Verdict& verdict,
                   const dns::Completion& completion);
  void ask_next(lists::PairId pair, const lists::Step& step);
  void recall_next_vote(lists::PairId pair, const PurposeTrack& track);
  core::Tick direct_test_from(lists::PairId pair, KindDesk& desk, core::Tick at);
  void retry_covering_tests(lists::ZoneIndex zone, core::Tick now);
  void recall_votes(lists::PairId pair, const PurposeTrack& track);
  void count_vote(lists::PairId pair, const PurposeTrack& track,
                  std::optional<lists::PendingTo> before, core::Tick asked_at);
  void note_sight(lists::PairId pair, PurposeTrack& track, std::optional<lists::PendingTo> before,
                  const lists::Observation& observation);
  void record_sights(lists::PairId pair);
  void record_sights(lists::ZoneIndex zone, lists::Kind kind);
  void note_wait(lists::PairId pair, core::Tick next_vote);
  void doubt(lists::PairId pair, lists::Cause cause, core::Timestamp at);
  void count_answer(KindDesk& desk, bool is_odd);
  void count_sweep(PairSlot& slot, KindDesk& desk);
  void count_fresh(PairSlot& slot, KindDesk& desk);
  void finish_sweep(lists::ZoneIndex zone, lists::Kind kind);
  void settle_pending(lists::PairId pair, bool has_changed);
  void want_covering_test(lists::PairId pair, KindDesk& desk);
  void believe_awaiting(lists::ZoneIndex zone, lists::Kind kind);
  bool believe_pair(lists::PairId pair, const lists::PassedTest& test, core::Tick proven_at);
  void discard(const TestVerdict& verdict);
  void suspend_or_resume(const TestVerdict& verdict);
  void end_hold(lists::ZoneIndex zone, core::Tick now);
  void tell_quarantine(lists::ZoneIndex zone);
  void record_votes(lists::ZoneIndex zone, lists::SubjectIndex subject);
  void take_back(lists::ZoneIndex zone, const lists::BelievedChange& change);
  void lapse_zone(lists::ZoneIndex zone, core::Tick now);
  void follow(lists::ZoneIndex zone, const lists::Admission& admission);
  KindDesk& kind_desk(lists::PairId pair);
  lists::Kind kind_of(lists::PairId pair) const;

  const World& world_;
  PairBook& book_;
  std::vector<ZoneDesk>& desks_;
  lists::Schedule& schedule_;
  Teller& teller_;
  OwnServers& own_;
  Ledger& ledger_;
  std::uint8_t generation_;
  std::vector<std::set<std::uint32_t>> pending_;  // by zone: pairs with pending votes
  std::vector<std::deque<lists::PairId>>
      seconds_;  // by zone: second names of domains asked under two
  core::Tick next_lapse_{};
};

}  // namespace rblwatch::daemon
