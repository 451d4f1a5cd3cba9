// SPDX-License-Identifier: Apache-2.0
//
// The raw limit: prepared queries out by sendmmsg, replies in by recvmmsg, one connected socket,
// nothing looked at. What is lost is counted, not asked again.
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "tests/bench/work_list.hpp"

namespace {

using rblwatch::bench::WorkList;

constexpr std::size_t kBatch = 64;
constexpr std::size_t kReply = 512;
constexpr int kLostAfterMs = 100;

// All queries, one behind the other.
struct Queries {
  std::vector<std::uint8_t> octets;
  std::vector<std::uint32_t> begin;
};

void append(const std::string& name, std::vector<std::uint8_t>& octets) {
  std::size_t start = 0;
  while (start < name.size()) {
    const std::size_t end = std::min(name.find('.', start), name.size());
    octets.push_back(static_cast<std::uint8_t>(end - start));
    octets.insert(octets.end(), name.begin() + static_cast<std::ptrdiff_t>(start),
                  name.begin() + static_cast<std::ptrdiff_t>(end));
    start = end + 1;
  }
  octets.push_back(0);
}

Queries prepare(const WorkList& work) {
  constexpr std::array<std::uint8_t, 12> kHeader{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  constexpr std::array<std::uint8_t, 4> kTypeAndClass{0, 1, 0, 1};
  Queries queries;
  for (const std::string& name : work.names) {
    queries.begin.push_back(static_cast<std::uint32_t>(queries.octets.size()));
    const std::uint32_t number = queries.begin.back();
    queries.octets.insert(queries.octets.end(), kHeader.begin(), kHeader.end());
    std::memcpy(queries.octets.data() + number, &number, 2);
    append(name, queries.octets);
    queries.octets.insert(queries.octets.end(), kTypeAndClass.begin(), kTypeAndClass.end());
  }
  queries.begin.push_back(static_cast<std::uint32_t>(queries.octets.size()));
  return queries;
}

class Loop {
 public:
  Loop(int fd, Queries queries, std::size_t in_flight)
      : fd_(fd), queries_(std::move(queries)), in_flight_(in_flight), room_(kBatch * kReply) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      in_parts_[i] = {room_.data() + i * kReply, kReply};
      in_[i].msg_hdr.msg_iov = &in_parts_[i];
      in_[i].msg_hdr.msg_iovlen = 1;
      out_[i].msg_hdr.msg_iov = &out_parts_[i];
      out_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  void run() {
    const std::size_t total = queries_.begin.size() - 1;
    while (next_ < total || outstanding_ > 0) {
      send(std::min({kBatch, in_flight_ - outstanding_, total - next_}));
      receive();
    }
  }
  std::size_t answered() const { return answered_; }
  std::size_t lost() const { return lost_; }

 private:
  void send(std::size_t count) {
    if (count == 0) return;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t begin = queries_.begin[next_ + i];
      out_parts_[i] = {queries_.octets.data() + begin, queries_.begin[next_ + i + 1] - begin};
    }
    const int sent = sendmmsg(fd_, out_.data(), static_cast<unsigned>(count), 0);
    if (sent <= 0) return;
    next_ += static_cast<std::size_t>(sent);
    outstanding_ += static_cast<std::size_t>(sent);
  }

  void receive() {
    const bool may_send = outstanding_ < in_flight_ && next_ + 1 < queries_.begin.size();
    const int got = recvmmsg(fd_, in_.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (got > 0) {
      answered_ += static_cast<std::size_t>(got);
      outstanding_ -= std::min(outstanding_, static_cast<std::size_t>(got));
    } else if (!may_send) {
      pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
      if (poll(&readable, 1, kLostAfterMs) == 0) {
        lost_ += outstanding_;
        outstanding_ = 0;
      }
    }
  }

  int fd_;
  Queries queries_;
  std::size_t in_flight_;
  std::size_t next_ = 0;
  std::size_t outstanding_ = 0;
  std::size_t answered_ = 0;
  std::size_t lost_ = 0;
  std::vector<std::uint8_t> room_;
  std::array<mmsghdr, kBatch> in_{};
  std::array<mmsghdr, kBatch> out_{};
  std::array<iovec, kBatch> in_parts_{};
  std::array<iovec, kBatch> out_parts_{};
};

}  // namespace

int main(int count, char** arguments) {
  const WorkList work = rblwatch::bench::read_work_list(count, arguments);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int room = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  const sockaddr_in to = work.peer();
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    std::perror("connect");
    return 1;
  }
  Loop loop(fd, prepare(work), work.in_flight);
  const rblwatch::bench::Stopwatch watch;
  loop.run();
  watch.report(loop.answered(), loop.lost());
  close(fd);
}
