// SPDX-License-Identifier: Apache-2.0
// From the wire to an answer: what is taken for a reply, and what is ignored while the wait goes
// on.
#include <algorithm>
#include <cerrno>

#include "core/log.hpp"
#include "dns/engine.hpp"

namespace rblwatch::dns {
namespace {

constexpr std::size_t kBatchesPerEvent = 4;  // the loop turns to others after so many
constexpr std::size_t kErrorsPerEvent = 64;
constexpr std::uint32_t kForged = 100;  // wrong replies to one question that raise the alarm
constexpr core::Micros kTellAgain = core::Seconds(60);
constexpr core::Micros kLearnAgain = std::chrono::hours(1);
constexpr std::uint8_t kFoldsUntilSure = 3;
constexpr unsigned kBadVersion = 16;
constexpr unsigned kBadCookie = 23;
constexpr unsigned kFormErr = 1;
constexpr unsigned kNotImp = 4;

bool is_failure(Rcode rcode) {
  return rcode == Rcode::servfail || rcode == Rcode::refused;
}

enum class Match : std::uint8_t { exact, lower_case, other_case, none };

// The reply's question against the one sent, letter by letter.
Match match_question(const Flight& flight, Bytes message) {
  const std::size_t end = flight.question_end;
  if (message.size() < end || read_u16(message, 4) != 1) return Match::none;
  const auto ours = flight.packet.begin();
  if (std::equal(ours + kHeaderSize, ours + end, message.begin() + kHeaderSize))
    return Match::exact;
  const std::size_t name_end = kHeaderSize + flight.name.wire().size();
  bool is_lower = true;
  for (std::size_t i = kHeaderSize; i < end; ++i) {
    if (i >= name_end) {
      if (message[i] != flight.packet[i]) return Match::none;
      continue;
    }
    if (fold_case(message[i]) != fold_case(flight.packet[i])) return Match::none;
    is_lower = is_lower && message[i] == fold_case(message[i]);
  }
  return is_lower ? Match::lower_case : Match::other_case;
}

}  // namespace

void Engine::on_readable(std::uint32_t socket) {
  for (std::size_t i = 0; i < kBatchesPerEvent; ++i) {
    const int fd = sockets_.at(socket).fd.get();
    const int got = datagrams_.receive(fd);
    if (got < 0) return;  // EAGAIN; an ICMP error is told by the error queue
    expect_replies(socket, static_cast<std::size_t>(got));
    for (std::size_t k = 0; k < static_cast<std::size_t>(got); ++k) {
      on_datagram(socket, datagrams_.received(k));
    }
    if (static_cast<std::size_t>(got) < Datagrams::kBatch) return;
  }
}

// Where a flight lies isn't known before its reply is read: all are called for at once.
void Engine::expect_replies(std::uint32_t socket, std::size_t count) {
  const UdpSocket& on = sockets_.at(socket);
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes reply = datagrams_.received(i).bytes;
    const std::uint32_t index = reply.size() < 2 ? kNoFlight : on.find(read_u16(reply, 0));
    if (index != kNoFlight) flights_.prefetch(index);
  }
}

// ICMP errors, each with the beginning of the datagram it speaks of. True when there was one.
bool Engine::drain_errors(std::uint32_t socket) {
  bool found = false;
  for (std::size_t i = 0; i < kErrorsPerEvent; ++i) {
    const UdpSocket& on = sockets_.at(socket);
    const auto error = Datagrams::take_error(on.fd.get());
    if (!error) break;
    found = true;
    if (error->length < 2 || error->error == 0 || error->error == EMSGSIZE) continue;
    const std::uint32_t index = on.find(read_u16(error->begin, 0));
    if (index == kNoFlight) continue;
    Flight& flight = flights_.at(index);
    if (!servers_.at(flight.server).is_from(error->to)) continue;
    ++counters_.network_errors;
    flight.error = error->error;
    if (flight.stage == Stage::sent) fail_attempt(index, Failure::network);
  }
  return found;
}

