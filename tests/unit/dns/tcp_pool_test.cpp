// SPDX-License-Identifier: Apache-2.0
#include "dns/tcp_pool.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "support.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using core::Millis;
using core::Seconds;

namespace {

/// A pool, and a server's end of each of its connections.
struct Connections {
  core::SeededRandom random{7};
  core::Fd epoll{epoll_create1(EPOLL_CLOEXEC)};
  core::Fd listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_storage address{};
  TcpPool pool{epoll.get(), 1, random};

  Connections() {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof any;
    REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&any), size) == 0);
    REQUIRE(listen(listener.get(), 64) == 0);
    REQUIRE(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  }
  /// A question of its own lane.
  std::optional<TcpPool::Place> ask(std::uint32_t flight, bool is_doubtful = false) {
    return ask_of(Lane{flight}, flight, is_doubtful);
  }
  std::optional<TcpPool::Place> ask_of(Lane lane, std::uint32_t flight, bool is_doubtful = false) {
    const std::array<std::uint8_t, 17> query{};
    const TcpPool::Peer peer{1, &address, sizeof(sockaddr_in), lane, is_doubtful};
    const std::size_t room = pool.room(peer);
    if (room == 0) return std::nullopt;
    const auto place = pool.ask(peer, flight, query, kStart);
    REQUIRE(place);
    CHECK(pool.room(peer) <= room - 1);
    return place;
  }
  /// How many places the lane gets until it is refused one.
  std::size_t fill(Lane lane, bool is_doubtful = false) {
    std::size_t got = 0;
    while (ask_of(lane, static_cast<std::uint32_t>(100 * lane.value + got), is_doubtful))
      ++got;
    return got;
  }
  core::Fd accept() { return core::Fd(::accept(listener.get(), nullptr, nullptr)); }
  /// Hands in what the server wrote.
  void say(const core::Fd& server, const std::string& octets, std::uint32_t connection) {
    REQUIRE(send(server.get(), octets.data(), octets.size(), 0) ==
            static_cast<ssize_t>(octets.size()));
    epoll_event event{};
    while ((event.events & EPOLLIN) == 0) {
      REQUIRE(epoll_wait(epoll.get(), &event, 1, 10'000) == 1);
      pool.on_event(connection, event.events);
    }
  }
};

}  // namespace

TEST_CASE("what drips in while nobody waits ends the connection; only use keeps it") {
  Connections on;
  const auto place = on.ask(1);
  REQUIRE(place);
  const core::Fd server = on.accept();
  on.say(server, std::string("\0\1x", 3), place->connection);
  REQUIRE(on.pool.take_message(place->connection));
  on.pool.note_reply(place->connection, kStart + Seconds(3));
  on.pool.release(place->connection, place->id);
  SECTION("a while after the last reply") {
    on.pool.tidy(kStart + Seconds(8));
    CHECK(on.pool.is_open(place->connection));
    on.pool.tidy(kStart + Seconds(8) + Millis(1));
    CHECK_FALSE(on.pool.is_open(place->connection));
  }
  SECTION("an octet") {
    CHECK_FALSE(on.pool.is_broken(place->connection));
    on.say(server, "x", place->connection);
    CHECK(on.pool.is_broken(place->connection));
  }
}

TEST_CASE("octets that end no message keep no connection that somebody waits on for long") {
  Connections on;
  const auto place = on.ask(1);
  REQUIRE(place);
  const core::Fd server = on.accept();
  on.say(server, "x", place->connection);
  CHECK_FALSE(on.pool.is_broken(place->connection));
  on.pool.release(place->connection, place->id);
  on.pool.tidy(kStart + Seconds(5) + Millis(1));
  CHECK_FALSE(on.pool.is_open(place->connection));
}

