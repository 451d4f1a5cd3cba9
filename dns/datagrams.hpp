// SPDX-License-Identifier: Apache-2.0
//
// The system calls for many datagrams at a time, and for the errors that come back for them.
// Neighbours of one size to one server go to the kernel as one piece that it cuts up itself
// (UDP_SEGMENT), which halves what sending costs. One object belongs to one thread.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dns/wire_name.hpp"

namespace rblwatch::dns {

struct Datagram {
  Bytes bytes;
  const sockaddr_storage* from = nullptr;
  bool is_cut = false;  // longer than we read
};

/// An error that came back for a datagram of ours (ICMP), with the beginning of it.
struct SendError {
  int error = 0;
  sockaddr_storage to{};
  std::array<std::uint8_t, 64> begin{};
  std::size_t length = 0;
};

class Datagrams {
 public:
  static constexpr std::size_t kBatch = 32;
  static constexpr std::size_t kLargest = 4096;
  // From one buffer to the next; were it a power of two, all would share a few places in the
  // processor's cache.
  static constexpr std::size_t kStride = kLargest + 192;

  Datagrams();

  /// Collects one to send; at most kBatch. `packet` and `to` are good until send().
  void add(std::span<std::uint8_t> packet, const sockaddr_storage& to, socklen_t to_length);
  /// Sends what was collected, from `skip` on: how many went, or -1 with errno set, which speaks of
  /// the one at `skip`.
  int send(int fd, std::size_t skip);
  std::size_t collected() const { return outgoing_; }
  void clear() { outgoing_ = 0; }

  /// Reads up to kBatch: how many came, or -1 with errno set. Good until the next call.
  int receive(int fd);
  Datagram received(std::size_t index) const;

  /// The next error in the socket's queue.
  static std::optional<SendError> take_error(int fd);

 private:
  struct Addressee {
    const sockaddr_storage* at = nullptr;
    socklen_t length = 0;
  };
  struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> octets{};
  };
  std::size_t join(std::size_t skip);
  int datagrams_in(int messages) const;

  std::size_t outgoing_ = 0;
  bool can_join_ = true;           // until the kernel says no
  std::size_t received_ = kBatch;  // whose lengths the kernel has changed
  std::array<Addressee, kBatch> to_{};
  std::array<Control, kBatch> out_control_{};
  std::array<mmsghdr, kBatch> out_{};
  std::array<iovec, kBatch> out_parts_{};
  std::array<mmsghdr, kBatch> in_{};
  std::array<iovec, kBatch> in_parts_{};
  std::array<sockaddr_storage, kBatch> in_from_{};
  std::vector<std::uint8_t> in_buffer_;
};

}  // namespace rblwatch::dns
