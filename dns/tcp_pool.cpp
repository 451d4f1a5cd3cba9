// SPDX-License-Identifier: Apache-2.0
#include "dns/tcp_pool.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "core/check.hpp"
#include "dns/socket_pool.hpp"

namespace rblwatch::dns {
namespace {

// A single event never keeps the loop for longer than it takes to read so much.
constexpr std::size_t kReadsPerEvent = 8;
constexpr core::Micros kIdle = core::Seconds(5);
constexpr std::size_t kShared = TcpPool::kMaxPerServer * TcpPool::kMaxPipelined * 3 / 4;

}  // namespace

TcpPool::TcpPool(int epoll, std::uint32_t tag, core::Random& random)
    : epoll_(epoll), tag_(tag), random_(random), connections_(kMaxConnections) {}

// Three quarters of the places are shared evenly by the lanes that have some, one at least each;
// the rest waits for who may come. Doubtful lanes, which keep to one connection, share by
// themselves, and so do the others while they are left only one.
std::size_t TcpPool::left_of_part(const Peer& peer) const {
  std::size_t own = 0;
  std::vector<Lane> lanes{peer.lane};
  bool is_divided = peer.is_doubtful;
  for (const Connection& on : connections_) {
    if (on.waiting.empty() || on.server != peer.server) continue;
    if (on.has_doubtful != peer.is_doubtful) {
      is_divided = true;
      continue;
    }
    for (const Waiting& waiting : on.waiting) {
      if (waiting.lane == peer.lane) ++own;
      if (std::find(lanes.begin(), lanes.end(), waiting.lane) == lanes.end())
        lanes.push_back(waiting.lane);
    }
  }
  const std::size_t shared = is_divided ? kShared / kMaxPerServer : kShared;
  const std::size_t part = std::max<std::size_t>(shared / lanes.size(), 1);
  return part - std::min(own, part);
}

// The one with the fewest questions, of those that bear doubtful ones or of those that don't.
std::optional<std::uint32_t> TcpPool::find_connection(std::uint32_t server,
                                                      bool is_doubtful) const {
  std::optional<std::uint32_t> best;
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    const Connection& on = connections_[i];
    if (!on.is_for(server, is_doubtful)) continue;
    if (!best || on.waiting.size() < connections_[*best].waiting.size()) best = i;
  }
  return best;
}

// One that is not in use; when all are, that of the connection idle for longest. What was left for
// a server's first connection becomes nobody's second.
std::optional<std::uint32_t> TcpPool::spare_slot(const Peer& peer) const {
  const bool is_first = !connection_for(peer);
  std::optional<std::uint32_t> idle;
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    const Connection& on = connections_[i];
    if (!on.fd.is_open()) return i;
    if (on.leaves_for && !is_first) continue;
    const bool is_longer = !idle || on.last_used < connections_[*idle].last_used;
    if (on.waiting.empty() && is_longer) idle = i;
  }
  return idle;
}

std::optional<std::uint32_t> TcpPool::open_connection(const Peer& peer, core::Tick now) {
  const auto slot = spare_slot(peer);
  RBL_CHECK(slot.has_value());
  if (is_open(*slot)) close(*slot);
  for (Connection& on : connections_) {
    if (on.leaves_for == peer.server) on.leaves_for.reset();
  }
  core::Fd fd(socket(peer.address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) {
    last_error_ = errno;
    return std::nullopt;
  }
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* address = reinterpret_cast<const sockaddr*>(peer.address);
  if (connect(fd.get(), address, peer.address_length) != 0 && errno != EINPROGRESS) {
    last_error_ = errno;
    return std::nullopt;
  }
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.u64 = (std::uint64_t{tag_} << 32U) | *slot;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd.get(), &event) != 0) {
    last_error_ = errno;
    return std::nullopt;
  }
  Connection& fresh = connections_[*slot];
  fresh = Connection{};
  fresh.fd = std::move(fd);
  fresh.server = peer.server;
  fresh.wants_write = true;
  fresh.last_used = fresh.opened = now;
  ++open_;
  return slot;
}

// Doubtful questions get one connection of the two, and the others no place on it while any waits.
bool TcpPool::wants_another(const Peer& peer) const {
  const auto known = find_connection(peer.server, peer.is_doubtful);
  if (known && (peer.is_doubtful || connections_[*known].waiting.empty())) return false;
  const auto to_server = std::count_if(
      connections_.begin(), connections_.end(),
      [&](const Connection& on) { return on.fd.is_open() && on.server == peer.server; });
  return static_cast<std::size_t>(to_server) < kMaxPerServer && spare_slot(peer);
}

// Of those that there are.
std::optional<std::uint32_t> TcpPool::connection_for(const Peer& peer) const {
  const auto known = find_connection(peer.server, peer.is_doubtful);
  return known ? known : find_connection(peer.server, !peer.is_doubtful);
}

std::size_t TcpPool::spare_places(std::uint32_t server, bool is_doubtful) const {
  std::size_t spare = 0;
  for (const Connection& on : connections_) {
    if (on.is_for(server, is_doubtful)) spare += kMaxPipelined - on.waiting.size();
  }
  return spare;
}

std::size_t TcpPool::room(const Peer& peer) {
  const std::size_t left = left_of_part(peer);
  if (left == 0 || wants_another(peer)) return left;
  const auto known = connection_for(peer);
  if (!known) {
    make_way(peer.server);
    return 0;
  }
  return std::min(left, spare_places(peer.server, connections_[*known].bears_doubtful()));
}

