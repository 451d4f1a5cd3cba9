// SPDX-License-Identifier: Apache-2.0
#include "report/json_parts.hpp"

namespace rblwatch::report::json_parts {
namespace {

Json doubt(const std::optional<lists::Doubt>& doubt) {
  if (!doubt) {
    return {};
  }
  Json json;
  json["cause"] = core::enum_word(doubt->cause);
  json["since"] = core::to_rfc3339(doubt->since);
  return json;
}

Json duration(const ListingView& view, Timestamp now) {
  const std::optional<core::Seconds> length = view.duration(now);
  return length ? Json(length->count()) : Json();
}

void add_whom_and_where(Json& json, const ListingView& view) {
  json["target"] = text(view.target);
  json["targets"] = texts(view.targets);
  json["tags"] = texts(view.tags);
  json["subject"] = text(view.subject);
  json["kind"] = core::enum_word(view.kind);
  json["zone"] = text(view.zone);
  json["dns"] = text(view.dns);
  json["operator"] = text_or_null(view.operator_name);
  json["severity"] = core::enum_word(view.severity);
  json["purpose"] = core::enum_word(view.purpose);
}

/// The states of a zone as a whole and of one kind have the same four keys.
template <class View>
void add_state(Json& json, const View& view) {
  json["state"] = core::enum_word(view.state);
  json["cause"] = word_or_null(view.cause);
  json["since"] = time_or_null(view.since);
  json["last_test"] = time_or_null(view.last_test);
}

Json kinds(const std::vector<KindView>& views) {
  Json json = Json::object();
  for (const KindView& view : views) {
    Json kind;
    add_state(kind, view);
    json[std::string(core::enum_word(view.kind))] = std::move(kind);
  }
  return json;
}

}  // namespace

Json head(Timestamp generated_at) {
  Json json;
  json["schema"] = "rblwatch/1";
  json["generated_at"] = core::to_rfc3339(generated_at);
  return json;
}

std::string dump(const Json& document) {
  return document.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Json text(std::string_view value) {
  return core::to_utf8(core::Untrusted(std::string(value)));
}

Json text_or_null(std::string_view value) {
  return value.empty() ? Json() : text(value);
}

Json texts(const std::vector<std::string>& values) {
  return array_of(values, [](const std::string& value) { return text(value); });
}

Json time_or_null(const std::optional<Timestamp>& at) {
  return at ? Json(core::to_rfc3339(*at)) : Json();
}

Json listing(const ListingView& view, Timestamp now) {
  Json json;
  add_whom_and_where(json, view);
  json["state"] = core::enum_word(view.state);
  // What a quarantine holds has its votes.
  json["pending_to"] = word_or_null(view.held ? std::nullopt : view.pending_to);
  json["codes"] = texts(view.codes);
  json["meanings"] = texts(view.meanings);
  json["reason"] = text_or_null(view.reason.raw());
  json["listed_at"] = time_or_null(view.listed_at);
  json["last_seen"] = time_or_null(view.last_seen);
  json["delisted_at"] = time_or_null(view.delisted_at);
  json["duration_s"] = duration(view, now);
  json["first_seen"] = view.first_seen;
  json["doubt"] = doubt(view.doubt);
  json["acked"] = view.acked;
  json["muted_by"] = text_or_null(view.muted_by);
  json["contained"] = view.contained;
  json["held"] = view.held;
  json["lookup_url"] = text_or_null(view.lookup_url);
  json["delist_url"] = text_or_null(view.delist_url);
  json["delist_steps"] = texts(view.delist_steps);
  json["delist_requested_at"] = time_or_null(view.delist_requested_at);
  json["overdue"] = view.overdue;
  return json;
}

Json zone(const ZoneView& view) {
  Json json;
  json["id"] = text(view.id);
  json["dns"] = text(view.dns);
  json["operator"] = text_or_null(view.operator_name);
  json["severity"] = core::enum_word(view.severity);
  json["purpose"] = core::enum_word(view.purpose);
  add_state(json, view);
  json["last_sweep"] = time_or_null(view.last_sweep);
  json["kinds"] = kinds(view.kinds);
  json["subjects"] = view.subjects;
  json["listed"] = view.listed;
  json["unknown"] = view.unknown;
  return json;
}

}  // namespace rblwatch::report::json_parts
