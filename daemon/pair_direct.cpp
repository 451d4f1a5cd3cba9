// SPDX-License-Identifier: Apache-2.0
//
// The part of PairDesk that goes past the caches (rule 5): votes and tests asked of the zone's own
// servers where a TTL is longer than confirm_within, or always where the operator wants it so.
#include <algorithm>

#include "daemon/pair_desk.hpp"

namespace rblwatch::daemon {

namespace {
/// How long a question waits for the zone's servers to be found before it looks again.
constexpr core::Seconds kHuntPause{1};
}  // namespace

// Of whom the pair is asked now. Null: it waits for the zone's own servers to be found.
const dns::ServerGroupPtr& PairDesk::servers_for(lists::PairId pair) {
  static const dns::ServerGroupPtr kNone;
  const PairSlot& slot = book_.slot(pair);
  PairDetail* detail = slot.has_detail ? book_.detail(pair) : nullptr;
  if (detail == nullptr || !detail->is_direct_next) {
    return world_.zone_servers[slot.zone.value];
  }
  const core::Tick now = ledger_.clocks().tick;
  switch (own_.want(slot.zone, now)) {
    case OwnServers::State::finding:
      schedule_.asked(pair, now);
      schedule_.ask_again(pair, now + kHuntPause);
      return kNone;
    case OwnServers::State::known:
      return own_.group(slot.zone);
    case OwnServers::State::none:
      detail->is_direct_next = false;
      return world_.zone_servers[slot.zone.value];
  }
  return kNone;
}

// The zone's own servers told nothing that counts. That is no doubt about the pair, since the
// resolver goes on answering: the TTL is waited for after all.
bool PairDesk::is_unusable(lists::PairId pair, const lists::Verdict& verdict,
                           const dns::Completion& completion) {
  const PairSlot& slot = book_.slot(pair);
  const bool was_direct =
      world_.uses_resolver(slot.zone) && completion.role == dns::ServerRole::authoritative;
  if (!was_direct || !std::holds_alternative<lists::Unknown>(verdict)) {
    return false;
  }
  const core::Tick now = ledger_.clocks().tick;
  own_.note_unusable(slot.zone, now);
  if (PairDetail* detail = book_.detail(pair)) {
    detail->is_direct_next = false;
    for (const PurposeTrack& track : detail->tracks) {
      recall_next_vote(pair, track);
    }
    book_.drop_idle(pair);
  }
  return true;
}

void PairDesk::ask_next(lists::PairId pair, const lists::Step& step) {
  const lists::ZoneIndex zone = book_.slot(pair).zone;
  const core::Tick now = ledger_.clocks().tick;
  const bool goes_direct = step.ask_direct && world_.uses_resolver(zone) &&
                           own_.want(zone, now) != OwnServers::State::none;
  if (goes_direct) {
    book_.detail(pair)->is_direct_next = true;
  }
  schedule_.ask_again(pair,
                      goes_direct ? *step.ask_again : step.else_again.value_or(*step.ask_again));
}

// The next vote of a pair whose last observation isn't at hand: after a restart or a reload, or
// when the zone's own servers failed.
void PairDesk::recall_next_vote(lists::PairId pair, const PurposeTrack& track) {
  const PairSlot& slot = book_.slot(pair);
  const lists::ConfirmPolicy policy = world_.confirm_policy(slot.zone, slot.subject);
  const auto next = lists::next_vote(track.track, policy);
  if (!next) {
    return;
  }
  lists::Step step;
  step.ask_direct =
      policy.via_authoritative || next->possible - next->independent > policy.confirm_within;
  step.else_again = next->possible;
  step.ask_again = step.ask_direct ? next->independent : next->possible;
  ask_next(pair, step);
}

// When the test that is to cover a pair's votes may be asked, given when the caches have let go of
// its positive answer. Longer than confirm_within isn't waited for.
core::Tick PairDesk::direct_test_from(lists::PairId pair, KindDesk& desk, core::Tick at) {
  const PairSlot& slot = book_.slot(pair);
  const core::Tick now = ledger_.clocks().tick;
  const lists::ConfirmPolicy policy = world_.confirm_policy(slot.zone, slot.subject);
  const bool has_entry = world_.zone(slot.zone).test_of(kind_of(pair)).listed.has_value();
  const bool is_wanted = policy.via_authoritative || at - now > policy.confirm_within;
  if (!has_entry || !is_wanted || !world_.uses_resolver(slot.zone)) {
    return at;
  }
  switch (own_.want(slot.zone, now)) {
    case OwnServers::State::finding:
      desk.awaits_own_servers = true;
      return at;
    case OwnServers::State::known:
      desk.is_direct_test_wanted = true;
      return now;
    case OwnServers::State::none:
      return at;
  }
  return at;
}

void PairDesk::retry_covering_tests(lists::ZoneIndex zone, core::Tick now) {
  for (KindDesk& desk : desks_[zone.value].kinds) {
    if (!desk.awaits_own_servers || own_.state(zone, now) == OwnServers::State::finding) {
      continue;
    }
    desk.awaits_own_servers = false;
    for (const std::uint32_t pair : desk.awaiting) {
      want_covering_test({pair}, desk);
    }
  }
}

}  // namespace rblwatch::daemon
