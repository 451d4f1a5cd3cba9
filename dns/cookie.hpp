// SPDX-License-Identifier: Apache-2.0
//
// What a client knows of one server's DNS cookies (RFC 7873): its own, which the server must give
// back, and the server's, which it gives back in turn. A server that has given one and sends
// replies without is suspected (section 5.3), but not for ever: it may have been replaced or told
// to stop. Time and chance are passed in. One object belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/random.hpp"
#include "core/time.hpp"
#include "dns/wire_name.hpp"

namespace rblwatch::dns {

class CookieState {
 public:
  static constexpr std::size_t kClient = 8;

  /// Before each query: true when bytes() belong into it. Draws a cookie of our own at first and
  /// each day (section 7.1); false, for an hour, once the server has ignored three.
  bool offer(core::Tick now, core::Random& random);
  Bytes bytes() const { return {octets_.data(), length_}; }
  /// Whether the server has given one of its own.
  bool is_agreed() const { return length_ > kClient; }

  /// A reply's cookie, which begins with what was asked with. The server's part is kept, unless it
  /// has no proper length (section 4) or belongs to an older one of ours.
  void keep(Bytes theirs);
  /// A reply without one: whether it is to be believed. Not over UDP from a server that has given
  /// one, until sixteen in a row in no less than ten seconds bore none; nor is the cookie
  /// remembered once eight in a row bore none over TCP.
  bool believes_without(bool is_tcp, core::Tick now);

 private:
  void draw(core::Tick now, core::Random& random);

  std::array<std::uint8_t, 40> octets_{};  // ours, then the server's
  std::uint8_t length_ = 0;                // 0 = not yet drawn; kClient = the server's is not known
  std::uint8_t ignored_ = 0;           // replies in a row that bore none, of a server not agreed
  std::uint8_t without_over_tcp_ = 0;  // likewise, of one agreed
  std::uint8_t without_over_udp_ = 0;
  core::Tick without_since_{};
  core::Tick drawn_{};
  core::Tick off_until_{};
};

}  // namespace rblwatch::dns
