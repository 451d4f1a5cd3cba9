// SPDX-License-Identifier: Apache-2.0
//
// The states of all pairs, compact: 28 bytes for a pair that is clear, a PairDetail only where
// something is listed, pending or otherwise worth remembering. One generation of the world; carried
// over to the next by (subject, zone). Belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "core/untrusted.hpp"
#include "daemon/world.hpp"
#include "dns/resolver.hpp"
#include "lists/evidence.hpp"
#include "lists/listing.hpp"
#include "lists/schedule.hpp"
#include "lists/subject.hpp"
#include "lists/verdict.hpp"

namespace rblwatch::daemon {

/// The last answer of a clear pair, and its bookkeeping. Times in seconds since the book's epoch.
struct PairSlot {
  lists::SubjectIndex subject;
  std::uint32_t asked_s = 0;  // 0 = not asked by this process
  std::uint32_t cache_s = 0;  // until when the server's cache may repeat the last fresh answer
  std::uint32_t ttl_s = 0;    // of the last answer
  lists::ZoneIndex zone;
  std::uint16_t took_ms = 0;
  std::uint16_t server = 0;       // of the last fresh answer: index into the book's servers
  std::uint16_t answered_by = 0;  // of the last answer, likewise
  std::uint8_t rcode = 0;
  lists::Cause doubt_cause = lists::Cause::not_asked;
  lists::Kind kind : 2 = lists::Kind::ipv4;  // of the subject
  bool is_decided : 1 = false;               // has had a first state: clear, or listed and believed
  bool is_doubted : 1 = false;               // its last lookup said unknown (doubt in doubts())
  bool is_out : 1 = false;                   // its lookup is under way
  bool sweep_mark : 1 = false;               // flips each time the zone's sweep passes it
  bool has_detail : 1 = false;
  bool has_ttl : 1 = false;
  bool is_fresh_known : 1 = false;  // cache_s and server say something
  bool is_skipped : 1 = false;      // its turn came while its kind couldn't be seen
  bool is_new : 1 = true;           // no sweep has looked at it in this process
  bool is_answered : 1 = false;     // the last lookup brought an answer: rcode and ttl are of it
  bool is_tcp : 1 = false;          // over which it came
  bool is_direct : 1 = false;       // it was asked of one of the zone's own servers
  bool is_kept : 1 = false;         // the detail's evidence is of the last answer
};

/// One purpose of a pair: what is believed, and what has been told of it.
struct PurposeTrack {
  lists::Purpose purpose = lists::Purpose::block;
  lists::Track track;
  bool is_open = false;         // a listing row is open: its listed event is recorded
  bool is_contained = false;    // told by its container alone
  bool first_seen = false;      // the listing was the pair's first decided state
  core::Timestamp listed_at{};  // of the open listing: its first agreeing vote
  core::Timestamp last_seen{};  // the last answer that listed it and that no denial came before
};

/// What the first of the two names of a domain said.
struct FirstPart {
  lists::Verdict verdict;
  core::Tick cached_until{};  // until when a cache may repeat it
};

struct PairDetail {
  lists::Freshness freshness;
  core::Tick fresh_listed_at{};  // when the last answer that listed it and was fresh was asked for
  std::vector<PurposeTrack> tracks;
  lists::Evidence evidence;  // of the last answer that said something of it
  core::Untrusted reason;
  std::vector<lists::CastVote> cast;    // oldest first; standing_votes() are those that matter
  bool is_reason_asked = false;         // since the codes changed last
  bool is_reason_out = false;           // its TXT lookup is under way
  bool is_direct_next = false;          // its next question goes to the zone's own servers
  std::uint32_t untold = 0;             // believed changes that the teller still has to tell
  std::optional<FirstPart> first_part;  // of a domain asked under two names
  std::uint8_t listed_part = 0;         // which of the two was listed: its TXT is the reason

  PurposeTrack& track_of(lists::Purpose purpose);
  /// The answers that are votes for what is pending, or that the last change was believed on. None
  /// where nothing is listed or on the way.
  std::vector<lists::CastVote> standing_votes() const;
  /// The last change was believed on what was asked then.
  void mark_believed(const std::vector<core::Timestamp>& voted_at);
  /// Nothing listed, pending, untold, nor to be asked elsewhere: the slot says it all.
  bool is_idle() const;
};

class PairBook {
 public:
  static constexpr std::size_t kMostPuzzles = 4096;

