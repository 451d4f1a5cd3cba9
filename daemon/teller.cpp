// SPDX-License-Identifier: Apache-2.0
#include "daemon/teller.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/check.hpp"
#include "core/log.hpp"
#include "daemon/event_maker.hpp"
#include "lists/query_name.hpp"

namespace rblwatch::daemon {

namespace {

bool needs_reason(const lists::BelievedChange& change) {
  return change.change.type == lists::EventType::listed ||
         change.change.type == lists::EventType::changed;
}

bool has_pending_join(const PairDetail& detail) {
  return std::any_of(detail.tracks.begin(), detail.tracks.end(), [](const PurposeTrack& track) {
    return track.track.pending_to() == lists::PendingTo::listed;
  });
}

}  // namespace

Teller::Teller(const LoopParts& parts)
    : world_(parts.world),
      book_(parts.book),
      desks_(parts.desks),
      schedule_(parts.schedule),
      ledger_(parts.ledger),
      generation_(parts.generation),
      reasons_(parts.desks.size()) {}

void Teller::want_reason(lists::PairId pair) {
  const lists::ZoneIndex zone = book_.slot(pair).zone;
  PairDetail& detail = book_.make_detail(pair);
  if (!world_.zone(zone).txt || detail.is_reason_asked) {
    return;
  }
  detail.is_reason_asked = true;
  detail.is_reason_out = true;
  reasons_[zone.value].push_back(pair);
}

void Teller::submit_reasons(dns::Resolver& resolver) {
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(reasons_); ++zone) {
    std::deque<lists::PairId>& waiting = reasons_[zone];
    while (!waiting.empty() && resolver.can_submit(world_.lane_of({zone}))) {
      const lists::PairId pair = waiting.front();
      waiting.pop_front();
      const lists::Subject& subject = world_.subjects.subject(book_.slot(pair).subject);
      const auto names = lists::query_names(world_.zone({zone}), subject);
      RBL_CHECK(names.has_value());  // the same names were asked for their A records
      const PairDetail* detail = book_.detail(pair);
      const std::size_t part = detail != nullptr ? detail->listed_part : 0;
      resolver.submit({Ticket{Errand::reason, generation_, 0, pair.value}.id(),
                       world_.lane_of({zone}),
                       {names->at(std::min(part, names->size() - 1)), dns::QType::txt},
                       world_.zone_servers[zone]});
    }
  }
}

void Teller::take_reason(const Ticket& ticket, const dns::Completion& completion) {
  const lists::PairId pair{ticket.index};
  PairDetail* detail = book_.detail(pair);
  if (detail == nullptr) {
    return;
  }
  detail->is_reason_out = false;
  if (const auto* answer = std::get_if<dns::Answer>(&completion.outcome)) {
    if (!answer->txt.empty()) {
      const lists::Zone& zone = world_.zone(book_.slot(pair).zone);
      detail->reason = lists::reason_text(zone.dns, answer->txt);
      detail->evidence.txt = detail->reason;
      record_pending(pair, *detail);
    }
  }
  book_.drop_idle(pair);
}

// Of a pending listing the votes hold the reason. Without any the row stays as it is: what waits to
// be told keeps those that it was believed on.
void Teller::record_pending(lists::PairId pair, const PairDetail& detail) {
  if (std::any_of(detail.tracks.begin(), detail.tracks.end(),
                  [](const PurposeTrack& track) { return !track.track.pending.empty(); })) {
    ledger_.record(votes_record(world_, book_.slot(pair), detail));
  }
}

void Teller::announce(lists::PairId pair, lists::BelievedChange change, std::string batch) {
  if (needs_reason(change)) {
    want_reason(pair);
  }
  if (!batch.empty()) {
    batches_.insert(batch);
  }
  ++book_.make_detail(pair).untold;
  waiting_.push_back({pair, std::move(change), std::move(batch), false});
}

// In order, and never a pair's later change before its earlier one.
void Teller::turn() {
  std::erase_if(orphans_, [this](Orphan& orphan) { return settle_orphan(orphan); });
  if (waiting_.empty() && batches_.empty()) {
    return;
  }
  std::deque<Waiting> still;
  std::unordered_set<std::uint32_t> behind;
  while (!waiting_.empty()) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (behind.count(next.pair.value) > 0 || !try_tell(next)) {
      behind.insert(next.pair.value);
      still.push_back(std::move(next));
    }
  }
  waiting_ = std::move(still);
  release_batches();
}

