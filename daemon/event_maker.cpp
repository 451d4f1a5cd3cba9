// SPDX-License-Identifier: Apache-2.0
#include "daemon/event_maker.hpp"

#include <algorithm>
#include <utility>

namespace rblwatch::daemon {

namespace {

void add_links(lists::Event& event, const lists::Zone& zone, const std::string& subject) {
  event.lookup_url = lists::fill_url(zone.lookup_url, subject);
  event.delist_url = lists::fill_url(zone.delist_url, subject);
  event.delist_steps = zone.delist_steps;
}

lists::Event zone_event(const lists::Zone& zone, lists::EventType type) {
  lists::Event event;
  event.type = type;
  event.severity = lists::event_severity(type, zone.severity);
  event.zone = zone_ref(zone, zone.purpose);
  event.lookup_url =
      lists::fill_url(zone.lookup_url.empty() ? zone.delist_url : zone.lookup_url, "");
  return event;
}

}  // namespace

lists::ZoneRef zone_ref(const lists::Zone& zone, lists::Purpose purpose) {
  return {.id = zone.id,
          .dns = zone.dns.shown(),
          .operator_name = zone.operator_name,
          .severity = zone.severity,
          .purpose = purpose};
}

lists::Event listing_event(const World& world, lists::ZoneIndex index,
                           const lists::BelievedChange& believed, const PairDetail& detail,
                           const PurposeTrack& track, core::Timestamp now) {
  const lists::Zone& zone = world.zone(index);
  const lists::Change& change = believed.change;
  lists::Event event;
  event.type = change.type;
  event.at = now;
  event.severity = lists::event_severity(change.type, zone.severity);
  event.target = world.subjects.target_ref(believed.subject);
  event.targets = world.subjects.target_names(believed.subject);
  event.subject = world.subjects.subject(believed.subject).to_text();
  event.kind = world.subjects.subject(believed.subject).kind();
  event.zone = zone_ref(zone, believed.purpose);
  event.codes = change.codes.addresses();
  event.added = change.added.addresses();
  event.removed = change.removed.addresses();
  event.meanings = change.codes.meanings();
  event.reason = detail.reason;
  event.first_seen = believed.first_seen;
  event.listed_at = track.listed_at;
  if (change.type == lists::EventType::delisted) {
    event.delisted_at = change.since;
  }
  add_links(event, zone, event.subject);
  event.evidence = detail.evidence;
  return event;
}

storage::ListingRecord listing_record(const World& world, lists::ZoneIndex index,
                                      const lists::BelievedChange& believed,
                                      const PairDetail& detail, const PurposeTrack& track,
                                      core::Timestamp now) {
  const lists::Zone& zone = world.zone(index);
  const lists::Subject& subject = world.subjects.subject(believed.subject);
  storage::ListingRecord record;
  report::ListingRow& row = record.row;
  row.subject = subject.to_text();
  row.kind = subject.kind();
  row.zone = zone.id;
  row.purpose = believed.purpose;
  row.codes = believed.change.codes;
  row.reason = detail.reason;
  row.listed_at = track.listed_at;
  row.last_seen = track.last_seen;
  if (believed.change.type == lists::EventType::delisted) {
    row.ended_at = believed.change.since;
    row.last_seen = std::min(track.last_seen, believed.change.since);
  } else if (believed.change.type == lists::EventType::retired) {
    row.ended_at = now;
    row.is_retired = true;
  }
  row.first_seen = track.first_seen;
  row.contained = track.is_contained;
  row.zone_ref = zone_ref(zone, believed.purpose);
  row.target = world.subjects.target_ref(believed.subject);
  row.targets = world.subjects.target_names(believed.subject);
  row.lookup_url = lists::fill_url(zone.lookup_url, row.subject);
  row.delist_url = lists::fill_url(zone.delist_url, row.subject);
  row.delist_steps = zone.delist_steps;
  record.evidence = detail.evidence;
  return record;
}

lists::Event sight_event(const lists::Zone& zone, lists::EventType type, const ZoneDesk& desk,
                         lists::KindSet kinds, core::Timestamp since) {
  lists::Event event = zone_event(zone, type);
  event.since = since;
  event.affected_subjects = desk.subjects_of(kinds);
  for (const lists::Kind kind : lists::kAllKinds) {
    lists::KindSet alone;
    alone.add(kind);
    if (kinds == alone) {
      event.kind = kind;
    }
    const auto cause = desk.kind(kind).health.cause;
    if (kinds.has(kind) && cause && event.cause.empty()) {
      event.cause = core::enum_word(*cause);
    }
  }
  if (type == lists::EventType::zone_blind &&
      event.cause == core::enum_word(lists::Cause::refused)) {
    event.delist_url = zone.terms_url;  // how to be let in
  }
  return event;
}

lists::Event quarantine_event(const lists::Zone& zone, const ZoneDesk& desk) {
  lists::Event event = zone_event(zone, lists::EventType::zone_quarantined);
  event.since = desk.quarantined_since;
  event.affected_subjects = desk.subjects_in_wave();
  return event;
}

lists::Event release_event(const lists::Zone& zone, const ZoneDesk& desk,
                           const lists::Admission& admission) {
  lists::Event event = zone_event(zone, lists::EventType::zone_released);
  event.since = desk.quarantined_since;
  event.passed = admission.passed;
  event.dropped = admission.dropped;
  event.affected_subjects = admission.passed + admission.dropped;
  return event;
}

std::string release_batch(const std::string& zone, core::Timestamp at) {
  return "release:" + zone + ":" + core::to_rfc3339(at);
}

namespace {

/// The zones that are asked about something through the resolvers, and how much that is.
void note_affected(const World& world, lists::Event& event) {
  const std::vector<lists::SubjectTable::Stretch> stretches = world.subjects.stretches();
  std::vector<bool> is_affected(stretches.size());
  for (const lists::Zone& zone : world.setup.zones) {
    bool is_asked = false;
    for (std::size_t i = 0; zone.servers.empty() && i < stretches.size(); ++i) {
      const bool asks = world.subjects.is_asked(stretches[i].begin, zone);
      is_affected[i] = is_affected[i] || asks;
      is_asked = is_asked || asks;
    }
    if (is_asked) {
      event.zones.push_back(zone.id);
    }
  }
  std::uint64_t subjects = 0;
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    subjects += is_affected[i] ? stretches[i].count : 0;
  }
  event.affected_subjects = subjects;
}

}  // namespace