  /// Every pair of this world: zone by zone, in the order of the subjects.
  PairBook(const World& world, core::Tick epoch);

  std::size_t size() const { return slots_.size(); }
  /// Pre: a pair of this book. Without the library's own check, which would make it a call.
  PairSlot& slot(lists::PairId pair) { return slots_.data()[pair.value]; }
  const PairSlot& slot(lists::PairId pair) const { return slots_.data()[pair.value]; }
  /// Its slot will be wanted soon.
  void prefetch(lists::PairId pair) const { __builtin_prefetch(&slot(pair), 1); }
  std::optional<lists::PairId> find(lists::ZoneIndex zone, lists::SubjectIndex subject) const;
  /// The pairs of a zone are [first, last).
  std::pair<std::uint32_t, std::uint32_t> range_of(lists::ZoneIndex zone) const;

  static constexpr std::uint32_t kNoPair = 0xFFFFFFFF;
  /// Takes over what another generation's book (of the same epoch) knows. `origins`: by pair of
  /// this book, the pair of that one; kNoPair for none.
  void adopt(PairBook& from, std::span<const std::uint32_t> origins);

  PairDetail* detail(lists::PairId pair);
  const PairDetail* detail(lists::PairId pair) const;
  PairDetail& make_detail(lists::PairId pair);
  /// Keeps the detail's freshness in the slot and forgets the rest, if it is idle.
  void drop_idle(lists::PairId pair);
  const std::unordered_map<std::uint32_t, PairDetail>& details() const { return details_; }

  void set_doubt(lists::PairId pair, lists::Doubt doubt);
  void clear_doubt(lists::PairId pair);
  std::optional<lists::Doubt> doubt(lists::PairId pair) const;
  /// By pair.
  const std::unordered_map<std::uint32_t, lists::Doubt>& doubts() const { return doubts_; }
  /// The answer behind a doubt, where there was one with something in it. At most kMostPuzzles are
  /// kept: a zone that answers so to all is blind soon, and not asked.
  void keep_puzzle(lists::PairId pair, lists::Evidence evidence);
  const lists::Evidence* puzzle(lists::PairId pair) const;

  /// A clear answer of a pair without detail: its freshness and nothing else, without allocating.
  void note_clear(lists::PairId pair, const lists::Observation& observation);
  /// Freshness of a pair without detail, out of its slot; and back.
  lists::Freshness freshness(lists::PairId pair) const;
  void keep_freshness(lists::PairId pair, const lists::Freshness& freshness);
  /// Notes the last answer in the slot.
  void note_answer(lists::PairId pair, const dns::Completion& completion);
  const dns::Server& server(std::uint16_t index) const { return servers_[index]; }

  core::Tick tick_of(std::uint32_t seconds) const { return epoch_ + core::Seconds(seconds); }
  std::uint32_t seconds_of(core::Tick tick) const;

 private:
  class AdoptedServers;

  std::uint16_t server_index(const dns::Server& server) {
    const bool is_same = last_server_ < servers_.size() && servers_[last_server_] == server;
    return is_same ? last_server_ : find_server(server);
  }
  std::uint16_t find_server(const dns::Server& server);
  void keep_mark(PairSlot& slot, const lists::CacheMark& mark);
  void adopt_rest(lists::PairId pair, PairBook& from, lists::PairId old);

  core::Tick epoch_;  // a second before the first pair could be asked, so that 0 means never
  std::vector<PairSlot> slots_;
  std::vector<std::uint32_t> zone_begin_;  // by zone, and the end
  std::unordered_map<std::uint32_t, PairDetail> details_;
  std::unordered_map<std::uint32_t, lists::Doubt> doubts_;
  std::unordered_map<std::uint32_t, lists::Evidence> puzzles_;
  std::vector<dns::Server> servers_;
  std::uint16_t last_server_ = 0;  // the index that was asked for last
};

}  // namespace rblwatch::daemon