void Engine::on_datagram(std::uint32_t socket, const Datagram& datagram) {
  if (datagram.bytes.size() < kHeaderSize) {
    ++counters_.of(Junk::too_short);
    on_stray(socket, datagram);
    return;
  }
  const Header header = read_header(datagram.bytes);
  const std::uint32_t index = sockets_.at(socket).find(header.id);
  if (index == kNoFlight) {
    ++counters_.of(Junk::unknown_id);
    on_stray(socket, datagram);
    return;
  }
  if (!servers_.at(flights_.at(index).server).is_from(*datagram.from)) {
    blame(index, Junk::wrong_source);
    return;
  }
  servers_.note_life(flights_.at(index).server, now_);
  if (datagram.is_cut) {
    flights_.at(index).had_broken_reply = true;
    blame(index, Junk::too_long);
  } else if (!header.is_reply()) {
    blame(index, Junk::not_a_reply);
  } else if (header.opcode() != 0) {
    blame(index, Junk::opcode);
  } else {
    on_reply(index, datagram.bytes, Transport::udp);
  }
}

// No flight waits for this id here: a late reply, junk, or somebody guesses. Guesses are held
// against the question they name; what can't be read, against the one that waits here for that
// server. Where several do, nobody knows whose it was: they go on from sockets of their own.
void Engine::on_stray(std::uint32_t socket, const Datagram& datagram) {
  const UdpSocket& on = sockets_.at(socket);
  const bool is_unreadable = walk(datagram.bytes, walk_) != Flaw::none;
  std::uint32_t only = kNoFlight;
  bool is_shared = false;
  for (std::size_t i = 0; i < on.asked; ++i) {
    const std::uint32_t index = on.flights[i];
    if (index == kNoFlight) continue;
    Flight& flight = flights_.at(index);
    const bool is_from_server = servers_.at(flight.server).is_from(*datagram.from);
    if (is_from_server) servers_.note_life(flight.server, now_);
    if (is_unreadable && is_from_server) {
      is_shared = only != kNoFlight;
      if (is_shared) flight.shares_junk = flights_.at(only).shares_junk = true;
      only = index;
    } else if (!is_unreadable && match_question(flight, datagram.bytes) != Match::none) {
      suspect(index);
      return;
    }
  }
  if (only != kNoFlight && !is_shared) flights_.at(only).had_junk = true;
}

void Engine::blame(std::uint32_t index, Junk reason) {
  ++counters_.of(reason);
  suspect(index);
}

// One more wrong reply to this question. Servers make mistakes; nobody makes so many.
void Engine::suspect(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  if (++flight.wrong <= kForged || flight.stage != Stage::sent) return;
  flight.is_under_attack = true;
  ++counters_.forgery_alarms;
  if (forgery_told_ == core::Tick{} || now_ - forgery_told_ >= kTellAgain) {
    forgery_told_ = now_;
    core::log_warn("someone forges answers: the question is asked over TCP",
                   {{"server", servers_.at(flight.server).server.to_text()},
                    {"wrong_replies", static_cast<std::uint64_t>(kForged)}});
  }
  to_tcp(index);
}

void Engine::on_broken(std::uint32_t index, Flaw flaw) {
  flights_.at(index).had_broken_reply = true;
  if (core::is_logged(core::LogLevel::debug)) {
    core::log_debug("a broken reply was ignored",
                    {{"server", servers_.at(flights_.at(index).server).server.to_text()},
                     {"flaw", to_text(flaw)}});
  }
  blame(index, Junk::broken);
}

