// SPDX-License-Identifier: Apache-2.0
#include "daemon/pair_book.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>

#include "core/check.hpp"

namespace rblwatch::daemon {

namespace {

template <class To>
To saturated(std::int64_t value) {
  constexpr auto kMost = static_cast<std::int64_t>(std::numeric_limits<To>::max());
  return static_cast<To>(std::clamp<std::int64_t>(value, 0, kMost));
}

bool holds_moment(const std::vector<core::Timestamp>& moments, core::Timestamp wanted) {
  return std::find(moments.begin(), moments.end(), wanted) != moments.end();
}

}  // namespace

PurposeTrack& PairDetail::track_of(lists::Purpose purpose) {
  const auto found = std::find_if(tracks.begin(), tracks.end(), [&](const PurposeTrack& track) {
    return track.purpose == purpose;
  });
  if (found != tracks.end()) {
    return *found;
  }
  PurposeTrack track;
  track.purpose = purpose;
  tracks.push_back(std::move(track));
  return tracks.back();
}

std::vector<lists::CastVote> PairDetail::standing_votes() const {
  std::vector<core::Timestamp> pending;
  bool has_any = false;
  for (const PurposeTrack& track : tracks) {
    has_any = has_any || track.track.is_listed() || track.is_open;
    for (const lists::PendingEntry& entry : track.track.pending) {
      std::transform(entry.votes.begin(), entry.votes.end(), std::back_inserter(pending),
                     [](const lists::Vote& vote) { return vote.wall; });
    }
  }
  std::vector<lists::CastVote> standing;
  std::copy_if(cast.begin(), cast.end(), std::back_inserter(standing),
               [&](const lists::CastVote& vote) {
                 return (vote.is_believed && has_any) || holds_moment(pending, vote.wall);
               });
  return standing;
}

void PairDetail::mark_believed(const std::vector<core::Timestamp>& voted_at) {
  for (lists::CastVote& vote : cast) {
    vote.is_believed = holds_moment(voted_at, vote.wall);
  }
}

bool PairDetail::is_idle() const {
  return !first_part && !is_reason_out && !is_direct_next && untold == 0 &&
         std::all_of(tracks.begin(), tracks.end(), [](const PurposeTrack& track) {
           return !track.track.is_listed() && track.track.pending.empty() && !track.is_open;
         });
}

/// The servers of another book in this one: those that a pair names, for none is ever taken out.
class PairBook::AdoptedServers {
 public:
  AdoptedServers(const std::vector<dns::Server>& from, PairBook& to)
      : from_(from), to_(to), known_(from.size()) {}
  std::uint16_t at(std::uint16_t index) {
    if (from_.empty()) {
      return index;  // no server has answered yet
    }
    if (!known_[index]) {
      known_[index] = to_.find_server(from_[index]);
    }
    return *known_[index];
  }

