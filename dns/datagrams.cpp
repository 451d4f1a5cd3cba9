// SPDX-License-Identifier: Apache-2.0
#include "dns/datagrams.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

namespace rblwatch::dns {

Datagrams::Datagrams() : in_buffer_(kBatch * kLargest) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    in_parts_[i] = {in_buffer_.data() + i * kLargest, kLargest};
    in_[i].msg_hdr.msg_iov = &in_parts_[i];
    in_[i].msg_hdr.msg_iovlen = 1;
    in_[i].msg_hdr.msg_name = &in_from_[i];
    out_[i].msg_hdr.msg_iov = &out_parts_[i];
    out_[i].msg_hdr.msg_iovlen = 1;
  }
}

void Datagrams::add(std::span<std::uint8_t> packet, const sockaddr_storage& to,
                    socklen_t to_length) {
  out_parts_[outgoing_] = {packet.data(), packet.size()};
  // The kernel only reads it.
  out_[outgoing_].msg_hdr.msg_name = const_cast<sockaddr_storage*>(&to);
  out_[outgoing_].msg_hdr.msg_namelen = to_length;
  ++outgoing_;
}

int Datagrams::send(int fd, std::size_t skip) {
  int sent = 0;
  do {
    sent = sendmmsg(fd, out_.data() + skip, static_cast<unsigned>(outgoing_ - skip), 0);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

int Datagrams::receive(int fd) {
  for (mmsghdr& message : in_)
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  int got = 0;
  do {
    got = recvmmsg(fd, in_.data(), kBatch, MSG_DONTWAIT, nullptr);
  } while (got < 0 && errno == EINTR);
  return got;
}

Datagram Datagrams::received(std::size_t index) const {
  return {.bytes = {in_buffer_.data() + index * kLargest, in_[index].msg_len},
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
