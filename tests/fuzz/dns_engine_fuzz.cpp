// SPDX-License-Identifier: Apache-2.0
// The engine's own way of a UDP reply: matching, 0x20, cookies, EDNS fallback, strays. A script of
// replies, right and wrong, goes to an engine on loopback whose clock and chance are the script's;
// what it takes for an answer must be one, and every lookup must end.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/check.hpp"
#include "core/handle.hpp"
#include "core/log.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "dns/udp_resolver.hpp"
#include "dns/wire_walk.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using core::Millis;

namespace {

using Octets = std::vector<std::uint8_t>;

constexpr std::size_t kLookups = 4;
constexpr std::size_t kMostSteps = 64;
constexpr std::size_t kMostPackets =
    10;  // of one lookup: its attempts, each asked anew in each way
constexpr std::size_t kCookie = 8;

class ScriptClock final : public core::Clock {
 public:
  core::Timestamp now() const override { return {}; }
  core::Tick tick() const override { return tick_; }
  void advance(core::Micros by) { tick_ += by; }

 private:
  core::Tick tick_{std::chrono::hours(1)};
};

class Script {
 public:
  explicit Script(Bytes octets) : left_(octets) {}
  bool is_over() const { return left_.empty(); }
  std::uint8_t next() {
    if (left_.empty()) return 0;
    const std::uint8_t octet = left_[0];
    left_ = left_.subspan(1);
    return octet;
  }
  Octets take(std::size_t most) {
    const Bytes some = left_.first(std::min(most, left_.size()));
    left_ = left_.subspan(some.size());
    return {some.begin(), some.end()};
  }

 private:
  Bytes left_;
};

int open_socket() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  RBL_CHECK(bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  return fd;
}

struct Query {
  Octets octets;
  sockaddr_in from{};