 private:
  const std::vector<dns::Server>& from_;
  PairBook& to_;
  std::vector<std::optional<std::uint16_t>> known_;
};

PairBook::PairBook(const World& world, core::Tick epoch) : epoch_(epoch - core::Seconds(1)) {
  const std::size_t zones = world.setup.zones.size();
  // All that there could be; what isn't used is never touched. Growing would leave holes instead.
  slots_.reserve(zones * world.subjects.size());
  zone_begin_.assign(zones + 1, 0);
  for_each_stretch(world, [&](lists::ZoneIndex zone, const lists::SubjectTable::Stretch& stretch) {
    PairSlot slot;
    slot.zone = zone;
    slot.kind = world.subjects.subject(stretch.begin).kind();
    for (std::uint32_t i = 0; i < stretch.count; ++i) {
      slot.subject = {stretch.begin.value + i};
      slots_.push_back(slot);
    }
    zone_begin_[zone.value + 1U] += stretch.count;
  });
  std::partial_sum(zone_begin_.begin(), zone_begin_.end(), zone_begin_.begin());
}

std::pair<std::uint32_t, std::uint32_t> PairBook::range_of(lists::ZoneIndex zone) const {
  return {zone_begin_[zone.value], zone_begin_[zone.value + 1U]};
}

std::optional<lists::PairId> PairBook::find(lists::ZoneIndex zone,
                                            lists::SubjectIndex subject) const {
  const auto [first, last] = range_of(zone);
  const auto begin = slots_.begin() + first;
  const auto end = slots_.begin() + last;
  // Most zones are asked about subjects in a row: then it stands where it must.
  if (begin != end && begin->subject <= subject) {
    const std::size_t place = subject.value - begin->subject.value;
    if (place < last - first && (begin + static_cast<std::ptrdiff_t>(place))->subject == subject) {
      return lists::PairId{first + static_cast<std::uint32_t>(place)};
    }
  }
  const auto found = std::lower_bound(
      begin, end, subject,
      [](const PairSlot& slot, lists::SubjectIndex wanted) { return slot.subject < wanted; });
  if (found == end || found->subject != subject) {
    return std::nullopt;
  }
  return lists::PairId{static_cast<std::uint32_t>(found - slots_.begin())};
}

void PairBook::adopt(PairBook& from, std::span<const std::uint32_t> origins) {
  RBL_CHECK(origins.size() == slots_.size());
  AdoptedServers servers(from.servers_, *this);
  for (std::uint32_t pair = 0; pair < core::size_as<std::uint32_t>(slots_); ++pair) {
    if (origins[pair] == kNoPair) {
      continue;
    }
    const lists::PairId old{origins[pair]};
    const PairSlot& was = from.slot(old);
    PairSlot& now = slot({pair});
    const lists::SubjectIndex subject = now.subject;
    const lists::ZoneIndex zone = now.zone;
    now = was;
    now.subject = subject;
    now.zone = zone;
    now.is_out = false;
    now.server = servers.at(was.server);
    now.answered_by = servers.at(was.answered_by);
    if (was.is_doubted || was.has_detail) {
      adopt_rest({pair}, from, old);
    }
  }
}

void PairBook::adopt_rest(lists::PairId pair, PairBook& from, lists::PairId old) {
  if (from.slot(old).is_doubted) {
    doubts_[pair.value] = from.doubts_.at(old.value);
    if (const lists::Evidence* kept = from.puzzle(old)) {
      puzzles_[pair.value] = *kept;
    }
  }
  if (from.slot(old).has_detail) {
    PairDetail& detail = details_[pair.value] = std::move(from.details_.at(old.value));
    detail.first_part.reset();
    if (detail.is_reason_out) {
      detail.is_reason_out = false;  // its lookup belonged to the generation before
      detail.is_reason_asked = false;
    }
    from.details_.erase(old.value);
    from.slot(old).has_detail = false;
  }
}

PairDetail* PairBook::detail(lists::PairId pair) {
  if (!slot(pair).has_detail) {
    return nullptr;
  }
  return &details_.at(pair.value);
}

const PairDetail* PairBook::detail(lists::PairId pair) const {
  if (!slot(pair).has_detail) {
    return nullptr;
  }
  return &details_.at(pair.value);
}

PairDetail& PairBook::make_detail(lists::PairId pair) {
  if (PairDetail* known = detail(pair)) {
    return *known;
  }
  PairDetail made;
  made.freshness = freshness(pair);
  slot(pair).has_detail = true;
  return details_.emplace(pair.value, std::move(made)).first->second;
}

void PairBook::drop_idle(lists::PairId pair) {
  const PairDetail* known = detail(pair);
  if (known == nullptr || !known->is_idle()) {
    return;
  }
  keep_freshness(pair, known->freshness);
  details_.erase(pair.value);
  slot(pair).has_detail = false;
  slot(pair).is_kept = false;
}

void PairBook::set_doubt(lists::PairId pair, lists::Doubt doubt) {
  slot(pair).is_doubted = true;
  slot(pair).doubt_cause = doubt.cause;
  doubts_[pair.value] = doubt;
}

void PairBook::clear_doubt(lists::PairId pair) {
  slot(pair).is_doubted = false;
  doubts_.erase(pair.value);
  puzzles_.erase(pair.value);
}

void PairBook::keep_puzzle(lists::PairId pair, lists::Evidence evidence) {
  const bool says_something = !evidence.a.empty() || !evidence.ede.empty();
  if (!says_something) {
    puzzles_.erase(pair.value);
  } else if (puzzles_.size() < kMostPuzzles || puzzles_.contains(pair.value)) {
    puzzles_[pair.value] = std::move(evidence);
  }
}

const lists::Evidence* PairBook::puzzle(lists::PairId pair) const {
  const auto found = puzzles_.find(pair.value);
  return found == puzzles_.end() ? nullptr : &found->second;
}

std::optional<lists::Doubt> PairBook::doubt(lists::PairId pair) const {
  if (!slot(pair).is_doubted) {
    return std::nullopt;
  }
  return doubts_.at(pair.value);
}

lists::Freshness PairBook::freshness(lists::PairId pair) const {
  lists::Freshness freshness;
  const PairSlot& known = slot(pair);
  if (known.is_fresh_known) {
    freshness.restore({{servers_[known.server], tick_of(known.cache_s)}});
  }
  return freshness;
}

// One mark fits into a slot: that of the last fresh answer. A server that went away must not hold
// the pair for ever, so once its mark ran out, another server's takes its place without being fresh
// itself.
void PairBook::note_clear(lists::PairId pair, const lists::Observation& observation) {
  PairSlot& noted = slot(pair);
  const bool is_direct = observation.role == dns::ServerRole::authoritative;
  const bool has_run_out = !noted.is_fresh_known || observation.asked_at >= tick_of(noted.cache_s);
  if (has_run_out || is_direct) {
    keep_mark(noted,
              {observation.server, is_direct ? observation.asked_at : lists::mark_of(observation)});
  }
}

// Of several marks the latest to run out is the safe one to keep.
void PairBook::keep_freshness(lists::PairId pair, const lists::Freshness& freshness) {
  const auto& marks = freshness.marks();
  if (marks.empty()) {
    return;
  }
  const auto latest =
      std::max_element(marks.begin(), marks.end(),
                       [](const auto& a, const auto& b) { return a.runs_out < b.runs_out; });
  keep_mark(slot(pair), *latest);
}

// Rounded up: a mark may only seem to run later, never sooner.
void PairBook::keep_mark(PairSlot& slot, const lists::CacheMark& mark) {
  slot.server = server_index(mark.server);
  slot.cache_s = seconds_of(mark.runs_out + core::Seconds(1) - core::Micros(1));
  slot.is_fresh_known = true;
}

void PairBook::note_answer(lists::PairId pair, const dns::Completion& completion) {
  PairSlot& noted = slot(pair);
  noted.asked_s = seconds_of(completion.asked_at);
  noted.took_ms =
      saturated<std::uint16_t>(std::chrono::duration_cast<core::Millis>(completion.took).count());
  noted.answered_by = server_index(completion.server);
  noted.is_tcp = completion.transport == dns::Transport::tcp;
  noted.is_direct = completion.role == dns::ServerRole::authoritative;
  noted.is_kept = false;
  const auto* answer = std::get_if<dns::Answer>(&completion.outcome);
  noted.is_answered = answer != nullptr;
  if (answer != nullptr) {
    noted.rcode = static_cast<std::uint8_t>(answer->rcode);
    noted.has_ttl = answer->ttl.has_value();
    noted.ttl_s = answer->ttl ? saturated<std::uint32_t>(answer->ttl->count()) : 0;
  }
}

std::uint32_t PairBook::seconds_of(core::Tick tick) const {
  return saturated<std::uint32_t>(std::chrono::duration_cast<core::Seconds>(tick - epoch_).count());
}

std::uint16_t PairBook::find_server(const dns::Server& server) {
  const auto found = std::find(servers_.begin(), servers_.end(), server);
  last_server_ = static_cast<std::uint16_t>(found - servers_.begin());
  if (found != servers_.end()) {
    return last_server_;
  }
  RBL_CHECK(servers_.size() < std::numeric_limits<std::uint16_t>::max());
  servers_.push_back(server);
  return last_server_;
}

}  // namespace rblwatch::daemon
