// SPDX-License-Identifier: Apache-2.0
//
// Questions over TCP (RFC 7766, RFC 9210): connections kept and shared by the questions to a
// server, which are pipelined; at most 64 connections and two to a server, 32 questions on one.
// A server that has none gets one that idles, or that is let idle for it.
// The zones (lanes) that are asked there share these places evenly, and a quarter is kept for one
// that comes, which a slow zone's questions would else keep waiting. Those that will hardly be
// answered are put on one of the two connections, to hold up nobody else; then each of the two has
// its own half of the places to share.
// Bytes only: which message belongs to which question is told by id, the rest of the matching is
// the caller's. Never calls back: the caller hands in events, then takes messages and, of a broken
// connection, the flights that waited on it. One object belongs to one thread.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/handle.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "dns/frame_reader.hpp"
#include "dns/resolver.hpp"
#include "dns/wire_name.hpp"

namespace rblwatch::dns {

class TcpPool {
 public:
  static constexpr std::size_t kMaxConnections = 64;
  static constexpr std::size_t kMaxPerServer = 2;
  static constexpr std::size_t kMaxPipelined = 32;

  struct Peer {
    std::uint32_t server = 0;  // the caller's number for it
    const sockaddr_storage* address = nullptr;
    socklen_t address_length = 0;
    Lane lane;                 // the question's
    bool is_doubtful = false;  // the lane's last question kept its connection waiting in vain
  };
  struct Place {
    std::uint32_t connection = 0;
    std::uint16_t id = 0;
    bool is_fresh = false;  // the connection was made for this question
  };

  TcpPool(int epoll, std::uint32_t tag, core::Random& random);

  /// How many more places the lane may have now. Where its server has no connection and there can
  /// be none, another makes way from now on.
  std::size_t room(const Peer& peer);
  /// Pre: there is room. Sends the query (its id is overwritten with a random one) as soon as the
  /// connection takes it. Nothing where none can be made: last_error() says why.
  std::optional<Place> ask(const Peer& peer, std::uint32_t flight, Bytes query, core::Tick now);
  int last_error() const { return last_error_; }

  /// Connects, writes and reads as far as it goes. Input while nothing waits breaks the connection.
  void on_event(std::uint32_t connection, std::uint32_t events);
  /// The next whole message; good until the next call on this connection.
  std::optional<Bytes> take_message(std::uint32_t connection);
  /// The flight that waits for this id; kNoFlight when none does.
  std::uint32_t find(std::uint32_t connection, std::uint16_t id) const;
  std::vector<std::uint32_t> waiting(std::uint32_t connection) const;
  void release(std::uint32_t connection, std::uint16_t id);
  /// A message came that somebody waits for: nothing else counts as use of a connection.
  void note_reply(std::uint32_t connection, core::Tick now) {
    connections_[connection].last_used = now;
  }
  bool is_open(std::uint32_t connection) const;
  bool is_broken(std::uint32_t connection) const { return connections_[connection].error != 0; }
  int error(std::uint32_t connection) const { return connections_[connection].error; }
  /// Closes it and hands back who still waited.
  std::vector<std::uint32_t> close(std::uint32_t connection);
  /// Closes what has been idle for long.
  void tidy(core::Tick now);
  std::size_t open() const { return open_; }
  bool is_idle() const { return waiting_ == 0; }
  /// Whether a place became free since this was last asked.
  bool take_freed() { return std::exchange(has_freed_, false); }

 private:
  struct Waiting {
    std::uint16_t id;
    std::uint32_t flight;
    Lane lane;
  };
  struct Connection {
    core::Fd fd;
    std::uint32_t server = 0;
    bool is_connected = false;
    bool wants_write = false;
    bool has_doubtful = false;  // while anything waits
    int error = 0;
    std::vector<Waiting> waiting;
    std::vector<std::uint8_t> out;
    std::size_t out_done = 0;
    FrameReader in;
    core::Tick last_used{};
    core::Tick opened{};
    std::optional<std::uint32_t> leaves_for;  // takes no more questions, so that this server may

    bool bears_doubtful() const { return has_doubtful && !waiting.empty(); }
    bool takes_questions() const { return fd.is_open() && error == 0 && !leaves_for; }
    bool is_for(std::uint32_t peer, bool is_doubtful) const {
      return takes_questions() && server == peer && bears_doubtful() == is_doubtful;
    }
  };

  std::size_t left_of_part(const Peer& peer) const;
  std::optional<std::uint32_t> find_connection(std::uint32_t server, bool is_doubtful) const;
  bool wants_another(const Peer& peer) const;
  std::optional<std::uint32_t> connection_for(const Peer& peer) const;
  std::size_t spare_places(std::uint32_t server, bool is_doubtful) const;
  std::optional<std::uint32_t> spare_slot(const Peer& peer) const;
  void make_way(std::uint32_t server);
  std::optional<std::uint32_t> open_connection(const Peer& peer, core::Tick now);
  void write_out(std::uint32_t connection);
  void read_in(std::uint32_t connection);
  void watch(std::uint32_t connection, bool wants_write);

  int epoll_;
  std::uint32_t tag_;
  core::Random& random_;
  int last_error_ = 0;
  std::size_t open_ = 0;
  std::size_t waiting_ = 0;
  bool has_freed_ = false;
  std::vector<Connection> connections_;
};

}  // namespace rblwatch::dns
