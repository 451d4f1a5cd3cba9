// SPDX-License-Identifier: Apache-2.0
//
// The writer's thread: the only one that touches the store. Batches are committed in order; one
// that can't be (disk full, read-only) stays first in line and is tried again until it can, and
// meanwhile can_accept() is false, so the loop asks nothing new (rule 14). Others ask the store for
// something by run(). Any thread may call the public functions.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "alerts/outbox.hpp"
#include "core/latest.hpp"
#include "core/mailbox.hpp"
#include "core/time.hpp"
#include "daemon/journal.hpp"
#include "storage/store.hpp"

namespace rblwatch::daemon {

struct WriterOptions {
  core::Millis retention{400LL * 24 * 3'600'000};
  std::function<void()> on_committed;  // notices may have become due; called in the writer's thread
  /// Recording fails, and why: told when it begins to, and once an hour at most; false: it could
  /// not be told now. Called in the writer's thread.
  std::function<bool(const std::string&)> on_trouble;
};

class Writer final : public Journal {
 public:
  /// `clock` outlives the writer.
  Writer(storage::Store store, const core::Clock& clock, WriterOptions options);
  ~Writer() override;

  bool can_accept() const override;
  void submit(storage::Batch batch) override;
  /// Events stored and writes that failed, since the start.
  std::uint64_t events() const { return events_; }
  std::uint64_t failures() const { return failures_; }
  /// Why changes can't be stored now; "" where they can.
  std::string trouble() const { return *trouble_.get(); }
  /// From now on; a reload may change it.
  void set_retention(core::Millis retention);

  /// Runs `work` on the store in the writer's thread and waits for its result.
  template <class T>
  core::Result<T> run(std::function<core::Result<T>(storage::Store&)> work) {
    auto promise = std::make_shared<std::promise<core::Result<T>>>();
    auto result = promise->get_future();
    if (!mailbox_.send(Job([promise, work = std::move(work)](storage::Store& store) {
          promise->set_value(work(store));
        }))) {
      return core::fail(core::Error::Kind::busy, "the daemon is stopping");
    }
    return result.get();
  }

  /// Commits what was submitted, as far as it can be, and ends the thread.
  void stop();

 private:
  using Job = std::function<void(storage::Store&)>;
  using Item = std::variant<storage::Batch, Job>;
  void work();
  void take(Item item);
  void commit_backlog();
  void prune();
  void watch_clock();
  void tell_trouble(const std::string& error);

  storage::Store store_;
  const core::Clock& clock_;
  WriterOptions options_;
  core::Mailbox<Item> mailbox_;
  std::deque<storage::Batch> backlog_;
  std::atomic<bool> is_stuck_{false};
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> failures_{0};
  core::Latest<std::string> trouble_;
  core::Tick next_try_{};
  core::Tick next_prune_{};
  core::Tick next_tell_{};
  bool is_told_ = false;        // of the trouble that there is
  core::ClockPair clocks_{};    // of the turn before
  bool clock_was_set_ = false;  // and that isn't stored yet
  std::thread thread_;
};

/// The outbox, asked through the writer.
class WriterOutbox final : public alerts::Outbox {
 public:
  explicit WriterOutbox(Writer& writer) : writer_(writer) {}
  core::Result<std::vector<alerts::Notice>> unsealed() override;
  core::Result<alerts::Notification> compose(std::span<const alerts::Notice> notices) override;
  core::Result<void> seal(const alerts::Delivery& delivery,
                          std::span<const alerts::Notice> notices) override;
  core::Result<std::vector<alerts::Delivery>> waiting() override;
  core::Result<void> settle(const alerts::Delivery& delivery, std::span<const lists::Event> events,
                            std::span<const alerts::Notice> notices) override;

  /// What is committed from now on is not shown as unsealed until as many release(). Any thread.
  void hold() { ++holds_; }
  void release() { --holds_; }

  /// By channel, since the start. Any thread; null before the first one.
  using Delivered = std::map<std::string, std::uint64_t>;
  std::shared_ptr<const Delivered> delivered() const { return delivered_.get(); }

 private:
  Writer& writer_;
  std::atomic<int> holds_{0};
  core::Latest<Delivered> delivered_;
};

}  // namespace rblwatch::daemon
