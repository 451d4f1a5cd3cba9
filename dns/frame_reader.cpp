// SPDX-License-Identifier: Apache-2.0
#include "dns/frame_reader.hpp"

#include <algorithm>
#include <cstring>

namespace rblwatch::dns {
namespace {

constexpr std::size_t kLength = 2;
constexpr std::size_t kFirstRoom = 2048;

}  // namespace

std::span<std::uint8_t> FrameReader::space() {
  if (taken_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + taken_, used_ - taken_);
    used_ -= taken_;
    taken_ = 0;
  }
  // Memory grows with what has come, not with what is announced: a length costs a server nothing.
  const std::size_t wanted = std::clamp(used_ * 2, kFirstRoom, kMost);
  if (buffer_.size() < wanted) buffer_.resize(wanted);
  return {buffer_.data() + used_, buffer_.size() - used_};
}

std::optional<Bytes> FrameReader::take() {
  const std::size_t left = used_ - taken_;
  if (is_broken_ || left < kLength) return std::nullopt;
  const std::size_t size = read_u16(buffer_, taken_);
  is_broken_ = size == 0;
  if (is_broken_ || left < kLength + size) return std::nullopt;
  const Bytes message(buffer_.data() + taken_ + kLength, size);
  taken_ += kLength + size;
  return message;
}

}  // namespace rblwatch::dns