  std::size_t question_end() const {
    std::size_t at = kHeaderSize;
    while (octets[at] != 0)
      at += octets[at] + 1U;
    return at + 5;
  }
  // The OPT ends the query; its one option, if it has any, is the cookie.
  Bytes cookie() const {
    const std::size_t begin = question_end() + 11 + 4;
    return octets.size() < begin + kCookie ? Bytes{} : Bytes(octets).subspan(begin, kCookie);
  }
};

/// The server's end, which stays from script to script.
class Wire {
 public:
  Wire() {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    getsockname(server_.get(), reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  std::uint16_t port() const { return port_; }
  /// The latest query that came, if one did; how many came is added to `count`.
  void read(Query& latest, std::size_t& count) {
    std::array<std::uint8_t, 1024> buffer{};
    for (;;) {
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got = recvfrom(server_.get(), buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 0) return;
      latest = {{buffer.begin(), buffer.begin() + got}, from};
      ++count;
    }
  }
  void send(const Octets& octets, const sockaddr_in& to, bool is_from_server) {
    const int fd = is_from_server ? server_.get() : elsewhere_.get();
    sendto(fd, octets.data(), octets.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

 private:
  core::Fd server_{open_socket()};
  core::Fd elsewhere_{open_socket()};
  std::uint16_t port_ = 0;
};

void put(Octets& message, std::initializer_list<unsigned> octets) {
  for (const unsigned octet : octets)
    message.push_back(static_cast<std::uint8_t>(octet));
}

/// Header and question of a reply, and as many records as are said to follow.
Octets head(const Query& query, unsigned rcode, unsigned answers, unsigned additional) {
  Octets message(query.octets.begin(),
                 query.octets.begin() + static_cast<std::ptrdiff_t>(query.question_end()));
  message[2] = 0x84;
  message[3] = static_cast<std::uint8_t>(0x80U | rcode);
  message[7] = static_cast<std::uint8_t>(answers);
  message[9] = 0;
  message[11] = static_cast<std::uint8_t>(additional);
  return message;
}
void put_address(Octets& message) {
  put(message, {0xC0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 127, 0, 0, 2});
}
void put_opt(Octets& message, unsigned extended_rcode, const Octets& options) {
  put(message,
      {0, 0, 41, 4, 0xD0, extended_rcode, 0, 0, 0, 0, static_cast<unsigned>(options.size())});
  message.insert(message.end(), options.begin(), options.end());
}
Octets cookie_option(const Query& query, std::uint8_t flip) {
  Octets option(4 + 2 * kCookie, 0x77);
  const Octets front{0, 10, 0, 2 * kCookie};
  std::copy(front.begin(), front.end(), option.begin());
  const Bytes ours = query.cookie();
  std::copy(ours.begin(), ours.end(), option.begin() + 4);
  option[4] = static_cast<std::uint8_t>(option[4] ^ flip);
  return option;
}

enum Kind : unsigned {
  truth,
  denial,
  truncated,
  formerr,
  badvers,
  badcookie,
  bare,
  servfail,
  raw,
  later,
  options,
  nothing,
  edited  // and all above
};
constexpr unsigned kWrongId = 0x10;
constexpr unsigned kElsewhere = 0x20;
constexpr unsigned kLowerCase = 0x40;
constexpr unsigned kWithCookie = 0x80;

Octets message_of(Kind kind, const Query& query, bool has_cookie, Script& script) {
  if (kind == nothing) return {};
  if (kind == raw) {
    Octets message(query.octets.begin(), query.octets.begin() + 2);
    const Octets rest = script.take(script.next());
    message.insert(message.end(), rest.begin(), rest.end());
    return message;
  }
  constexpr std::array<unsigned, 13> kRcodes{0, 3, 0, 1, 0, 7, 0, 2, 0, 0, 0, 0, 0};
  const bool has_answer = kind == truth || kind >= options;
  const bool has_opt = has_cookie || kind == badvers || kind == badcookie || kind == options;
  Octets message = head(query, kRcodes[kind], has_answer ? 1 : 0, has_opt ? 1 : 0);
  if (has_answer) put_address(message);
  Octets given;
  if (has_cookie) given = cookie_option(query, 0);
  if (kind == badcookie) given = cookie_option(query, script.next());
  if (kind == options) given = script.take(script.next() % 64U);
  if (has_opt) put_opt(message, kind == badvers || kind == badcookie ? 1 : 0, given);
  if (kind == truncated) message[2] |= 2U;
  if (kind == bare) {
    message.resize(kHeaderSize);
    message[3] = static_cast<std::uint8_t>(script.next() & 0xFU);
    std::fill(message.begin() + 4, message.end(), std::uint8_t{0});
  }
  for (unsigned i = kind == edited ? script.next() % 8U : 0; i > 0; --i) {
    const std::size_t at = script.next() % message.size();
    message[at] = static_cast<std::uint8_t>(message[at] ^ script.next());
  }
  return message;
}

/// What the last datagram of the script was, and whether it may end a lookup.
struct Sent {
  Octets octets;
  bool is_from_server = false;

  bool may_be_taken(const Query& query) const {
    const auto end = static_cast<std::ptrdiff_t>(query.question_end());
    if (!is_from_server || octets.size() < query.question_end()) return false;
    const bool is_reply = (octets[2] & 0xF8U) == 0x80;  // QR, and opcode 0
    const bool is_ours = std::equal(octets.begin(), octets.begin() + 2, query.octets.begin()) &&
                         std::equal(octets.begin() + kHeaderSize, octets.begin() + end,
                                    query.octets.begin() + kHeaderSize);
    if (!is_reply || !is_ours || (octets[2] & 2U) != 0) return false;
    Walk walked;
    if (walk(octets, walked) != Flaw::none) return false;
    const Bytes theirs = Bytes(octets).subspan(walked.edns.cookie, walked.edns.cookie_length);
    const Bytes ours = query.cookie();
    return ours.empty() || theirs.size() < kCookie ||
           std::equal(ours.begin(), ours.end(), theirs.begin());
  }
};

class Play {
 public:
  Play(Wire& wire, Script script) : wire_(wire), script_(script) {
    ResolverOptions options;
    options.timeout = Millis(100);
    options.qps = 0;
    options.mixed_case = script_.next() % 2 == 0;
    auto made = make_udp_resolver(options, clock_, random_);
    RBL_CHECK(made);
    engine_ = std::move(*made);
    std::size_t before = 0;
    wire_.read(query_, before);  // of the script before this
    group_ = std::make_shared<const ServerGroup>(ServerGroup{
        {{core::IpAddress::v4({127, 0, 0, 1}), wire_.port()}}, ServerRole::authoritative});
  }

  void run() {
    for (std::size_t i = 0; i < kLookups; ++i) {
      const std::string name = "abcdef" + std::to_string(i) + ".zone.test";
      engine_->submit({LookupId{i}, {0}, {*core::DnsName::parse(name), QType::a}, group_});
      packets_ = 0;
      look();
      for (std::size_t step = 0; engine_->in_flight() > 0; ++step) {
        RBL_CHECK(step < kMostSteps + 100);
        if (step < kMostSteps && !script_.is_over()) {
          reply();
        } else {
          clock_.advance(Millis(100));
        }
        look();
      }
      RBL_CHECK(packets_ <= kMostPackets);
    }
  }

 private:
  void reply() {
    const unsigned what = script_.next();
    const Kind kind = static_cast<Kind>(std::min<unsigned>(what & 0xFU, edited));
    if (kind == later) {
      clock_.advance(Millis(script_.next()));
      return;
    }
    Octets message = message_of(kind, query_, (what & kWithCookie) != 0, script_);
    if ((what & kWrongId) != 0 && !message.empty()) ++message[0];
    if ((what & kLowerCase) != 0) {
      const auto name =
          message.begin() + std::min<std::ptrdiff_t>(kHeaderSize, std::ssize(message));
      std::transform(name, message.end(), name, fold_case);
    }
    sent_ = {message, (what & kElsewhere) == 0};
    asked_ = query_;
    wire_.send(message, query_.from, sent_.is_from_server);
  }

  // Reads what came, sends what that led to, and reads what was sent.
  void look() {
    for (int i = 0; i < 3; ++i) {
      for (const Completion& done : engine_->wait(Millis(0))) {
        if (!std::holds_alternative<Answer>(done.outcome)) continue;
        RBL_CHECK(done.transport == Transport::udp);
        RBL_CHECK(sent_.may_be_taken(asked_));
      }
      wire_.read(query_, packets_);
    }
  }

  Wire& wire_;
  Script script_;
  ScriptClock clock_;
  core::SeededRandom random_{1};
  std::unique_ptr<Resolver> engine_;
  ServerGroupPtr group_;
  Query query_;  // the latest
  Query asked_;  // that sent_ replies to
  Sent sent_;
  std::size_t packets_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  core::set_up_log(core::LogLevel::error, core::LogFormat::text);
  static Wire wire;
  Play(wire, Script(Bytes(data, size))).run();
  return 0;
}
