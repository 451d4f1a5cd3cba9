// SPDX-License-Identifier: Apache-2.0
#include "alerts/event_json.hpp"

#include <string_view>

#include <nlohmann/json.hpp>

#include "alerts/advice.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::alerts {
namespace {

using Json = nlohmann::ordered_json;
using lists::EventType;

constexpr std::size_t kLongestTimeline = 20;

Json text_or_null(std::string_view text) {
  return text.empty() ? Json() : Json(core::to_utf8(core::Untrusted(std::string(text))));
}

Json texts(const std::vector<std::string>& values) {
  Json array = Json::array();
  for (const std::string& value : values) {
    array.push_back(core::to_utf8(core::Untrusted(value)));
  }
  return array;
}

Json time_or_null(const std::optional<core::Timestamp>& at) {
  return at ? Json(core::to_rfc3339(*at)) : Json();
}

template <class T>
Json number_or_null(const std::optional<T>& number) {
  return number ? Json(*number) : Json();
}

Json target_json(const lists::Event& event) {
  if (!event.target) {
    return {};
  }
  Json json;
  json["name"] = text_or_null(event.target->name);
  json["value"] = text_or_null(event.target->value);
  json["tags"] = texts(event.target->tags);
  return json;
}

Json zone_json(const lists::Event& event) {
  if (!event.zone) {
    return {};
  }
  Json json;
  json["id"] = text_or_null(event.zone->id);
  json["dns"] = text_or_null(event.zone->dns);
  json["operator"] = text_or_null(event.zone->operator_name);
  json["severity"] = core::enum_word(event.zone->severity);
  json["purpose"] = core::enum_word(event.zone->purpose);
  return json;
}

bool is_of_resolver(const lists::Event& event) {
  return event.type == EventType::resolver_blind || event.type == EventType::resolver_seeing;
}

Json resolver_json(const lists::Event& event) {
  if (!is_of_resolver(event)) {
    return {};
  }
  Json json;
  json["servers"] = texts(event.resolver_servers);
  return json;
}

Json duration_json(const lists::Event& event) {
  if (!event.listed_at || !event.delisted_at) {
    return {};
  }
  return std::chrono::duration_cast<core::Seconds>(*event.delisted_at - *event.listed_at).count();
}

Json evidence_json(const lists::Event& event) {
  if (!event.evidence) {
    return {};
  }
  const lists::Evidence& evidence = *event.evidence;
  Json json;
  json["question"] = text_or_null(evidence.question);
  json["server"] = text_or_null(evidence.server);
  json["transport"] = dns::to_text(evidence.transport);
  json["rcode"] = text_or_null(evidence.rcode);
  json["ttl_s"] = evidence.ttl ? Json(evidence.ttl->count()) : Json();
  json["asked_at"] = core::to_rfc3339(evidence.asked_at);
  return json;
}

Json timeline_json(const std::vector<lists::TimelineEntry>& timeline) {
  Json array = Json::array();
  for (const lists::TimelineEntry& entry : timeline) {
    if (array.size() == kLongestTimeline) {
      break;
    }
    Json json;
    json["type"] = core::enum_word(entry.type);
    json["at"] = core::to_rfc3339(entry.at);
    json["zone"] = text_or_null(entry.zone);
    json["codes"] = texts(entry.codes);
    array.push_back(std::move(json));
  }
  return array;
}

void add_codes(Json& json, const lists::Event& event) {
  json["codes"] = texts(event.codes);
  json["added"] = texts(event.added);
  json["removed"] = texts(event.removed);
  json["meanings"] = texts(event.meanings);
  json["reason"] = text_or_null(event.reason.raw());
  json["first_seen"] = event.first_seen;
  json["listed_at"] = time_or_null(event.listed_at);
  json["delisted_at"] = time_or_null(event.delisted_at);
  json["duration_s"] = duration_json(event);
}

Json advice_json(const lists::Event& event) {
  const lists::Advice advice = advice_on(event);
  Json json;
  json["meaning"] = text_or_null(advice.meaning);
  json["steps"] = texts(advice.steps);
  return json;
}

/// Keys that only some types have.
void add_extras(Json& json, const lists::Event& event) {
  if (event.type == EventType::zone_released) {
    json["passed"] = number_or_null(event.passed);
    json["dropped"] = number_or_null(event.dropped);
  }
  if (is_of_resolver(event)) {
    json["zones"] = texts(event.zones);
  }
}

}  // namespace

std::string event_json(const EventView& view) {
  const lists::Event& event = view.event;
  Json json;
  json["id"] = event.id;
  json["type"] = core::enum_word(event.type);
  json["at"] = core::to_rfc3339(event.at);
  json["severity"] = core::enum_word(event.severity);
  json["target"] = target_json(event);
  json["targets"] = texts(event.targets);
  json["subject"] = text_or_null(event.subject);
  json["kind"] = event.kind ? Json(core::enum_word(*event.kind)) : Json();
  json["zone"] = zone_json(event);
  json["resolver"] = resolver_json(event);
  json["channel"] = text_or_null(event.channel);
  add_codes(json, event);
  json["cause"] = text_or_null(event.cause);
  json["since"] = time_or_null(event.since);
  json["affected_subjects"] = number_or_null(event.affected_subjects);
  json["text"] = text_or_null(lists::event_text(event));
  // Of a zone's event it is the operator's site, for people: there is no subject to look up.
  json["lookup_url"] = event.subject.empty() ? Json() : text_or_null(event.lookup_url);
  json["delist_url"] = text_or_null(event.delist_url);
  json["delist_steps"] = texts(event.delist_steps);
  json["evidence"] = evidence_json(event);
  json["timeline"] = timeline_json(view.timeline);
  json["advice"] = advice_json(event);
  add_extras(json, event);
  // ASCII only: bidirectional and C1 controls out of a TXT record leave as \uNNNN.
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace rblwatch::alerts
