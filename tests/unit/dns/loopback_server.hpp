// SPDX-License-Identifier: Apache-2.0
//
// A name server of the tests' own, on UDP and TCP of one loopback port (IPv4 or IPv6), in a thread.
// What it does with a question is a function that the test gives; what it was asked is a log that
// the test reads afterwards.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/handle.hpp"
#include "dns/question.hpp"
#include "message_builder.hpp"

namespace rblwatch::dns::test {

/// How a question came.
struct Arrival {
  bool is_tcp = false;
  std::uint16_t port = 0;      // it came from (UDP)
  std::size_t connection = 0;  // it came on, counted from 1 (TCP)
  std::size_t nth_on_connection = 0;
  std::chrono::nanoseconds at{0};  // when the kernel had it (UDP), or this thread read it (TCP)
};

struct Asked : Arrival {
  std::string name;  // lower case
  unsigned type = 0;
  unsigned id = 0;
  bool has_edns = false;
  std::size_t nth = 0;  // of all questions
  Octets query;

  Octets question() const { return {query.begin() + 12, query.begin() + question_end}; }
  std::ptrdiff_t question_end = 0;
};

/// One thing to do with a question; several are done in their order.
struct Action {
  enum class What { send, send_from_elsewhere, raw, close } what = What::send;
  Octets octets;
  std::uint16_t to_port = 0;  // of a datagram: another than the one that asked
};
using Actions = std::vector<Action>;
using Handler = std::function<Actions(const Asked&)>;

/// A message to this question: its id, its question as it was sent.
inline Octets reply_to(const Asked& asked, unsigned flags, const std::vector<Octets>& answers,
                       const std::vector<Octets>& authority = {},
                       const std::vector<Octets>& additional = {}) {
  const auto count = [](const std::vector<Octets>& section) {
    return u16(static_cast<unsigned>(section.size()));
  };
  Octets all = u16(asked.id) + u16(flags) + u16(1) + count(answers) + count(authority) +
               count(additional) + asked.question();
  for (const auto* section : {&answers, &authority, &additional}) {
    for (const Octets& one : *section)
      all = all + one;
  }
  return all;
}
inline const Octets kTrueCode{127, 0, 0, 2};
inline const Octets kFalseCode{127, 0, 0, 99};
inline Octets truth(const Asked& asked) {
  return reply_to(asked, 0x8480, {a(kAsk, kTrueCode)});
}
inline Octets lie(const Asked& asked) {
  return reply_to(asked, 0x8480, {a(kAsk, kFalseCode)});
}
inline Octets rcode(const Asked& asked, unsigned value) {
  return reply_to(asked, 0x8480U | value, {});
}
inline Octets truncated(const Asked& asked) {
  return reply_to(asked, 0x8680, {});
}
inline Octets with_id(Octets message, unsigned id) {
  message[0] = static_cast<std::uint8_t>(id >> 8U);
  message[1] = static_cast<std::uint8_t>(id);
  return message;
}
inline Octets lower_case(Octets message, std::ptrdiff_t end) {
  for (std::ptrdiff_t i = 12; i < end - 4; ++i) {
    auto& octet = message[static_cast<std::size_t>(i)];
    octet = static_cast<std::uint8_t>(std::tolower(octet));
  }
  return message;
}
inline Octets renamed(const Asked& asked, const char* other, unsigned type = 1,
                      unsigned of_class = 1) {
  return u16(asked.id) + u16(0x8480) + u16(1) + u16(1) + u16(0) + u16(0) + name(other) + u16(type) +
         u16(of_class) + a(kAsk, kFalseCode);
}
inline Actions say(const Octets& message) {
  return {{Action::What::send, message}};
}

/// 127.0.0.1 or ::1 with a port, for the kernel.
struct LoopbackAddress {
  explicit LoopbackAddress(bool is_v6, std::uint16_t port = 0) {
    if (is_v6) {
      sockaddr_in6 v6{};
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      v6.sin6_addr = in6addr_loopback;
      std::memcpy(&octets, &v6, length = sizeof v6);
    } else {
      sockaddr_in v4{};
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      std::memcpy(&octets, &v4, length = sizeof v4);
    }
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&octets); }

