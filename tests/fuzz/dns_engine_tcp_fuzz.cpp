// SPDX-License-Identifier: Apache-2.0
// The engine's own way of replies over TCP. Each question over UDP is told at once that its answer
// is too long, so that lookups meet on connections; what goes over these, and when they end, is the
// script's. What the engine takes for an answer must be a whole message on the connection that the
// question went over; a right one must be taken; and every lookup must end.
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/check.hpp"
#include "core/handle.hpp"
#include "dns/tcp_pool.hpp"
#include "engine_script.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::fuzz;
using core::Millis;

namespace {

constexpr std::uint32_t kLookups = 6;
constexpr std::size_t kAttempts = ResolverOptions{}.attempts;
// Each attempt on a connection that others brought down, and on one of its own; once more without
// EDNS.
constexpr std::size_t kMostOverTcp = 2 * kAttempts + 1;
// Until neither end has anything to do; so many only where the kernel is late.
constexpr std::size_t kMostRounds = 200'000;

// What a step may be beside a reply of some kind; the lower half of its first octet.
constexpr unsigned kClose = 13;
constexpr unsigned kReset = 14;
constexpr unsigned kSubmit = 15;
// What may be wrong with a reply; the upper half.
constexpr unsigned kWrongId = 0x10;
constexpr unsigned kElsewhere = 0x20;  // on another connection
constexpr unsigned kOtherCase = 0x40;

/// A step's second octet: which question it is about, and how the message goes into the stream.
struct Manner {
  unsigned octet = 0;

  std::size_t question() const { return (octet >> 2U) & 7U; }  // counted from the latest
  /// The length that is announced.
  std::size_t length(std::size_t size) const {
    const std::array<std::size_t, 4> announced{size, size + 1, size - 1, size + 256};
    return announced[(octet >> 5U) & 3U];
  }
  /// How much of a frame waits until something else is sent.
  std::size_t kept_back(std::size_t frame) const {
    const std::array<std::size_t, 4> kept{0, 1, frame - 1, frame};
    return kept[octet & 3U];
  }
  bool is_plain() const { return (octet & 0x63U) == 0; }
};

/// The whole messages of a stream (RFC 1035 section 4.2.2), and what they take of it.
struct Frames {
  std::vector<Bytes> messages;
  std::size_t end = 0;

  explicit Frames(Bytes stream) {
    while (stream.size() - end >= 2) {
      const std::size_t size = read_u16(stream, end);
      if (size == 0 || stream.size() - end < size + 2) break;
      messages.push_back(stream.subspan(end + 2, size));
      end += size + 2;
    }
  }
};

/// The server's end of a connection, and all that went over it.
class Stream {
 public:
  explicit Stream(core::Fd fd) : fd_(std::move(fd)) {
    const int on = 1;  // what is sent goes at once
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const linger at_once{1, 0};  // closing resets, which leaves no port in TIME_WAIT
    setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }

  bool is_open() const { return fd_.is_open(); }
  bool can_send() const { return is_open() && !is_shut_; }
  /// Whether the next octet that is sent begins a message.
  bool is_between_messages() const { return out_.empty() && Frames(sent_).end == sent_.size(); }
  std::vector<Bytes> sent() const { return Frames(sent_).messages; }

  /// True when anything came: queries, which are added to `queries`, or the engine's end of it.
  bool read(std::vector<Octets>& queries) {
    bool has_come = false;
    std::array<std::uint8_t, 4096> buffer{};
    while (is_open()) {
      const ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (got < 0 && errno == EAGAIN) break;
      has_come = true;
      if (got <= 0) {
        fd_.reset();
      } else {
        in_.insert(in_.end(), buffer.begin(), buffer.begin() + got);
      }
    }
    const Frames frames(in_);
    for (const Bytes message : frames.messages)
      queries.emplace_back(message.begin(), message.end());
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(frames.end));
    return has_come;
  }

