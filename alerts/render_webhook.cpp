// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "alerts/event_json.hpp"
#include "alerts/render.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

using Json = nlohmann::ordered_json;

Json coverage_json(const Coverage& coverage) {
  Json json;
  json["zones"] = coverage.zones;
  json["seeing"] = coverage.seeing;
  json["blind"] = coverage.blind;
  json["quarantined"] = coverage.quarantined;
  return json;
}

/// What the subjects of the message have elsewhere, unseen: each listing once, whatever the events.
Json in_doubt_json(const std::vector<EventView>& views) {
  Json array = Json::array();
  std::set<std::pair<std::string, std::string>> told;
  for (const EventView& view : views) {
    for (const UnseenListing& listing : view.unseen) {
      if (!told.insert({view.event.subject, listing.zone}).second) {
        continue;
      }
      Json json;
      json["subject"] = view.event.subject;
      json["zone"] = listing.zone;
      json["codes"] = listing.codes;
      json["listed_at"] = core::to_rfc3339(listing.listed_at);
      json["last_seen"] = listing.last_seen ? Json(core::to_rfc3339(*listing.last_seen)) : Json();
      json["doubt"] = {{"cause", core::enum_word(listing.doubt.cause)},
                       {"since", core::to_rfc3339(listing.doubt.since)}};
      array.push_back(std::move(json));
    }
  }
  return array;
}

}  // namespace

HttpRequest render_webhook(const Notification& notification) {
  Json head;
  head["schema"] = "rblwatch/1";
  head["delivery"] = notification.delivery_id;
  head["created_at"] = core::to_rfc3339(notification.created_at);
  head["summary"] = summary_of(notification);
  head["coverage"] = coverage_json(notification.coverage);
  head["in_doubt"] = in_doubt_json(notification.events);
  std::string body = head.dump(-1, ' ', true, Json::error_handler_t::replace);
  body.pop_back();  // its closing brace: the events, each already JSON, go in before it

  std::vector<std::string> events;
  events.reserve(notification.events.size());
  for (const EventView& view : notification.events) {
    events.push_back(event_json(view));
  }
  body += R"(,"events":[)" + core::join(events, ",") + "]}";
  return {"application/json", std::move(body)};
}

}  // namespace rblwatch::alerts
