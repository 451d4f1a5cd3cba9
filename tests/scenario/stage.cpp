// SPDX-License-Identifier: Apache-2.0
#include "stage.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace rblwatch::scenario {

namespace {

constexpr core::Millis kLongestTurn{60'000};

[[noreturn]] void broken(const std::string& what, const core::Error& error) {
  throw std::runtime_error(what + ": " + error.text);
}

}  // namespace

void KeepingJournal::submit(storage::Batch batch) {
  if (const auto committed = store_.commit(batch); !committed) {
    broken("a batch can't be committed", committed.error());
  }
  ++batches;
  has_news = has_news || !batch.notices.empty() || !batch.released_batches.empty() ||
             !batch.unmuted.empty();
  for (const storage::ListingRecord& record : batch.listings) {
    last_seen[{record.row.subject, record.row.zone}] = record.row.last_seen.value();
  }
  for (const storage::SightRecord& record : batch.sights) {
    last_seen[record.pair] = record.at;
  }
  for (lists::Event& event : batch.events) {
    events.push_back({clock_.elapsed(), std::move(event)});
  }
}

core::Result<void> StoreOutbox::settle(const alerts::Delivery& delivery,
                                       std::span<const lists::Event> events,
                                       std::span<const alerts::Notice> notices) {
  for (const lists::Event& event : events) {
    journal_.events.push_back({clock_.elapsed(), event});
  }
  return store_.settle(delivery, events, notices);
}

Stage::Stage(std::uint64_t seed) : random(seed), resolver(clock, random), carrier(clock) {
  setup.resolver_servers = {*dns::Server::parse("127.0.0.1:53")};
  auto store = storage::Store::open(":memory:", {"test", "boot-1", clock.now(), clock.tick()});
  if (!store) {
    broken("the store", store.error());
  }
  store_ = std::make_unique<storage::Store>(std::move(*store));
  journal_ = std::make_unique<KeepingJournal>(*store_, clock);
  outbox_ = std::make_unique<StoreOutbox>(*store_, *journal_, clock);
}

void Stage::start() {
  const auto snapshot = store_->load();
  if (!snapshot) {
    broken("loading", snapshot.error());
  }
  auto monitor = daemon::Monitor::make({resolver, *journal_, clock, random}, setup, *snapshot);
  if (!monitor) {
    broken("the monitor", monitor.error());
  }
  monitor_ = std::move(*monitor);
  courier_ = std::make_unique<alerts::Courier>(*outbox_, carrier, clock, random,
                                               alerts::DeliveryOptions{});
  courier_->set_channels(setup.channels);
}

void Stage::restart() {
  monitor_.reset();  // without a flush: kill -9
  courier_.reset();
  // What was under way belongs to nobody now; its completions will be of no known generation's
  // errand.
  resolver.not_beyond = core::Tick::max();
  while (resolver.in_flight() > 0) {
    resolver.wait(core::Millis(10'000));
  }
  start();
}

void Stage::reload() {
  if (const auto reloaded = monitor_->reload(setup); !reloaded) {
    broken("the reload", reloaded.error());
  }
  courier_->set_channels(setup.channels);
}

void Stage::run_until(core::Micros elapsed) {
  resolver.not_beyond = clock.tick() + (elapsed - clock.elapsed());
  while (clock.elapsed() < elapsed) {
    const auto left = std::chrono::ceil<core::Millis>(elapsed - clock.elapsed());
    const auto until_courier = std::max(courier_->next_due() - clock.now(), core::Millis(1));
    monitor_->turn(std::min({left, kLongestTurn, until_courier}));
    if (std::exchange(journal_->has_news, false)) {
      courier_->nudge();
    }
    courier_->turn(core::Millis(0));
  }
}

report::WhyAnswer Stage::why(const std::string& subject, const std::string& zone) const {
  const auto document = monitor_->why(subject, zone);
  if (!document) {
    broken("why", document.error());
  }
  if (document->answers.size() != 1) {
    throw std::runtime_error("why " + subject + " " + zone + ": not one answer");
  }
  return document->answers.front();
}

}  // namespace rblwatch::scenario
