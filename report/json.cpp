// SPDX-License-Identifier: Apache-2.0
#include "report/json.hpp"

#include "core/check.hpp"
#include "report/json_parts.hpp"

namespace rblwatch::report {
namespace {

using json_parts::array_of;
using json_parts::Json;
using json_parts::number_or_null;
using json_parts::text;
using json_parts::text_or_null;
using json_parts::texts;
using json_parts::time_or_null;
using json_parts::word_or_null;

Json daemon_json(const std::optional<DaemonView>& daemon) {
  if (!daemon) {
    return {};
  }
  Json json;
  json["running"] = daemon->running;
  json["version"] = text_or_null(daemon->version);
  json["started_at"] = time_or_null(daemon->started_at);
  json["last_sweep"] = time_or_null(daemon->last_sweep);
  return json;
}

Json summary_json(const Summary& summary) {
  Json json;
  json["targets"] = summary.targets;
  json["subjects"] = summary.subjects;
  json["pairs"] = summary.pairs;
  json["zones"] = summary.zones;
  json["zones_seeing"] = summary.zones_seeing;
  json["zones_blind"] = summary.zones_blind;
  json["zones_quarantined"] = summary.zones_quarantined;
  json["zones_untested"] = summary.zones_untested;
  json["listed"] = summary.listed;
  json["allow_lost"] = summary.allow_lost;
  json["info"] = summary.info;
  json["pending"] = summary.pending;
  json["unknown"] = summary.unknown;
  json["unsupported"] = summary.unsupported;
  return json;
}

Json resolver_json(const ResolverView& view) {
  Json json;
  json["server"] = text(view.server);
  json["state"] = text(view.state);
  json["cause"] = word_or_null(view.cause);
  json["since"] = time_or_null(view.since);
  json["rtt_ms"] = number_or_null(view.rtt_ms);
  return json;
}

Json unknown_json(const UnknownView& view) {
  Json json;
  json["zone"] = text(view.zone);
  json["kind"] = core::enum_word(view.kind);
  json["cause"] = core::enum_word(view.cause);
  json["since"] = time_or_null(view.since);
  json["pairs"] = view.pairs;
  json["subjects"] = texts(view.subjects);
  return json;
}

Json listings_json(const std::vector<ListingView>& listings, Timestamp now) {
  return array_of(listings,
                  [now](const ListingView& view) { return json_parts::listing(view, now); });
}

Json code_json(const ZoneDetail::CodeRow& row) {
  Json json;
  json["code"] = text(row.code);
  json["meaning"] = text(row.meaning);
  json["purpose"] = core::enum_word(row.purpose);
  return json;
}

/// A waived entry is null.
Json test_json(const ZoneDetail& detail) {
  Json entries = Json::object();
  for (const ZoneDetail::TestRow& row : detail.tests) {
    Json entry;
    entry["listed"] = text_or_null(row.listed);
    entry["clear"] = text_or_null(row.clear);
    entries[std::string(core::enum_word(row.kind))] = std::move(entry);
  }
  Json json;
  json["entries"] = std::move(entries);
  json["random"] = detail.test_random;
  json["codes"] = texts(detail.test_codes);
  return json;
}

Json links_json(const ZoneDetail& detail) {
  Json json;
  json["lookup"] = text_or_null(detail.lookup_url);
  json["delist"] = text_or_null(detail.delist_url);
  json["steps"] = texts(detail.delist_steps);
  return json;
}

Json detail_json(const ZoneDetail& detail) {
  Json json = json_parts::zone(detail.view);
  json["kinds_supported"] = array_of(detail.kinds_supported,
                                     [](lists::Kind kind) { return Json(core::enum_word(kind)); });
  json["codes"] = array_of(detail.codes, code_json);
  json["refusals"] = texts(detail.refusals);
  json["test"] = test_json(detail);
  json["links"] = links_json(detail);
  json["contained_in"] = texts(detail.contained_in);
  json["limit_per_day"] = detail.limit_per_day == 0 ? Json() : Json(detail.limit_per_day);
  json["status"] = text(detail.status);
  json["lookups"] = detail.lookups;
  Json& latency = json["latency_ms"];
  latency["p50"] = number_or_null(detail.latency_p50_ms);
  latency["p99"] = number_or_null(detail.latency_p99_ms);
  json["policy"] = text_or_null(detail.policy);
  json["note"] = text_or_null(detail.note);
  return json;
}

Json target_json(const TargetView& view) {
  Json json;
  json["name"] = text(view.name);
  json["type"] = core::enum_word(view.type);
  json["value"] = text(view.value);
  json["tags"] = texts(view.tags);
  json["subjects"] = view.subjects;
  json["listed"] = view.listed;
  json["unknown"] = view.unknown;
  json["addresses"] = texts(view.addresses);
  json["state"] = text(view.state);
  json["notes"] = texts(view.notes);
  json["listed_in_doubt"] = view.listed_in_doubt;
  json["last_seen"] = time_or_null(view.last_seen);
  return json;
}

Json delivery_json(const DeliveryView& view) {
  Json json;
  json["id"] = text(view.id);
  json["channel"] = text(view.channel);
  json["state"] = text(view.state);
  json["created_at"] = core::to_rfc3339(view.created_at);
  json["attempts"] = view.attempts;
  json["last_attempt_at"] = time_or_null(view.last_attempt_at);
  json["next_attempt_at"] = time_or_null(view.next_attempt_at);
  json["response"] = text_or_null(view.response);
  json["events"] = view.events;
  json["about"] = text_or_null(view.about);
  return json;
}

Json place_or_null(std::uint32_t number) {
  return number == 0 ? Json() : Json(number);
}

Json diagnostic_json(const DiagnosticView& view) {
  Json json;
  json["file"] = text_or_null(view.file);
  json["line"] = place_or_null(view.line);
  json["column"] = place_or_null(view.column);
  json["key"] = text_or_null(view.key);
  json["text"] = text(view.text);
  json["allowed"] = text_or_null(view.allowed);
  return json;
}

/// Whoever fills an EventsDoc promises JSON.
Json event_json(const std::string& event) {
  Json json = Json::parse(event, nullptr, false);
  RBL_CHECK(json.is_object());
  return json;
}

}  // namespace

std::string to_json(const StatusDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["daemon"] = daemon_json(document.daemon);
  json["summary"] = summary_json(document.summary);
  json["listings"] = listings_json(document.listings, document.generated_at);
  json["zones"] = array_of(document.zones, json_parts::zone);
  json["resolvers"] = array_of(document.resolvers, resolver_json);
  json["unknowns"] = array_of(document.unknowns, unknown_json);
  return json_parts::dump(json);
}

std::string to_json(const HistoryDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["listings"] = listings_json(document.listings, document.generated_at);
  json["more"] = document.more;
  return json_parts::dump(json);
}

std::string to_json(const EventsDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["events"] = array_of(document.events, event_json);
  json["more"] = document.more;
  return json_parts::dump(json);
}

std::string error_json(const std::string& error, Timestamp now) {
  Json json = json_parts::head(now);
  json["error"] = text(error);
  return json_parts::dump(json);
}

std::string to_json(const ZonesDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["zones"] = array_of(document.zones, detail_json);
  return json_parts::dump(json);
}

std::string to_json(const TargetsDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["targets"] = array_of(document.targets, target_json);
  return json_parts::dump(json);
}

std::string to_json(const AlertsDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["deliveries"] = array_of(document.deliveries, delivery_json);
  return json_parts::dump(json);
}

std::string to_json(const ConfigCheckDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["errors"] = array_of(document.errors, diagnostic_json);
  json["warnings"] = array_of(document.warnings, diagnostic_json);
  return json_parts::dump(json);
}

}  // namespace rblwatch::report
