// SPDX-License-Identifier: Apache-2.0
#include "daemon/courier_thread.hpp"

#include <utility>

#include "core/log.hpp"

namespace rblwatch::daemon {

namespace {
constexpr std::size_t kJobs = 16;
constexpr core::Millis kTurn{500};
}  // namespace

CourierThread::CourierThread(WriterOutbox& outbox, std::unique_ptr<alerts::Carrier> carrier,
                             const core::Clock& clock, const alerts::DeliveryOptions& options,
                             std::vector<alerts::Channel> channels, lists::WatchedCounts watched)
    : outbox_(outbox),
      carrier_(std::move(carrier)),
      courier_(outbox, *carrier_, clock, random_, options),
      jobs_(kJobs) {
  courier_.set_channels(std::move(channels), std::move(watched));
  thread_ = std::thread([this] { work(); });
}

CourierThread::~CourierThread() {
  stop();
}

void CourierThread::nudge() {
  is_nudged_ = true;
  carrier_->wake();
}

void CourierThread::expect_channels() {
  outbox_.hold();
}

void CourierThread::set_channels(std::vector<alerts::Channel> channels,
                                 lists::WatchedCounts watched) {
  post([this, channels = std::move(channels),
        watched = std::move(watched)](alerts::Courier& courier) mutable {
    courier.set_channels(std::move(channels), std::move(watched));
    outbox_.release();
  });
}

void CourierThread::keep_channels() {
  outbox_.release();
  nudge();
}

void CourierThread::reload_outbox() {
  post([](alerts::Courier& courier) { courier.reload(); });
}

bool CourierThread::tell_unrecorded(lists::Event event) {
  Job job = [this, event = std::move(event)](alerts::Courier& courier) {
    // A disk that takes nothing can be read most often. Where not, the coverage isn't known.
    const auto nothing = outbox_.compose({});
    courier.tell_unrecorded(event, nothing ? nothing->coverage : alerts::Coverage{});
  };
  const bool is_taken = jobs_.try_send(job);
  if (!is_taken) {
    core::log_warn("trouble could not be told: the courier is busy");
  }
  carrier_->wake();
  return is_taken;
}

void CourierThread::post(Job job) {
  jobs_.send(std::move(job));
  carrier_->wake();
}

void CourierThread::stop() {
  jobs_.close();
  carrier_->wake();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void CourierThread::work() {
  for (;;) {
    while (auto job = jobs_.try_receive()) {
      (*job)(courier_);
    }
    if (jobs_.is_closed()) {
      return;  // what is under way is sealed: the next start sends it again under the same id
    }
    if (is_nudged_.exchange(false)) {
      courier_.nudge();
    }
    courier_.turn(kTurn);
  }
}

}  // namespace rblwatch::daemon