lists::Event resolver_event(const World& world, lists::EventType type,
                            std::optional<lists::Cause> cause,
                            std::optional<core::Timestamp> since) {
  lists::Event event;
  event.type = type;
  event.severity = lists::event_severity(type, lists::Severity::high);
  for (const dns::Server& server : world.resolvers->servers) {
    event.resolver_servers.push_back(server.to_text());
  }
  note_affected(world, event);
  if (cause) {
    event.cause = core::enum_word(*cause);
  }
  event.since = since;
  return event;
}

lists::Evidence make_evidence(const dns::Completion& completion, std::string shown,
                              const KindDesk& desk, const core::ClockPair& clocks) {
  lists::Evidence evidence;
  evidence.question = std::move(shown);
  evidence.server = completion.server.to_text();
  evidence.role = completion.role;
  evidence.transport = completion.transport;
  evidence.asked_at = clocks.wall(completion.asked_at);
  evidence.took = std::chrono::duration_cast<core::Millis>(completion.took);
  if (const auto* answer = std::get_if<dns::Answer>(&completion.outcome)) {
    evidence.rcode = dns::to_text(answer->rcode);
    for (const core::IpAddress& address : answer->a) {
      evidence.a.push_back(address.to_text());
    }
    evidence.ttl = answer->ttl;
    evidence.ede = answer->ede;
  }
  evidence.test_state = desk.health.state;
  evidence.test_at = desk.last_test;
  evidence.test_cause = desk.health.cause;
  return evidence;
}

lists::Evidence shown_evidence(const PairDetail& detail) {
  lists::Evidence evidence = detail.evidence;
  evidence.txt = evidence.a.empty() ? core::Untrusted() : detail.reason;
  return evidence;
}

storage::VotesRecord votes_record(const World& world, const PairSlot& slot,
                                  const PairDetail& detail) {
  const lists::Subject& subject = world.subjects.subject(slot.subject);
  storage::VotesRecord record;
  record.pair = {subject.to_text(), world.zone(slot.zone).id};
  record.kind = subject.kind();
  record.was_decided = slot.is_decided;
  for (const PurposeTrack& track : detail.tracks) {
    if (!track.track.pending.empty()) {
      record.tracks.push_back({track.purpose, track.track.pending});
    }
  }
  record.cast = detail.standing_votes();
  if (!record.tracks.empty()) {
    record.marks = detail.freshness.marks();
  }
  if (!record.tracks.empty() || !record.cast.empty()) {
    record.evidence = shown_evidence(detail);
  }
  return record;
}

}  // namespace rblwatch::daemon
