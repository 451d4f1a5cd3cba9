// SPDX-License-Identifier: Apache-2.0
// The life of a flight between packets: time-outs, the next attempt, the end.
#include <algorithm>
#include <cstring>
#include <utility>

#include "core/check.hpp"
#include "dns/engine.hpp"

namespace rblwatch::dns {
namespace {

using core::Micros;

constexpr Micros kErrorPause = core::Millis(100);  // before the same server is asked after an error

std::string error_text(int error) {
  return std::string(std::strerror(error));
}

}  // namespace

void Engine::run_timers() {
  due_.clear();
  timers_.take_due(now_, due_);
  for (const std::uint32_t index : due_) {
    // One that was ended by another's timer may be a new flight already, with a timer of its own.
    if (!timers_.is_armed(index)) on_timer(index);
  }
}

void Engine::on_timer(std::uint32_t index) {
  switch (flights_.at(index).stage) {
    case Stage::idle:
      break;
    case Stage::sent:
      on_no_reply(index);
      break;
    case Stage::waiting:
      on_long_wait(index);
      break;
    case Stage::resting:
      resume(index);
      break;
    case Stage::waiting_for_tcp:
      on_long_wait_for_tcp(index);
      break;
    case Stage::tcp:
      drop_connection(flights_.at(index).connection);  // it kept a question waiting for so long
      break;
  }
}

// No reply by a time at which there should be one.
void Engine::on_no_reply(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  const ServerState& server = servers_.at(flight.server);
  // A server under load that has answered nothing since is not losing questions, it stands still (a
  // reload, no processor): what we sent waits in its buffer, and more would overrun that.
  const bool is_stalled = server.newest_answered <= flight.last_sent &&
                          server.window.outstanding() * 2 >= server.window.size();
  const core::Tick latest = flight.last_sent + options_.timeout;
  if (is_stalled && now_ < latest) {
    flight.attempt_end =
        std::min(latest, std::max(flight.attempt_end, now_ + overdue_after(server)));
    timers_.arm(index, std::min(flight.attempt_end, now_ + overdue_after(server)));
    return;
  }
  on_overdue(flight);
  if (now_ >= flight.attempt_end) {
    fail_attempt(index, Failure::silence);
  } else {
    timers_.arm(index, flight.attempt_end);
  }
}

// Its place in the window goes to another question; that is a loss only where a reply was to be
// expected.
void Engine::on_overdue(Flight& flight) {
  if (!flight.is_in_window) return;
  ServerState& server = servers_.at(flight.server);
  leave_window(flight);
  const Lane lane = flight.first.lane;
  const bool is_slow_lane = lanes_.rtt(lane).smoothed() * 2 > overdue_after(server) ||
                            !lanes_.has_answered_since(lane, flight.last_sent);
  if (!lanes_.is_silent(lane) && !is_slow_lane && !has_slept_since(flight.last_sent))
    server.window.on_overdue(now_, overdue_after(server) * 2);
}

// A timer's time in the queue. Where another of the group does better by now, it goes there. Else,
// for a full window or a server that is asked less one waits: what was never sent has not timed
// out; for a server that doesn't answer the wait counts as an attempt.
void Engine::on_long_wait(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  const bool is_answering = servers_.at(flight.server).is_answering;
  if (move_to_better(flight)) {
    give_up_claims(flight);
    queue_or_rest(index);
    return;
  }
  if (!is_answering && ++flight.attempts >= options_.attempts) {
    conclude(index);
    return;
  }
  timers_.arm(index, now_ + options_.timeout);
  release_held(flight.first.lane);
}

void Engine::fail_attempt(std::uint32_t index, Failure failure) {
  Flight& flight = flights_.at(index);
  const Lane lane = flight.first.lane;
  const std::uint32_t server = flight.server;
  leave_window(flight);
  leave_tcp(flight);
  give_up_claims(flight);
  const bool was_tcp = flight.wants_tcp;
  const bool was_asked = flight.stage != Stage::waiting_for_tcp;
  flight.wants_tcp = false;
  flight.tried |= 1U << flight.place;
  const bool has_slept = was_asked && has_slept_since(std::max(flight.sent_at, flight.last_sent));
  if (has_slept && failure != Failure::broken && flight.attempts > 0) --flight.attempts;
  if (failure == Failure::silence) {
    ++counters_.timeouts;
    if (was_asked && !has_slept) lanes_.note_silence(lane);
  }
  if (flight.shares_junk) give_up_port(flight);
  flight.shares_junk = false;
  const bool is_network = failure == Failure::network;
  const ServerBook::Silence silence{lane, flight.sent_at, is_network};
  // Who was asked over TCP had answered over UDP: the server is there, whatever its TCP does.
  const bool speaks_of_server = failure != Failure::broken && !was_tcp && !has_slept;
  const bool is_dead = speaks_of_server && servers_.note_silence(server, silence, now_);
  if (flight.attempts >= options_.attempts) {
    conclude(index);
  } else if (is_network) {
    leave_socket(flight);
    const bool has_other = servers_.has_other(servers_.group(flight.group), flight.tried);
    // Not at once to the same server: the error would be the same, and the processor busy.
    rest(index,
         has_other ? Micros{0} : std::min<Micros>(kErrorPause * flight.attempts, options_.timeout));
  } else {
    next_attempt(index);
  }
  if (is_dead) reroute(server);
}

void Engine::next_attempt(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  const GroupState& group = servers_.group(flight.group);
  const std::uint32_t all =
      group.servers.size() >= 32 ? UINT32_MAX : (1U << group.servers.size()) - 1;
  const std::uint32_t failed = flight.failed();
  if ((flight.tried & all) == all) flight.tried = failed | (1U << flight.place);  // this one last
  if ((flight.tried & all) == all) flight.tried = failed;
  flight.place = static_cast<std::uint8_t>(servers_.choose(group, flight.tried));
  if (((failed >> flight.place) & 1U) != 0) {
    conclude(index);  // the others have fallen silent meanwhile
    return;
  }
  const std::uint32_t server = group.servers[flight.place];
  if (server != flight.server) leave_socket(flight);
  flight.server = server;
  if (flight.is_under_attack) {
    ++flight.attempts;
    to_tcp(index);
  } else {
    queue_or_rest(index);
  }
}

// What a flight does when its rest is over.
void Engine::resume(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  const bool was_paced = flight.is_retry_queued;
  give_up_claims(flight);
  if (was_paced) {
    queue_or_rest(index);
  } else {
    next_attempt(index);
  }
}

// The same question once more with what was learnt, under a new id, from a new port; no attempt by
// itself.
void Engine::ask_again(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  leave_window(flight);
  give_up_port(flight);
  give_up_claims(flight);
  flight.is_free = true;
  if (flight.stage == Stage::tcp) {
    leave_tcp(flight);
    join_tcp_line(index);
  } else {
    queue_or_rest(index);
  }
}

void Engine::queue_or_rest(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  const Lane lane = flight.first.lane;
  if (lanes_.can_promise(lane, servers_.at(flight.server).role, now_)) {
    promise_and_enqueue(index);
  } else {
    rest_for_pace(index);
  }
}

// New lookups stand behind it.
void Engine::rest_for_pace(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  const Lane lane = flight.first.lane;
  const ServerRole role = servers_.at(flight.server).role;
  flight.waits_for_all = lanes_.queue_retries(lane, role, 1, now_) > 0;
  flight.is_retry_queued = true;
  const core::Tick at = lanes_.when_promisable(lane, role, now_);
  rest(index, std::max<Micros>(at - now_, core::Millis(1)));
}

void Engine::rest(std::uint32_t index, Micros pause) {
  flights_.at(index).stage = Stage::resting;
  timers_.arm(index, now_ + pause);
}

// What the lane's pace holds for a packet that won't be sent.
void Engine::give_up_claims(Flight& flight) {
  const Lane lane = flight.first.lane;
  if (flight.is_promised) lanes_.withdraw(lane, servers_.at(flight.server).role);
  if (flight.is_held) lanes_.release(lane);
  if (flight.is_retry_queued) lanes_.dequeue_retries(lane, 1, flight.waits_for_all ? 1 : 0);
  flight.is_promised = flight.is_held = flight.is_retry_queued = false;
}

void Engine::leave_lane_window(Flight& flight) {
  if (!flight.is_in_lane_window) return;
  flight.is_in_lane_window = false;
  lanes_.leave_window(flight.first.lane, flight.is_laggard);
  release_held(flight.first.lane);
}

void Engine::leave_window(Flight& flight) {
  leave_lane_window(flight);
  if (!flight.is_in_window) return;
  servers_.at(flight.server).window.on_left();
  flight.is_in_window = false;
  --in_windows_;
}

void Engine::leave_socket(Flight& flight) {
  if (flight.socket == kNoSocket) return;
  sockets_.release(flight.socket, flight.socket_place);
  flight.socket = kNoSocket;
  flight.was_resent = false;
}

// Where the next packet must come from another port than this one, which nobody else gets either.
void Engine::give_up_port(Flight& flight) {
  if (flight.socket != kNoSocket) sockets_.retire(flight.socket);
  leave_socket(flight);
}

// From a server that doesn't answer to one of its group that does, or from one that is asked less
// to one that isn't, if there is one.
bool Engine::move_to_better(Flight& flight) {
  const ServerState& before = servers_.at(flight.server);
  if (!before.is_in_trouble()) return false;
  const GroupState& group = servers_.group(flight.group);
  const std::size_t place = servers_.choose(group, flight.tried | (1U << flight.place));
  if (((flight.failed() >> place) & 1U) != 0) return false;
  const std::uint32_t server = group.servers[place];
  const ServerState& after = servers_.at(server);
  if (before.is_answering ? after.is_in_trouble() : !after.is_answering) return false;
  leave_socket(flight);
  flight.place = static_cast<std::uint8_t>(place);
  flight.server = server;
  flight.is_free = false;
  return true;
}

// What waits for a server in trouble goes to the others of its group.
void Engine::reroute(std::uint32_t server) {
  std::deque<Waiting> waiting;
  waiting.swap(servers_.at(server).queue);
  queued_ -= waiting.size();
  for (const Waiting& one : waiting) {
    if (!is_waiting(one)) continue;
    Flight& flight = flights_.at(one.flight);
    move_to_better(flight);
    servers_.at(flight.server).queue.push_back(one);
    ++queued_;
  }
}

NoAnswer Engine::why_none(const Flight& flight) {
  const ServerState& server = servers_.at(flight.server);
  if (flight.had_broken_reply || flight.had_junk) {
    return {NoAnswer::Why::malformed, "only broken replies came"};
  }
  if (flight.error != 0) return {NoAnswer::Why::network, error_text(flight.error)};
  if (!server.is_answering && server.is_unreachable) {
    return {NoAnswer::Why::network, "the server can't be reached and is only probed"};
  }
  if (!server.is_answering) {
    return {NoAnswer::Why::timeout, "the server does not answer and is only probed"};
  }
  return {NoAnswer::Why::timeout,
          "no usable reply to " + std::to_string(flight.attempts) + " attempts"};
}

// The end without a reply that settles it: the last answer of another server, if there was one.
void Engine::conclude(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  Completion& completion = next_completion();
  if (flight.company != nullptr && flight.company->fallback) {
    const Fallback& last = *flight.company->fallback;
    completion.outcome = last.answer;
    completion.server = servers_.at(last.server).server;
    completion.transport = last.transport;
    completion.asked_at = last.asked_at;
    completion.took = last.took;
  } else {
    completion.outcome = why_none(flight);
    completion.server = servers_.at(flight.server).server;
    completion.transport = flight.transport;
    completion.asked_at = flight.sent_at;
    completion.took = time_since(flight.sent_at);
  }
  complete(index);
}

// The next one to be handed out, not yet counted. Used again and again, so that answers keep their
// memory.
Completion& Engine::next_completion() {
  if (completed_ == completions_.size())
    completions_.resize(std::max<std::size_t>(64, completed_ * 2));
  return completions_.data()[completed_];  // without a second check
}

// Pre: it is next_completion(), which is no more from here on.
void Engine::address(Completion& completion, LookupId asker, ServerRole role) {
  completion.id = asker;
  completion.role = role;
  ++completed_;
}

// Pre: next_completion() holds all but who asked. Frees the flight.
void Engine::complete(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  const std::uint32_t group = flight.group;
  const ServerRole role = servers_.group(group).group->role;
  const Lane lane = flight.first.lane;
  const std::size_t original = completed_;
  address(next_completion(), flight.first.id, role);
  lanes_.leave(flight.first.lane);
  const std::unique_ptr<Flight::Company> company = std::move(flight.company);
  if (company != nullptr) {
    for (const Flight::Asker& other : company->others) {
      Completion& copy = next_completion();  // first, for it may move them all
      copy = completions_[original];
      address(copy, other.id, role);
      lanes_.leave(other.lane);
    }
  }
  give_up_claims(flight);
  leave_window(flight);
  leave_socket(flight);
  leave_tcp(flight);
  timers_.stop(index);
  flight.stage = Stage::idle;
  flights_.close(index);
  servers_.drop_group(group);
  release_held(lane);
  if (company == nullptr) return;
  for (const Lookup& lookup : company->parked)
    take_up(lookup, false);
}

}  // namespace rblwatch::dns
