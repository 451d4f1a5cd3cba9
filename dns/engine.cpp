// SPDX-License-Identifier: Apache-2.0
#include "dns/engine.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "core/check.hpp"
#include "dns/engine_tags.hpp"

namespace rblwatch::dns {
namespace {

// Few, so that the caller takes the answers while they are in the processor's own cache.
constexpr std::size_t kEvents = 16;
// Timers wait for so many rounds at most until nothing more is to be read.
constexpr std::uint32_t kMostPolls = 256;
// So much more has passed than was to be expected: the machine slept, and silence is nobody's
// fault.
constexpr core::Micros kSuspended = core::Seconds(5);
constexpr core::Millis kLongestWait = std::chrono::hours(1);
// So many questions gone, or answers come, at once are worth a turn of the caller's, which costs as
// much as some of them.
constexpr std::size_t kWorthReturning = 64;
// How long answers gather: twice that with a thread's usual timer slack (prctl(2)), and until the
// processor is free. Worth it where some come in that time.
constexpr core::Micros kGather{50};
constexpr std::size_t kGatheringPace = 20'000;  // questions a second
constexpr std::size_t kManyOnTheirWay = 64;

}  // namespace

Engine::Engine(const ResolverOptions& options, const core::Clock& clock, core::Random& random,
               core::Fd epoll, SocketLimits limits)
    : options_(options),
      clock_(clock),
      random_(random),
      epoll_(std::move(epoll)),
      now_(clock.tick()),
      lanes_(options, now_),
      servers_(options, random),
      flights_(options.in_flight),
      timers_(now_),
      sockets_(epoll_.get(), kUdpTag, limits, random),
      tcp_(epoll_.get(), kTcpTag, random),
      tcp_lines_(lanes_),
      second_end_(now_ + core::Seconds(1)) {}

Engine::~Engine() = default;

void Engine::set_lanes(std::span<const LaneLimit> limits) {
  lanes_.set_limits(limits, clock_.tick());
  tcp_lines_.on_new_paces();
}

// Reading the clock costs as much as all else in can_submit(): only where a pace needs it.
core::Tick Engine::paced_now(Lane lane) const {
  return lanes_.is_paced(lane) ? clock_.tick() : now_;
}

// `expected` may have passed since the last time.
void Engine::read_clock(core::Micros expected) {
  const core::Tick before = std::exchange(now_, clock_.tick());
  if (now_ - before > expected + kSuspended) slept_until_ = now_;
}

// What became of a question sent before a sleep, and how long it took, says nothing.
bool Engine::has_slept_since(core::Tick sent) const {
  return sent < slept_until_;
}

// Without the sleep.
core::Micros Engine::time_since(core::Tick sent) const {
  return now_ - std::max(sent, slept_until_);
}

bool Engine::can_submit(Lane lane) const {
  return lanes_.can_submit(lane, paced_now(lane));
}

core::Tick Engine::next_slot(Lane lane) const {
  return lanes_.next_slot(lane, paced_now(lane));
}

void Engine::submit(const Lookup& lookup) {
  RBL_CHECK(lookup.servers != nullptr && !lookup.servers->servers.empty());
  const bool is_allowed = lanes_.enter(lookup.lane, lookup.servers->role, now_);
  is_paced_ = lanes_.is_paced(lookup.lane);
  take_up(lookup, is_allowed);
}

// An equal question in flight takes the lookup along; one that a common server would see twice at
// the same time, which helps a forger (CVE-2002-2211), makes it wait.
bool Engine::join_flight(const Lookup& lookup, std::uint32_t group, const core::DnsName& name,
                         std::uint64_t hash) {
  for (std::uint32_t index = flights_.first(hash); index != kNoFlight;
       index = flights_.at(index).next_in_bucket) {
    Flight& flight = flights_.at(index);
    if (flight.hash != hash || flight.type != lookup.question.type || flight.name != name) continue;
    if (flight.group == group || servers_.is_same_group(flight.group, lookup.servers)) {
      flight.make_company().others.push_back({lookup.id, lookup.lane});
      ++counters_.shared;
      return true;
    }
    if (servers_.share_server(flight.group, group)) {
      flight.make_company().parked.push_back(lookup);
      return true;
    }
  }
  return false;
}

// `is_allowed`: the paces have been asked.
void Engine::take_up(const Lookup& lookup, bool is_allowed) {
  const std::uint32_t group = servers_.use_group(lookup.servers);
  const core::DnsName& name = lookup.question.name;
  const std::uint64_t hash = hash_question(name, lookup.question.type);
  if (join_flight(lookup, group, name, hash)) {
    servers_.drop_group(group);
    return;
  }
  const std::uint32_t index = flights_.open(hash);
  Flight& flight = flights_.at(index);
  flight.first = {lookup.id, lookup.lane};
  flight.name = name;
  flight.type = lookup.question.type;
  flight.group = group;
  flight.sent_at = now_;
  const GroupState& state = servers_.group(group);
  const bool can_go = is_allowed && lanes_.has_window(lookup.lane);
  const auto probed = can_go ? servers_.due_probe(state, now_) : std::nullopt;
  flight.is_free = probed.has_value();
  flight.place = static_cast<std::uint8_t>(probed ? *probed : servers_.choose(state, 0));
  flight.server = state.servers[flight.place];
  if (is_allowed) {
    promise_and_enqueue(index);
  } else {
    queue_or_rest(index);
  }
}

void Engine::every_second() {
  pressure_ = sent_this_second_;
  sent_this_second_ = 0;
  second_end_ = now_ + core::Seconds(1);
  sockets_.tidy(now_);
  tcp_.tidy(now_);
}

// Whether somebody waits for the replies to come: a full window, full places, or a caller without a
// pace.
bool Engine::is_urgent() const {
  return !is_paced_ || queued_ > 0 || !tcp_.is_idle() || lanes_.in_flight() >= lanes_.places();
}

core::Micros Engine::time_to_wait(core::Tick deadline) {
  core::Tick until = deadline;
  if (const auto timer = timers_.next()) until = std::min(until, *timer);
  if (flush_at_) until = std::min(until, *flush_at_);
  return std::max(until - now_, core::Micros{0});
}

// True when the wake descriptor said so.
bool Engine::wait_for_events(core::Tick deadline) {
  const bool is_patient = !is_urgent();
  if (is_patient) {
    const core::Micros pause = std::min(wakes_.next(now_) - now_, time_to_wait(deadline));
    if (pause > core::Micros{0}) {
      pollfd wake{.fd = options_.wake_fd, .events = POLLIN, .revents = 0};
      const auto ms = std::chrono::ceil<core::Millis>(pause);
      const bool is_woken = poll(&wake, 1, static_cast<int>(ms.count())) > 0;
      read_clock(ms);
      if (is_woken) return true;
    }
  }
  const auto ms = std::chrono::ceil<core::Millis>(time_to_wait(deadline));
  const bool is_woken = poll_events(ms) == Polled::woken;
  if (is_patient) wakes_.take(now_);
  return is_woken;
}

// What lies in the sockets, until there is enough. True when the wake descriptor said so.
bool Engine::take_what_came() {
  Polled polled = Polled::nothing;
  do {
    polled = poll_events(core::Millis{0});
  } while (completed_ < kWorthReturning &&
           (polled == Polled::all || polled == Polled::perhaps_more));
  return polled == Polled::woken;
}

// Once there is an answer, those that come meanwhile go along. A thread that is quicker than its
// servers would find a handful each time, and the kernel takes half as much again for a question
// that goes and comes nearly alone: while many are on their way it lets them gather. True when the
// wake descriptor said so.
bool Engine::let_answers_gather() {
  if (completed_ == 0 || completed_ >= kWorthReturning) return false;
  if (take_what_came()) return true;
  const std::size_t pace = std::max(pressure_, sent_this_second_);
  const bool will_come = pace >= kGatheringPace && in_windows_ >= kManyOnTheirWay;
  if (completed_ >= kWorthReturning || !will_come) return false;
  std::this_thread::sleep_for(kGather);
  return take_what_came();
}

Engine::Polled Engine::poll_events(core::Millis at_most) {
  std::array<epoll_event, kEvents> events;  // NOLINT: filled by the kernel
  const auto ms = static_cast<int>(at_most.count());
  const int ready = epoll_wait(epoll_.get(), events.data(), kEvents, ms);
  read_clock(at_most);
  const std::span<const epoll_event> came(events.data(),
                                          static_cast<std::size_t>(std::max(ready, 0)));
  const bool is_woken = handle_events(came);
  serve_tcp_lines();  // what was truncated has the pace before retries and the caller's lookups
  if (is_woken) return Polled::woken;
  if (came.empty()) return Polled::nothing;
  return ready == kEvents ? Polled::perhaps_more : Polled::all;
}

// Before timers are believed, what came meanwhile is read: the caller may have been away for long.
bool Engine::run_due_timers() {
  const auto next = timers_.next();
  if (!next || *next > now_) return false;
  const Polled polled = poll_events(core::Millis{0});
  if (polled == Polled::perhaps_more && ++polls_before_timers_ < kMostPolls) return false;
  polls_before_timers_ = 0;
  run_timers();
  return polled == Polled::woken;
}

bool Engine::handle_events(std::span<const epoll_event> events) {
  bool is_woken = false;
  for (const epoll_event& event : events) {
    const auto tag = static_cast<std::uint32_t>(event.data.u64 >> 32U);
    const auto number = static_cast<std::uint32_t>(event.data.u64);
    if (tag == kWakeTag) {
      is_woken = true;
    } else if (tag == kTcpTag) {
      on_connection(number, event.events);
    } else {
      if ((event.events & EPOLLERR) != 0) drain_errors(number);
      on_readable(number);
    }
  }
  return is_woken;
}

std::span<const Completion> Engine::wait(core::Millis at_most) {
  completed_ = 0;
  read_clock(core::Micros{0});  // the caller's turn is a short one
  const core::Tick deadline = now_ + std::clamp(at_most, core::Millis{0}, kLongestWait);
  for (;;) {
    sockets_.close_done();
    if (now_ >= second_end_) every_second();
    if (run_due_timers()) break;
    const std::uint64_t sent = counters_.udp_sent;
    flush();
    // The queues have room again: the caller may fill them before we wait.
    if (completed_ > 0 || counters_.udp_sent - sent >= kWorthReturning) break;
    const bool is_woken = wait_for_events(deadline) || let_answers_gather();
    if (is_woken || completed_ > 0 || now_ >= deadline) break;
  }
  return {completions_.data(), completed_};
}

}  // namespace rblwatch::dns