// One of those that are never idle is to become so: of a server that has two, where there is any,
// and the oldest of these.
void TcpPool::make_way(std::uint32_t server) {
  const auto has_two = [this](const Connection& on) {
    return std::any_of(connections_.begin(), connections_.end(), [&on](const Connection& other) {
      return &other != &on && other.takes_questions() && other.server == on.server;
    });
  };
  Connection* chosen = nullptr;
  std::pair<bool, core::Tick> best;
  for (Connection& on : connections_) {
    if (on.leaves_for == server) return;
    if (!on.takes_questions()) continue;
    const std::pair rank(!has_two(on), on.opened);
    if (chosen != nullptr && rank >= best) continue;
    chosen = &on;
    best = rank;
  }
  if (chosen != nullptr) chosen->leaves_for = server;
}

std::optional<TcpPool::Place> TcpPool::ask(const Peer& peer, std::uint32_t flight, Bytes query,
                                           core::Tick now) {
  auto connection = wants_another(peer) ? open_connection(peer, now) : std::nullopt;
  const bool is_fresh = connection.has_value();
  if (!is_fresh) connection = connection_for(peer);
  // Full where another could not be made.
  if (!connection || connections_[*connection].waiting.size() >= kMaxPipelined) return std::nullopt;
  Connection& on = connections_[*connection];
  std::uint16_t id = 0;
  do {
    id = static_cast<std::uint16_t>(random_.next());
  } while (find(*connection, id) != kNoFlight);
  on.has_doubtful = peer.is_doubtful || on.bears_doubtful();
  on.waiting.push_back({id, flight, peer.lane});
  ++waiting_;
  on.out.push_back(static_cast<std::uint8_t>(query.size() >> 8U));
  on.out.push_back(static_cast<std::uint8_t>(query.size()));
  on.out.push_back(static_cast<std::uint8_t>(id >> 8U));
  on.out.push_back(static_cast<std::uint8_t>(id));
  on.out.insert(on.out.end(), query.begin() + 2, query.end());
  on.last_used = now;
  if (on.is_connected) write_out(*connection);
  return Place{*connection, id, is_fresh};
}

void TcpPool::watch(std::uint32_t connection, bool wants_write) {
  Connection& on = connections_[connection];
  if (on.wants_write == wants_write) return;
  on.wants_write = wants_write;
  epoll_event event{};
  event.events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = (std::uint64_t{tag_} << 32U) | connection;
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, on.fd.get(), &event) != 0) on.error = errno;
}

void TcpPool::write_out(std::uint32_t connection) {
  Connection& on = connections_[connection];
  while (on.out_done < on.out.size()) {
    const ssize_t sent =
        send(on.fd.get(), on.out.data() + on.out_done, on.out.size() - on.out_done, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) on.error = errno;
      break;
    }
    on.out_done += static_cast<std::size_t>(sent);
  }
  if (on.out_done == on.out.size()) {
    on.out.clear();
    on.out_done = 0;
  }
  watch(connection, !on.out.empty());
}

void TcpPool::read_in(std::uint32_t connection) {
  Connection& on = connections_[connection];
  for (std::size_t i = 0; i < kReadsPerEvent; ++i) {
    const std::span<std::uint8_t> space = on.in.space();
    if (space.empty()) return;  // whole messages wait to be taken first
    const ssize_t got = recv(on.fd.get(), space.data(), space.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      if (errno != EAGAIN) on.error = errno;
      return;
    }
    if (got == 0) {
      on.error = ECONNRESET;  // closed in order; what was whole is still taken first
      return;
    }
    on.in.fill(static_cast<std::size_t>(got));
  }
}

void TcpPool::on_event(std::uint32_t connection, std::uint32_t events) {
  Connection& on = connections_[connection];
  if (!on.fd.is_open() || on.error != 0) return;
  if (!on.is_connected && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(on.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      on.error = error;
      return;
    }
    on.is_connected = true;
  }
  if (on.is_connected && (events & EPOLLOUT) != 0) write_out(connection);
  if (on.error != 0 || (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  // Its end, or what nobody asked for: a stream that drips on would be held for ever.
  if (on.waiting.empty()) {
    on.error = ECONNRESET;
  } else {
    read_in(connection);
  }
}

std::optional<Bytes> TcpPool::take_message(std::uint32_t connection) {
  Connection& on = connections_[connection];
  const std::optional<Bytes> message = on.in.take();
  if (on.in.is_broken()) on.error = EPROTO;
  return message;
}

std::uint32_t TcpPool::find(std::uint32_t connection, std::uint16_t id) const {
  for (const Waiting& waiting : connections_[connection].waiting) {
    if (waiting.id == id) return waiting.flight;
  }
  return kNoFlight;
}

std::vector<std::uint32_t> TcpPool::waiting(std::uint32_t connection) const {
  std::vector<std::uint32_t> flights;
  for (const Waiting& one : connections_[connection].waiting)
    flights.push_back(one.flight);
  return flights;
}

void TcpPool::release(std::uint32_t connection, std::uint16_t id) {
  auto& waiting = connections_[connection].waiting;
  const auto found = std::find_if(waiting.begin(), waiting.end(),
                                  [id](const Waiting& one) { return one.id == id; });
  if (found == waiting.end()) return;
  waiting.erase(found);
  --waiting_;
  has_freed_ = true;
}

bool TcpPool::is_open(std::uint32_t connection) const {
  return connections_[connection].fd.is_open();
}

std::vector<std::uint32_t> TcpPool::close(std::uint32_t connection) {
  Connection& on = connections_[connection];
  std::vector<std::uint32_t> waited = waiting(connection);
  waiting_ -= on.waiting.size();
  has_freed_ = true;
  if (on.fd.is_open()) --open_;
  on = Connection{};
  return waited;
}

void TcpPool::tidy(core::Tick now) {
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    const Connection& on = connections_[i];
    if (on.fd.is_open() && on.waiting.empty() && now - on.last_used > kIdle) close(i);
  }
}

}  // namespace rblwatch::dns