  sockaddr_storage octets{};
  socklen_t length = 0;
};

/// The port stands at the same place in both families' addresses.
inline in_port_t& port_in(sockaddr_storage& address) {
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  return reinterpret_cast<sockaddr_in*>(&address)->sin_port;
}

class LoopbackServer {
 public:
  explicit LoopbackServer(Handler handler, bool has_tcp = true, bool is_v6 = false)
      : handler_(std::move(handler)), is_v6_(is_v6) {
    for (int tries = 0; tries < 20; ++tries) {
      udp_.reset(open(SOCK_DGRAM, 0));
      port_ = port_of(udp_.get());
      if (!has_tcp) break;
      tcp_.reset(open(SOCK_STREAM, port_));
      if (tcp_.is_open() && listen(tcp_.get(), 64) == 0) break;
      tcp_.reset();
    }
    elsewhere_.reset(open(SOCK_DGRAM, 0));
    if (has_tcp && !tcp_.is_open()) throw std::runtime_error("no port for both UDP and TCP");
    if (pipe(stop_) != 0) throw std::runtime_error("pipe");
    thread_ = std::thread([this] { run(); });
  }
  ~LoopbackServer() {
    close(stop_[1]);
    thread_.join();
    close(stop_[0]);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  /// Whether this machine has an IPv6 loopback address.
  static bool has_v6() {
    const core::Fd fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const LoopbackAddress at(true);
    return fd.is_open() && bind(fd.get(), at.get(), at.length) == 0;
  }

  Server server() const { return {*core::IpAddress::parse(is_v6_ ? "::1" : "127.0.0.1"), port_}; }
  ServerGroupPtr group(ServerRole role = ServerRole::authoritative) const {
    return std::make_shared<const ServerGroup>(ServerGroup{{server()}, role});
  }
  std::vector<Asked> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  std::size_t count() const { return log().size(); }

 private:
  int open(int type, std::uint16_t port) const {
    const int family = is_v6_ ? AF_INET6 : AF_INET;
    const int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (type == SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const int room = 1 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    const LoopbackAddress at(is_v6_, port);
    if (bind(fd, at.get(), at.length) == 0) return fd;
    close(fd);
    return -1;
  }
  static std::uint16_t port_of(int fd) {
    sockaddr_storage at{};
    socklen_t size = sizeof at;
    getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
    return ntohs(port_in(at));
  }

  void run() {
    for (;;) {
      std::vector<pollfd> polled{
          {stop_[0], POLLIN, 0}, {udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}};
      for (const Stream& stream : streams_)
        polled.push_back({stream.fd.get(), POLLIN, 0});
      poll(polled.data(), polled.size(), -1);
      if (polled[0].revents != 0) return;
      if (polled[1].revents != 0) read_datagrams();
      for (std::size_t i = 3; i < polled.size(); ++i) {
        if (polled[i].revents != 0) read_stream(streams_[i - 3]);
      }
      std::erase_if(streams_, [](const Stream& stream) { return !stream.fd.is_open(); });
      if (polled[2].revents != 0) {
        core::Fd fd(accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        const int on = 1;
        setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (fd.is_open()) streams_.push_back({std::move(fd), {}, ++accepted_});
      }
    }
  }

  struct Stream {
    core::Fd fd;
    Octets in;
    std::size_t number = 0;
    std::size_t asked = 0;
  };

  void read_datagrams() {
    for (;;) {
      Octets buffer(4096);
      sockaddr_storage from{};
      std::array<char, 256> control{};
      iovec part{buffer.data(), buffer.size()};
      msghdr message{};
      message.msg_name = &from;
      message.msg_namelen = sizeof from;
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      const ssize_t got = recvmsg(udp_.get(), &message, 0);
      if (got < 0) return;
      buffer.resize(static_cast<std::size_t>(got));
      for (const Action& action :
           handler_(note(buffer, {.port = ntohs(port_in(from)), .at = arrival(message)}))) {
        if (action.to_port != 0) port_in(from) = htons(action.to_port);
        const int fd =
            action.what == Action::What::send_from_elsewhere ? elsewhere_.get() : udp_.get();
        sendto(fd, action.octets.data(), action.octets.size(), 0,
               reinterpret_cast<sockaddr*>(&from), message.msg_namelen);
      }
    }
  }

  static std::chrono::nanoseconds arrival(msghdr& message) {
    for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr;
         item = CMSG_NXTHDR(&message, item)) {
      if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec at{};
      std::memcpy(&at, CMSG_DATA(item), sizeof at);
      return std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec);
    }
    return {};
  }

  void read_stream(Stream& stream) {
    Octets buffer(4096);
    const ssize_t got = recv(stream.fd.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) {
      stream.fd.reset();
      return;
    }
    stream.in.insert(stream.in.end(), buffer.begin(), buffer.begin() + got);
    while (stream.fd.is_open() && stream.in.size() >= 2) {
      const std::size_t size = stream.in[0] * 256U + stream.in[1];
      if (stream.in.size() < size + 2) return;
      const auto end = stream.in.begin() + 2 + static_cast<std::ptrdiff_t>(size);
      const Octets query(stream.in.begin() + 2, end);
      stream.in.erase(stream.in.begin(), end);
      for (const Action& action : handler_(note(query, {.is_tcp = true,
                                                       .connection = stream.number,
                                                       .nth_on_connection = ++stream.asked,
                                                       .at = now()})))
        act(stream, action);
    }
  }

  void act(Stream& stream, const Action& action) const {
    if (action.what == Action::What::close) {
      stream.fd.reset();
      return;
    }
    const Octets frame = action.what == Action::What::raw
                             ? action.octets
                             : u16(static_cast<unsigned>(action.octets.size())) + action.octets;
    std::size_t sent = 0;
    while (sent < frame.size()) {
      const ssize_t more =
          ::send(stream.fd.get(), frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
      if (more < 0 && errno != EAGAIN) return;
      if (more < 0) {
        std::array<pollfd, 2> room_or_end{{{stream.fd.get(), POLLOUT, 0}, {stop_[0], POLLIN, 0}}};
        poll(room_or_end.data(), room_or_end.size(), -1);
        if (room_or_end[1].revents != 0) return;
      }
      sent += more > 0 ? static_cast<std::size_t>(more) : 0;
    }
  }

  // As arrival() tells it.
  static std::chrono::nanoseconds now() {
    return std::chrono::system_clock::now().time_since_epoch();
  }

  Asked note(const Octets& query, const Arrival& arrived) {
    Asked asked{arrived, {}, 0, 0, false, 0, {}, 0};
    asked.query = query;
    asked.id = query[0] * 256U + query[1];
    asked.has_edns = query[11] != 0;
    std::size_t at = 12;
    while (query[at] != 0) {
      if (at != 12) asked.name += '.';
      for (std::size_t i = 1; i <= query[at]; ++i) {
        asked.name += static_cast<char>(std::tolower(query[at + i]));
      }
      at += query[at] + 1U;
    }
    asked.type = query[at + 1] * 256U + query[at + 2];
    asked.question_end = static_cast<std::ptrdiff_t>(at + 5);
    const std::lock_guard lock(mutex_);
    asked.nth = log_.size();
    log_.push_back(asked);
    return asked;
  }

  Handler handler_;
  bool is_v6_;
  std::uint16_t port_ = 0;
  core::Fd udp_, tcp_, elsewhere_;
  int stop_[2] = {-1, -1};
  std::vector<Stream> streams_;
  std::size_t accepted_ = 0;
  mutable std::mutex mutex_;
  std::vector<Asked> log_;
  std::thread thread_;
};

}  // namespace rblwatch::dns::test
