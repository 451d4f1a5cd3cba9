// SPDX-License-Identifier: Apache-2.0
#include "dns/socket_pool.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>

#include <set>

#include <catch2/catch.hpp>

#include "dns/frame_reader.hpp"
#include "message_builder.hpp"
#include "support.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;
using core::Seconds;
using core::Tick;

namespace {

constexpr std::size_t kBusy = 5000;  // questions a second

struct PoolOfSockets {
  core::Fd epoll{epoll_create1(EPOLL_CLOEXEC)};
  core::SeededRandom random{9};
  SocketPool sockets{epoll.get(), 1, {.in_use = 64, .open = 80}, random};
};

}  // namespace

TEST_CASE(
    "a socket takes 64 questions under different ids, then is closed when the last is released") {
  PoolOfSockets pool;
  const std::uint32_t socket = pool.sockets.pick(false, kBusy, kStart);
  REQUIRE(socket != kNoSocket);
  std::set<std::uint16_t> ids;
  std::vector<Enlisted> order;
  for (std::uint32_t i = 0; i < 64; ++i) {
    order.push_back(pool.sockets.enlist(socket, i));
    ids.insert(order.back().id);
  }
  CHECK(ids.size() == 64);
  CHECK(pool.sockets.at(socket).room() == 0);
  CHECK(pool.sockets.at(socket).find(order[5].id) == 5);
  for (const Enlisted& one : order)
    pool.sockets.release(socket, one.place);
  CHECK(pool.sockets.at(socket).find(order[5].id) == kNoFlight);
  CHECK(pool.sockets.open() == 1);
  pool.sockets.close_done();
  CHECK(pool.sockets.open() == 0);
}

TEST_CASE("at a walking pace each question gets a socket that nobody gets again") {
  PoolOfSockets pool;
  std::set<std::uint64_t> fresh;
  for (std::uint32_t i = 0; i < 500; ++i) {
    const std::uint32_t socket = pool.sockets.pick(false, SocketPool::kWalkingPace - 1, kStart);
    REQUIRE(socket != kNoSocket);
    const Enlisted enlisted = pool.sockets.enlist(socket, i);
    CHECK(pool.sockets.at(socket).room() == 0);
    pool.sockets.release(socket, enlisted.place);
    pool.sockets.close_done();
    CHECK(pool.sockets.open() == 0);
    fresh.insert(pool.sockets.opened());
  }
  CHECK(fresh.size() == 500);
}

TEST_CASE("questions that wait at a walking pace leave half of the descriptors to others") {
  PoolOfSockets pool;
  for (std::uint32_t i = 0; i < 500; ++i)
    REQUIRE(pool.sockets.pick(false, 1, kStart) != kNoSocket);
  std::size_t of_one = 0;
  for (std::uint32_t i = 0; i < pool.sockets.open(); ++i)
    of_one += pool.sockets.at(i).most == 1 ? 1 : 0;
  CHECK(of_one == 40);
}

TEST_CASE("under pressure questions draw from as many sockets as are allowed") {
  PoolOfSockets pool;
  std::set<std::uint32_t> drawn;
  for (int i = 0; i < 5000; ++i)
    drawn.insert(pool.sockets.pick(false, kBusy, kStart));
  CHECK(pool.sockets.open() == 64);
  CHECK(drawn.size() == 64);
}

TEST_CASE("old sockets are let go of, even unused ones") {
  PoolOfSockets pool;
  for (int i = 0; i < 100; ++i)
    pool.sockets.pick(true, kBusy, kStart);
  REQUIRE(pool.sockets.open() == 64);
  pool.sockets.tidy(kStart + Seconds(121));
  CHECK(pool.sockets.open() == 0);
}

TEST_CASE("a socket for IPv6 hears nothing over IPv4, and leaves its ports alone") {
  PoolOfSockets pool;
  const std::uint32_t socket = pool.sockets.pick(true, kBusy, kStart);
  if (socket == kNoSocket) {
    WARN("this machine has no IPv6");
    return;
  }
  int is_v6_only = 0;
  socklen_t size = sizeof is_v6_only;
  REQUIRE(getsockopt(pool.sockets.at(socket).fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &is_v6_only,
                     &size) == 0);
  CHECK(is_v6_only == 1);
}

TEST_CASE("a thousand ports where the descriptors allow it, else half of what is left") {
  CHECK(limits_within(16384).in_use == 1024);
  CHECK(limits_within(2200).in_use == 1024);
  CHECK(limits_within(1024).in_use == 448);
  CHECK(limits_within(64).in_use == 16);
}

TEST_CASE(
    "sockets that only wait for replies count against the limit, and then none is given out") {
  PoolOfSockets pool;
  for (int i = 0; i < 80; ++i) {
    const std::uint32_t socket = pool.sockets.pick(false, kBusy, kStart);
    REQUIRE(socket != kNoSocket);
    while (pool.sockets.at(socket).room() > 0)
      pool.sockets.enlist(socket, 1);
  }
  CHECK(pool.sockets.pick(false, kBusy, kStart) == kNoSocket);
  CHECK(pool.sockets.last_error() == EMFILE);
}

TEST_CASE("a stream's messages come out whole, whatever the pieces") {
  const std::size_t piece = GENERATE(1U, 2U, 3U, 7U, 4000U);
  const Octets big(60000, 7);
  const Octets stream =
      u16(3) + raw("abc") + u16(60000) + big + u16(1) + raw("z") + u16(5) + raw("cut");
  FrameReader reader;
  std::vector<std::size_t> sizes;
  for (std::size_t at = 0; at < stream.size();) {
    const auto space = reader.space();
    const std::size_t size = std::min({piece, space.size(), stream.size() - at});
    REQUIRE(size > 0);
    std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), size, space.begin());
    reader.fill(size);
    at += size;
    while (const auto message = reader.take())
      sizes.push_back(message->size());
  }
  CHECK(sizes == std::vector<std::size_t>{3, 60000, 1});
  CHECK_FALSE(reader.is_broken());
}

TEST_CASE("a length of 65 535 costs no memory until octets come, a length of 0 breaks the stream") {
  FrameReader reader;
  const auto put = [&reader](const Octets& octets) {
    std::copy(octets.begin(), octets.end(), reader.space().begin());
    reader.fill(octets.size());
  };
  put(u16(65535) + raw("x"));
  CHECK_FALSE(reader.take());
  CHECK(reader.space().size() < 4096);
  FrameReader other;
  std::copy_n(u16(0).begin(), 2, other.space().begin());
  other.fill(2);
  CHECK_FALSE(other.take());
  CHECK(other.is_broken());
}
