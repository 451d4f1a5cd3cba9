// SPDX-License-Identifier: Apache-2.0
#include "report/action.hpp"

#include "report/json_parts.hpp"
#include "report/shown.hpp"
#include "report/table.hpp"

namespace rblwatch::report {

using json_parts::Json;

std::string to_json(const ActionDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["action"] = json_parts::text(document.action);
  json["object"] = json_parts::text(document.object);
  json["text"] = json_parts::text(document.text);
  return json_parts::dump(json);
}

std::string to_json(const SentDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["results"] = json_parts::array_of(document.results, [](const SentView& sent) {
    Json result;
    result["channel"] = json_parts::text(sent.channel);
    result["state"] = json_parts::text(sent.state);
    result["response"] = json_parts::text_or_null(sent.response);
    return result;
  });
  return json_parts::dump(json);
}

std::string to_text(const ActionDoc& document, const TextStyle& style) {
  return show(document.text, style) + ".\n";
}

std::string to_text(const SentDoc& document, const TextStyle& style) {
  Table table({{.title = "CHANNEL", .weight = 9, .least = 12},
               {.title = "STATE", .weight = 9},
               {.title = "ANSWER", .weight = 5, .least = 20}});
  for (const SentView& sent : document.results) {
    const bool is_delivered = sent.state == "delivered";
    table.add({show(sent.channel, style), Cell(sent.state, is_delivered ? Ink::good : Ink::bad),
               show(sent.response, style)});
  }
  return table.to_text(style);
}

}  // namespace rblwatch::report
