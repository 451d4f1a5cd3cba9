// SPDX-License-Identifier: Apache-2.0
#include "dns/datagrams.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <cerrno>
#include <cstring>

namespace rblwatch::dns {

Datagrams::Datagrams() : in_buffer_(kBatch * kStride) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    in_parts_[i] = {in_buffer_.data() + i * kStride, kLargest};
    in_[i].msg_hdr.msg_iov = &in_parts_[i];
    in_[i].msg_hdr.msg_iovlen = 1;
    in_[i].msg_hdr.msg_name = &in_from_[i];
  }
}

void Datagrams::add(std::span<std::uint8_t> packet, const sockaddr_storage& to,
                    socklen_t to_length) {
  out_parts_[outgoing_] = {packet.data(), packet.size()};
  to_[outgoing_] = {&to, to_length};
  ++outgoing_;
}

// One message for each run of neighbours of the same size and addressee; how many there are.
std::size_t Datagrams::join(std::size_t skip) {
  std::size_t messages = 0;
  for (std::size_t at = skip; at < outgoing_; ++messages) {
    std::size_t end = at + 1;
    while (can_join_ && end < outgoing_ && to_[end].at == to_[at].at &&
           out_parts_[end].iov_len == out_parts_[at].iov_len) {
      ++end;
    }
    msghdr& message = out_[messages].msg_hdr;
    message.msg_name = const_cast<sockaddr_storage*>(to_[at].at);  // the kernel only reads it
    message.msg_namelen = to_[at].length;
    message.msg_iov = &out_parts_[at];
    message.msg_iovlen = end - at;
    message.msg_control = nullptr;
    message.msg_controllen = 0;
    if (end - at > 1) {
      message.msg_control = out_control_[messages].octets.data();
      message.msg_controllen = out_control_[messages].octets.size();
      cmsghdr* const item = CMSG_FIRSTHDR(&message);
      item->cmsg_level = SOL_UDP;
      item->cmsg_type = UDP_SEGMENT;
      item->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
      const auto size = static_cast<std::uint16_t>(out_parts_[at].iov_len);
      std::memcpy(CMSG_DATA(item), &size, sizeof size);
    }
    at = end;
  }
  return messages;
}

int Datagrams::datagrams_in(int messages) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(messages); ++i)
    count += out_[i].msg_hdr.msg_iovlen;
  return static_cast<int>(count);
}

int Datagrams::send(int fd, std::size_t skip) {
  for (;;) {
    const std::size_t messages = join(skip);
    const int sent = sendmmsg(fd, out_.data(), static_cast<unsigned>(messages), 0);
    if (sent > 0) return datagrams_in(sent);
    if (sent == 0) return 0;
    if (errno == EINTR) continue;
    // Old kernels and some routes can't cut: each goes by itself then, from now on.
    const bool was_joined = out_[0].msg_hdr.msg_iovlen > 1;
    const bool may_be_joining = errno == EIO || errno == EINVAL || errno == EMSGSIZE ||
                                errno == EOPNOTSUPP || errno == ENOPROTOOPT;
    if (!was_joined || !may_be_joining) return -1;
    can_join_ = false;
  }
}

int Datagrams::receive(int fd) {
  for (std::size_t i = 0; i < received_; ++i)
    in_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  int got = 0;
  do {
    got = recvmmsg(fd, in_.data(), kBatch, MSG_DONTWAIT, nullptr);
  } while (got < 0 && errno == EINTR);
  received_ = got > 0 ? static_cast<std::size_t>(got) : 0;
  return got;
}

Datagram Datagrams::received(std::size_t index) const {
  return {.bytes = {in_buffer_.data() + index * kStride, in_[index].msg_len},
          .from = &in_from_[index],
          .is_cut = (in_[index].msg_hdr.msg_flags & MSG_TRUNC) != 0};
}

std::optional<SendError> Datagrams::take_error(int fd) {
  SendError result;
  std::array<std::uint8_t, 512> control{};
  iovec part{result.begin.data(), result.begin.size()};
  msghdr message{};
  message.msg_name = &result.to;
  message.msg_namelen = sizeof result.to;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
  if (got < 0) return std::nullopt;
  result.length = static_cast<std::size_t>(got);
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr;
       item = CMSG_NXTHDR(&message, item)) {
    const bool is_v4 = item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_RECVERR;
    const bool is_v6 = item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_RECVERR;
    if (!is_v4 && !is_v6) continue;
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(item), sizeof error);
    result.error = static_cast<int>(error.ee_errno);
  }
  return result;
}

}  // namespace rblwatch::dns