void Teller::release_batches() {
  for (auto batch = batches_.begin(); batch != batches_.end();) {
    const bool is_open = std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
      return waiting.batch == *batch;
    });
    if (is_open) {
      ++batch;
      continue;
    }
    ledger_.release(*batch);
    batch = batches_.erase(batch);
  }
}

void Teller::hand_over(Teller& next, const Heir& heir) {
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    if (const auto pair = heir(waiting.pair)) {
      next.inherit(*pair, std::move(waiting));
    } else {
      const bool is_contained = is_told_by_container(waiting).value_or(false);
      tell(waiting, is_contained);
    }
  }
  std::erase_if(batches_,
                [&next](const std::string& batch) { return next.batches_.contains(batch); });
  release_batches();
}

void Teller::inherit(lists::PairId pair, Waiting waiting) {
  const PairSlot& slot = book_.slot(pair);
  waiting.pair = pair;
  waiting.change.subject = slot.subject;
  waiting.is_container_asked = false;
  if (!waiting.batch.empty()) {
    batches_.insert(waiting.batch);
    desks_[slot.zone.value].released.push_back(waiting.change);
  }
  waiting_.push_back(std::move(waiting));
}

void Teller::resume() {
  for (const Waiting& waiting : waiting_) {
    if (needs_reason(waiting.change)) {
      want_reason(waiting.pair);
    }
  }
}

bool Teller::is_waiting(lists::ZoneIndex zone) const {
  return std::any_of(waiting_.begin(), waiting_.end(),
                     [&](const Waiting& waiting) { return book_.slot(waiting.pair).zone == zone; });
}

bool Teller::try_tell(Waiting& waiting) {
  const PairDetail* detail = book_.detail(waiting.pair);
  RBL_CHECK(detail != nullptr);
  if (needs_reason(waiting.change) && detail->is_reason_out) {
    return false;
  }
  const auto is_contained = is_told_by_container(waiting);
  if (!is_contained) {
    return false;
  }
  tell(waiting, *is_contained);
  return true;
}

// What follows a listing goes the way that it went. Nothing while the container is undecided.
std::optional<bool> Teller::is_told_by_container(Waiting& waiting) {
  if (waiting.change.change.type == lists::EventType::listed) {
    const Container container = ask_container(waiting);
    return container == Container::undecided ? std::nullopt
                                             : std::optional(container == Container::contains);
  }
  const std::vector<PurposeTrack>& tracks = book_.detail(waiting.pair)->tracks;
  return std::any_of(tracks.begin(), tracks.end(), [&waiting](const PurposeTrack& track) {
    return track.purpose == waiting.change.purpose && track.is_contained;
  });
}

Teller::Container Teller::ask_container(Waiting& waiting) {
  Container answer = Container::none;
  for (const std::string& id : world_.zone(book_.slot(waiting.pair).zone).contained_in) {
    const auto container = world_.find_zone(id);
    if (!container) {
      continue;
    }
    const Container one = ask_container(waiting, *container);
    if (one == Container::contains) {
      return one;
    }
    if (one == Container::undecided) {
      answer = one;
    }
  }
  return answer;
}

// The container tells it alone where it lists the subject too. Where it isn't asked about this
// subject or can't be seen, or where its own next vote has said no, nobody else would: then it is
// told itself.
Teller::Container Teller::ask_container(Waiting& waiting, lists::ZoneIndex container) {
  const lists::SubjectIndex subject = book_.slot(waiting.pair).subject;
  const ZoneDesk& desk = desks_[container.value];
  const lists::Kind kind = world_.subjects.subject(subject).kind();
  const auto pair = book_.find(container, subject);
  const lists::ZoneState state = desk.kind(kind).health.state;
  if (!pair || state == lists::ZoneState::blind || desk.breaker.is_quarantined()) {
    return Container::none;
  }
  if (state == lists::ZoneState::untested) {
    return Container::undecided;
  }
  if (const PairDetail* detail = book_.detail(*pair)) {
    for (const PurposeTrack& track : detail->tracks) {
      if (track.purpose == waiting.change.purpose && track.track.is_listed()) {
        // What still waits for the wave to show may yet be dropped.
        const bool is_sure = track.is_open || !desk.breaker.holds(subject, track.purpose);
        return is_sure ? Container::contains : Container::undecided;
      }
    }
    if (has_pending_join(*detail)) {
      return Container::undecided;
    }
  }
  if (book_.tick_of(book_.slot(*pair).asked_s) + core::Seconds(1) >=
      waiting.change.change.first_vote) {
    return Container::none;
  }
  if (!waiting.is_container_asked) {
    waiting.is_container_asked = true;
    schedule_.ask_again(*pair, ledger_.clocks().tick);
  }
  return Container::undecided;
}

