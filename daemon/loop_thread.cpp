// SPDX-License-Identifier: Apache-2.0
#include "daemon/loop_thread.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <array>

namespace rblwatch::daemon {

namespace {
constexpr std::size_t kLoopJobs = 16;
constexpr core::Millis kLoopTurn{500};
constexpr core::Seconds kPublishEvery{1};
constexpr int kIdleShare = 100;  // figures may cost a hundredth of the loop's time
}  // namespace

LoopThread::LoopThread(std::unique_ptr<Monitor> monitor, const core::Fd& wake)
    : monitor_(std::move(monitor)), wake_(wake), jobs_(kLoopJobs) {
  publish();
  thread_ = std::thread([this] { work(); });
}

LoopThread::~LoopThread() {
  stop();
}

void LoopThread::stop() {
  jobs_.close();
  wake();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void LoopThread::wake() {
  ::eventfd_write(wake_.get(), 1);
  is_woken_ = true;  // behind it: who reads the descriptor then empties it
}

void LoopThread::publish() {
  const core::Tick begun = clock_.tick();
  if (begun < next_publishing_) {
    return;
  }
  figures_.set(monitor_->figures());
  const core::Tick done = clock_.tick();
  next_publishing_ = done + std::max<core::Micros>(kPublishEvery, kIdleShare * (done - begun));
}

void LoopThread::work() {
  for (;;) {
    while (auto job = jobs_.try_receive()) {
      (*job)(*monitor_);
    }
    if (jobs_.is_closed()) {
      break;
    }
    monitor_->turn(kLoopTurn);
    ++turns_;
    publish();
    // The resolver only watches the descriptor; emptying it is ours.
    if (is_woken_.exchange(false)) {
      eventfd_t count = 0;
      ::eventfd_read(wake_.get(), &count);
    }
  }
  monitor_->flush();
}

}  // namespace rblwatch::daemon