  void send(const Octets& message, Manner manner) {
    const std::size_t length = manner.length(message.size());
    put(out_, {static_cast<unsigned>(length >> 8U), static_cast<unsigned>(length)});
    out_.insert(out_.end(), message.begin(), message.end());
    if (!can_send()) return;
    const std::size_t goes = out_.size() - manner.kept_back(message.size() + 2);
    const ssize_t gone = ::send(fd_.get(), out_.data(), goes, MSG_NOSIGNAL);
    if (gone < 0) return;
    sent_.insert(sent_.end(), out_.begin(), out_.begin() + gone);
    out_.erase(out_.begin(), out_.begin() + gone);
  }
  void close() {
    if (is_open()) shutdown(fd_.get(), SHUT_WR);
    is_shut_ = true;
  }
  void reset() { fd_.reset(); }

 private:
  core::Fd fd_;
  bool is_shut_ = false;
  Octets in_;    // the beginning of a query
  Octets sent_;  // since the connection was made
  Octets out_;   // what waits to be sent
};

/// The server's ends, which stay from script to script: one port of UDP and of TCP.
class Wire {
 public:
  Wire() {
    while (!listener_.is_open()) {
      datagrams_.reset(open_socket(SOCK_DGRAM, 0));
      listener_.reset(open_socket(SOCK_STREAM, port()));
    }
    RBL_CHECK(listen(listener_.get(), 64) == 0);
  }
  std::uint16_t port() const { return port_of(datagrams_.get()); }
  std::optional<Query> read() { return read_query(datagrams_.get()); }
  void send(const Octets& octets, const sockaddr_in& to) {
    send_reply(datagrams_.get(), octets, to);
  }
  std::optional<Stream> accept() {
    core::Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.is_open()) return std::nullopt;
    return Stream(std::move(fd));
  }

 private:
  core::Fd datagrams_;
  core::Fd listener_;
};

class Play {
 public:
  Play(Wire& wire, Script script) : wire_(wire), script_(script), asker_(wire.port(), true) {
    while (wire_.read() || wire_.accept()) {
      // of the script before this
    }
    constexpr std::array<LaneLimit, 2> kLanes{};
    asker_.engine->set_lanes(kLanes);
  }

  void run() {
    for (std::uint32_t first = 1 + script_.next() % kLookups; first > 0; --first)
      submit();
    look();
    for (std::size_t i = 0; i < kMostSteps && !script_.is_over(); ++i) {
      step();
      look();
    }
    for (std::size_t i = 0; asker_.engine->in_flight() > 0; ++i) {
      RBL_CHECK(i < 2 * kMostOverTcp);
      asker_.clock.advance(kTimeout);
      look();
    }
  }

 private:
  /// A question that came over TCP.
  struct Asked {
    std::size_t lookup;
    std::size_t stream;
    Query query;
  };
  struct State {
    bool has_ended = false;
    std::size_t over_udp = 0, over_tcp = 0;  // questions
  };

  static std::size_t lookup_of(const Query& query) {
    return static_cast<std::size_t>(query.octets[kHeaderSize + 7] - '0');
  }

  void submit() {
    if (submitted_ < kLookups) asker_.submit(submitted_, Lane{submitted_ % 2});
    ++submitted_;
  }

  void step() {
    const unsigned what = script_.next();
    const unsigned kind = what & 0xFU;
    if (kind == kSubmit) {
      submit();
      return;
    }
    if (kind == later) {
      asker_.clock.advance(Millis(10) * script_.next());
      return;
    }
    const Manner manner{script_.next()};
    if (asked_.empty()) return;
    const Asked& asked = asked_[asked_.size() - 1 - manner.question() % asked_.size()];
    Stream& stream = streams_[asked.stream];
    if (kind == kClose) {
      stream.close();
    } else if (kind == kReset) {
      stream.reset();
    } else {
      reply(asked, what, manner);
    }
  }