void Engine::on_reply(std::uint32_t index, Bytes message, Transport transport) {
  const Flight& flight = flights_.at(index);
  switch (match_question(flight, message)) {
    case Match::exact:
      break;
    case Match::lower_case:
      if (servers_.at(flight.server).folds_case) break;
      on_folded_case(index);
      return;
    case Match::other_case:
      blame(index, Junk::wrong_case);
      return;
    case Match::none:
      on_other_question(index, message);
      return;
  }
  if (transport == Transport::udp && read_header(message).tc()) {
    ++counters_.truncated;
    if (is_timed(flight)) servers_.at(flight.server).rtt.add(now_ - flight.sent_at);
    to_tcp(index);
    return;
  }
  if (denials_.find({flight.name, flight.type, flight.first.lane}, message, next_answer())) {
    if (take_cookie(index, {}, transport)) accept(index, transport);
    return;
  }
  const Flaw flaw = walk(message, walk_);
  if (flaw != Flaw::none) {
    on_broken(index, flaw);
    return;
  }
  const Bytes cookie = message.subspan(walk_.edns.cookie, walk_.edns.cookie_length);
  if (take_cookie(index, cookie, transport) && !do_without(index, walk_.rcode(), transport)) {
    read_answer(index, message, transport);
  }
}

// A server too old for EDNS may answer with a bare header; that is no answer, but a hint.
void Engine::on_other_question(std::uint32_t index, Bytes message) {
  const Header header = read_header(message);
  const bool is_bare = message.size() == kHeaderSize && header.questions == 0;
  if (is_bare && do_without(index, header.rcode(), flights_.at(index).transport)) return;
  const Flaw flaw = walk(message, walk_);
  if (flaw != Flaw::none) {
    on_broken(index, flaw);
  } else {
    blame(index, Junk::wrong_question);
  }
}

// The server gives the name back in lower case. That may be its way, or a forger who could not know
// ours: it is asked again in lower case under a new id from a new port, and believed to fold after
// a few of these.
void Engine::on_folded_case(std::uint32_t index) {
  Flight& flight = flights_.at(index);
  ServerState& server = servers_.at(flight.server);
  ++counters_.of(Junk::wrong_case);
  if (++server.folds >= kFoldsUntilSure) {
    server.folds_case = true;
    server.case_again = now_ + kLearnAgain;
    server.folds = 0;
    core::log_info("the server folds case: names go to it in lower case",
                   {{"server", server.server.to_text()}});
  }
  if (flight.without_case) {
    suspect(index);
    return;
  }
  flight.without_case = true;
  ask_again(index);
}

// True when the reply is one to a way of asking that the server doesn't understand, and it is asked
// anew. Over TCP, where a cookie proves nothing more, BADCOOKIE is an answer like any other.
bool Engine::do_without(std::uint32_t index, unsigned rcode, Transport transport) {
  Flight& flight = flights_.at(index);
  if (rcode == kBadCookie && flight.has_cookie && transport == Transport::udp) {
    if (flight.had_bad_cookie) {
      to_tcp(index);
    } else {
      flight.had_bad_cookie = true;  // the new cookie came with the refusal
      ask_again(index);
    }
    return true;
  }
  const bool is_edns_trouble = rcode == kFormErr || rcode == kNotImp || rcode == kBadVersion;
  if (!is_edns_trouble || !flight.has_edns || flight.without_edns) return false;
  flight.without_edns = true;
  ask_again(index);
  return true;
}

// False when the reply can't be the server's own (RFC 7873 section 5.3).
bool Engine::take_cookie(std::uint32_t index, Bytes theirs, Transport transport) {
  Flight& flight = flights_.at(index);
  if (!flight.has_cookie) return true;
  CookieState& cookie = servers_.at(flight.server).cookie;
  if (theirs.size() >= CookieState::kClient) {
    const Bytes ours = flight.client_cookie();
    if (!std::equal(ours.begin(), ours.end(), theirs.begin())) {
      blame(index, Junk::wrong_cookie);
      return false;
    }
    cookie.keep(theirs);
    return true;
  }
  if (cookie.believes_without(transport == Transport::tcp, now_)) return true;
  ++counters_.of(Junk::wrong_cookie);
  to_tcp(index);  // where no forger gets in between
  return false;
}

