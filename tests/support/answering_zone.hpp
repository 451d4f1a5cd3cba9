// SPDX-License-Identifier: Apache-2.0
//
// A monitor's surroundings for measuring it: zones that answer in the monitor's own thread, between
// two turns, over real sockets; a journal that only counts; a configuration of any size.
// Header-only; one thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "daemon/journal.hpp"
#include "daemon/world.hpp"

namespace rblwatch::support {

/// A server of zones whose names have three labels: denies everything but 127.0.0.2, as an
/// authoritative one. Answers all that came when it is told to, in the caller's thread.
class AnsweringZone {
 public:
  AnsweringZone() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const int room = 64 << 20;
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&at), size) != 0 ||
        getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      std::perror("bind");
      std::exit(1);
    }
    port_ = ntohs(at.sin_port);
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts_[i] = {room_.data() + i * kLargest, kLargest};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      messages_[i].msg_hdr.msg_name = &from_[i];
    }
  }
  ~AnsweringZone() { close(fd_); }
  AnsweringZone(const AnsweringZone&) = delete;
  AnsweringZone& operator=(const AnsweringZone&) = delete;

  std::uint16_t port() const { return port_; }
  std::uint64_t answered() const { return answered_; }

  __attribute__((noinline)) void answer_all() {
    for (;;) {
      for (std::size_t i = 0; i < kBatch; ++i) {
        parts_[i].iov_len = kLargest;
        messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
      }
      const int got = recvmmsg(fd_, messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
      if (got <= 0) return;
      for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
        parts_[i].iov_len = answer(room_.data() + i * kLargest);
      }
      sendmmsg(fd_, messages_.data(), static_cast<unsigned>(got), 0);
      answered_ += static_cast<std::uint64_t>(got);
    }
  }

 private:
  static std::size_t answer(std::uint8_t* message) {
    std::size_t end = 12;
    while (message[end] != 0)
      end += std::size_t{message[end]} + 1;
    end += 5;
    const bool is_listed = std::memcmp(message + 12, "\0012\0010\0010\003127", 10) == 0;
    message[2] = 0x84;
    message[3] = is_listed ? 0x00 : 0x03;
    message[7] = is_listed ? 1 : 0;
    message[9] = is_listed ? 0 : 1;
    message[11] = 0;
    constexpr std::array<std::uint8_t, 16> kListed{0xC0, 12, 0, 1, 0,   1, 0, 0,
                                                   1,    44, 0, 4, 127, 0, 0, 2};
    constexpr std::array<std::uint8_t, 34> kDenied{0xC0, 26, 0, 6, 0, 1, 0, 0, 1, 44, 0, 22,
                                                   0,    0,  0, 0, 0, 1, 0, 0, 1, 0,  0, 0,
                                                   1,    0,  0, 0, 1, 0, 0, 0, 1, 44};
    std::memcpy(message + end, is_listed ? kListed.data() : kDenied.data(),
                is_listed ? kListed.size() : kDenied.size());
    if (!is_listed) message[end + 1] = static_cast<std::uint8_t>(zone_of(message));
    return end + (is_listed ? kListed.size() : kDenied.size());
  }

  // Where the last three labels of the name begin.
  static std::size_t zone_of(const std::uint8_t* message) {
    std::array<std::size_t, 64> labels{};
    std::size_t count = 0;
    for (std::size_t at = 12; message[at] != 0 && count < labels.size();
         at += std::size_t{message[at]} + 1)
      labels[count++] = at;
    return labels[count < 3 ? 0 : count - 3];
  }

  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kLargest = 512;

  int fd_;
  std::uint16_t port_ = 0;
  std::uint64_t answered_ = 0;
  std::array<std::uint8_t, kBatch * kLargest> room_{};
  std::array<sockaddr_in, kBatch> from_{};
  std::array<mmsghdr, kBatch> messages_{};
  std::array<iovec, kBatch> parts_{};
};

/// Counts what it is given.
class CountingJournal final : public daemon::Journal {
 public:
  bool can_accept() const override { return true; }
  void submit(storage::Batch batch) override {
    records += batch.doubts.size() + batch.votes.size() + batch.listings.size();
    for (const storage::KindRecord& kind : batch.kinds)
      sweeps += kind.row.swept_at && kind.row.sweep_length ? 1U : 0U;
  }
  std::size_t records = 0;
  std::size_t sweeps = 0;
};

/// A range of 2^bits addresses on so many zones, all answered on this port of 127.0.0.1.
inline daemon::MonitorSetup make_setup(unsigned bits, unsigned zones, std::uint16_t port) {
  daemon::MonitorSetup setup;
  const dns::Server server{core::IpAddress::v4(0x7F000001U), port};
  setup.resolver_servers = {server};
  setup.resolver_qps = 0;
  setup.interval = std::chrono::hours(1);
  setup.jitter = 0;
  for (unsigned number = 0; number < zones; ++number) {
    lists::Zone zone;
    zone.id = "z" + std::to_string(number);
    zone.dns = *lists::ZoneDns::parse(zone.id + ".bench.test");
    zone.kinds.add(lists::Kind::ipv4);
    zone.tests[static_cast<std::size_t>(lists::Kind::ipv4)] =
        lists::default_test_entries(lists::Kind::ipv4);
    zone.servers = {server};
    setup.zones.push_back(std::move(zone));
  }
  setup.targets.push_back(*lists::parse_target_value("198.18.0.0/" + std::to_string(32 - bits)));
  return setup;
}

}  // namespace rblwatch::support
