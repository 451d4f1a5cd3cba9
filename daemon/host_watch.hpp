// SPDX-License-Identifier: Apache-2.0
//
// Host names of targets, resolved anew each interval. An answer replaces the addresses; a failure
// never clears anything: the last addresses stay, and one event says that the name can't be
// resolved. The loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "daemon/ledger.hpp"
#include "daemon/ticket.hpp"
#include "daemon/world.hpp"
#include "dns/host_lookup.hpp"
#include "dns/resolver.hpp"
#include "lists/target.hpp"
#include "storage/batch.hpp"

namespace rblwatch::daemon {

class HostWatch {
 public:
  /// On start and reload: the names to follow. What is known of a name stays.
  void set_targets(std::span<const lists::Target> targets, core::Millis interval);
  void restore(const std::vector<storage::HostRecord>& records);

  void submit_due(dns::Resolver& resolver, const World& world, std::uint8_t generation,
                  core::Tick now);
  /// True when the addresses of a name changed: the world is to be made anew.
  bool take(const Ticket& ticket, const dns::Completion& completion, Ledger& ledger);
  /// Lookups of an older generation will not come back.
  void forget_lookups();
  std::optional<core::Tick> next_due() const;
  /// Addresses by target index, for the subjects.
  lists::HostBook addresses() const;
  /// Whether every name has been looked up at least once.
  bool is_ready() const;

 private:
  struct Host {
    lists::Target target;
    std::uint32_t target_index = 0;
    core::Millis interval{0};
    core::Tick next{};
    bool is_out = false;
    bool is_known = false;              // looked up at least once, by this run or an earlier one
    std::optional<dns::Outcome> first;  // A, while AAAA is under way
    std::optional<dns::Outcome> second;
    storage::HostRecord record;
    std::uint32_t failures = 0;
  };
  bool take_outcome(Host& host, const dns::HostOutcome& outcome, Ledger& ledger);
  void take_failure(Host& host, const std::string& cause, Ledger& ledger);

  std::vector<Host> hosts_;
  std::map<std::string, storage::HostRecord> remembered_;
};

}  // namespace rblwatch::daemon
