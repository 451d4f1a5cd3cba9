// SPDX-License-Identifier: Apache-2.0
#include "daemon/loop_thread.hpp"

#include <sys/eventfd.h>

#include <array>

namespace rblwatch::daemon {

namespace {
constexpr std::size_t kJobs = 16;
constexpr core::Millis kTurn{500};
}  // namespace

LoopThread::LoopThread(std::unique_ptr<Monitor> monitor, const core::Fd& wake)
    : monitor_(std::move(monitor)), wake_(wake), jobs_(kJobs), thread_([this] { work(); }) {}

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
}

void LoopThread::work() {
  for (;;) {
    while (auto job = jobs_.try_receive()) {
      (*job)(*monitor_);
    }
    if (jobs_.is_closed()) {
      break;
    }
    monitor_->turn(kTurn);
    ++turns_;
    // The resolver only watches the descriptor; emptying it is ours.
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
  }
  monitor_->flush();
}

}  // namespace rblwatch::daemon
