// SPDX-License-Identifier: Apache-2.0
// A flight's attempt over TCP: after truncation, and where UDP can't be trusted.
#include <cerrno>

#include "dns/engine.hpp"

namespace rblwatch::dns {

// Pre: it is not on a connection now.
void Engine::to_tcp(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  leave_window(flight);
  leave_socket(flight);
  give_up_claims(flight);
  if (!flight.wants_tcp) flight.has_own_connection = false;
  flight.wants_tcp = true;
  join_tcp_line(index);
}

void Engine::join_tcp_line(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  flight.stage = Stage::waiting_for_tcp;
  timers_.arm(index, now_ + options_.timeout);
  tcp_lines_.join(flight.server, servers_.at(flight.server).role, flight.first.lane,
                  {index, ++flight.ticket});
  note_flush_at(now_);
}

// While only the pace keeps it back, it has not timed out.
void Engine::on_long_wait_for_tcp(std::uint32_t index) {
  const Flight& flight = flights_.at(index);
  if (tcp_lines_.is_kept_back(flight.server, flight.first.lane)) {
    timers_.arm(index, now_ + options_.timeout);
  } else {
    fail_attempt(index, Failure::silence);
  }
}

void Engine::serve_tcp_lines() {
  const bool has_freed = tcp_.take_freed();
  if (has_freed || now_ >= tcp_lines_.due()) {
    const auto waits = [this](const Waiting& one) {
      const Flight& flight = flights_.at(one.flight);
      return flight.ticket == one.ticket && flight.stage == Stage::waiting_for_tcp;
    };
    const auto room = [this](std::uint32_t index) { return tcp_.room(peer_of(index)); };
    const auto ask = [this](std::uint32_t index) { ask_over_tcp(index); };
    tcp_lines_.serve({waits, room, ask}, now_);
  }
  if (tcp_lines_.due() != core::Tick::max()) note_flush_at(tcp_lines_.due());
}

TcpPool::Peer Engine::peer_of(std::uint32_t index) {
  const Flight& flight = flights_.at(index);
  const ServerState& server = servers_.at(flight.server);
  const Lane lane = flight.first.lane;
  return {server.serial, &server.address, server.address_length, lane,
          lanes_.is_silent_over_tcp(lane)};
}

// Pre: there is room, and the pace allows it. At its place it has a time of its own, however long
// it waited.
void Engine::ask_over_tcp(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  write_query(flight);
  const auto place = tcp_.ask(peer_of(index), index, {flight.packet.data(), flight.size}, now_);
  if (!place) {
    flight.error = tcp_.last_error();
    ++counters_.network_errors;
    fail_attempt(index, Failure::network);
    return;
  }
  flight.stage = Stage::tcp;
  flight.transport = Transport::tcp;
  flight.is_free = false;
  flight.connection = place->connection;
  flight.id = place->id;
  flight.has_own_connection = flight.has_own_connection || place->is_fresh;
  flight.sent_at = now_;
  lanes_.send_at_once(flight.first.lane, servers_.at(flight.server).role, now_);
  ++counters_.tcp_sent;
  flight.attempt_end = now_ + options_.timeout;
  timers_.arm(index, flight.attempt_end);
}

void Engine::leave_tcp(Flight& flight) {
  if (flight.stage != Stage::tcp) return;
  tcp_.release(flight.connection, flight.id);
  flight.stage = Stage::resting;
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

// Those that had all of their time there, or for whom it was made, have had their try; the others,
// who came to it late, get a new one.
void Engine::drop_connection(std::uint32_t connection) {
  const int error = tcp_.error(connection);
  for (const std::uint32_t index : tcp_.close(connection)) {
    Flight& flight = flights_.at(index);
    if (flight.stage != Stage::tcp || flight.connection != connection) continue;
    flight.stage = Stage::resting;
    const bool had_its_time = now_ >= flight.attempt_end && !has_slept_since(flight.sent_at);
    if (had_its_time) lanes_.note_silence_over_tcp(flight.first.lane);
    if (!had_its_time && !flight.has_own_connection) {
      flight.has_own_connection = true;
      join_tcp_line(index);
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
