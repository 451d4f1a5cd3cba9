// SPDX-License-Identifier: Apache-2.0
//
// A question on its way: what was asked, of whom, what has been tried, and who wants to know.
// Flights live in chunks that are never moved nor given back, so that a lookup allocates nothing
// once the table has grown to its working size. One object belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/time.hpp"
#include "dns/cookie.hpp"
#include "dns/outcome.hpp"
#include "dns/query_template.hpp"
#include "dns/question.hpp"
#include "dns/resolver.hpp"
#include "dns/socket_pool.hpp"
#include "dns/wire_name.hpp"

namespace rblwatch::dns {

enum class Stage : std::uint8_t {
  idle,     // no flight
  waiting,  // for its server's window, or for a server that doesn't answer to be probed
  sent,     // over UDP
  resting,  // until its timer: a pace, a pause after an error
  tcp,
};

/// An answer that will do if no other server has a better one: SERVFAIL or REFUSED of one of
/// several.
struct Fallback {
  Answer answer;
  std::uint32_t server = 0;
  Transport transport = Transport::udp;
  core::Tick asked_at{};
  core::Micros took{0};
};

struct Flight {
  // Who wants to know. Equal questions share a flight.
  struct Asker {
    LookupId id;
    Lane lane;
  };
  Asker first;
  std::vector<Asker> others;
  std::vector<Lookup>
      parked;  // the same name and type of another group that has a server in common

  // What is asked; the name stands below.
  QType type = QType::a;
  std::uint64_t hash = 0;
  std::uint32_t next_in_bucket = kNoFlight;
  std::uint32_t ticket =
      0;  // of its place in a queue: another with each, so that old ones are void
  std::uint32_t group = 0;

  // The attempt.
  Stage stage = Stage::idle;
  Transport transport = Transport::udp;  // of the last packet
  std::uint32_t server = 0;
  std::uint32_t place = 0;     // of the server in its group
  std::uint32_t tried = 0;     // a bit per place
  std::uint32_t attempts = 0;  // begun; a probe of a server that didn't answer is none
  std::uint32_t socket = kNoSocket;
  std::uint32_t connection = 0;
  std::uint16_t id = 0;
  std::uint16_t socket_place = 0;
  std::uint16_t size = 0;
  std::uint16_t question_end = 0;
  core::Tick sent_at{};  // first, under this id
  core::Tick last_sent{};
  core::Tick overdue_at{};  // from then on it holds no place in the window
  core::Tick attempt_end{};

  bool is_in_window = false;
  bool is_in_lane_window = false;
  bool is_promised = false;      // the lane's pace knows of the packet to come
  bool is_retry_queued = false;  // it rests until the pace allows it
  bool waits_for_all = false;    // which is the one over all
  bool was_resent = false;       // which sending a reply belongs to can't be told
  bool is_free = false;          // the next packet is no attempt of its own
  bool is_mixed = false;         // letters sent in mixed case
  bool has_edns = false;
  bool has_cookie = false;
  bool has_own_connection = false;  // made for it, or the second one it was put on

  // What has been learnt of this question.
  bool without_edns = false;
  bool without_case = false;
  bool wants_tcp = false;
  bool is_under_attack = false;  // somebody forges answers to it: TCP only, from then on
  bool had_bad_cookie = false;
  bool had_broken_reply = false;
  bool had_junk = false;     // something unreadable came to its socket
  bool shares_junk = false;  // so it did, while others waited there too
  int error = 0;             // of the network
  std::uint32_t wrong = 0;   // replies that were not its own
  std::unique_ptr<Fallback> fallback;

  // Last, for most of these is never touched: what a lookup reads and writes lies side by side.
  WireName name;
  std::array<std::uint8_t, kMaxQuery> packet;

  /// Pre: has_cookie. What it was asked with, whatever the server is asked with by now.
  Bytes client_cookie() const {
    return Bytes(packet).subspan(question_end + kCookieInTail, CookieState::kClient);
  }
};

class FlightTable {
 public:
  /// `expected` flights at a time; more are taken, but share hash chains.
  explicit FlightTable(std::size_t expected);

  /// Pre: an index from open(). Some thirty times a lookup: without the library's own checks.
  Flight& at(std::uint32_t index) { return chunks_.data()[index / kChunk].get()[index % kChunk]; }
  /// A fresh one, entered under its hash (name and type are the caller's to fill).
  std::uint32_t open(std::uint64_t hash);
  void close(std::uint32_t index);
  /// The first flight with this hash; then at(index).next_in_bucket, with other hashes among them.
  std::uint32_t first(std::uint64_t hash) const { return buckets_[hash & mask_]; }
  std::size_t size() const { return open_; }

 private:
  static constexpr std::size_t kChunk = 64;

  std::vector<std::unique_ptr<Flight[]>> chunks_;  // NOLINT(modernize-avoid-c-arrays): fixed size
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> buckets_;
  std::uint64_t mask_;
  std::size_t open_ = 0;
};

/// Of name and type, for finding the same question; not for strangers' input.
std::uint64_t hash_question(const WireName& name, QType type);

}  // namespace rblwatch::dns