TEST_CASE("questions go on two connections, doubtful ones on one that the others keep clear of") {
  Connections on;
  const auto place_of = [&on](std::uint32_t flight, bool is_doubtful) {
    const auto place = on.ask(flight, is_doubtful);
    return place ? static_cast<int>(place->connection) : -1;
  };
  SECTION("all are well") {
    std::multiset<int> used;
    for (std::uint32_t i = 0; i < 64; ++i)
      used.insert(place_of(i, false));
    CHECK(used.count(0) == 32);
    CHECK(used.count(1) == 32);
    CHECK(place_of(64, false) == -1);
  }
  SECTION("doubtful ones came first") {
    for (std::uint32_t i = 0; i < 32; ++i)
      CHECK(place_of(i, true) == 0);
    CHECK(place_of(32, true) == -1);
    for (std::uint32_t i = 40; i < 72; ++i)
      CHECK(place_of(i, false) == 1);
    CHECK(place_of(72, false) == -1);
  }
  SECTION("doubtful ones came last, and went") {
    std::vector<TcpPool::Place> places;
    for (std::uint32_t i = 0; i < 3; ++i)
      places.push_back(*on.ask(i));
    const auto doubtful = on.ask(3, true);
    REQUIRE(doubtful);
    CHECK(doubtful->connection == 1);  // which has one, the other two
    CHECK(place_of(4, true) == 1);
    CHECK(place_of(5, false) == 0);
    CHECK(place_of(6, false) == 0);
    on.pool.close(1);
    CHECK(place_of(7, false) == 1);
  }
}

TEST_CASE("where no other connection can be made, the one that there is takes the questions") {
  Connections on;
  const auto first = on.ask(0);
  REQUIRE(first);
  on.address.ss_family = AF_MAX;  // no socket can be made for it
  for (std::uint32_t i = 1; i < 32; ++i) {
    const auto next = on.ask(i);
    REQUIRE(next);
    CHECK(next->connection == first->connection);
    CHECK_FALSE(next->is_fresh);
  }
  const std::array<std::uint8_t, 17> query{};
  CHECK_FALSE(on.pool.ask({1, &on.address, sizeof(sockaddr_in), Lane{99}}, 99, query, kStart));
  CHECK(on.pool.last_error() == EAFNOSUPPORT);
}

TEST_CASE("where no connection idles, one of two makes way for a server that has none") {
  Connections on;
  const std::array<std::uint8_t, 17> query{};
  const auto peer = [&on](std::uint32_t server) {
    return TcpPool::Peer{server, &on.address, sizeof(sockaddr_in), Lane{server}, false};
  };
  const auto ask = [&](std::uint32_t server) {
    REQUIRE(on.pool.room(peer(server)) > 0);
    return on.pool.ask(peer(server), server, query, kStart).value();
  };
  const auto first = ask(1);
  for (std::uint32_t server = 2; server <= 33; ++server)
    ask(server);
  for (std::uint32_t server = 1; server <= 31; ++server)
    ask(server);
  REQUIRE(on.pool.open() == 64);
  CHECK(on.pool.room(peer(34)) == 0);
  const auto next = ask(1);
  CHECK(next.connection != first.connection);
  on.pool.release(first.connection, first.id);
  CHECK(on.pool.is_open(first.connection));
  CHECK_FALSE(ask(33).is_fresh);  // it has one
  const auto wanted = ask(34);
  CHECK(wanted.is_fresh);
  CHECK(wanted.connection == first.connection);
  CHECK(on.pool.room(peer(35)) == 0);
  CHECK(on.pool.open() == 64);
}

TEST_CASE("lanes share three quarters of a server's places, the rest is for who comes") {
  Connections on;
  SECTION("who has more than its part gets none back until the others have theirs") {
    CHECK(on.fill(Lane{1}) == 48);
    CHECK(on.fill(Lane{2}) == 16);
    CHECK_FALSE(on.ask_of(Lane{3}, 300));
    on.pool.close(0);  // half of each one's
    CHECK(on.fill(Lane{1}) == 0);
    CHECK(on.fill(Lane{3}) == 16);
    CHECK(on.fill(Lane{2}) == 8);
  }
  SECTION("of many, one each") {
    for (std::uint32_t i = 1; i <= 60; ++i)
      REQUIRE(on.ask_of(Lane{i}, i));
    CHECK_FALSE(on.ask_of(Lane{1}, 100));
    CHECK(on.ask_of(Lane{99}, 101));
  }
  SECTION("the doubtful by themselves") {
    CHECK(on.fill(Lane{1}, true) == 24);
    CHECK(on.fill(Lane{2}, true) == 8);
    CHECK(on.fill(Lane{3}) == 24);
    CHECK(on.fill(Lane{4}) == 8);
  }
}

TEST_CASE("a place that becomes free is told once") {
  Connections on;
  const auto first = on.ask(1);
  const auto second = on.ask(2);
  REQUIRE((first && second));
  CHECK_FALSE(on.pool.take_freed());
  on.pool.release(first->connection, first->id);
  CHECK(on.pool.take_freed());
  CHECK_FALSE(on.pool.take_freed());
  on.pool.close(second->connection);
  CHECK(on.pool.take_freed());
}
