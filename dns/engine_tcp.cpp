// SPDX-License-Identifier: Apache-2.0
// A flight's attempt over TCP: after truncation, and where UDP can't be trusted.
#include <algorithm>
#include <cerrno>
#include <iterator>

#include "dns/engine.hpp"

namespace rblwatch::dns {

// As soon as the pace allows: it is a packet like any other.
void Engine::to_tcp(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  leave_window(flight);
  leave_socket(flight);
  leave_tcp(flight);
  give_up_claims(flight);
  if (!flight.wants_tcp) {
    flight.wants_tcp = true;
    flight.has_own_connection = false;
    flight.attempt_end = core::Tick{};
  }
  if (!lanes_.can_promise(flight.first.lane, servers_.at(flight.server).role, now_)) {
    rest_for_pace(index);
    return;
  }
  // A time of its own, from here on.
  if (flight.attempt_end == core::Tick{}) flight.attempt_end = now_ + options_.timeout;
  if (now_ >= flight.attempt_end) {
    fail_attempt(index, Failure::silence);
  } else if (!ask_over_tcp(index, flight.attempt_end)) {
    wait_for_tcp(index);
  }
}

// False when its server's connections have no place for it now.
bool Engine::ask_over_tcp(std::uint32_t index, core::Tick deadline) {
  Flight& flight = flights_.at(index);
  write_query(flight);
  const ServerState& server = servers_.at(flight.server);
  const TcpPool::Peer peer{server.serial, &server.address, server.address_length, flight.first.lane,
                           lanes_.is_silent_over_tcp(flight.first.lane)};
  const auto place = tcp_.ask(peer, index, {flight.packet.data(), flight.size}, now_);
  if (!place && tcp_.refusal() == TcpPool::Refusal::full) {
    return false;
  }
  if (!place) {
    flight.error = tcp_.last_error();
    ++counters_.network_errors;
    fail_attempt(index, Failure::network);
    return true;
  }
  flight.stage = Stage::tcp;
  flight.transport = Transport::tcp;
  flight.connection = place->connection;
  flight.id = place->id;
  flight.has_own_connection = flight.has_own_connection || place->is_fresh;
  flight.sent_at = now_;
  lanes_.send_at_once(flight.first.lane, server.role, now_);
  ++counters_.tcp_sent;
  flight.attempt_end = deadline;
  timers_.arm(index, deadline);
  return true;
}

void Engine::wait_for_tcp(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  flight.stage = Stage::waiting_for_tcp;
  tcp_waiting_[{flight.server, flight.first.lane.value}].push_back({index, ++flight.ticket});
  timers_.arm(index, flight.attempt_end);
}

// Where places were freed: a turn for each server and lane, another one first each time.
void Engine::serve_waiting_for_tcp() {
  if (tcp_waiting_.empty()) return;
  const auto or_first = [this](auto turn) {
    return turn == tcp_waiting_.end() ? tcp_waiting_.begin() : turn;
  };
  auto turn = or_first(tcp_waiting_.upper_bound(tcp_first_turn_));
  tcp_first_turn_ = turn->first;
  for (std::size_t left = tcp_waiting_.size(); left > 0; --left) {
    const bool is_empty = serve_waiting_for_tcp(turn->second);
    turn = or_first(is_empty ? tcp_waiting_.erase(turn) : std::next(turn));
  }
}

// True when nobody waits there any more.
bool Engine::serve_waiting_for_tcp(std::deque<Waiting>& queue) {
  while (!queue.empty()) {
    const Waiting next = queue.front();
    const Flight& flight = flights_.at(next.flight);
    queue.pop_front();
    if (flight.ticket != next.ticket || flight.stage != Stage::waiting_for_tcp) continue;
    if (!lanes_.can_promise(flight.first.lane, servers_.at(flight.server).role, now_)) {
      rest_for_pace(next.flight);
    } else if (!ask_over_tcp(next.flight, now_ + options_.timeout)) {
      queue.push_front(next);
      return false;
    }
  }
  return true;
}

void Engine::leave_tcp(Flight& flight) {
  if (flight.stage != Stage::tcp) return;
  tcp_.release(flight.connection, flight.id);
  flight.stage = Stage::resting;
}

// A connection that kept a question waiting for so long is given up with all that waits on it.
void Engine::on_tcp_timeout(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  flight.has_own_connection = true;  // it had its time
  lanes_.note_silence_over_tcp(flight.first.lane);
  drop_connection(flight.connection);
}

void Engine::on_connection(std::uint32_t connection, std::uint32_t events) {
  tcp_.on_event(connection, events);
  while (tcp_.is_open(connection)) {
    const auto message = tcp_.take_message(connection);
    if (!message) break;
    on_tcp_message(connection, *message);
  }
  if (tcp_.is_open(connection) && tcp_.is_broken(connection)) drop_connection(connection);
}

void Engine::on_tcp_message(std::uint32_t connection, Bytes message) {
  if (message.size() < kHeaderSize) {
    ++counters_.of(Junk::too_short);
    for (const std::uint32_t index : tcp_.waiting(connection)) {
      flights_.at(index).had_broken_reply = true;
    }
    return;
  }
  const Header header = read_header(message);
  const std::uint32_t index = tcp_.find(connection, header.id);
  if (index != kNoFlight) {
    tcp_.note_reply(connection, now_);
    lanes_.note_reply_over_tcp(flights_.at(index).first.lane);
  }
  if (index == kNoFlight) {
    ++counters_.of(Junk::unknown_id);
  } else if (!header.is_reply()) {
    blame(index, Junk::not_a_reply);
  } else if (header.opcode() != 0) {
    blame(index, Junk::opcode);
  } else if (header.tc()) {
    flights_.at(index).had_broken_reply = true;  // there is nothing wider to turn to
    blame(index, Junk::broken);
  } else {
    on_reply(index, message, Transport::tcp);
  }
}

// Those for whom it was made have had their try; the others, who came to it late, get a new one.
void Engine::drop_connection(std::uint32_t connection) {
  const int error = tcp_.error(connection);
  for (const std::uint32_t index : tcp_.close(connection)) {
    Flight& flight = flights_.at(index);
    if (flight.stage != Stage::tcp || flight.connection != connection) continue;
    flight.stage = Stage::resting;
    if (!flight.has_own_connection) {
      flight.has_own_connection = true;
      to_tcp(index);
      continue;
    }
    if (error == 0) {
      fail_attempt(index, Failure::silence);
    } else if (error == EPROTO) {
      flight.had_broken_reply = true;
      fail_attempt(index, Failure::broken);
    } else {
      flight.error = error;
      ++counters_.network_errors;
      fail_attempt(index, Failure::network);
    }
  }
}

}  // namespace rblwatch::dns