Answer& Engine::next_answer() {
  Outcome& outcome = next_completion().outcome;
  if (Answer* const used = std::get_if<Answer>(&outcome)) return *used;
  return outcome.emplace<Answer>();
}

void Engine::read_answer(std::uint32_t index, Bytes message, Transport transport) {
  const Flight& flight = flights_.at(index);
  Answer& answer = next_answer();
  const Flaw flaw = decode(message, walk_, flight.type, answer);
  if (flaw != Flaw::none) {
    on_broken(index, flaw);
    return;
  }
  denials_.keep({flight.name, flight.type, flight.first.lane}, message, walk_, answer);
  accept(index, transport);
}

// Pre: the next completion holds the answer.
void Engine::accept(std::uint32_t index, Transport transport) {
  Completion& completion = next_completion();
  Flight& flight = flights_.at(index);
  const Answer& answer = std::get<Answer>(completion.outcome);
  ++counters_.replies;
  learn(flight, answer, transport);
  completion.server = servers_.at(flight.server).server;
  completion.transport = transport;
  completion.asked_at = flight.sent_at;
  completion.took = time_since(flight.sent_at);
  if (is_failure(answer.rcode) && try_another(index, completion)) return;
  complete(index);
}

// A failing server of several is not the last word, while one that answers may only have lost a
// question.
bool Engine::try_another(std::uint32_t index, const Completion& completion) {
  Flight& flight = flights_.at(index);
  flight.tried |= 1U << flight.place;
  const std::uint32_t failed = flight.failed() | (1U << flight.place);
  const bool has_other = servers_.has_other(servers_.group(flight.group), failed);
  if (!has_other || flight.attempts >= options_.attempts) return false;
  flight.make_company().fallback = {std::get<Answer>(completion.outcome),
                                    flight.server,
                                    completion.transport,
                                    completion.asked_at,
                                    completion.took,
                                    failed};
  leave_window(flight);
  leave_socket(flight);
  leave_tcp(flight);
  give_up_claims(flight);
  flight.wants_tcp = false;
  next_attempt(index);
  return true;
}

// Whether a reply now tells the round-trip time: of which of two sendings it is, nobody knows
// (Karn).
bool Engine::is_timed(const Flight& flight) const {
  return !flight.was_resent && !has_slept_since(flight.sent_at);
}

// What a reply tells of its server and lane.
void Engine::learn(Flight& flight, const Answer& answer, Transport transport) {
  ServerState& server = servers_.at(flight.server);
  const Lane lane = flight.first.lane;
  const core::Micros took = time_since(flight.sent_at);
  const bool is_exact = transport == Transport::udp && is_timed(flight);
  if (is_exact) {
    server.rtt.add(took);
    server.newest_answered = std::max(server.newest_answered, flight.sent_at);
  }
  if (is_exact) server.note_quickness(took, now_);
  lanes_.note_answered(lane, flight.sent_at);
  lanes_.note_reply(lane, took, is_exact);
  if (flight.was_resent && took > expected_time(flight)) lanes_.back_off(lane);
  if (flight.is_in_window) server.window.on_replied(now_, overdue_after(server) * 2);
  if (flight.is_mixed && transport == Transport::udp) server.folds = 0;
  const bool can_do = answer.rcode != Rcode::formerr && answer.rcode != Rcode::notimp;
  if (flight.without_edns && can_do && server.has_edns) {
    server.has_edns = false;
    server.edns_again = now_ + kLearnAgain;
    core::log_info("the server can't do EDNS and is asked without",
                   {{"server", server.server.to_text()}});
  }
  servers_.note_reply(flight.server, lane, is_failure(answer.rcode), now_);
}

}  // namespace rblwatch::dns
