// SPDX-License-Identifier: Apache-2.0
#include "daemon/pair_desk.hpp"

#include <algorithm>
#include <utility>

#include "core/log.hpp"
#include "daemon/event_maker.hpp"
#include "lists/query_name.hpp"

namespace rblwatch::daemon {

namespace {

/// A zone whose answers look odd is tested: one in five unknown among the latest so many.
constexpr std::uint32_t kOddSample = 20;
constexpr std::uint32_t kOddShare = 5;
/// A test that didn't cover a vote is not repeated sooner.
constexpr core::Seconds kTestPause{1};

const lists::Listed* listed_in(const lists::Verdict& verdict) {
  return std::get_if<lists::Listed>(&verdict);
}

/// Domains are asked under two names where the zone wants it so; all else under one.
bool may_have_two_names(const lists::Zone& zone, const lists::Subject& subject) {
  return subject.is_domain() && zone.domain_form == lists::DomainForm::both;
}

core::Result<core::DnsName> asked_name(const lists::Zone& zone, const lists::Subject& subject,
                                       std::uint16_t part) {
  if (!may_have_two_names(zone, subject)) {
    return lists::query_name(zone, subject);
  }
  const auto names = lists::query_names(zone, subject);
  if (!names) {
    return tl::make_unexpected(names.error());
  }
  return (*names)[part];
}

bool holds_addresses(const dns::Completion& completion) {
  const auto* answer = std::get_if<dns::Answer>(&completion.outcome);
  return answer != nullptr && !answer->a.empty();
}

/// The answer as a vote, should it be one.
lists::CastVote vote_of(const lists::Observation& seen) {
  lists::CastVote vote;
  vote.wall = seen.wall;
  if (const lists::Listed* listed = listed_in(seen.verdict)) {
    vote.codes = listed->codes.addresses();
  }
  return vote;
}

/// Those of the zone, and those of what is known: an edit may have taken one from the zone, and
/// what was believed of it ends as any other.
std::vector<lists::Purpose> purposes_of(const lists::Zone& zone, const PairDetail& detail) {
  std::vector<lists::Purpose> purposes = zone.purposes();
  for (const PurposeTrack& track : detail.tracks) {
    if (std::find(purposes.begin(), purposes.end(), track.purpose) == purposes.end()) {
      purposes.push_back(track.purpose);
    }
  }
  return purposes;
}

lists::Verdict of_purpose(const lists::Verdict& verdict, lists::Purpose purpose) {
  if (const lists::Listed* listed = listed_in(verdict)) {
    lists::CodeSet codes = listed->codes.of_purpose(purpose);
    if (codes.is_empty()) {
      return lists::Clear{};
    }
    return lists::Listed{std::move(codes)};
  }
  return verdict;
}

}  // namespace

PairDesk::PairDesk(const LoopParts& parts, Teller& teller, OwnServers& own)
    : world_(parts.world),
      book_(parts.book),
      desks_(parts.desks),
      schedule_(parts.schedule),
      teller_(teller),
      own_(own),
      ledger_(parts.ledger),
      generation_(parts.generation),
      pending_(parts.desks.size()),
      seconds_(parts.desks.size()) {}

lists::Kind PairDesk::kind_of(lists::PairId pair) const {
  return book_.slot(pair).kind;
}

KindDesk& PairDesk::kind_desk(lists::PairId pair) {
  const PairSlot& slot = book_.slot(pair);
  return desks_[slot.zone.value].kind(slot.kind);
}

std::size_t PairDesk::submit_due(dns::Resolver& resolver, lists::ZoneIndex zone,
                                 std::size_t at_most) {
  std::size_t submitted = 0;
  const dns::Lane lane = world_.lane_of(zone);
  dns::Lookup lookup;
  lookup.lane = lane;
  std::deque<lists::PairId>& seconds = seconds_[zone.value];
  while (submitted < at_most && resolver.can_submit(lane)) {
    std::uint16_t part = 0;
    std::optional<lists::PairId> pair;
    if (!seconds.empty()) {
      part = 1;
      pair = seconds.front();
      seconds.pop_front();
    } else {
      pair = schedule_.take(zone);
    }
    if (!pair) {
      break;
    }
    PairSlot& slot = book_.slot(*pair);
    if (!kind_desk(*pair).is_seeing()) {
      slot.is_skipped = true;
      schedule_.asked(*pair, ledger_.clocks().tick);
      continue;
    }
    const auto& subject = world_.subjects.subject(slot.subject);
    const auto name = asked_name(world_.zone(zone), subject, part);
    if (!name) {
      // Too long for DNS under this zone: nobody can list it there.
      doubt(*pair, lists::Cause::unsupported, ledger_.clocks().now);
      schedule_.asked(*pair, ledger_.clocks().tick);
      count_sweep(slot, kind_desk(*pair));
      continue;
    }
    const dns::ServerGroupPtr& servers = servers_for(*pair);
    if (servers == nullptr) {
      continue;
    }
    if (lookup.servers != servers) {
      lookup.servers = servers;
    }
    lookup.id = Ticket{Errand::pair, generation_, part, pair->value}.id();
    lookup.question.name = *name;
    slot.is_out = true;
    resolver.submit(lookup);
    ++submitted;
  }
  return submitted;
}

void PairDesk::take(const Ticket& ticket, const dns::Completion& completion) {
  const lists::PairId pair{ticket.index};
  const PairSlot& slot = book_.slot(pair);
  const lists::Zone& zone = world_.zone(slot.zone);
  ZoneDesk& desk = desks_[slot.zone.value];
  ++desk.lookups;
  desk.latency.note(completion.took);
  lists::Observation seen = observation_of(zone, completion);
  const lists::Subject& subject = world_.subjects.subject(slot.subject);
  std::string shown;
  if (listed_in(seen.verdict) != nullptr || slot.has_detail || may_have_two_names(zone, subject)) {
    const auto labels = lists::subject_labels(zone, subject);
    shown = lists::shown_name(zone, labels[ticket.part]);
    if (ticket.part + 1U < labels.size()) {
      keep_first_part(pair, seen, completion, shown);
      return;
    }
  }
  if (PairDetail* detail = book_.detail(pair); detail != nullptr && detail->first_part) {
    add_first_part(*detail, seen);
  }
  judge_pair(pair, seen, completion, shown);
}

lists::Observation PairDesk::observation_of(const lists::Zone& zone,
                                            const dns::Completion& completion) const {
  lists::Observation seen;
  seen.verdict = lists::judge(zone, completion.outcome, completion.role);
  seen.asked_at = completion.asked_at;
  seen.wall = ledger_.clocks().wall(completion.asked_at);
  seen.server = completion.server;
  seen.role = completion.role;
  seen.took = completion.took;
  if (const auto* answer = std::get_if<dns::Answer>(&completion.outcome)) {
    seen.ttl = answer->ttl;
  }
  return seen;
}

void PairDesk::keep_first_part(lists::PairId pair, const lists::Observation& seen,
                               const dns::Completion& completion, const std::string& shown) {
  PairDetail& detail = book_.make_detail(pair);
  detail.first_part =
      FirstPart{seen.verdict, seen.answered_at() + seen.ttl.value_or(core::Seconds(0))};
  if (listed_in(seen.verdict) != nullptr) {
    detail.evidence = make_evidence(completion, shown, kind_desk(pair), ledger_.clocks());
  }
  seconds_[book_.slot(pair).zone.value].push_back(pair);
}

// Both names as one observation, which a cache may repeat as long as it may either of them.
void PairDesk::add_first_part(PairDetail& detail, lists::Observation& seen) {
  const FirstPart first = *std::exchange(detail.first_part, std::nullopt);
  const bool is_second = listed_in(first.verdict) == nullptr && listed_in(seen.verdict) != nullptr;
  detail.listed_part = is_second ? 1 : 0;
  seen.is_partial = lists::is_partial(first.verdict, seen.verdict);
  seen.verdict = lists::combine(first.verdict, seen.verdict);
  const core::Micros left = first.cached_until - seen.answered_at();
  if (left > seen.ttl.value_or(lists::kTtlOfNothing)) {
    seen.ttl = std::chrono::ceil<core::Seconds>(left);
  }
}

void PairDesk::judge_pair(lists::PairId pair, const lists::Observation& seen,
                          const dns::Completion& completion, const std::string& shown) {
  PairSlot& slot = book_.slot(pair);
  slot.is_out = false;
  schedule_.asked(pair, ledger_.clocks().tick);
  if (is_unusable(pair, seen.verdict, completion)) {
    return;
  }
  KindDesk& desk = kind_desk(pair);
  if (desk.is_seeing() || !holds_addresses(completion)) {
    book_.note_answer(pair, completion);  // which has no room for addresses
  }
  if (!desk.is_seeing()) {
    slot.is_skipped = true;  // what a blind zone says is no verdict; the kind's cause shows
    book_.drop_idle(pair);
    return;
  }
  count_sweep(slot, desk);
  const auto* unknown = std::get_if<lists::Unknown>(&seen.verdict);
  count_answer(desk, unknown != nullptr);
  if (unknown != nullptr) {
    doubt(pair, unknown->cause, seen.wall);
    book_.keep_puzzle(pair, make_evidence(completion, shown, desk, ledger_.clocks()));
    book_.drop_idle(pair);
    return;
  }
  observe(pair, seen, completion, shown);
}

void PairDesk::doubt(lists::PairId pair, lists::Cause cause, core::Timestamp at) {
  const PairSlot& slot = book_.slot(pair);
  // A pair that collects votes isn't left to its turn: an unknown only delays it.
  if (const PairDetail* detail = book_.detail(pair); detail != nullptr && !detail->is_idle()) {
    schedule_.ask_again(pair, ledger_.clocks().tick + world_.setup.confirm.after_unknown());
  }
  const auto known = book_.doubt(pair);
  if (known && known->cause == cause) {
    return;
  }
  if (!known) {
    record_sights(pair);
  }
  const lists::Doubt doubt{cause, known ? known->since : at};
  book_.set_doubt(pair, doubt);
  const lists::Subject& subject = world_.subjects.subject(slot.subject);
  ledger_.record(storage::DoubtRecord{
      {subject.to_text(), world_.zone(slot.zone).id}, subject.kind(), doubt, slot.is_decided});
}

void PairDesk::count_answer(KindDesk& desk, bool is_odd) {
  ++desk.recent_answers;
  desk.odd_answers += is_odd ? 1U : 0U;
  const bool is_full = desk.recent_answers >= std::min(kOddSample, desk.subjects);
  if (!is_full) {
    return;
  }
  if (desk.odd_answers * kOddShare >= desk.recent_answers) {
    const core::Tick now = ledger_.clocks().tick;
    const core::Tick tested = desk.health.last_test.value_or(core::Tick::min());
    desk.want_test(std::max(now, tested + world_.setup.health.health_retry));
  }
  desk.odd_answers = 0;
  desk.recent_answers = 0;
}

void PairDesk::observe(lists::PairId pair, const lists::Observation& observation,
                       const dns::Completion& completion, const std::string& shown) {
  PairSlot& slot = book_.slot(pair);
  const lists::Zone& zone = world_.zone(slot.zone);
  const bool is_listed = listed_in(observation.verdict) != nullptr;
  if (slot.is_doubted) {
    book_.clear_doubt(pair);
    const lists::Subject& subject = world_.subjects.subject(slot.subject);
    ledger_.record(
        storage::DoubtRecord{{subject.to_text(), zone.id}, subject.kind(), std::nullopt, true});
  }
  if (!is_listed && !slot.has_detail) {
    book_.note_clear(pair, observation);
    slot.is_decided = true;
    return;
  }
  PairDetail& detail = book_.make_detail(pair);
  detail.is_direct_next = false;
  const bool is_fresh = detail.freshness.note(observation);
  if (is_fresh && is_listed) {
    detail.fresh_listed_at = observation.asked_at;
  }
  // Of denials too: they prove a delisting. Of a domain asked under two names the one that is
  // listed.
  if (!is_listed || holds_addresses(completion)) {
    detail.evidence = make_evidence(completion, shown, kind_desk(pair), ledger_.clocks());
  }
  if (is_listed) {
    detail.evidence.txt = detail.reason;
  }
  slot.is_kept = true;
  if (is_fresh) {
    detail.cast.push_back(vote_of(observation));
  }
  for (const lists::Purpose purpose : purposes_of(zone, detail)) {
    observe_purpose(pair, purpose, observation, is_fresh);
  }
  detail.cast = detail.standing_votes();
  const bool collects =
      std::any_of(detail.tracks.begin(), detail.tracks.end(),
                  [](const PurposeTrack& track) { return track.track.pending_to().has_value(); });
  if (!is_listed && !collects) {
    slot.is_decided = true;
  }
  book_.drop_idle(pair);
}

void PairDesk::observe_purpose(lists::PairId pair, lists::Purpose purpose,
                               const lists::Observation& observation, bool is_fresh) {
  PairDetail& detail = *book_.detail(pair);
  lists::Observation mine = observation;
  mine.verdict = of_purpose(observation.verdict, purpose);
  const bool is_known = std::any_of(detail.tracks.begin(), detail.tracks.end(),
                                    [&](const auto& track) { return track.purpose == purpose; });
  if (!is_known && listed_in(mine.verdict) == nullptr) {
    return;
  }
  const PairSlot& slot = book_.slot(pair);
  PurposeTrack& track = detail.track_of(purpose);
  const auto before = track.track.pending_to();
  const lists::Step step = lists::advance(track.track, mine, is_fresh, detail.freshness,
                                          world_.confirm_policy(slot.zone, slot.subject));
  note_sight(pair, track, before, mine);
  follow_step(pair, track, step);
  count_vote(pair, track, before, observation.asked_at);
  settle_pending(pair, step.changed);
}

// A listed answer out of a cache, after a denial, is no sight of it.
void PairDesk::note_sight(lists::PairId pair, PurposeTrack& track,
                          std::optional<lists::PendingTo> before,
                          const lists::Observation& observation) {
  const bool is_leaving = track.track.pending_to() == lists::PendingTo::delisted;
  if (listed_in(observation.verdict) != nullptr && !is_leaving) {
    track.last_seen = observation.wall;
  } else if (is_leaving && before != lists::PendingTo::delisted) {
    record_sights(pair);
  }
}

// What sweeps say of the zone is no sight of this pair from now on.
void PairDesk::record_sights(lists::PairId pair) {
  const PairDetail* detail = book_.detail(pair);
  if (detail == nullptr) {
    return;
  }
  const PairSlot& slot = book_.slot(pair);
  for (const PurposeTrack& track : detail->tracks) {
    if (track.is_open && track.track.is_listed()) {
      const std::string subject = world_.subjects.subject(slot.subject).to_text();
      ledger_.record(storage::SightRecord{
          {subject, world_.zone(slot.zone).id}, track.purpose, track.last_seen});
    }
  }
}

// The breaker's tally. A pair without a first state doesn't vote: its listing is first sight.
void PairDesk::count_vote(lists::PairId pair, const PurposeTrack& track,
                          std::optional<lists::PendingTo> before, core::Tick asked_at) {
  const PairSlot slot = book_.slot(pair);
  const auto after = track.track.pending_to();
  if (before == after || !slot.is_decided) {
    return;
  }
  lists::Breaker& breaker = desks_[slot.zone.value].breaker;
  const auto counts = [](std::optional<lists::PendingTo> to) {
    return to == lists::PendingTo::listed || to == lists::PendingTo::delisted;
  };
  if (counts(before)) {
    follow(slot.zone, breaker.gone(slot.subject, track.purpose, before == lists::PendingTo::listed,
                                   ledger_.clocks().tick));
  }
  if (counts(after)) {
    follow(slot.zone,
           breaker.vote(slot.subject, track.purpose, after == lists::PendingTo::listed, asked_at));
  }
}

// What a step asks for beyond the track itself: tests, reasons, the next question.
void PairDesk::follow_step(lists::PairId pair, const PurposeTrack& track, const lists::Step& step) {
  KindDesk& desk = kind_desk(pair);
  const core::Tick now = ledger_.clocks().tick;
  if (step.cast_first_vote) {
    desk.want_test(now);
    if (track.track.pending_to() != lists::PendingTo::delisted) {
      book_.detail(pair)->is_reason_asked = false;
      teller_.want_reason(pair);
    }
  }
  if (step.cast_last_vote) {
    desk.awaiting.insert(pair.value);
    want_covering_test(pair, desk);
  }
  if (step.ask_again) {
    note_wait(pair, *step.ask_again);
    ask_next(pair, step);
  }
}

// First votes are counted for as long as it takes to confirm them.
void PairDesk::note_wait(lists::PairId pair, core::Tick next_vote) {
  const lists::ZoneIndex zone = book_.slot(pair).zone;
  ZoneDesk& desk = desks_[zone.value];
  const core::Micros wait = next_vote - ledger_.clocks().tick;
  if (wait > desk.longest_wait) {
    desk.longest_wait = wait;
    set_breaker_window(desk, world_, zone);
  }
}

void PairDesk::want_covering_test(lists::PairId pair, KindDesk& desk) {
  const core::Tick now = ledger_.clocks().tick;
  for (const PurposeTrack& track : book_.detail(pair)->tracks) {
    const auto after = lists::waits_for_test_after(track.track);
    if (!after) {
      continue;
    }
    core::Tick at = now;
    for (const auto& [server, cache] : desk.positive) {
      at = std::max(at, cache.refetched_from(*after, now));
    }
    at = direct_test_from(pair, desk, at);
    const bool was_just_tested = desk.health.last_test && now - *desk.health.last_test < kTestPause;
    desk.want_test(was_just_tested ? std::max(at, now + kTestPause) : at);
  }
}

void PairDesk::settle_pending(lists::PairId pair, bool has_changed) {
  const PairSlot& slot = book_.slot(pair);
  const PairDetail& detail = *book_.detail(pair);
  const bool is_pending =
      std::any_of(detail.tracks.begin(), detail.tracks.end(),
                  [](const PurposeTrack& track) { return !track.track.pending.empty(); });
  std::set<std::uint32_t>& pending = pending_[slot.zone.value];
  const bool was_pending = pending.count(pair.value) > 0;
  if (is_pending) {
    pending.insert(pair.value);
  } else {
    pending.erase(pair.value);
    kind_desk(pair).awaiting.erase(pair.value);
  }
  if (has_changed && (is_pending || was_pending)) {
    ledger_.record(votes_record(world_, slot, detail));
  }
}

void PairDesk::note_pending(lists::PairId pair) {
  settle_pending(pair, false);
  KindDesk& desk = kind_desk(pair);
  for (const PurposeTrack& track : book_.detail(pair)->tracks) {
    if (track.track.has_decided()) {
      desk.awaiting.insert(pair.value);
      desk.want_test(ledger_.clocks().tick);
    }
    recall_next_vote(pair, track);
    recall_votes(pair, track);
  }
}

bool PairDesk::has_undecided(lists::ZoneIndex zone) const {
  const ZoneDesk& desk = desks_[zone.value];
  return std::any_of(pending_[zone.value].begin(), pending_[zone.value].end(),
                     [&](std::uint32_t pair) {
                       const PairSlot& slot = book_.slot({pair});
                       return !slot.is_decided && desk.kind(slot.kind).is_seeing();
                     });
}

// A restored quarantine would end too early, and a wave show too late, without the votes it saw
// before.
void PairDesk::recall_votes(lists::PairId pair, const PurposeTrack& track) {
  const PairSlot& slot = book_.slot(pair);
  const auto to = track.track.pending_to();
  if (!slot.is_decided || !(to == lists::PendingTo::listed || to == lists::PendingTo::delisted)) {
    return;
  }
  const bool opens = to == lists::PendingTo::listed;
  for (const lists::PendingEntry& entry : track.track.pending) {
    desks_[slot.zone.value].breaker.recall(slot.subject, track.purpose, opens, entry.votes.front(),
                                           entry.is_decided);
  }
}

void PairDesk::restart_sweep(lists::ZoneIndex zone, lists::Kind kind) {
  KindDesk& desk = desks_[zone.value].kind(kind);
  desk.sweep.is_complete_since_seeing = false;
  desk.sweep.started = ledger_.clocks().now;
  desk.sweep.started_tick = ledger_.clocks().tick;
  desk.sweep.remaining = desk.subjects;
  desk.sweep.fresh = 0;
  desk.sweep.swept_before.reset();
  const auto [begin, end] = book_.range_of(zone);
  for (std::uint32_t id = begin; id < end; ++id) {
    if (kind_of({id}) != kind) {
      continue;
    }
    PairSlot& slot = book_.slot({id});
    slot.sweep_mark = !desk.sweep.mark;
    if (slot.is_skipped) {
      slot.is_skipped = false;
      schedule_.ask_again({id}, ledger_.clocks().tick);
    }
  }
}

void PairDesk::resume_sweep(lists::ZoneIndex zone, lists::Kind kind) {
  KindDesk& desk = desks_[zone.value].kind(kind);
  Sweep& sweep = desk.sweep;
  sweep.remaining = sweep.fresh = 0;
  const auto [begin, end] = book_.range_of(zone);
  for (std::uint32_t id = begin; id < end; ++id) {
    PairSlot& slot = book_.slot({id});
    if (slot.kind != kind) {
      continue;
    }
    if (slot.is_new) {
      slot.sweep_mark = !sweep.mark;
      ++sweep.fresh;
    }
    sweep.remaining += slot.sweep_mark == sweep.mark ? 0U : 1U;
  }
  if (sweep.remaining == 0 && desk.is_seeing()) {
    finish_sweep(zone, kind);  // what was left of it isn't watched any more
  }
}

// The last of those that a reload brought was looked at: what was swept before is so again.
void PairDesk::count_fresh(PairSlot& slot, KindDesk& desk) {
  if (!slot.is_new) {
    return;
  }
  slot.is_new = false;
  if (desk.sweep.fresh == 0 || --desk.sweep.fresh > 0 || !desk.sweep.swept_before) {
    return;
  }
  desk.sweep.swept_at = std::exchange(desk.sweep.swept_before, std::nullopt);
  ledger_.record(kind_record(world_.zone(slot.zone), slot.kind, desk));
}

void PairDesk::count_sweep(PairSlot& slot, KindDesk& desk) {
  Sweep& sweep = desk.sweep;
  if (slot.sweep_mark == sweep.mark) {
    return;
  }
  slot.sweep_mark = sweep.mark;
  count_fresh(slot, desk);
  if (--sweep.remaining == 0) {
    finish_sweep(slot.zone, slot.kind);
  }
}

void PairDesk::finish_sweep(lists::ZoneIndex zone, lists::Kind kind) {
  ZoneDesk& zone_desk = desks_[zone.value];
  KindDesk& desk = zone_desk.kind(kind);
  const core::ClockPair& clocks = ledger_.clocks();
  desk.sweep.swept_at = desk.sweep.started;
  desk.sweep.is_complete_since_seeing = true;
  desk.sweep.length =
      std::chrono::duration_cast<core::Millis>(clocks.tick - desk.sweep.started_tick);
  desk.has_been_decided = true;
  desk.sweep.mark = !desk.sweep.mark;
  desk.sweep.remaining = desk.subjects;
  desk.sweep.started = clocks.now;
  desk.sweep.started_tick = clocks.tick;
  zone_desk.last_sweep = clocks.now;
  set_breaker_window(zone_desk, world_, zone);
  ledger_.record(kind_record(world_.zone(zone), kind, desk));
  ledger_.record(zone_record(world_.zone(zone), zone_desk, world_));
}

}  // namespace rblwatch::daemon
