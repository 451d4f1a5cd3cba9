// SPDX-License-Identifier: Apache-2.0
#include "dns/socket_pool.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "core/check.hpp"

namespace rblwatch::dns {
namespace {

constexpr core::Micros kLongestLife = core::Seconds(120);
constexpr std::size_t kFewest = 16;
constexpr std::size_t kForOthers = 128;  // database, connections, log
// Below are ports of services that may want to start later.
constexpr std::uint16_t kFirstPort = 10000;
constexpr unsigned kBindTries = 16;

int bind_port(int fd, bool is_v6, std::uint16_t port) {
  if (is_v6) {
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(port);
    return bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any);
  }
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(port);
  return bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any);
}

void set_options(int fd, bool is_v6) {
  const int on = 1;
  // ICMP errors come with the datagram they speak of, though the socket is not connected.
  if (is_v6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
  } else {
    setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  }
}

}  // namespace

std::size_t UdpSocket::number_of(std::uint16_t id) const {
  for (std::size_t slot = id % kSlots; numbers[slot] != 0; slot = (slot + 1) % kSlots) {
    if (ids[numbers[slot] - 1U] == id) return numbers[slot];
  }
  return 0;
}

std::uint32_t UdpSocket::find(std::uint16_t id) const {
  const std::size_t number = number_of(id);
  return number == 0 ? kNoFlight : flights[number - 1];
}

std::uint16_t UdpSocket::enter(std::uint16_t id, std::uint32_t flight) {
  std::size_t slot = id % kSlots;
  while (numbers[slot] != 0)
    slot = (slot + 1) % kSlots;
  const std::uint16_t place = asked++;
  numbers[slot] = static_cast<std::uint8_t>(asked);
  ids[place] = id;
  flights[place] = flight;
  ++live;
  return place;
}

SocketLimits limits_within(std::size_t descriptors) {
  const std::size_t ours = descriptors - std::min(kForOthers, descriptors / 2);
  SocketLimits limits;
  limits.open = std::min(limits.open, ours);
  limits.in_use = std::min(limits.in_use, limits.open / 2);
  return limits;
}

SocketPool::SocketPool(int epoll, std::uint32_t tag, SocketLimits limits, core::Random& random)
    : epoll_(epoll), tag_(tag), limits_(limits), random_(random) {
  limits_.in_use = std::max(limits_.in_use, kFewest);
  limits_.open = std::max(limits_.open, limits_.in_use);
  limits_.questions = std::clamp<std::uint16_t>(limits_.questions, 1, UdpSocket::kQuestions);
}

std::uint32_t SocketPool::pick(bool is_v6, std::size_t pressure, core::Tick now) {
  auto& listed = listed_[is_v6 ? 1 : 0];
  // Those that wait for a silent server must not use up what we may open.
  const bool is_walking = pressure < kWalkingPace && open_ < limits_.open / 2;
  if (is_walking || (listed.size() < limits_.in_use && open_ < limits_.open)) {
    const std::uint32_t fresh = open_socket(is_v6, is_walking ? 1 : limits_.questions, now);
    if (fresh != kNoSocket || listed.empty()) return fresh;
  }
  if (listed.empty()) {
    last_error_ = EMFILE;  // all that we allow ourselves are waiting for replies
    return kNoSocket;
  }
  const std::uint32_t socket = listed[random_.below(listed.size())];
  if (now - sockets_[socket].born <= kLongestLife) return socket;
  retire(socket);
  return pick(is_v6, pressure, now);
}

core::Fd SocketPool::bind_random(bool is_v6) {
  core::Fd fd(socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) {
    last_error_ = errno;
    return fd;
  }
  set_options(fd.get(), is_v6);  // before it has a port, after which it stays open to IPv4
  for (unsigned i = 0; i < kBindTries; ++i) {
    const auto port = static_cast<std::uint16_t>(kFirstPort + random_.below(65536 - kFirstPort));
    if (bind_port(fd.get(), is_v6, port) == 0) return fd;
    last_error_ = errno;
    if (errno != EADDRINUSE && errno != EACCES) break;
  }
  return {};
}

std::uint32_t SocketPool::open_socket(bool is_v6, std::uint16_t questions, core::Tick now) {
  core::Fd fd = bind_random(is_v6);
  if (!fd.is_open()) return kNoSocket;
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(sockets_.size()));
    sockets_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = (std::uint64_t{tag_} << 32U) | index;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd.get(), &event) != 0) {
    last_error_ = errno;
    return kNoSocket;
  }
  free_.pop_back();
  UdpSocket& socket = sockets_[index];
  socket.fd = std::move(fd);
  socket.is_v6 = is_v6;
  socket.is_listed = true;
  socket.most = questions;
  socket.forget_ids();
  socket.born = now;
  listed_[is_v6 ? 1 : 0].push_back(index);
  ++open_;
  ++opened_;
  return index;
}

Enlisted SocketPool::enlist(std::uint32_t socket, std::uint32_t flight) {
  UdpSocket& on = sockets_[socket];
  RBL_CHECK(on.room() > 0);
  std::uint16_t id = 0;
  do {
    id = static_cast<std::uint16_t>(random_.next());
  } while (on.has(id));
  const std::uint16_t place = on.enter(id, flight);
  if (on.room() == 0) unlist(socket);
  return {id, place};
}

void SocketPool::release(std::uint32_t socket, std::uint16_t place) {
  UdpSocket& on = sockets_[socket];
  RBL_CHECK(on.flights[place] != kNoFlight);
  on.flights[place] = kNoFlight;
  --on.live;
  if (on.live == 0 && !on.is_listed) done_.push_back(socket);
}

void SocketPool::unlist(std::uint32_t socket) {
  UdpSocket& on = sockets_[socket];
  if (!on.is_listed) return;
  on.is_listed = false;
  auto& listed = listed_[on.is_v6 ? 1 : 0];
  const auto place = std::find(listed.begin(), listed.end(), socket);
  *place = listed.back();
  listed.pop_back();
}

void SocketPool::retire(std::uint32_t socket) {
  if (!sockets_[socket].is_listed) return;
  unlist(socket);
  if (sockets_[socket].live == 0) done_.push_back(socket);
}

void SocketPool::close(std::uint32_t socket) {
  sockets_[socket].fd.reset();
  free_.push_back(socket);
  --open_;
}

void SocketPool::close_done() {
  for (const std::uint32_t socket : done_)
    close(socket);
  done_.clear();
}

void SocketPool::tidy(core::Tick now) {
  for (auto& listed : listed_) {
    // Backwards, for retire() moves the last into the gap.
    for (std::size_t i = listed.size(); i-- > 0;) {
      if (now - sockets_[listed[i]].born > kLongestLife) retire(listed[i]);
    }
  }
  close_done();
}

}  // namespace rblwatch::dns
