// SPDX-License-Identifier: Apache-2.0
//
// From an admitted change to an event: waits for the TXT that says why, and for the container that
// may tell it instead (rule 9), then puts event, notices and rows into the ledger together. The
// loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "daemon/loop_parts.hpp"
#include "daemon/ticket.hpp"
#include "dns/resolver.hpp"

namespace rblwatch::daemon {

class Teller {
 public:
  explicit Teller(const LoopParts& parts);

  /// Has the reason asked for, unless it was already since the codes changed last.
  void want_reason(lists::PairId pair);
  void submit_reasons(dns::Resolver& resolver);
  bool has_waiting_reasons(lists::ZoneIndex zone) const { return !reasons_[zone.value].empty(); }
  void take_reason(const Ticket& ticket, const dns::Completion& completion);

  /// `batch`: notices go out with it, as one message once the last of them is told; "" = with
  /// first-seen listings of the zone where the change is one.
  void announce(lists::PairId pair, lists::BelievedChange change, std::string batch);
  /// Tells what waits no longer. Once per turn of the loop.
  void turn();
  bool is_waiting(lists::ZoneIndex zone) const;
  /// The pair's place in the next generation; nothing where nobody watches it any more.
  using Heir = std::function<std::optional<lists::PairId>(lists::PairId)>;
  /// Before a generation ends, and before `next` takes over its pairs: what waits goes on to wait
  /// there. What has no heir is told now, with what is known.
  void hand_over(Teller& next, const Heir& heir);
  /// Once the pairs are taken over: asks anew for the reasons that were under way.
  void resume();
  /// A subject or zone left the configuration: its open listings end without an alert.
  void retire(lists::PairId pair);
  /// After a restore or a reload: what its container was to tell alone, and doesn't list any more.
  void recall_contained();

 private:
  struct Waiting {
    lists::PairId pair;
    lists::BelievedChange change;
    std::string batch;
    bool is_container_asked = false;
  };
  /// Kept back for a container that lists the subject no more: to be told if it still stands.
  struct Orphan {
    lists::PairId pair;
    lists::Purpose purpose;
    core::Tick since;  // an answer from then on says whether it does
    bool is_asked = false;
  };
  enum class Container : std::uint8_t { none, contains, undecided };
  std::optional<bool> is_told_by_container(Waiting& waiting);
  void inherit(lists::PairId pair, Waiting waiting);
  Container ask_container(Waiting& waiting);
  Container ask_container(Waiting& waiting, lists::ZoneIndex container);
  bool try_tell(Waiting& waiting);
  void tell(const Waiting& waiting, bool is_contained);
  void record_pending(lists::PairId pair, const PairDetail& detail);
  void release_batches();
  void forget_released(lists::ZoneIndex zone, const lists::BelievedChange& told);
  void note_orphans(lists::PairId container, const lists::BelievedChange& end);
  bool is_contained(lists::PairId pair, lists::Purpose purpose) const;
  bool settle_orphan(Orphan& orphan);
  void tell_orphan(lists::PairId pair, PurposeTrack& track);

  const World& world_;
  PairBook& book_;
  std::vector<ZoneDesk>& desks_;
  lists::Schedule& schedule_;
  Ledger& ledger_;
  std::uint8_t generation_;
  std::vector<std::deque<lists::PairId>> reasons_;  // by zone: TXT lookups that wait for their lane
  std::deque<Waiting> waiting_;
  std::vector<Orphan> orphans_;
  std::set<std::string> batches_;  // given to announce(), not yet released
};

}  // namespace rblwatch::daemon
