// SPDX-License-Identifier: Apache-2.0
#include "daemon/monitor.hpp"

#include <algorithm>
#include <utility>

#include "core/log.hpp"
#include "daemon/why.hpp"

namespace rblwatch::daemon {

namespace {

/// State without events is collected for a moment, so that a busy sweep is a few transactions, not
/// hundreds.
constexpr core::Millis kFlushEvery{50};
constexpr core::Seconds kResolverRecordEvery{10};
constexpr core::Millis kShortest{1};
/// Answers whose pairs' memory is called for before their turn.
constexpr std::size_t kLookAhead = 4;
/// A new world costs the lookups that are under way, so the addresses of targets whose turn comes
/// at one time are taken in together, but no later than this.
constexpr core::Seconds kMostRemakeWait{5};

void sooner(std::optional<core::Tick>& next, std::optional<core::Tick> at) {
  if (at && (!next || *at < *next)) {
    next = at;
  }
}

}  // namespace

Monitor::Monitor(const MonitorPorts& ports, const MonitorSetup& setup) : ports_(ports) {
  ledger_.set_channels(setup.channels);
  ledger_.set_now(core::read_clocks(ports.clock));
  epoch_ = ledger_.clocks().tick;
}

core::Result<std::unique_ptr<Monitor>> Monitor::make(const MonitorPorts& ports, MonitorSetup setup,
                                                     const storage::Snapshot& snapshot) {
  std::unique_ptr<Monitor> monitor(new Monitor(ports, setup));
  monitor->hosts_.restore(snapshot.hosts);
  monitor->hosts_.set_targets(setup.targets, setup.interval, setup.max_subjects);
  auto world = make_world(std::move(setup), monitor->hosts_.addresses());
  if (!world) {
    return tl::make_unexpected(world.error());
  }
  ports.resolver.set_lanes((*world)->lanes.limits());
  monitor->now_ =
      std::make_unique<Generation>(std::move(*world), monitor->ledger_, ports.random,
                                   monitor->epoch_, monitor->number_, snapshot.held_batches);
  restore(*monitor->now_, snapshot, monitor->ledger_);
  return monitor;
}

core::Result<void> Monitor::reload(MonitorSetup setup) {
  ledger_.set_now(core::read_clocks(ports_.clock));
  std::vector<alerts::Channel> channels = setup.channels;
  HostWatch hosts = hosts_;
  hosts.set_targets(setup.targets, setup.interval, setup.max_subjects);
  std::swap(hosts, hosts_);
  auto made = make_generation(std::move(setup));
  if (!made) {
    std::swap(hosts, hosts_);
    return made;
  }
  ledger_.set_channels(std::move(channels));
  return {};
}

core::Result<void> Monitor::make_generation(MonitorSetup setup) {
  auto world = make_world(std::move(setup), hosts_.addresses(), now_->world->lanes);
  if (!world) {
    return tl::make_unexpected(world.error());
  }
  hosts_.forget_lookups();
  ports_.resolver.set_lanes((*world)->lanes.limits());
  auto next = std::make_unique<Generation>(std::move(*world), ledger_, ports_.random, epoch_,
                                           ++number_, now_->first_sight.open_batches());
  carry_over(*next, *now_, ledger_);
  now_ = std::move(next);
  first_zone_ = 0;
  first_portion_ = kZoneTurn;
  return {};
}

void Monitor::turn(core::Millis at_most) {
  ledger_.set_now(core::read_clocks(ports_.clock));
  if (is_remake_due_ && (!hosts_.is_busy() || ledger_.clocks().tick >= remake_by_)) {
    is_remake_due_ = false;
    if (const auto made = make_generation(now_->world->setup); !made) {
      core::log_error("addresses of a target can't be taken in", {{"error", made.error().text}});
    }
  }
  if (ports_.journal.can_accept()) {
    submit();
  }
  const auto completions = ports_.resolver.wait(pause(at_most));
  ledger_.set_now(core::read_clocks(ports_.clock));
  for (std::size_t i = 0; i < completions.size(); ++i) {
    if (i + kLookAhead < completions.size()) {
      prefetch(completions[i + kLookAhead]);
    }
    take(completions[i]);
  }
  const core::Tick now = ledger_.clocks().tick;
  now_->pairs.turn(now);
  now_->teller.turn();
  now_->first_sight.turn(now_->pairs, now_->teller, now);
  if (now >= next_resolver_record_) {
    next_resolver_record_ = now + kResolverRecordEvery;
    ledger_.record(now_->watch.resolver_record(ports_.resolver));
  }
  if (ledger_.is_urgent() || now - last_flush_ >= kFlushEvery) {
    flush();
  }
}

void Monitor::flush() {
  if (ledger_.is_empty() || !ports_.journal.can_accept()) {
    return;
  }
  last_flush_ = ledger_.clocks().tick;
  ports_.journal.submit(ledger_.take());
}

void Monitor::submit() {
  const core::Tick now = ledger_.clocks().tick;
  hosts_.submit_due(ports_.resolver, *now_->world, now_->number, now);
  now_->own_servers.submit_due(ports_.resolver);
  for (const TestVerdict& verdict : now_->watch.submit_due(ports_.resolver, now)) {
    now_->pairs.take_test(verdict);
  }
  now_->teller.submit_reasons(ports_.resolver);
  now_->schedule.advance(now);
  submit_pairs();
}

// Zones take turns in small portions, so that one with a great deal to ask doesn't take every free
// place. Where a pace over all stops a zone within its portion, it has the rest of it the next
// time.
void Monitor::submit_pairs() {
  const std::size_t zones = now_->desks.size();
  std::size_t at = first_zone_;
  std::size_t portion = first_portion_;
  for (std::size_t idle = 0; idle < zones;) {
    const std::size_t submitted = submit_zone({static_cast<std::uint16_t>(at)}, portion);
    const bool is_over = submitted == portion;
    if (submitted > 0) {
      first_zone_ = is_over ? (at + 1) % zones : at;
      first_portion_ = is_over ? kZoneTurn : portion - submitted;
    }
    idle = submitted > 0 ? 0 : idle + 1;
    at = (at + 1) % zones;
    portion = kZoneTurn;
  }
}

std::size_t Monitor::submit_zone(lists::ZoneIndex zone, std::size_t at_most) {
  if (!now_->desks[zone.value].is_any_seeing() || now_->watch.has_waiting(zone) ||
      now_->teller.has_waiting_reasons(zone)) {
    return 0;
  }
  return now_->pairs.submit_due(ports_.resolver, zone, at_most);
}

void Monitor::prefetch(const dns::Completion& completion) const {
  const Ticket ticket = Ticket::of(completion.id);
  if (ticket.generation == now_->number && ticket.errand == Errand::pair) {
    now_->book.prefetch({ticket.index});
    now_->schedule.prefetch({ticket.index});
  }
}

void Monitor::take(const dns::Completion& completion) {
  const Ticket ticket = Ticket::of(completion.id);
  if (ticket.generation != now_->number) {
    return;
  }
  if (std::holds_alternative<dns::Answer>(completion.outcome)) {
    now_->watch.note_reply();
  }
  switch (ticket.errand) {
    case Errand::pair:
      now_->pairs.take(ticket, completion);
      break;
    case Errand::test:
      if (const auto verdict = now_->watch.take(ticket, completion)) {
        now_->pairs.take_test(*verdict);
      }
      break;
    case Errand::reason:
      now_->teller.take_reason(ticket, completion);
      break;
    case Errand::own_servers:
      now_->own_servers.take(ticket, completion);
      break;
    case Errand::host:
      if (hosts_.take(ticket, completion, ledger_) && !std::exchange(is_remake_due_, true)) {
        remake_by_ = ledger_.clocks().tick + kMostRemakeWait;
      }
      break;
  }
}

// When the next question could be submitted: something is due and its lane's pace allows it, or
// becomes due.
std::optional<core::Tick> Monitor::next_submission() const {
  std::optional<core::Tick> next;
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(now_->desks); ++zone) {
    const bool has_due = (now_->desks[zone].is_any_seeing() && now_->schedule.has_due({zone})) ||
                         now_->watch.has_waiting({zone}) ||
                         now_->teller.has_waiting_reasons({zone});
    if (has_due) {
      sooner(next, ports_.resolver.next_slot(now_->world->lane_of({zone})));
    }
  }
  const core::Tick now = ledger_.clocks().tick;
  if (now_->own_servers.has_waiting() || hosts_.has_waiting(now)) {
    sooner(next, ports_.resolver.next_slot(now_->world->host_lane()));
  }
  sooner(next, now_->schedule.next_due());
  sooner(next, now_->watch.next_due());
  sooner(next, hosts_.next_due(now));
  return next;
}

