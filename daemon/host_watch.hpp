// SPDX-License-Identifier: Apache-2.0
//
// Targets that move: host names, and what is followed of domains (mail exchangers, SPF), looked up
// anew each interval. What is found replaces the addresses; a failure never clears anything: the
// last addresses stay, and one event says that the target can't be resolved. Which questions a
// lookup takes is lists::HostWalk's, MxWalk's and SpfWalk's affair. The loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/time.hpp"
#include "daemon/ledger.hpp"
#include "daemon/ticket.hpp"
#include "daemon/world.hpp"
#include "dns/resolver.hpp"
#include "lists/address_walk.hpp"
#include "lists/spf_walk.hpp"
#include "lists/target.hpp"
#include "storage/batch.hpp"

namespace rblwatch::daemon {

class HostWatch {
 public:
  /// On start and reload: the targets to follow. What is known of a source stays. The addresses of
  /// all, with the subjects that are written down, are held to `max_subjects`.
  void set_targets(std::span<const lists::Target> targets, core::Millis interval,
                   std::uint64_t max_subjects);
  void restore(const std::vector<storage::HostRecord>& records);

  void submit_due(dns::Resolver& resolver, const World& world, std::uint8_t generation,
                  core::Tick now);
  /// True when the addresses of a target changed: the world is to be made anew.
  bool take(const Ticket& ticket, const dns::Completion& completion, Ledger& ledger);
  /// Lookups of an older generation will not come back: what was out is asked again.
  void forget_lookups();
  /// Whether any question waits until it may be submitted.
  bool has_waiting(core::Tick now) const;
  /// When the next lookup after now falls due.
  std::optional<core::Tick> next_due(core::Tick now) const;
  /// Addresses by target index, for the subjects.
  lists::HostBook addresses() const;
  /// Whether any lookup is under way.
  bool is_busy() const;

 private:
  using Walk = std::variant<lists::HostWalk, lists::MxWalk, lists::SpfWalk>;
  /// A lookup under way: the questions that are out or about to go, and what came back.
  struct Search {
    Walk walk;
    lists::Questions questions;
    std::vector<std::optional<dns::Outcome>> outcomes;
    std::size_t sent = 0;
  };
  /// One source of a target's addresses.
  struct Source {
    lists::Target target;
    std::uint32_t target_index = 0;
    std::optional<lists::Follow> follow;
    core::Millis interval{0};
    core::Tick next{};
    std::optional<Search> search;
    bool is_known = false;  // looked up at least once, by this run or an earlier one
    storage::HostRecord record;
    std::uint32_t failures = 0;
  };
  static Search begin(const Source& source);
  static void submit(Search& search, std::uint32_t index, dns::Resolver& resolver,
                     const World& world, std::uint8_t generation);
  /// True when the source is at the end of its lookup and its addresses changed.
  bool advance(Source& source, lists::WalkStep step, Ledger& ledger);
  bool take_found(Source& source, const lists::WalkFound& found, Ledger& ledger);
  void take_failure(Source& source, const std::string& cause, Ledger& ledger);
  /// How many addresses the source may have beside all other subjects.
  std::uint64_t room_for(const Source& source) const;
  /// Whether another source of the same target is told as unresolved.
  bool is_told_otherwise(const Source& source) const;

  std::vector<Source> sources_;
  std::map<std::string, storage::HostRecord> remembered_;  // by key
  std::uint64_t written_ = 0;                              // subjects that aren't looked up
  std::uint64_t max_subjects_ = 0;
};

}  // namespace rblwatch::daemon
