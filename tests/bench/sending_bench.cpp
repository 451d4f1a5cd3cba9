// SPDX-License-Identifier: Apache-2.0
//
// What the kernel asks for a datagram there and back over loopback, way by way: the processor time
// of one thread that sends, answers and receives. It says which system calls pay, whatever else the
// machine does. A line of JSON for each way.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

namespace {

constexpr std::size_t kQuery = 60;
constexpr std::size_t kReply = 100;
constexpr std::size_t kMost = 64;
constexpr std::size_t kDatagrams = 200'000;

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void must(bool is_good, const char* what) {
  if (is_good) return;
  std::perror(what);
  std::exit(1);
}

class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    at_.sin_family = AF_INET;
    at_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(fd_, reinterpret_cast<const sockaddr*>(&at_), sizeof at_) == 0, "bind");
    socklen_t size = sizeof at_;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&at_), &size);
  }
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }
  const sockaddr_in& at() const { return at_; }
  void set(int level, int name, int value) const {
    must(setsockopt(fd_, level, name, &value, sizeof value) == 0, "setsockopt");
  }

 private:
  int fd_;
  sockaddr_in at_{};
};

/// Room for many datagrams, and the system calls that take many.
class Many {
 public:
  explicit Many(std::size_t each) : each_(each), room_(kMost * kRoom) {
    for (std::size_t i = 0; i < kMost; ++i) {
      parts_[i] = {room_.data() + i * kRoom, each};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      messages_[i].msg_hdr.msg_name = &peers_[i];
    }
  }
  void aim(const sockaddr_in& to) { peers_.fill(to); }
  void send(int fd, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      parts_[i].iov_len = each_;
      messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
    }
    must(sendmmsg(fd, messages_.data(), static_cast<unsigned>(count), 0) == static_cast<int>(count),
         "sendmmsg");
  }
  std::size_t receive(int fd) {
    for (std::size_t i = 0; i < kMost; ++i) {
      parts_[i].iov_len = kRoom;
      messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
    }
    const int got = recvmmsg(fd, messages_.data(), kMost, MSG_DONTWAIT, nullptr);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  /// As one datagram that the kernel cuts up (UDP_SEGMENT); peers must be one.
  void send_cut(int fd, std::size_t count) {
    iovec whole{room_.data(), each_ * count};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> control{};
    msghdr message{};
    message.msg_name = &peers_[0];
    message.msg_namelen = sizeof(sockaddr_in);
    message.msg_iov = &whole;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const item = CMSG_FIRSTHDR(&message);
    item->cmsg_level = SOL_UDP;
    item->cmsg_type = UDP_SEGMENT;
    item->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto size = static_cast<std::uint16_t>(each_);
    std::memcpy(CMSG_DATA(item), &size, sizeof size);
    must(sendmsg(fd, &message, 0) > 0, "sendmsg");
  }
  /// Octets that came, as few datagrams as the kernel makes of them (UDP_GRO).
  std::size_t receive_joined(int fd) {
    iovec whole{room_.data(), room_.size()};
    alignas(cmsghdr) std::array<char, 64> control{};
    msghdr message{};
    message.msg_iov = &whole;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }

 private:
  static constexpr std::size_t kRoom = 1024;
  std::size_t each_;
  std::vector<std::uint8_t> room_;
  std::array<sockaddr_in, kMost> peers_{};
  std::array<iovec, kMost> parts_{};
  std::array<mmsghdr, kMost> messages_{};
};

void tell(const char* way, const std::function<void()>& round, std::size_t each) {
  for (int i = 0; i < 50; ++i)
    round();
  const double before = processor_seconds();
  for (std::size_t done = 0; done < kDatagrams; done += each)
    round();
  const double took = processor_seconds() - before;
  std::printf(R"({"way": "%s", "us": %.3f})"
              "\n",
              way, took / static_cast<double>(kDatagrams) * 1e6);
}

// Question and answer with so many datagrams to a system call.
void exchange(const char* way, std::size_t batch, int busy_poll_us = 0, bool is_connected = false) {
  Socket ours;
  const Socket theirs;
  if (busy_poll_us > 0) ours.set(SOL_SOCKET, SO_BUSY_POLL, busy_poll_us);
  if (is_connected) {
    must(connect(ours.fd(), reinterpret_cast<const sockaddr*>(&theirs.at()), sizeof(sockaddr_in)) ==
             0,
         "connect");
  }
  Many out(kQuery);
  Many in(kReply);
  out.aim(theirs.at());
  tell(
      way,
      [&] {
        for (std::size_t i = 0; i < kMost; i += batch)
          out.send(ours.fd(), batch);
        for (std::size_t left = kMost; left > 0;) {
          const std::size_t got = in.receive(theirs.fd());
          in.send(theirs.fd(), got);
          left -= got;
        }
        for (std::size_t left = kMost; left > 0;)
          left -= in.receive(ours.fd());
      },
      kMost);
}

void send_only(const char* way, bool is_cut, bool is_joined) {
  const Socket ours;
  const Socket theirs;
  if (is_joined) theirs.set(SOL_UDP, UDP_GRO, 1);
  Many out(kQuery);
  Many in(kQuery);
  out.aim(theirs.at());
  tell(
      way,
      [&] {
        for (std::size_t i = 0; i < kMost; i += 16) {
          if (is_cut) {
            out.send_cut(ours.fd(), 16);
          } else {
            out.send(ours.fd(), 16);
          }
        }
        for (std::size_t left = kMost * kQuery; left > 0;)
          left -= is_joined ? in.receive_joined(theirs.fd()) : in.receive(theirs.fd()) * kQuery;
      },
      kMost);
}

// What a socket of its own costs each question: made, bound, watched, closed.
void one_socket_each() {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  tell(
      "socket, bind, IP_RECVERR, epoll_ctl, close",
      [epoll] {
        const Socket one;
        one.set(IPPROTO_IP, IP_RECVERR, 1);
        epoll_event event{};
        event.events = EPOLLIN;
        epoll_ctl(epoll, EPOLL_CTL_ADD, one.fd(), &event);
      },
      1);
  close(epoll);
}

}  // namespace

int main() {
  exchange("question and answer, 1 a system call", 1);
  exchange("question and answer, 4 a system call", 4);
  exchange("question and answer, 16 a system call", 16);
  exchange("question and answer, 64 a system call", 64);
  exchange("the same 16, connected", 16, 0, true);
  exchange("the same 16, SO_BUSY_POLL 50 us", 16, 50);
  send_only("one way, sendmmsg of 16", false, false);
  send_only("one way, UDP_SEGMENT of 16", true, false);
  send_only("one way, UDP_SEGMENT of 16 to UDP_GRO", true, true);
  one_socket_each();
}
