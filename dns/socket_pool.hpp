// SPDX-License-Identifier: Apache-2.0
//
// The UDP sockets: each on a random port of its own from the CSPRNG (RFC 5452 section 9). At a
// walking pace each question gets a fresh one; when busy they draw from 1 024, each closed after 64
// questions or two minutes. They are not connected, so that all servers share them; the caller
// checks where a datagram came from. Knows which flight waits on which socket under which id. One
// object belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/handle.hpp"
#include "core/random.hpp"
#include "core/time.hpp"

namespace rblwatch::dns {

inline constexpr std::uint32_t kNoFlight = UINT32_MAX;
inline constexpr std::uint32_t kNoSocket = UINT32_MAX;

struct UdpSocket {
  static constexpr std::size_t kQuestions = 64;

  core::Fd fd;
  bool is_v6 = false;
  bool is_listed = false;  // may take more questions
  std::uint16_t most = kQuestions;
  std::uint16_t asked = 0;
  std::uint16_t live = 0;
  core::Tick born{};
  std::array<std::uint32_t, kQuestions> flights = nobody();  // by place

  std::uint16_t room() const { return static_cast<std::uint16_t>(most - asked); }
  /// Whether this id was given out on the socket, be it that nobody waits under it any more.
  bool has(std::uint16_t id) const { return number_of(id) != 0; }
  /// The flight that waits under this id; kNoFlight when none does.
  std::uint32_t find(std::uint16_t id) const;
  /// Gives the next place to the flight. Pre: room() > 0, and the id isn't there.
  std::uint16_t enter(std::uint16_t id, std::uint32_t flight);
  /// For another socket: nothing was given out.
  void forget_ids() {
    asked = live = 0;
    numbers.fill(0);
  }

 private:
  // Twice as many as there can be questions, so that a search ends soon.
  static constexpr std::size_t kSlots = 2 * kQuestions;

  /// The id's place, counted from 1; 0 when it wasn't given out.
  std::size_t number_of(std::uint16_t id) const;

  static constexpr std::array<std::uint32_t, kQuestions> nobody() {
    std::array<std::uint32_t, kQuestions> flights{};
    flights.fill(kNoFlight);
    return flights;
  }

  std::array<std::uint16_t, kQuestions> ids{};  // by place
  std::array<std::uint8_t, kSlots> numbers{};   // of places: an open hash table of their ids
};

struct SocketLimits {
  std::size_t in_use = 1024;  // that take questions at a time
  std::size_t open = 8192;    // with those that only wait for their last replies
  std::uint16_t questions = UdpSocket::kQuestions;  // of one socket, at most kQuestions
};
/// As far as so many descriptors, which the rest of the program wants some of, allow.
SocketLimits limits_within(std::size_t descriptors);

/// How a flight is known on its socket.
struct Enlisted {
  std::uint16_t id = 0;
  std::uint16_t place = 0;
};

class SocketPool {
 public:
  /// Sockets are added to `epoll` with `tag` in the upper half of the event's data and their number
  /// in the lower.
  SocketPool(int epoll, std::uint32_t tag, SocketLimits limits, core::Random& random);

  /// Below so many questions a second, each goes out from a socket of its own.
  static constexpr std::size_t kWalkingPace = 100;

  /// A socket for the next questions, which the caller enlists; `pressure`: the questions asked in
  /// the last second. kNoSocket when the kernel gives none; `last_error` says why.
  std::uint32_t pick(bool is_v6, std::size_t pressure, core::Tick now);
  int last_error() const { return last_error_; }

  UdpSocket& at(std::uint32_t socket) { return sockets_[socket]; }
  /// Puts the flight on the socket under a random id that is free there. Pre: room() > 0.
  Enlisted enlist(std::uint32_t socket, std::uint32_t flight);
  /// Nothing waits any more at a place that enlist() gave.
  void release(std::uint32_t socket, std::uint16_t place);
  /// Takes no more questions on this socket.
  void retire(std::uint32_t socket);
  /// Closes what is done with. Not while events are being worked off: a number may then be used
  /// again.
  void close_done();
  /// Once a second: takes no more questions on old ones.
  void tidy(core::Tick now);
  std::size_t open() const { return open_; }
  std::uint64_t opened() const { return opened_; }

 private:
  std::uint32_t open_socket(bool is_v6, std::uint16_t questions, core::Tick now);
  core::Fd bind_random(bool is_v6);
  void unlist(std::uint32_t socket);
  void close(std::uint32_t socket);

  int epoll_;
  std::uint32_t tag_;
  SocketLimits limits_;
  core::Random& random_;
  int last_error_ = 0;
  std::size_t open_ = 0;
  std::uint64_t opened_ = 0;
  std::vector<UdpSocket> sockets_;
  std::vector<std::uint32_t> free_;
  std::array<std::vector<std::uint32_t>, 2> listed_;  // IPv4, IPv6
  std::vector<std::uint32_t> done_;                   // retired, nothing waits there any more
};

}  // namespace rblwatch::dns
