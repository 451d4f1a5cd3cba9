// SPDX-License-Identifier: Apache-2.0
// From a server's queue onto the wire: windows, probes, batches, and what the kernel says to it.
#include <algorithm>
#include <cerrno>
#include <limits>
#include <numeric>
#include <utility>

#include "dns/engine.hpp"

namespace rblwatch::dns {
namespace {

using core::Micros;

constexpr Micros kFloor = core::Millis(50);   // no attempt is given up sooner
constexpr Micros kProbe = core::Millis(500);  // one of a server that may be back, at least
constexpr int kLongerEachTime = 4;
constexpr Micros kOverdueFloor = core::Millis(10);  // nor leaves its window
constexpr Micros kOverdueUnknown = core::Millis(200);
constexpr int kLagsBehind = 4;                   // times the quickest round trip
constexpr Micros kLagFloor = WakeBudget::kTick;  // what a reply may wait to be collected
constexpr Micros kNoRoomPause = core::Millis(5);
// Few questions in a row from one port, so that all ports stay in use.
constexpr std::size_t kLongestRun = 16;
// Where replies are collected on ticks, what fifty forgers send to each of these fits a socket's
// buffer meanwhile.
constexpr std::size_t kLongestPacedRun = 5;
constexpr std::size_t kRunsPerBatch = 3;
constexpr std::size_t kLookForOtherLane = 32;
constexpr std::size_t kLookAhead = 8;  // flights whose memory is called for before their turn

bool is_full(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

// No descriptor, no free port, no place to be watched: others will give some back. What else keeps
// a socket from being made (a kernel without IPv6, a policy) stays.
bool is_shortage(int error) {
  return is_full(error) || error == EMFILE || error == ENFILE || error == EADDRINUSE ||
         error == ENOSPC;
}

}  // namespace

void Engine::note_flush_at(core::Tick at) {
  flush_at_ = std::min(flush_at_.value_or(at), at);
}

void Engine::enqueue(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  flight.stage = Stage::waiting;
  servers_.at(flight.server).queue.push_back({index, ++flight.ticket});
  ++queued_;
  timers_.arm(index, now_ + options_.timeout);
}

void Engine::promise_and_enqueue(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  lanes_.promise(flight.first.lane, servers_.at(flight.server).role);
  flight.is_promised = true;
  enqueue(index);
}

void Engine::flush() {
  flush_at_.reset();
  serve_tcp_lines();
  if (queued_ == 0) {
    lanes_.note_flushed();
    return;
  }
  if (now_ < blocked_until_) {
    note_flush_at(blocked_until_);
    return;
  }
  for (auto& batch : batches_)
    batch.clear();
  for (std::uint32_t i = 0; i < servers_.size(); ++i) {
    if (std::exchange(servers_.at(i).distress.wants_relief, false)) reroute(i);
  }
  for (std::uint32_t i = 0; i < servers_.size(); ++i) {
    if (!servers_.at(i).queue.empty()) flush_server(servers_.at(i));
  }
  dispatch();
  lanes_.note_flushed();
}

void Engine::flush_server(ServerState& server) {
  if (!server.is_answering) {
    flush_probe(server);
    return;
  }
  std::size_t at_most = server.window.room();
  if (at_most == 0 && can_look_past(server)) at_most = 1;
  RateLimit& pace = server.distress.pace;
  if (pace.is_limited()) {
    const auto allowed = static_cast<std::size_t>(std::max(pace.available(now_), 0.0));
    if (allowed == 0) note_flush_at(pace.when_available(1, now_));
    at_most = std::min(at_most, allowed);
  }
  pace.take(now_, static_cast<double>(gather(server, at_most)));
}

// Where a window is full and nothing comes any more, the server stands still, or those who hold it
// are of zones that died together: now and then another lane's question finds out.
bool Engine::can_look_past(ServerState& server) {
  const core::Tick due =
      std::max(server.last_reply, server.looked_past_at) + std::max(overdue_after(server), kFloor);
  if (now_ < due) {
    note_flush_at(due);
    return false;
  }
  server.looked_past_at = now_;
  return bring_forward(server.queue, [this](Lane lane) {
    return lanes_.is_proven(lane) && !lanes_.is_in_window(lane);
  });
}

// Turns the queue until one that waits and fits stands in front, among the first few; false when
// none does. What has ended is dropped.
template <class Fits>
bool Engine::bring_forward(std::deque<Waiting>& queue, Fits fits) {
  for (std::size_t i = std::min(queue.size(), kLookForOtherLane); i > 0; --i) {
    const Waiting front = queue.front();
    const bool is_live = is_waiting(front);
    if (is_live && fits(flights_.at(front.flight).first.lane)) return true;
    queue.pop_front();
    if (is_live) {
      queue.push_back(front);
    } else {
      --queued_;
    }
  }
  return false;
}

// One question to see whether it is back; of another lane than the last, and sooner of one that
// answers, for zones may be dead too.
void Engine::flush_probe(ServerState& server) {
  // Lookups end while they wait here; the queue of a server that is down for days must not grow.
  while (!server.queue.empty() && !is_waiting(server.queue.front())) {
    server.queue.pop_front();
    --queued_;
  }
  if (now_ < server.probe_at) {
    note_flush_at(server.probe_at);
    return;
  }
  const auto is_other = [&server](Lane lane) { return lane != server.last_probed; };
  const auto is_better = [&](Lane lane) { return is_other(lane) && !lanes_.is_silent(lane); };
  if (!bring_forward(server.queue, is_better)) bring_forward(server.queue, is_other);
  if (gather(server, 1) == 0) return;
  server.last_probed = flights_.at(batch_of(server).back()).first.lane;
  servers_.take_probe(server, now_);
}

// Whether the flight still is what was queued: it may have ended, or been answered meanwhile.
bool Engine::is_waiting(const Waiting& one) {
  const Flight& flight = flights_.at(one.flight);
  return flight.ticket == one.ticket && flight.stage == Stage::waiting;
}

// Far slower than others of the server: such a lane keeps its places for long, and would fill a
// window that they need.
bool Engine::is_laggard(const ServerState& server, Lane lane) const {
  if (lanes_.is_alone()) return false;
  return lanes_.rtt(lane).smoothed() > server.quickest * kLagsBehind + kLagFloor;
}

// `taken`: what goes to it besides those on their way. Half of a window is anybody's; beyond
// it laggards get their parts.
bool Engine::may_enter_window(ServerState& server, Lane lane, std::size_t taken) {
  if (!lanes_.has_window(lane)) return false;
  const auto outstanding = static_cast<double>(server.window.outstanding() + taken);
  if (outstanding * 2 < server.window.size() || !is_laggard(server, lane)) return true;
  if (lanes_.has_laggards_window(lane, server.window.size())) return true;
  server.window.note_wanted();
  return false;
}

// Until a place of its lane is free.
void Engine::hold(const Waiting& waiting, Lane lane) {
  Flight& flight = flights_.at(waiting.flight);
  lanes_.hold(lane, servers_.at(flight.server).role);
  flight.is_promised = false;
  flight.is_held = true;
  if (lane.value >= held_.size()) held_.resize(lane.value + 1U);
  held_[lane.value].push_back(waiting);
  ++held_count_;
}

void Engine::release_held(Lane lane) {
  if (held_count_ == 0 || lane.value >= held_.size()) return;
  auto& held = held_[lane.value];
  for (std::size_t released = 1; !held.empty() && lanes_.has_window(lane); ++released) {
    const Waiting next = held.front();
    held.pop_front();
    --held_count_;
    if (!is_waiting(next)) continue;
    Flight& flight = flights_.at(next.flight);
    give_up_claims(flight);
    move_to_better(flight);
    ServerState& server = servers_.at(flight.server);
    if (lanes_.can_promise(lane, server.role, now_)) {
      lanes_.promise(lane, server.role);
      flight.is_promised = true;
      server.queue.push_back(next);  // its time in the queue goes on
      ++queued_;
    } else {
      rest_for_pace(next.flight);
    }
    note_flush_at(now_);
    // What waits for a dead server takes nobody's place.
    if (server.is_answering && released >= most_released(server, lane)) break;
  }
}

// For one that left: one until the lane answers; two of a laggard, whose part may have grown.
std::size_t Engine::most_released(const ServerState& server, Lane lane) const {
  if (!lanes_.is_proven(lane)) return 1;
  return is_laggard(server, lane) ? 2 : SIZE_MAX;
}

// How many were taken.
std::size_t Engine::gather(ServerState& server, std::size_t at_most) {
  std::size_t taken = 0;
  while (taken < at_most && !server.queue.empty()) {
    const Waiting next = server.queue.front();
    server.queue.pop_front();
    --queued_;
    if (server.queue.size() > kLookAhead) flights_.prefetch(server.queue[kLookAhead].flight);
    if (!is_waiting(next)) continue;
    const Lane lane = flights_.at(next.flight).first.lane;
    if (!may_enter_window(server, lane, taken)) {
      hold(next, lane);
      continue;
    }
    ++taken;
    Flight& flight = flights_.at(next.flight);
    flight.is_laggard = is_laggard(server, lane);
    flight.is_in_lane_window = true;
    lanes_.enter_window(lane, flight.is_laggard);
    batch_of(server).push_back(next.flight);
  }
  return taken;
}

// Those of one size side by side, for the kernel takes these as one. Pre: all to one server.
void Engine::line_up(std::span<const std::uint32_t> flights) {
  std::array<std::uint32_t, core::DnsName::kMaxWire + 2> place{};
  for (const std::uint32_t index : flights)
    ++place[flights_.at(index).name.wire().size() + 1U];
  std::partial_sum(place.begin(), place.end(), place.begin());
  const std::size_t before = family_.size();
  family_.resize(before + flights.size());
  for (const std::uint32_t index : flights)
    family_[before + place[flights_.at(index).name.wire().size()]++] = index;
}

void Engine::dispatch() {
  for (const bool is_v6 : {false, true}) {
    family_.clear();
    fresh_.clear();
    for (const std::uint32_t index : batches_[is_v6 ? 1 : 0]) {
      const Flight& flight = flights_.at(index);
      if (flight.socket != kNoSocket) {
        resend(index);
        continue;
      }
      if (!fresh_.empty() && flights_.at(fresh_.front()).server != flight.server) {
        line_up(fresh_);
        fresh_.clear();
      }
      fresh_.push_back(index);
    }
    line_up(fresh_);
    const std::size_t longest = is_paced_ ? kLongestPacedRun : kLongestRun;
    const std::size_t run = std::clamp<std::size_t>(family_.size() / kRunsPerBatch, 1, longest);
    for (std::size_t at = 0; at < family_.size();) {
      const std::size_t size = std::min(run, family_.size() - at);
      const std::size_t done = send_chunk({family_.data() + at, size}, is_v6);
      at += done;
      if (done == 0) {
        put_back({family_.data() + at, family_.size() - at});
        break;
      }
    }
  }
}

// Sends from one socket. How many were dealt with, sent or failed; 0 when nothing can go now.
std::size_t Engine::send_chunk(std::span<const std::uint32_t> flights, bool is_v6) {
  const std::uint32_t socket = sockets_.pick(is_v6, std::max(pressure_, sent_this_second_), now_);
  if (socket == kNoSocket) return on_no_socket(flights);
  const std::size_t size = std::min<std::size_t>(flights.size(), sockets_.at(socket).room());
  datagrams_.clear();
  for (std::size_t i = 0; i < size; ++i) {
    Flight& flight = flights_.at(flights[i]);
    flight.socket = socket;
    const Enlisted enlisted = sockets_.enlist(socket, flights[i]);
    flight.id = enlisted.id;
    flight.socket_place = enlisted.place;
    write_query(flight);
    const ServerState& server = servers_.at(flight.server);
    datagrams_.add({flight.packet.data(), flight.size}, server.address, server.address_length);
  }
  const int fd = sockets_.at(socket).fd.get();
  std::size_t done = 0;
  while (done < size) {
    const int sent = datagrams_.send(fd, done);
    for (int i = 0; i < sent; ++i)
      on_sent(flights[done++]);
    if (sent >= 0) continue;
    const int error = errno;
    if (drain_errors(socket)) continue;  // it spoke of an earlier datagram
    if (is_full(error)) {
      blocked_until_ = now_ + kNoRoomPause;
      note_flush_at(blocked_until_);
      for (std::size_t i = done; i < size; ++i)
        leave_socket(flights_.at(flights[i]));
      break;
    }
    on_unsent(flights[done++], error);
  }
  return done;
}

// How many were dealt with.
std::size_t Engine::on_no_socket(std::span<const std::uint32_t> flights) {
  const int error = sockets_.last_error();
  if (is_shortage(error)) {
    blocked_until_ = now_ + kNoRoomPause;
    note_flush_at(blocked_until_);
    return 0;
  }
  for (const std::uint32_t index : flights)
    on_unsent(index, error);
  return flights.size();
}

void Engine::put_back(std::span<const std::uint32_t> flights) {
  for (std::size_t i = flights.size(); i-- > 0;) {
    Flight& flight = flights_.at(flights[i]);
    leave_lane_window(flight);
    servers_.at(flight.server).queue.push_front({flights[i], flight.ticket});
    ++queued_;
  }
}

void Engine::write_query(Flight& flight) {
  ServerState& server = servers_.at(flight.server);
  if (!server.has_edns && now_ >= server.edns_again) server.has_edns = true;
  if (server.folds_case && now_ >= server.case_again) server.folds_case = false;
  flight.has_edns = server.has_edns && !flight.without_edns;
  const QueryShape shape{.type = flight.type,
                         .wants_recursion = server.role == ServerRole::resolver,
                         .has_edns = flight.has_edns};
  flight.has_cookie = flight.has_edns && server.cookie.offer(now_, random_);
  const QueryLayout layout = templates_.get(shape).write(
      flight.id, flight.name.wire(), flight.has_cookie ? server.cookie.bytes() : Bytes{},
      flight.packet);
  flight.size = layout.size;
  flight.question_end = layout.question_end;
  flight.is_mixed = false;
  if (options_.mixed_case && !server.folds_case && !flight.without_case && !flight.wants_tcp) {
    const std::span<std::uint8_t> name(flight.packet.data() + kHeaderSize,
                                       flight.name.wire().size());
    flight.is_mixed = mix_case(name, [this] { return random_.next(); });
  }
}

// The same packet from the same port: a reply to either sending is one to both.
void Engine::resend(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  const std::uint32_t socket = flight.socket;
  ServerState& server = servers_.at(flight.server);
  datagrams_.clear();
  datagrams_.add({flight.packet.data(), flight.size}, server.address, server.address_length);
  const int fd = sockets_.at(socket).fd.get();
  int sent = datagrams_.send(fd, 0);
  if (sent < 0) {
    const int error = errno;
    sent = drain_errors(socket) ? datagrams_.send(fd, 0) : -1;
    if (sent < 0 && is_full(error)) {
      blocked_until_ = now_ + kNoRoomPause;
      put_back({&index, 1});
      note_flush_at(blocked_until_);
      return;
    }
    if (sent < 0) {
      on_unsent(index, error);
      return;
    }
  }
  flight.was_resent = true;
  on_sent(index);
}

// By when a reply is there, as far as is known of lane and server; longer where replies turned out
// to be slower than that.
Micros Engine::expected_time(const Flight& flight) {
  const RttEstimate& rtt = lanes_.rtt(flight.first.lane);
  const Micros server = servers_.at(flight.server).rtt.smoothed() * 4;
  return std::max({rtt.bound(), server, kFloor}) * rtt.patience();
}

// How long this attempt may take. The first is cut short by what is known of the lane, which makes
// up for a lost datagram quickly; each later one takes longer, and the last takes all of the time,
// to outlast a server's pause. A reply to an earlier sending of the same packet is taken until the
// end. A probe leaves all attempts to those who answer.
Micros Engine::attempt_time(const Flight& flight) {
  Micros allowed = expected_time(flight);
  if (flight.attempts == 0) return std::min<Micros>(std::max(allowed, kProbe), options_.timeout);
  const bool is_settled = lanes_.rtt(flight.first.lane).is_settled();
  if (flight.attempts >= options_.attempts || !is_settled) return options_.timeout;
  for (std::uint32_t i = 1; i < flight.attempts && allowed < options_.timeout; ++i)
    allowed *= kLongerEachTime;
  return std::min<Micros>(allowed, options_.timeout);
}

void Engine::on_sent(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  ServerState& server = servers_.at(flight.server);
  flight.stage = Stage::sent;
  flight.transport = Transport::udp;
  if (!flight.is_free) ++flight.attempts;
  flight.is_free = false;
  if (flight.last_sent != core::Tick{}) ++counters_.retries;
  flight.last_sent = now_;
  if (!flight.was_resent) flight.sent_at = now_;
  if (flight.is_promised) {
    lanes_.send_promised(flight.first.lane, server.role, now_);
    flight.is_promised = false;
  }
  server.window.on_sent();
  flight.is_in_window = true;
  ++in_windows_;
  flight.overdue_at = now_ + overdue_after(server);
  flight.attempt_end = now_ + attempt_time(flight);
  timers_.arm(index, std::min(flight.overdue_at, flight.attempt_end));
  ++counters_.udp_sent;
  ++sent_this_second_;
}

Micros Engine::overdue_after(const ServerState& server) const {
  if (!server.rtt.is_known()) return std::min<Micros>(kOverdueUnknown, options_.timeout);
  return std::max(server.rtt.smoothed() * 4, kOverdueFloor);
}

// The system refused this datagram: no route, a firewall, no such network (ENETUNREACH, EPERM …).
void Engine::on_unsent(std::uint32_t index, int error) {
  Flight& flight = flights_.at(index);
  if (!flight.is_free) ++flight.attempts;
  flight.is_free = false;
  flight.error = error;
  flight.sent_at = now_;
  ++counters_.network_errors;
  fail_attempt(index, Failure::network);
}

}  // namespace rblwatch::dns