void Teller::tell(const Waiting& waiting, bool is_contained) {
  const PairSlot& slot = book_.slot(waiting.pair);
  PairDetail& detail = book_.make_detail(waiting.pair);
  --detail.untold;
  PurposeTrack& track = detail.track_of(waiting.change.purpose);
  const bool is_end = waiting.change.change.type == lists::EventType::delisted;
  if (waiting.change.change.type == lists::EventType::listed) {
    track.is_contained = is_contained;
    track.first_seen = waiting.change.first_seen;
    track.listed_at = waiting.change.change.since;
  }
  Ledger::Manner manner;
  manner.batch = waiting.batch;
  // What follows a listing that still waits for its batch waits with it, or it would come first.
  if (manner.batch.empty() && track.first_seen) {
    manner.batch = desks_[slot.zone.value].batch;
  }
  manner.muted_by = is_contained ? "contained" : "";
  lists::Event event =
      listing_event(world_, slot.zone, waiting.change, detail, track, ledger_.clocks().now);
  core::log_info(std::string(core::enum_word(event.type)),
                 {{"subject", event.subject}, {"zone", event.zone->id}});
  ledger_.tell(std::move(event), manner);
  ledger_.record(
      listing_record(world_, slot.zone, waiting.change, detail, track, ledger_.clocks().now));
  track.is_open = !is_end;
  ledger_.record(votes_record(world_, slot, detail));
  if (!waiting.batch.empty()) {
    forget_released(slot.zone, waiting.change);
  }
  if (is_end) {
    note_orphans(waiting.pair, waiting.change);
    track.is_contained = false;
    detail.is_reason_asked = false;
    detail.reason = core::Untrusted();
    book_.drop_idle(waiting.pair);
  }
}

void Teller::forget_released(lists::ZoneIndex zone, const lists::BelievedChange& told) {
  ZoneDesk& desk = desks_[zone.value];
  const auto found = std::find_if(
      desk.released.begin(), desk.released.end(), [&told](const lists::BelievedChange& one) {
        return one.subject == told.subject && one.purpose == told.purpose;
      });
  if (found == desk.released.end()) {
    return;
  }
  desk.released.erase(found);
  // Not each time, for the record holds them all; but a listing doesn't say that a change of it was
  // told before another one.
  if (desk.released.empty() || told.change.type == lists::EventType::changed) {
    ledger_.record(zone_record(world_.zone(zone), desk, world_));
  }
}

void Teller::retire(lists::PairId pair) {
  const PairSlot& slot = book_.slot(pair);
  const PairDetail* detail = book_.detail(pair);
  if (detail == nullptr) {
    return;
  }
  storage::VotesRecord gone;
  gone.pair = {world_.subjects.subject(slot.subject).to_text(), world_.zone(slot.zone).id};
  gone.kind = slot.kind;
  ledger_.record(std::move(gone));
  for (const PurposeTrack& track : detail->tracks) {
    if (!track.is_open) {
      continue;
    }
    lists::BelievedChange change;
    change.subject = slot.subject;
    change.purpose = track.purpose;
    change.change.type = lists::EventType::retired;
    change.change.codes = track.track.believed;
    change.change.since = ledger_.clocks().now;
    ledger_.tell(listing_event(world_, slot.zone, change, *detail, track, ledger_.clocks().now));
    ledger_.record(listing_record(world_, slot.zone, change, *detail, track, ledger_.clocks().now));
  }
}

}  // namespace rblwatch::daemon
