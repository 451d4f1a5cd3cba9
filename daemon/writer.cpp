// SPDX-License-Identifier: Apache-2.0
#include "daemon/writer.hpp"

#include "core/log.hpp"

namespace rblwatch::daemon {

namespace {

constexpr std::size_t kMailbox = 64;   // batches and requests that may wait
constexpr std::size_t kAccepted = 16;  // batches that may wait before the loop holds back
constexpr core::Millis kRetry{1000};
constexpr core::Millis kIdle{500};
constexpr core::Millis kPruneEvery{600'000};
constexpr std::size_t kPruneAtMost = 1000;
/// When the wall clock moved by this much more than time went by, it was set,
constexpr core::Millis kJump{3'600'000};
/// and what it says is no age of anything (rule 13) until it has gone with time for so long: a
/// clock that was set wrong is put right by then, and history that is kept a day longer hurts
/// nobody.
constexpr core::Millis kSteady{24LL * 3'600'000};
/// Trouble that comes and goes is told this often at most.
constexpr core::Millis kTellEvery{3'600'000};

}  // namespace

Writer::Writer(storage::Store store, const core::Clock& clock, WriterOptions options)
    : store_(std::move(store)), clock_(clock), options_(std::move(options)), mailbox_(kMailbox) {
  clocks_ = core::read_clocks(clock_);
  next_prune_ = clocks_.tick + kPruneEvery;
  trouble_.set("");
  thread_ = std::thread([this] { work(); });
}

Writer::~Writer() {
  stop();
}

bool Writer::can_accept() const {
  return !is_stuck_ && mailbox_.size() < kAccepted;
}

void Writer::submit(storage::Batch batch) {
  mailbox_.send(Item(std::move(batch)));
}

void Writer::set_retention(core::Millis retention) {
  mailbox_.send(Item(Job([this, retention](storage::Store&) { options_.retention = retention; })));
}

void Writer::stop() {
  mailbox_.close();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Writer::work() {
  for (;;) {
    auto item = mailbox_.receive(kIdle);
    watch_clock();
    if (item) {
      take(std::move(*item));
    } else if (mailbox_.is_closed()) {
      break;
    }
    if (!backlog_.empty() && clock_.tick() >= next_try_) {
      commit_backlog();
    }
    prune();
  }
  commit_backlog();
  if (!backlog_.empty()) {
    core::log_error("stopped with changes that could not be stored; they will be found anew",
                    {{"batches", static_cast<std::uint64_t>(backlog_.size())}});
  }
}

void Writer::take(Item item) {
  if (auto* job = std::get_if<Job>(&item)) {
    (*job)(store_);
    return;
  }
  backlog_.push_back(std::move(std::get<storage::Batch>(item)));
  if (!is_stuck_) {
    commit_backlog();
  }
}

void Writer::commit_backlog() {
  while (!backlog_.empty()) {
    const auto committed = store_.commit(backlog_.front());
    if (!committed) {
      next_try_ = clock_.tick() + kRetry;
      ++failures_;
      if (!is_stuck_.exchange(true)) {
        core::log_error("changes can't be stored; nothing is asked or alerted until they can",
                        {{"error", committed.error().text}});
        trouble_.set(committed.error().text);
        is_told_ = false;
      }
      tell_trouble(committed.error().text);
      return;
    }
    events_ += backlog_.front().events.size();
    backlog_.pop_front();
    options_.on_committed();
  }
  if (is_stuck_.exchange(false)) {
    core::log_info("changes can be stored again");
    trouble_.set("");
  }
}

/// Once for each time that it lasts. One that comes too soon after another is told when the hour is
/// over, if it still stands then.
void Writer::tell_trouble(const std::string& error) {
  const core::Tick now = clock_.tick();
  if (is_told_ || now < next_tell_) {
    return;
  }
  is_told_ = options_.on_trouble(error);
  if (is_told_) {
    next_tell_ = now + kTellEvery;
  }
}

/// Before anything else of a turn, so that a later start doesn't take a wall clock that was set for
/// the one of before, because that one's time was stored.
void Writer::watch_clock() {
  const core::ClockPair now = core::read_clocks(clock_);
  const core::ClockPair last = std::exchange(clocks_, now);
  clock_was_set_ = clock_was_set_ || std::chrono::abs(now.now - last.wall(now.tick)) > kJump;
  if (clock_was_set_ && !is_stuck_ && store_.set_steady_since(now.now)) {
    clock_was_set_ = false;
  }
}

void Writer::prune() {
  const core::ClockPair now = clocks_;  // which were looked at
  if (now.tick < next_prune_ || is_stuck_ || clock_was_set_) {
    return;
  }
  next_prune_ = now.tick + kPruneEvery;
  const auto steady_since = store_.steady_since();
  if (steady_since && now.now - *steady_since < kSteady) {
    return;
  }
  const auto pruned = steady_since.and_then([&](core::Timestamp /*since*/) {
    return store_.prune(now.now - options_.retention, kPruneAtMost);
  });
  if (!pruned) {
    core::log_warn("old history can't be pruned", {{"error", pruned.error().text}});
  }
}

core::Result<std::vector<alerts::Notice>> WriterOutbox::unsealed() {
  // Looked at in the writer's thread: what is committed after hold() is held for sure.
  return writer_.run<std::vector<alerts::Notice>>([this](storage::Store& store) {
    return holds_ > 0 ? core::Result<std::vector<alerts::Notice>>() : store.unsealed();
  });
}

core::Result<alerts::Notification> WriterOutbox::compose(std::span<const alerts::Notice> notices) {
  return writer_.run<alerts::Notification>(
      [notices](storage::Store& store) { return store.compose(notices); });
}

core::Result<void> WriterOutbox::seal(const alerts::Delivery& delivery,
                                      std::span<const alerts::Notice> notices) {
  return writer_.run<void>(
      [&delivery, notices](storage::Store& store) { return store.seal(delivery, notices); });
}

core::Result<std::vector<alerts::Delivery>> WriterOutbox::waiting() {
  return writer_.run<std::vector<alerts::Delivery>>(
      [](storage::Store& store) { return store.waiting(); });
}

core::Result<void> WriterOutbox::settle(const alerts::Delivery& delivery,
                                        std::span<const lists::Event> events,
                                        std::span<const alerts::Notice> notices) {
  auto settled = writer_.run<void>([&delivery, events, notices](storage::Store& store) {
    return store.settle(delivery, events, notices);
  });
  if (settled && delivery.state == alerts::DeliveryState::delivered) {
    const auto before = delivered_.get();
    Delivered next = before ? *before : Delivered();
    ++next[delivery.channel];
    delivered_.set(std::move(next));
  }
  return settled;
}

}  // namespace rblwatch::daemon
