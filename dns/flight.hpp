// SPDX-License-Identifier: Apache-2.0
//
// A question on its way: what was asked, of whom, what has been tried, and who wants to know.
// Flights live in chunks that are never moved nor given back, so that a lookup allocates nothing
// once the table has grown to its working size. One object belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
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
  idle,             // no flight
  waiting,          // for its server's window, or for a server that doesn't answer to be probed
  sent,             // over UDP
  resting,          // until its timer: a pace, a pause after an error
  waiting_for_tcp,  // for a place on a connection, and the pace
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
  std::uint32_t failed = 0;  // those that answered so, a bit per place in the group
};

inline constexpr std::size_t kCacheLine = 64;

/// Sorted by when it is touched: a lookup needs the first two cache lines, the name's and the
/// packet's.
struct alignas(kCacheLine) Flight {
  /// Who wants to know.
  struct Asker {
    LookupId id;
    Lane lane;
  };
  /// What few have: equal questions that share the flight; some of another group with a server in
  /// common, which wait for its end; an answer to fall back on.
  struct Company {
    std::vector<Asker> others;
    std::vector<Lookup> parked;
    std::optional<Fallback> fallback;
  };

  Asker first;
  std::uint64_t hash = 0;
  std::uint32_t next_in_bucket = kNoFlight;
  std::uint32_t ticket =
      0;  // of its place in a queue: another with each, so that old ones are void
  std::uint32_t group = 0;
  std::uint32_t server = 0;
  std::uint32_t socket = kNoSocket;
  std::uint16_t id = 0;
  std::uint16_t socket_place = 0;
  std::uint16_t size = 0;
  std::uint16_t question_end = 0;
  QType type = QType::a;
  Stage stage = Stage::idle;
  Transport transport = Transport::udp;  // of the last packet
  std::uint32_t attempts = 0;            // begun; a probe of a server that didn't answer is none

  core::Tick sent_at{};  // first, under this id
  core::Tick last_sent{};
  core::Tick overdue_at{};  // from then on it holds no place in the window
  core::Tick attempt_end{};
  std::unique_ptr<Company> company;
  bool is_in_window : 1 = false;
  bool is_in_lane_window : 1 = false;
  bool is_laggard : 1 = false;       // there: its lane was far slower than others
  bool is_promised : 1 = false;      // the lane's pace knows of the packet to come
  bool is_held : 1 = false;          // until a place of its lane is free
  bool is_retry_queued : 1 = false;  // it waits until the pace allows it
  bool waits_for_all : 1 = false;    // which is the one over all
  bool was_resent : 1 = false;       // which sending a reply belongs to can't be told
  bool is_free : 1 = false;          // the next packet is no attempt of its own
  bool is_mixed : 1 = false;         // letters sent in mixed case
  bool has_edns : 1 = false;
  bool has_cookie : 1 = false;
  bool has_own_connection : 1 = false;  // made for it, or the second one it was put on
  // What has been learnt of this question.
  bool without_edns : 1 = false;
  bool without_case : 1 = false;
  bool wants_tcp : 1 = false;
  bool is_under_attack : 1 = false;  // somebody forges answers to it: TCP only, from then on
  bool had_bad_cookie : 1 = false;
  bool had_broken_reply : 1 = false;
  bool had_junk : 1 = false;     // something unreadable came to its socket
  bool shares_junk : 1 = false;  // so it did, while others waited there too

  std::uint8_t place = 0;   // of the server in its group
  std::uint32_t tried = 0;  // a bit per place
  int error = 0;            // of the network
  std::uint32_t wrong = 0;  // replies that were not its own
  std::uint32_t connection = 0;

  alignas(kCacheLine) core::DnsName name;
  std::array<std::uint8_t, kMaxQuery> packet;

  Company& make_company() {
    if (company == nullptr) company = std::make_unique<Company>();
    return *company;
  }
  /// Places in the group whose server answered with a failure, a bit each.
  std::uint32_t failed() const {
    return company != nullptr && company->fallback ? company->fallback->failed : 0;
  }
  /// Pre: has_cookie. What it was asked with, whatever the server is asked with by now.
  Bytes client_cookie() const {
    return Bytes(packet).subspan(question_end + kCookieInTail, CookieState::kClient);
  }
};

// What stands before the name fits into two lines; what grows beyond them costs each lookup a
// third.
static_assert(sizeof(Flight) == 2 * kCacheLine + sizeof(core::DnsName) +
                                    (kMaxQuery + kCacheLine - 1) / kCacheLine * kCacheLine);

class FlightTable {
 public:
  /// `expected` flights at a time; more are taken, but share hash chains.
  explicit FlightTable(std::size_t expected);

  /// Pre: an index from open(). Some thirty times a lookup: without the library's own checks.
  Flight& at(std::uint32_t index) { return chunks_.data()[index / kChunk].get()[index % kChunk]; }
  /// It will be wanted soon: what a lookup needs of it is brought into the processor's cache.
  void prefetch(std::uint32_t index);
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
std::uint64_t hash_question(const core::DnsName& name, QType type);

}  // namespace rblwatch::dns
