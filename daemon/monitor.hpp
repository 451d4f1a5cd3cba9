// SPDX-License-Identifier: Apache-2.0
//
// The loop: schedule, ask, judge, record, over and over. Owns all state of pairs and zones; time,
// chance, DNS and storage come in through ports, so that a scenario runs months of it in a second.
// One thread.
//
// A turn: submit what is due (tests first, then reasons, confirmations, pairs by turn, each zone
// within its pace), wait for completions, take them, pass on what became believed, hand the batch
// to the journal. While the journal can't accept, nothing new is asked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/random.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "daemon/figures.hpp"
#include "daemon/generation.hpp"
#include "daemon/host_watch.hpp"
#include "daemon/journal.hpp"
#include "daemon/ledger.hpp"
#include "daemon/world.hpp"
#include "dns/resolver.hpp"
#include "report/model.hpp"
#include "storage/batch.hpp"

namespace rblwatch::daemon {

struct MonitorPorts {
  dns::Resolver& resolver;
  Journal& journal;
  const core::Clock& clock;
  core::Random& random;
};

class Monitor {
 public:
  /// Fails with Kind::limit when the targets have too many subjects.
  static core::Result<std::unique_ptr<Monitor>> make(const MonitorPorts& ports, MonitorSetup setup,
                                                     const storage::Snapshot& snapshot);

  /// One turn; waits for answers or until something is due, at most so long.
  void turn(core::Millis at_most);
  /// Hands over what is still to be recorded, as far as the journal takes it; before an end.
  void flush();
  /// A new configuration: what stays keeps its state. On failure nothing changes.
  core::Result<void> reload(MonitorSetup setup);

  /// The evidence of the last verdicts about this subject; of one zone where `zone` isn't empty.
  core::Result<report::WhyDoc> why(const std::string& subject, const std::string& zone) const;
  /// How it does, for metrics and /healthz.
  Figures figures() const;
  /// Ends a quarantine. Kind::not_found where there is none.
  core::Result<void> release(const std::string& zone);
  /// When a turn next has something to do, for tests that move the clock.
  core::Tick next_due() const;
  const World& world() const { return *now_->world; }

 private:
  Monitor(const MonitorPorts& ports, const MonitorSetup& setup);
  core::Result<void> make_generation(MonitorSetup setup);
  void submit();
  void submit_pairs();
  std::size_t submit_zone(lists::ZoneIndex zone, std::size_t at_most);
  void prefetch(const dns::Completion& completion) const;
  void take(const dns::Completion& completion);
  core::Millis pause(core::Millis at_most) const;
  std::optional<core::Tick> next_submission() const;

  MonitorPorts ports_;
  Ledger ledger_;
  HostWatch hosts_;
  core::Tick epoch_{};
  std::uint8_t number_ = 0;
  std::unique_ptr<Generation> now_;
  bool is_remake_due_ = false;  // a target's addresses changed
  core::Tick remake_by_{};
  /// Pairs submitted for one zone before the next zone has its turn.
  static constexpr std::size_t kZoneTurn = 32;
  std::size_t first_zone_ = 0;  // whose turn it is to submit first
  std::size_t first_portion_ = kZoneTurn;
  core::Tick last_flush_{};
  core::Tick next_resolver_record_{};
};

}  // namespace rblwatch::daemon
