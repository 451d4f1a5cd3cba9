// SPDX-License-Identifier: Apache-2.0
//
// The thread that owns the Monitor: turns it over and over, and runs what other threads want done
// to it in between. Public functions: any thread.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "core/handle.hpp"
#include "core/latest.hpp"
#include "core/mailbox.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "daemon/monitor.hpp"

namespace rblwatch::daemon {

class LoopThread {
 public:
  /// `wake` is the eventfd that the resolver waits on too (dns::ResolverOptions::wake_fd); it
  /// outlives the thread.
  LoopThread(std::unique_ptr<Monitor> monitor, const core::Fd& wake);
  ~LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  /// Runs `work` on the monitor between two turns and waits for its result.
  template <class T>
  core::Result<T> run(std::function<core::Result<T>(Monitor&)> work) {
    auto promise = std::make_shared<std::promise<core::Result<T>>>();
    auto result = promise->get_future();
    if (!jobs_.send([promise, work = std::move(work)](Monitor& monitor) {
          promise->set_value(work(monitor));
        })) {
      return core::fail(core::Error::Kind::busy, "the daemon is stopping");
    }
    wake();
    return result.get();
  }

  /// Ends after the present turn; what is collected is handed to the journal.
  void stop();
  /// As of the latest turns: a second old, or a hundred times what they cost to make. Never null.
  FiguresPtr figures() const { return figures_.get(); }
  /// Turns so far: a watchdog's proof that the loop is alive.
  std::uint64_t turns() const { return turns_; }

 private:
  using Job = std::function<void(Monitor&)>;
  void work();
  void wake();
  void publish();

  std::unique_ptr<Monitor> monitor_;
  const core::Fd& wake_;
  core::Mailbox<Job> jobs_;
  core::SystemClock clock_;
  core::Tick next_publishing_{};
  core::Latest<Figures> figures_;
  std::atomic<std::uint64_t> turns_{0};
  std::atomic<bool> is_woken_{false};
  std::thread thread_;
};

}  // namespace rblwatch::daemon