  void reply(const Asked& asked, unsigned what, Manner manner) {
    const Kind kind = static_cast<Kind>(what & 0xFU);
    const bool is_elsewhere = (what & kElsewhere) != 0;
    Stream& stream = streams_[(asked.stream + (is_elsewhere ? 1 : 0)) % streams_.size()];
    Octets message = message_of(kind, asked.query, (what & kWithCookie) != 0, script_);
    if ((what & kWrongId) != 0 && !message.empty()) ++message[0];
    if ((what & kOtherCase) != 0 && message.size() > kHeaderSize + 1) {
      message[kHeaderSize + 1] ^= 0x20U;
    }
    const bool is_right = (kind == truth || kind == denial || kind == servfail) &&
                          (what & (kWrongId | kElsewhere | kOtherCase)) == 0 && manner.is_plain();
    if (is_right && stream.can_send() && stream.is_between_messages() && is_latest(asked))
      due_ = asked.lookup;
    stream.send(message, manner);
  }

  // Whether the engine still waits for a reply to it, unless its connection has gone.
  bool is_latest(const Asked& asked) const {
    return std::none_of(asked_.begin() + (&asked - asked_.data()) + 1, asked_.end(),
                        [&](const Asked& other) { return other.lookup == asked.lookup; });
  }

  // Lets both ends go on until neither has anything to do, and what is due has come.
  void look() {
    std::size_t idle = 0;
    for (std::size_t round = 0; idle < 2 || (due_ && !states_[*due_].has_ended); ++round) {
      RBL_CHECK(round < kMostRounds);
      const auto completions = asker_.engine->wait(Millis(0));
      for (const Completion& done : completions)
        check(done);
      const bool has_come = serve();
      idle = has_come || !completions.empty() ? 0 : idle + 1;
    }
    due_.reset();
    const auto open = std::count_if(streams_.begin(), streams_.end(),
                                    [](const Stream& stream) { return stream.is_open(); });
    RBL_CHECK(static_cast<std::size_t>(open) <= TcpPool::kMaxPerServer);
  }

  bool serve() {
    bool has_come = false;
    while (const auto query = wire_.read()) {
      has_come = true;
      RBL_CHECK(++states_.at(lookup_of(*query)).over_udp <= kAttempts);
      wire_.send(message_of(truncated, *query, false, script_), query->from);
    }
    while (auto stream = wire_.accept()) {
      has_come = true;
      streams_.push_back(std::move(*stream));
    }
    std::vector<Octets> queries;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      has_come = streams_[i].read(queries) || has_come;
      for (Octets& octets : queries) {
        const Query query{std::move(octets), {}};
        const std::size_t lookup = lookup_of(query);
        RBL_CHECK(++states_.at(lookup).over_tcp <= kMostOverTcp);
        asked_.push_back({lookup, i, query});
      }
      queries.clear();
    }
    return has_come;
  }

  void check(const Completion& done) {
    State& state = states_.at(done.id.value);
    RBL_CHECK(!state.has_ended);
    state.has_ended = true;
    const Answer* const answer = std::get_if<Answer>(&done.outcome);
    if (answer == nullptr) return;
    RBL_CHECK(done.transport == Transport::tcp);
    RBL_CHECK(std::any_of(asked_.begin(), asked_.end(), [&](const Asked& asked) {
      if (asked.lookup != done.id.value) return false;
      const std::vector<Bytes> sent = streams_[asked.stream].sent();
      return std::any_of(sent.begin(), sent.end(), [&](Bytes message) {
        return may_be_taken(message, asked.query, *answer);
      });
    }));
  }

  Wire& wire_;
  Script script_;
  Asker asker_;
  std::uint32_t submitted_ = 0;
  std::array<State, kLookups> states_;
  std::vector<Stream> streams_;
  std::vector<Asked> asked_;
  std::optional<std::size_t> due_;  // the lookup that a right reply was sent to
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Wire wire;
  Play(wire, Script(Bytes(data, size))).run();
  return 0;
}