core::Tick Monitor::next_due() const {
  const core::Tick now = ledger_.clocks().tick;
  std::optional<core::Tick> next = next_submission();
  for (const ZoneDesk& desk : now_->desks) {
    sooner(next, desk.breaker.next_tick());
  }
  sooner(next, now + core::Seconds(1));  // lapses, first sight, the resolver's record
  return std::max(*next, now);
}

core::Millis Monitor::pause(core::Millis at_most) const {
  const core::Tick now = ledger_.clocks().tick;
  if (!ports_.journal.can_accept()) {
    return std::min(at_most, kFlushEvery);
  }
  core::Millis until = std::chrono::ceil<core::Millis>(next_due() - now);
  if (!ledger_.is_empty()) {
    until = std::min(until, kFlushEvery);
  }
  return std::clamp(until, kShortest, std::max(at_most, kShortest));
}

core::Result<report::WhyDoc> Monitor::why(const std::string& subject,
                                          const std::string& zone) const {
  return explain(*now_, subject, zone, core::read_clocks(ports_.clock));
}

Figures Monitor::figures() const {
  return make_figures(*now_, ports_.resolver, epoch_, core::read_clocks(ports_.clock));
}

core::Result<void> Monitor::release(const std::string& zone) {
  ledger_.set_now(core::read_clocks(ports_.clock));
  const auto index = now_->world->find_zone(zone);
  if (!index || !now_->pairs.release(*index)) {
    return core::fail(core::Error::Kind::not_found, zone + " is not quarantined");
  }
  return {};
}

}  // namespace rblwatch::daemon
