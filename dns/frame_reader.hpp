// SPDX-License-Identifier: Apache-2.0
//
// Takes the messages out of a TCP stream: two octets of length, then so many of message (RFC 1035
// section 4.2.2), in whatever pieces they come. Holds one message of the largest size at most. One
// object belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dns/wire_name.hpp"

namespace rblwatch::dns {

class FrameReader {
 public:
  /// The largest message and its length field.
  static constexpr std::size_t kMost = 65535 + 2;

  /// Where the next octets go; empty while whole messages wait to be taken. Ends the use of a
  /// message taken before.
  std::span<std::uint8_t> space();
  /// So many were written there.
  void fill(std::size_t octets) { used_ += octets; }
  /// The next whole message. Nothing when there is none yet, or when the stream is broken.
  std::optional<Bytes> take();
  /// A message of no octets was announced: whoever frames so can't be followed further.
  bool is_broken() const { return is_broken_; }
  std::size_t memory() const { return buffer_.size(); }

 private:
  std::vector<std::uint8_t>
      buffer_;  // the first used_ of it came, the first taken_ of these are done with
  std::size_t used_ = 0;
  std::size_t taken_ = 0;
  bool is_broken_ = false;
};

}  // namespace rblwatch::dns
