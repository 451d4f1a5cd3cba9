// SPDX-License-Identifier: Apache-2.0
//
// What the engine counts, for metrics and for whoever asks why there is no answer. Values; any
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rblwatch::dns {

/// Why a datagram or message was ignored.
enum class Junk : std::uint8_t {
  too_short,       // no whole header; a datagram of no octets too
  too_long,        // beyond what any server may send us over UDP
  not_a_reply,     // QR clear
  opcode,          // no QUERY
  unknown_id,      // no question waits for it here
  wrong_source,    // another address or port than the server's
  wrong_question,  // name, type, class or count
  wrong_case,      // the right name, the letters' case not as sent
  wrong_cookie,    // not the cookie we sent, or none from a server that has one
  broken,          // of our question, but malformed
};
inline constexpr std::size_t kJunkReasons = 10;
std::string_view to_text(Junk reason);

struct Counters {
  std::uint64_t udp_sent = 0;
  std::uint64_t tcp_sent = 0;
  std::uint64_t replies = 0;  // that were taken
  std::uint64_t shared = 0;   // lookups that found their question in flight
  std::uint64_t retries = 0;
  std::uint64_t timeouts = 0;  // attempts without a reply
  std::uint64_t network_errors = 0;
  std::uint64_t truncated = 0;
  std::uint64_t forgery_alarms = 0;
  std::array<std::uint64_t, kJunkReasons> junk{};

  std::uint64_t& of(Junk reason) { return junk[static_cast<std::size_t>(reason)]; }
  std::uint64_t of(Junk reason) const { return junk[static_cast<std::size_t>(reason)]; }
};

}  // namespace rblwatch::dns
