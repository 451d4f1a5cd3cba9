// SPDX-License-Identifier: Apache-2.0
//
// What the fuzz targets of the whole engine share: a script of octets, the clock that it drives,
// replies made of a query as the script says, and whether a message may be taken for a query's
// answer.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "dns/decode.hpp"
#include "dns/udp_resolver.hpp"

namespace rblwatch::dns::fuzz {

using Octets = std::vector<std::uint8_t>;

inline constexpr std::size_t kMostSteps = 64;  // of a script; it ends with the silence behind it
inline constexpr core::Millis kTimeout{100};   // of an attempt
inline constexpr std::size_t kCookie = 8;      // octets of a client's

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

/// An engine that asks a server on loopback for addresses below zone.test.
class Asker {
  core::SeededRandom random_{1};  // which outlives the engine
  ServerGroupPtr server_;

 public:
  Asker(std::uint16_t port, bool mixed_case)
      : server_(std::make_shared<const ServerGroup>(ServerGroup{
            {{core::IpAddress::v4({127, 0, 0, 1}), port}}, ServerRole::authoritative})) {
    RBL_CHECK(port != 0);
    core::set_up_log(core::LogLevel::error, core::LogFormat::text);
    ResolverOptions options;
    options.timeout = kTimeout;
    options.qps = 0;
    options.mixed_case = mixed_case;
    auto made = make_udp_resolver(options, clock, random_);
    RBL_CHECK(made);
    engine = std::move(*made);
  }
  void submit(std::size_t lookup, Lane lane) {
    const std::string name = "abcdef" + std::to_string(lookup) + ".zone.test";
    engine->submit({LookupId{lookup}, lane, {*core::DnsName::parse(name), QType::a}, server_});
  }

  ScriptClock clock;
  std::unique_ptr<Resolver> engine;
};

/// A socket on loopback; -1 where the port is taken.
inline int open_socket(int type, std::uint16_t port) {
  const int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0) return fd;
  close(fd);
  return -1;
}
inline std::uint16_t port_of(int fd) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  return ntohs(at.sin_port);
}

struct Query {
  Octets octets;
  sockaddr_in from{};  // of one over UDP

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

/// The next that came over UDP.
inline std::optional<Query> read_query(int fd) {
  std::array<std::uint8_t, 1024> buffer{};
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const ssize_t got =
      recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (got < 0) return std::nullopt;
  return Query{{buffer.begin(), buffer.begin() + got}, from};
}
inline void send_reply(int fd, const Octets& octets, const sockaddr_in& to) {
  sendto(fd, octets.data(), octets.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

inline void put(Octets& message, std::initializer_list<unsigned> octets) {
  for (const unsigned octet : octets)
    message.push_back(static_cast<std::uint8_t>(octet));
}

/// Header and question of a reply, and as many records as are said to follow.
inline Octets head(const Query& query, unsigned rcode, unsigned answers, unsigned additional) {
  Octets message(query.octets.begin(),
                 query.octets.begin() + static_cast<std::ptrdiff_t>(query.question_end()));
  message[2] = 0x84;
  message[3] = static_cast<std::uint8_t>(0x80U | rcode);
  message[7] = static_cast<std::uint8_t>(answers);
  message[9] = 0;
  message[11] = static_cast<std::uint8_t>(additional);
  return message;
}
inline void put_address(Octets& message) {
  put(message, {0xC0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 127, 0, 0, 2});
}
inline void put_opt(Octets& message, unsigned extended_rcode, const Octets& options) {
  put(message,
      {0, 0, 41, 4, 0xD0, extended_rcode, 0, 0, 0, 0, static_cast<unsigned>(options.size())});
  message.insert(message.end(), options.begin(), options.end());
}
inline Octets cookie_option(const Query& query, std::uint8_t flip) {
  Octets option(4 + 2 * kCookie, 0x77);
  const Octets front{0, 10, 0, 2 * kCookie};
  std::copy(front.begin(), front.end(), option.begin());
  const Bytes ours = query.cookie();
  std::copy(ours.begin(), ours.end(), option.begin() + 4);
  option[4] = static_cast<std::uint8_t>(option[4] ^ flip);
  return option;
}

/// What a reply is; the lower half of a script's octet.
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
  later,  // none: time passes
  options,
  nothing,  // no octets at all
  edited    // and all above
};
inline constexpr unsigned kWithCookie = 0x80;

inline Octets message_of(Kind kind, const Query& query, bool has_cookie, Script& script) {
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

/// Whether the message may be taken for this answer to the query, wherever it came from.
inline bool may_be_taken(Bytes message, const Query& query, const Answer& answer) {
  const std::size_t end = query.question_end();
  if (message.size() < end) return false;
  const auto is_as_asked = [&](std::size_t from, std::size_t to) {
    const Bytes ours = Bytes(query.octets).subspan(from, to - from);
    return std::equal(ours.begin(), ours.end(),
                      message.begin() + static_cast<std::ptrdiff_t>(from));
  };
  const bool is_reply = (message[2] & 0xFAU) == 0x80;  // QR, opcode 0, and not TC
  if (!is_reply || !is_as_asked(0, 2) || !is_as_asked(kHeaderSize, end)) return false;
  static Walk walked;
  static Answer read;
  if (walk(message, walked) != Flaw::none) return false;
  const Bytes theirs = message.subspan(walked.edns.cookie, walked.edns.cookie_length);
  const Bytes ours = query.cookie();
  const bool is_cookie_ours = ours.empty() || theirs.size() < kCookie ||
                              std::equal(ours.begin(), ours.end(), theirs.begin());
  return is_cookie_ours && decode(message, walked, QType::a, read) == Flaw::none && read == answer;
}

}  // namespace rblwatch::dns::fuzz
