// SPDX-License-Identifier: Apache-2.0
// A flight's attempt over TCP: after truncation, and where UDP can't be trusted.
#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "dns/engine.hpp"

namespace rblwatch::dns {

// Behind those of its lane that wait for a place there already.
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
  const auto line = tcp_lines_.find(flight.server);
  if (line != tcp_lines_.end() && line->second.lanes.count(flight.first.lane.value) > 0) {
    join_tcp_line(index);
  } else {
    try_tcp(index);
  }
}

// As soon as the pace allows: it is a packet like any other.
void Engine::try_tcp(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  if (flight.attempt_end != core::Tick{} && now_ >= flight.attempt_end) {
    fail_attempt(index, Failure::silence);
  } else if (!lanes_.can_promise(flight.first.lane, servers_.at(flight.server).role, now_)) {
    rest_for_pace(index);
  } else if (!ask_over_tcp(index)) {
    join_tcp_line(index);
  }
}

// False when its server's connections have no place for it now. At its place it has a time of its
// own, however long it waited.
bool Engine::ask_over_tcp(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  write_query(flight);
  const ServerState& server = servers_.at(flight.server);
  const TcpPool::Peer peer{server.serial, &server.address, server.address_length, flight.first.lane,
                           lanes_.is_silent_over_tcp(flight.first.lane)};
  const auto place = tcp_.ask(peer, index, {flight.packet.data(), flight.size}, now_);
  if (!place && tcp_.refusal() == TcpPool::Refusal::full) return false;
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
  flight.attempt_end = now_ + options_.timeout;
  timers_.arm(index, flight.attempt_end);
  return true;
}

void Engine::join_tcp_line(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  flight.stage = Stage::waiting_for_tcp;
  if (flight.attempt_end == core::Tick{}) flight.attempt_end = now_ + options_.timeout;
  timers_.arm(index, flight.attempt_end);
  auto& lanes = tcp_lines_[flight.server].lanes;
  lanes[flight.first.lane.value].push_back({index, ++flight.ticket});
}

// When places were freed, and when the pace allows those that it kept back at their turn. Another
// server's line is the first each time.
void Engine::serve_tcp_lines() {
  const bool has_freed = tcp_.take_freed();
  if (has_freed || now_ >= tcp_lines_due_) {
    tcp_lines_due_ = core::Tick::max();
    auto line = tcp_lines_.upper_bound(first_tcp_line_);
    for (std::size_t left = tcp_lines_.size(); left > 0; --left) {
      if (line == tcp_lines_.end()) line = tcp_lines_.begin();
      if (left == tcp_lines_.size()) first_tcp_line_ = line->first;
      serve_tcp_line(line->second);
      line = line->second.lanes.empty() ? tcp_lines_.erase(line) : std::next(line);
    }
  }
  if (tcp_lines_due_ != core::Tick::max()) note_flush_at(tcp_lines_due_);
}

// A place for each lane in turn, from behind the one that had the last place, until none gets one.
void Engine::serve_tcp_line(TcpLine& line) {
  auto turn = line.lanes.upper_bound(line.last_served);
  for (std::size_t in_vain = 0; in_vain < line.lanes.size();) {
    if (turn == line.lanes.end()) turn = line.lanes.begin();
    drop_ended(turn->second);
    if (turn->second.empty()) {
      turn = line.lanes.erase(turn);
      continue;
    }
    if (serve_first(turn->second)) {
      line.last_served = turn->first;
      in_vain = 0;
    } else {
      ++in_vain;
    }
    ++turn;
  }
}

// Until one that still waits stands in front.
void Engine::drop_ended(std::deque<Waiting>& queue) {
  const auto has_ended = [this](const Waiting& one) {
    const Flight& flight = flights_.at(one.flight);
    return flight.ticket != one.ticket || flight.stage != Stage::waiting_for_tcp;
  };
  while (!queue.empty() && has_ended(queue.front()))
    queue.pop_front();
}

// False when it gets no place now. While the pace keeps it back, new lookups stand behind it.
bool Engine::serve_first(std::deque<Waiting>& queue) {
  const std::uint32_t index = queue.front().flight;
  Flight& flight = flights_.at(index);
  give_up_claims(flight);
  if (!lanes_.can_promise(flight.first.lane, servers_.at(flight.server).role, now_)) {
    tcp_lines_due_ = std::min(tcp_lines_due_, wait_for_pace(flight));
    return false;
  }
  if (!ask_over_tcp(index)) return false;
  queue.pop_front();
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
      try_tcp(index);
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
