// SPDX-License-Identifier: Apache-2.0
#include "report/plan.hpp"

#include <cmath>

#include "core/text.hpp"
#include "core/time.hpp"
#include "report/json_parts.hpp"
#include "report/shown.hpp"
#include "report/table.hpp"
#include "report/text_unseen.hpp"

namespace rblwatch::report {
namespace {

using json_parts::Json;

/// Parts of a whole to four digits, seconds and paces to three: more is noise.
Json number_json(const std::optional<double>& number, double digits) {
  return number ? Json(std::round(*number * digits) / digits) : Json();
}

Json limit_json(std::uint64_t limit) {
  return limit > 0 ? Json(limit) : Json();
}

Json zone_json(const PlanZone& zone) {
  Json json;
  json["id"] = json_parts::text(zone.id);
  json["operator"] = json_parts::text_or_null(zone.operator_name);
  json["questions_per_day"] = zone.questions_per_day;
  json["limit_per_day"] = limit_json(zone.limit_per_day);
  json["share"] = number_json(zone.share, 10'000);
  json["qps"] = number_json(zone.qps, 1000);
  json["sweep_s"] = number_json(zone.sweep_s, 1000);
  return json;
}

Json operator_json(const PlanOperator& one) {
  Json json;
  json["operator"] = json_parts::text(one.operator_name);
  json["questions_per_day"] = one.questions_per_day;
  json["limit_per_day"] = limit_json(one.limit_per_day);
  json["share"] = number_json(one.share, 10'000);
  return json;
}

std::string limit_text(std::uint64_t limit) {
  return limit > 0 ? number(limit) : "";
}

Cell share_cell(const std::optional<double>& share) {
  if (!share) {
    return {};
  }
  const double hundredths = *share * 100;
  constexpr double kNearlyAll = 0.9;
  const Ink high = *share > 1 ? Ink::bad : Ink::doubtful;
  const Ink ink = *share > kNearlyAll ? high : Ink::plain;
  if (hundredths > 0 && hundredths < 1) {
    return {"under 1 %", "<1 %", ink};
  }
  return {std::to_string(std::llround(hundredths)) + " %", ink};
}

std::string pace_text(const std::optional<double>& qps) {
  if (!qps) {
    return "";
  }
  const auto thousandths = std::llround(*qps * 1000);
  std::string text = std::to_string(thousandths / 1000);
  if (thousandths % 1000 != 0) {
    std::string rest = std::to_string(1000 + thousandths % 1000).substr(1);
    rest.erase(rest.find_last_not_of('0') + 1);
    text += "." + rest;
  }
  return text + "/s";
}

std::string sweep_text(const std::optional<double>& seconds) {
  if (!seconds) {
    return "";
  }
  return core::to_human(core::Millis(std::llround(std::ceil(*seconds)) * 1000));
}

std::string zones_text(const PlanDoc& document, const TextStyle& style) {
  Table table({{.title = "ZONE", .weight = 9, .least = 16},
               {.title = "OPERATOR", .weight = 3, .least = 10, .is_optional = true},
               {.title = "A DAY", .weight = 8, .is_number = true},
               {.title = "LIMIT", .weight = 7, .is_number = true},
               {.title = "SHARE", .weight = 8, .is_number = true},
               {.title = "PACE", .weight = 4, .is_optional = true, .is_number = true},
               {.title = "SWEEP", .weight = 6, .is_number = true}});
  for (const PlanZone& zone : document.zones) {
    table.add({{show(zone.id, style)},
               {show(zone.operator_name, style)},
               {number(zone.questions_per_day)},
               {limit_text(zone.limit_per_day)},
               share_cell(zone.share),
               {pace_text(zone.qps)},
               {sweep_text(zone.sweep_s)}});
  }
  return table.to_text(style);
}

std::string operators_text(const PlanDoc& document, const TextStyle& style) {
  Table table({{.title = "OPERATOR", .weight = 9, .least = 16},
               {.title = "A DAY", .weight = 8, .is_number = true},
               {.title = "LIMIT", .weight = 7, .is_number = true},
               {.title = "SHARE", .weight = 8, .is_number = true}});
  for (const PlanOperator& one : document.operators) {
    table.add({{show(one.operator_name, style)},
               {number(one.questions_per_day)},
               {limit_text(one.limit_per_day)},
               share_cell(one.share)});
  }
  return table.to_text(style);
}

std::string demand_text(const PlanDoc& document, const TextStyle& style) {
  if (document.zones.empty()) {
    return "No zone is in use: nothing will be asked. See [catalogue] in the configuration.\n";
  }
  std::uint64_t all = 0;
  for (const PlanZone& zone : document.zones) {
    all += zone.questions_per_day;
  }
  if (all == 0) {
    return "No zone in use has a subject: nothing will be asked. Add a [[target]] to the "
           "configuration.\n";
  }
  std::string text;
  add_line(text,
           core::count_of(all, "question", "questions") + " a day to " +
               core::count_of(document.zones.size(), "zone", "zones") + ", tests included.",
           Ink::bold, style);
  text += "\n" + zones_text(document, style);
  if (!document.operators.empty()) {
    text += "\n" + operators_text(document, style);
  }
  return text;
}

}  // namespace

std::string to_json(const PlanDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["zones"] = json_parts::array_of(document.zones, zone_json);
  json["operators"] = json_parts::array_of(document.operators, operator_json);
  json["warnings"] = json_parts::texts(document.warnings);
  return json_parts::dump(json);
}

std::string to_text(const PlanDoc& document, const TextStyle& style) {
  std::string text = demand_text(document, style);
  for (const std::string& warning : document.warnings) {
    text += "\n";
    add_wrapped(text, paint("warning: ", Ink::doubtful, style), 9, show(warning, style), style);
  }
  return text;
}

}  // namespace rblwatch::report
