// SPDX-License-Identifier: Apache-2.0
#include "storage/rows.hpp"

#include <utility>

#include "storage/codec.hpp"

namespace rblwatch::storage {

namespace {

constexpr int kEvidenceCount = 15;

std::optional<std::uint64_t> read_count(Query& query) {
  const std::optional<std::int64_t> value = query.maybe_integer();
  return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

void bind_target(Query& query, const std::optional<lists::TargetRef>& target) {
  if (target) {
    query.bind(target->name, target->value, encode_list(target->tags));
  } else {
    query.bind_null().bind_null().bind_null();
  }
}

std::optional<lists::TargetRef> read_target(Query& query) {
  if (query.is_null()) {
    query.skip(3);
    return std::nullopt;
  }
  lists::TargetRef target;
  target.name = query.text();
  target.value = query.text();
  target.tags = query.decoded(decode_list);
  return target;
}

void bind_zone(Query& query, const std::optional<lists::ZoneRef>& zone) {
  if (zone) {
    query.bind(zone->id, zone->dns, zone->operator_name, zone->severity, zone->purpose);
  } else {
    query.bind_null().bind_null().bind_null().bind_null().bind_null();
  }
}

std::optional<lists::ZoneRef> read_zone(Query& query) {
  if (query.is_null()) {
    query.skip(5);
    return std::nullopt;
  }
  lists::ZoneRef zone;
  zone.id = query.text();
  zone.dns = query.text();
  zone.operator_name = query.text();
  zone.severity = query.word<lists::Severity>();
  zone.purpose = query.word<lists::Purpose>();
  return zone;
}

dns::Transport read_transport(Query& query) {
  const std::string word = query.text();
  if (word == dns::to_text(dns::Transport::udp)) {
    return dns::Transport::udp;
  }
  if (word == dns::to_text(dns::Transport::tcp)) {
    return dns::Transport::tcp;
  }
  query.transaction().fail_corrupt("unknown transport " + core::quoted(word));
  return dns::Transport::udp;
}

}  // namespace

const std::string kEvidenceColumns =
    "ev_question, ev_qtype, ev_server, ev_transport, ev_rcode, ev_a, ev_txt, ev_ttl_s, ev_ede, "
    "ev_asked_at, ev_took_ms, ev_test_state, ev_test_at, ev_test_cause, ev_direct";

void bind_evidence(Query& query, const lists::Evidence* evidence) {
  if (evidence == nullptr) {
    for (int i = 0; i < kEvidenceCount; ++i) {
      query.bind_null();
    }
    return;
  }
  query.bind(evidence->question, evidence->qtype, evidence->server,
             dns::to_text(evidence->transport), evidence->rcode, encode_list(evidence->a));
  query.bind_blob(evidence->txt, kMaxText);
  query.bind(evidence->ttl, encode_numbers(evidence->ede), evidence->asked_at, evidence->took,
             evidence->test_state, evidence->test_at, evidence->test_cause,
             evidence->role == dns::ServerRole::authoritative);
}

std::optional<lists::Evidence> read_evidence(Query& query) {
  if (query.is_null()) {
    query.skip(kEvidenceCount);
    return std::nullopt;
  }
  lists::Evidence evidence;
  evidence.question = query.text();
  evidence.qtype = query.text();
  evidence.server = query.text();
  evidence.transport = read_transport(query);
  evidence.rcode = query.text();
  evidence.a = query.decoded(decode_list);
  evidence.txt = query.blob();
  if (const std::optional<std::int64_t> ttl = query.maybe_integer()) {
    evidence.ttl = core::Seconds(*ttl);
  }
  evidence.ede = query.decoded(decode_numbers);
  evidence.asked_at = query.timestamp();
  evidence.took = core::Millis(query.integer());
  evidence.test_state = query.word<lists::ZoneState>();
  evidence.test_at = query.maybe_timestamp();
  evidence.test_cause = query.maybe_word<lists::Cause>();
  evidence.role = query.maybe_integer().value_or(0) != 0 ? dns::ServerRole::authoritative
                                                         : dns::ServerRole::resolver;
  return evidence;
}

const std::string kEventColumns =
    "type, at, severity, target_name, target_value, target_tags, targets, subject, kind, zone, "
    "zone_dns, zone_operator, zone_severity, zone_purpose, resolver_servers, zones, channel, "
    "codes, added, removed, meanings, reason, first_seen, listed_at, delisted_at, cause, since, "
    "affected_subjects, passed, dropped, lookup_url, delist_url, delist_steps, " +
    kEvidenceColumns;

void bind_event(Query& query, const lists::Event& event) {
  query.bind(event.type, event.at, event.severity);
  bind_target(query, event.target);
  query.bind(encode_list(event.targets), event.subject, event.kind);
  bind_zone(query, event.zone);
  query.bind(encode_list(event.resolver_servers), encode_list(event.zones), event.channel,
             encode_list(event.codes), encode_list(event.added), encode_list(event.removed),
             encode_list(event.meanings));
  query.bind_blob(event.reason, kMaxText);
  query.bind(event.first_seen, event.listed_at, event.delisted_at, event.cause, event.since,
             event.affected_subjects, event.passed, event.dropped, event.lookup_url,
             event.delist_url, encode_list(event.delist_steps));
  bind_evidence(query, event.evidence ? &*event.evidence : nullptr);
}

lists::Event read_event(Query& query) {
  lists::Event event;
  event.id = query.integer();
  event.type = query.word<lists::EventType>();
  event.at = query.timestamp();
  event.severity = query.word<lists::Severity>();
  event.target = read_target(query);
  event.targets = query.decoded(decode_list);
  event.subject = query.text();
  event.kind = query.maybe_word<lists::Kind>();
  event.zone = read_zone(query);
  event.resolver_servers = query.decoded(decode_list);
  event.zones = query.decoded(decode_list);
  event.channel = query.text();
  event.codes = query.decoded(decode_list);
  event.added = query.decoded(decode_list);
  event.removed = query.decoded(decode_list);
  event.meanings = query.decoded(decode_list);
  event.reason = query.blob();
  event.first_seen = query.flag();
  event.listed_at = query.maybe_timestamp();
  event.delisted_at = query.maybe_timestamp();
  event.cause = query.text();
  event.since = query.maybe_timestamp();
  event.affected_subjects = read_count(query);
  event.passed = read_count(query);
  event.dropped = read_count(query);
  event.lookup_url = query.text();
  event.delist_url = query.text();
  event.delist_steps = query.decoded(decode_list);
  event.evidence = read_evidence(query);
  return event;
}

const std::string kListingColumns =
    "subject, kind, zone, purpose, codes, reason, listed_at, last_seen, ended_at, retired, "
    "first_seen, contained, zone_dns, zone_operator, zone_severity, target_name, target_value, "
    "target_tags, targets, lookup_url, delist_url, delist_steps";

void bind_listing(Query& query, const report::ListingRow& row) {
  query.bind(row.subject, row.kind, row.zone, row.purpose, encode_codes(row.codes));
  query.bind_blob(row.reason, kMaxText);
  query.bind(row.listed_at, row.last_seen, row.ended_at, row.is_retired, row.first_seen,
             row.contained, row.zone_ref.dns, row.zone_ref.operator_name, row.zone_ref.severity,
             row.target.name, row.target.value, encode_list(row.target.tags),
             encode_list(row.targets), row.lookup_url, row.delist_url,
             encode_list(row.delist_steps));
}

report::ListingRow read_listing(Query& query) {
  report::ListingRow row;
  row.id = query.integer();
  row.subject = query.text();
  row.kind = query.word<lists::Kind>();
  row.zone = query.text();
  row.purpose = query.word<lists::Purpose>();
  row.codes = query.decoded(decode_codes);
  row.reason = query.blob();
  row.listed_at = query.timestamp();
  row.last_seen = query.maybe_timestamp();
  row.ended_at = query.maybe_timestamp();
  row.is_retired = query.flag();
  row.first_seen = query.flag();
  row.contained = query.flag();
  row.zone_ref.id = row.zone;
  row.zone_ref.dns = query.text();
  row.zone_ref.operator_name = query.text();
  row.zone_ref.severity = query.word<lists::Severity>();
  row.zone_ref.purpose = row.purpose;
  row.target.name = query.text();
  row.target.value = query.text();
  row.target.tags = query.decoded(decode_list);
  row.targets = query.decoded(decode_list);
  row.lookup_url = query.text();
  row.delist_url = query.text();
  row.delist_steps = query.decoded(decode_list);
  return row;
}

const std::string kKindColumns =
    "zone, kind, state, cause, since, last_test, swept_at, sweep_length_ms, form, decided, "
    "last_passed, told_blind_since";

KindRecord read_kind(Query& query) {
  KindRecord record;
  record.row.zone = query.text();
  record.row.kind = query.word<lists::Kind>();
  record.row.state = query.word<lists::ZoneState>();
  record.row.cause = query.maybe_word<lists::Cause>();
  record.row.since = query.maybe_timestamp();
  record.row.last_test = query.maybe_timestamp();
  record.row.swept_at = query.maybe_timestamp();
  if (const std::optional<std::int64_t> length = query.maybe_integer()) {
    record.row.sweep_length = core::Millis(*length);
  }
  record.row.form = query.maybe_word<lists::DomainForm>();
  record.has_been_decided = query.flag();
  record.last_passed = query.maybe_timestamp();
  record.told_blind_since = query.maybe_timestamp();
  return record;
}

const std::string kEntryColumns = "code, joins, votes, next_possible, lapses_at, decided";

lists::PendingEntry read_entry(Query& query) {
  lists::PendingEntry entry;
  entry.code = query.decoded(decode_code);
  entry.joins = query.flag();
  entry.votes = query.decoded(decode_votes);
  entry.next_possible = query.tick();
  entry.lapses_at = query.tick();
  entry.is_decided = query.flag();
  return entry;
}

const std::string kHeldColumns =
    "subject, purpose, first_seen, type, codes, added, removed, since, first_vote";

HeldRow read_held(Query& query) {
  HeldRow row;
  row.subject = query.text();
  row.change.purpose = query.word<lists::Purpose>();
  row.change.first_seen = query.flag();
  row.change.change.type = query.word<lists::EventType>();
  row.change.change.codes = query.decoded(decode_codes);
  row.change.change.added = query.decoded(decode_codes);
  row.change.change.removed = query.decoded(decode_codes);
  row.change.change.since = query.timestamp();
  row.change.change.first_vote = query.tick();
  return row;
}

}  // namespace rblwatch::storage
