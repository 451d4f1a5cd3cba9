// SPDX-License-Identifier: Apache-2.0
//
// The stage a story is played on: the real Monitor, Breaker, Store (in memory) and Courier on a
// fake clock, resolver and carrier; everything that happens is kept for the story's expectations.
// One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "alerts/courier.hpp"
#include "daemon/journal.hpp"
#include "daemon/monitor.hpp"
#include "fake_world.hpp"
#include "storage/store.hpp"

namespace rblwatch::scenario {

struct Happened {
  core::Micros at;
  lists::Event event;
};

/// Commits each batch at once; keeps its events.
class KeepingJournal final : public daemon::Journal {
 public:
  KeepingJournal(storage::Store& store, const FakeClock& clock) : store_(store), clock_(clock) {}
  bool can_accept() const override { return !is_stuck; }
  void submit(storage::Batch batch) override;
  std::vector<Happened> events;
  /// By subject and zone: what is recorded of when it was last seen listed.
  std::map<storage::PairKey, core::Timestamp> last_seen;
  std::uint64_t batches = 0;
  bool has_news = false;
  bool is_stuck = false;  // as if the disk were full

 private:
  storage::Store& store_;
  const FakeClock& clock_;
};

class StoreOutbox final : public alerts::Outbox {
 public:
  StoreOutbox(storage::Store& store, KeepingJournal& journal, const FakeClock& clock)
      : store_(store), journal_(journal), clock_(clock) {}
  core::Result<std::vector<alerts::Notice>> unsealed() override { return store_.unsealed(); }
  core::Result<alerts::Notification> compose(std::span<const alerts::Notice> notices) override {
    return store_.compose(notices);
  }
  core::Result<void> seal(const alerts::Delivery& delivery,
                          std::span<const alerts::Notice> notices) override {
    return store_.seal(delivery, notices);
  }
  core::Result<std::vector<alerts::Delivery>> waiting() override { return store_.waiting(); }
  core::Result<void> settle(const alerts::Delivery& delivery, std::span<const lists::Event> events,
                            std::span<const alerts::Notice> notices) override;

 private:
  storage::Store& store_;
  KeepingJournal& journal_;
  const FakeClock& clock_;
};

class Stage {
 public:
  explicit Stage(std::uint64_t seed);

  daemon::MonitorSetup setup;  // filled before start()
  FakeClock clock;
  core::SeededRandom random;
  FakeResolver resolver;
  FakeCarrier carrier;

  /// Brings the monitor up from what the store remembers; again after a restart.
  void start();
  /// The process dies and starts anew: everything in memory is gone.
  void restart();
  void reload();
  void run_until(core::Micros elapsed);
  core::Result<void> release(const std::string& zone) { return monitor_->release(zone); }

  const std::vector<Happened>& events() const { return journal_->events; }
  const auto& last_seen() const { return journal_->last_seen; }
  std::uint64_t batches() const { return journal_->batches; }
  void set_disk(bool works) { journal_->is_stuck = !works; }
  report::WhyAnswer why(const std::string& subject, const std::string& zone) const;

 private:
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<KeepingJournal> journal_;
  std::unique_ptr<StoreOutbox> outbox_;
  std::unique_ptr<alerts::Courier> courier_;
  std::unique_ptr<daemon::Monitor> monitor_;
};

}  // namespace rblwatch::scenario
