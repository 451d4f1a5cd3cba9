// SPDX-License-Identifier: Apache-2.0
//
// The thread that owns the Courier and its carrier. Public functions: any thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "alerts/carrier.hpp"
#include "alerts/courier.hpp"
#include "core/mailbox.hpp"
#include "core/random.hpp"
#include "daemon/writer.hpp"

namespace rblwatch::daemon {

class CourierThread {
 public:
  /// `outbox` and `clock` outlive the thread.
  CourierThread(WriterOutbox& outbox, std::unique_ptr<alerts::Carrier> carrier,
                const core::Clock& clock, const alerts::DeliveryOptions& options,
                std::vector<alerts::Channel> channels, lists::WatchedCounts watched);
  ~CourierThread();
  CourierThread(const CourierThread&) = delete;
  CourierThread& operator=(const CourierThread&) = delete;

  /// Something was committed: look at the outbox.
  void nudge();
  /// The monitor is about to be given channels that the courier doesn't know: what it tells them
  /// waits in the outbox until set_channels() or keep_channels().
  void expect_channels();
  void set_channels(std::vector<alerts::Channel> channels, lists::WatchedCounts watched);
  /// It was not given them.
  void keep_channels();
  /// Tells trouble that can't be recorded, from memory. Never blocks, for the writer calls it:
  /// false when the courier is too busy.
  bool tell_unrecorded(lists::Event event);
  /// Deliveries were changed behind the courier's back (resend, drop).
  void reload_outbox();
  void stop();

 private:
  using Job = std::function<void(alerts::Courier&)>;
  void work();
  void post(Job job);

  WriterOutbox& outbox_;
  std::unique_ptr<alerts::Carrier> carrier_;
  core::SystemRandom random_;
  alerts::Courier courier_;
  core::Mailbox<Job> jobs_;
  std::atomic<bool> is_nudged_{false};
  std::thread thread_;
};

}  // namespace rblwatch::daemon
