// SPDX-License-Identifier: Apache-2.0
// `zones` as a table, and one zone in full.
#include <algorithm>

#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "lists/advice.hpp"
#include "report/table.hpp"
#include "report/text.hpp"
#include "report/text_listing.hpp"
#include "report/text_unseen.hpp"

namespace rblwatch::report {
namespace {

using core::enum_word;
using lists::ZoneState;

std::string latency_text(const std::optional<std::int64_t>& latency) {
  return latency ? std::to_string(*latency) + " ms" : "";
}

std::string state_text(const ZoneView& view) {
  return std::string(enum_word(view.state)) +
         (view.cause ? " (" + std::string(enum_word(*view.cause)) + ")" : "");
}

/// In use, but nothing is asked of it, so it isn't tested either.
bool is_idle(const ZoneView& view) {
  return view.subjects == 0 && view.state == ZoneState::untested;
}

std::vector<Cell> zone_row(const ZoneDetail& zone, Timestamp now, const TextStyle& style) {
  const ZoneView& view = zone.view;
  return {{show(view.id, style)},
          {state_text(view), is_idle(view) ? Ink::faint : ink_of(view.state)},
          {kinds_text(zone.kinds_supported)},
          {std::string(enum_word(view.severity))},
          {number(view.subjects)},
          {number(view.listed), view.listed > 0 ? Ink::bad : Ink::plain},
          {number(view.unknown), view.unknown > 0 ? Ink::doubtful : Ink::plain},
          {view.last_test ? core::to_ago(*view.last_test, now) : "never"},
          {number(zone.lookups)},
          {latency_text(zone.latency_p50_ms)},
          {latency_text(zone.latency_p99_ms)}};
}

/// "2 blind, 1 quarantined, 0 untested", without what nothing is asked of.
std::string unseen_states(const ZonesDoc& document) {
  std::vector<std::string> parts;
  for (const ZoneState state : {ZoneState::blind, ZoneState::quarantined, ZoneState::untested}) {
    const auto count = std::count_if(document.zones.begin(), document.zones.end(),
                                     [state](const ZoneDetail& zone) {
                                       return zone.view.state == state && !is_idle(zone.view);
                                     });
    parts.push_back(number(static_cast<std::uint64_t>(count)) + " " +
                    std::string(enum_word(state)));
  }
  return core::join(parts, ", ");
}

std::string summary_line(const ZonesDoc& document) {
  std::size_t idle = 0;
  std::size_t seeing = 0;
  for (const ZoneDetail& zone : document.zones) {
    idle += is_idle(zone.view) ? 1 : 0;
    seeing += zone.view.state == ZoneState::seeing ? 1 : 0;
  }
  const std::size_t asked = document.zones.size() - idle;
  const std::string seen =
      document.daemon && !document.daemon->running ? " could be seen then" : " can be seen";
  std::string line = number(seeing) + " of " + core::count_of(asked, "zone", "zones") + seen +
                     ": " + unseen_states(document);
  if (seeing == asked) {
    line = (asked == 1 ? "The zone" : "All " + number(asked) + " zones") + seen;
  }
  if (asked == 0) {
    return "No zone has subjects, so none is asked.";
  }
  return line +
         (idle == 0
              ? ""
              : "; " + number(idle) + (idle == 1 ? " more has" : " more have") + " no subjects") +
         ".";
}

void add_kinds(std::string& text, const ZoneView& view, Timestamp now, const TextStyle& style) {
  for (const KindView& kind : view.kinds) {
    std::string line(enum_word(kind.state));
    if (kind.cause) {
      line += " (" + std::string(enum_word(*kind.cause)) + ")";
    }
    if (kind.since) {
      line += " since " + show_time(kind.since, now);
    }
    line += kind.last_test ? ", tested " + core::to_ago(*kind.last_test, now) : ", never tested";
    add_field(text, enum_word(kind.kind), line, style);
  }
}

void add_codes(std::string& text, const ZoneDetail& zone, const TextStyle& style) {
  Table table({{.title = "CODE", .weight = 9},
               {.title = "PURPOSE", .weight = 8},
               {.title = "MEANING", .weight = 5, .least = 20}});
  for (const ZoneDetail::CodeRow& row : zone.codes) {
    table.add({{show(row.code, style)},
               {std::string(enum_word(row.purpose))},
               {show(row.meaning, style)}});
  }
  add_section(text, "Codes", table.to_text(style), style);
  std::string refusals = "  127.255.0.0/16";
  for (const std::string& refusal : zone.refusals) {
    refusals += ", " + show(refusal, style);
  }
  add_section(text, "Refusals (no listing, whatever they say)", refusals + "\n", style);
}

void add_tests(std::string& text, const ZoneDetail& zone, const TextStyle& style) {
  std::string body;
  const auto entry = [&style](const std::string& name) {
    return name.empty() ? std::string("waived") : show(name, style);
  };
  for (const ZoneDetail::TestRow& row : zone.tests) {
    add_field(body, enum_word(row.kind),
              "listed " + entry(row.listed) + ", clear " + entry(row.clear) +
                  (zone.test_random ? ", a random name clear" : ""),
              style);
  }
  if (!zone.test_codes.empty()) {
    add_field(body, "codes", show_list(zone.test_codes, style), style);
  }
  add_section(text, "Test entries", body, style);
}

void add_links(std::string& text, const ZoneDetail& zone, const TextStyle& style) {
  std::string body;
  add_field(body, "look up", show(zone.lookup_url, style), style);
  add_field(body, "delist", show(zone.delist_url, style), style);
  add_steps(body, zone.delist_steps, style);
  add_section(text, "Getting off it", body, style);
}

void add_traffic(std::string& text, const ZoneDetail& zone, const TextStyle& style) {
  std::string body;
  add_field(body, "lookups", number(zone.lookups), style);
  if (zone.latency_p50_ms && zone.latency_p99_ms) {
    add_field(body, "latency",
              latency_text(zone.latency_p50_ms) + " (half of them), " +
                  latency_text(zone.latency_p99_ms) + " (99 of 100)",
              style);
  }
  if (zone.limit_per_day > 0) {
    add_field(body, "limit", core::count_of(zone.limit_per_day, "question", "questions") + " a day",
              style);
  }
  add_field(body, "terms", show(zone.policy, style), style);
  add_field(body, "note", show(zone.note, style), style);
  add_section(text, "Use", body, style);
}

}  // namespace

std::string to_text(const ZonesDoc& document, const TextStyle& style) {
  if (document.zones.empty()) {
    return "No zone is in use. See `use` under [catalogue] in the configuration.\n";
  }
  Table table({{.title = "ZONE", .weight = 9, .least = 26},
               {.title = "STATE", .weight = 8},
               {.title = "KINDS", .weight = 2, .is_optional = true},
               {.title = "SEVERITY", .weight = 2, .is_optional = true},
               {.title = "SUBJECTS", .weight = 5, .is_optional = true, .is_number = true},
               {.title = "LISTED", .weight = 7, .is_number = true},
               {.title = "UNKNOWN", .weight = 7, .is_number = true},
               {.title = "TESTED", .weight = 4, .is_optional = true},
               {.title = "LOOKUPS", .weight = 3, .is_optional = true, .is_number = true},
               {.title = "P50", .weight = 1, .is_optional = true, .is_number = true},
               {.title = "P99", .weight = 1, .is_optional = true, .is_number = true}});
  for (const ZoneDetail& zone : document.zones) {
    const bool is_fine =
        is_idle(zone.view) || (zone.view.state == ZoneState::seeing && zone.view.unknown == 0);
    if (!is_fine || !style.quiet_clear) {
      table.add(zone_row(zone, document.generated_at, style));
    }
  }
  std::string text;
  add_line(text, summary_line(document), Ink::plain, style);
  add_stopped(text, document.daemon, document.generated_at, style);
  return text + (table.is_empty() ? "" : "\n" + table.to_text(style));
}

std::string zone_to_text(const ZoneDetail& zone, const TextStyle& style, core::Timestamp now,
                         const std::optional<DaemonView>& daemon) {
  const ZoneView& view = zone.view;
  std::string text = paint(show(view.id, style), Ink::bold, style) + ": " +
                     paint(state_text(view), ink_of(view.state), style) + "\n";
  add_stopped(text, daemon, now, style);
  add_field(text, "name", show(view.dns, style), style);
  add_field(text, "operator", show(view.operator_name, style), style);
  add_field(text, "about",
            std::string(enum_word(view.severity)) + " severity, purpose " +
                std::string(enum_word(view.purpose)) + ", " + show(zone.status, style) +
                ", answers " + kinds_text(zone.kinds_supported),
            style);
  add_field(text, "inside", show_list(zone.contained_in, style), style);
  add_kinds(text, view, now, style);
  if (view.cause) {
    const lists::Advice advice = lists::advice_on(*view.cause, view.id);
    add_field(text, "means", advice.meaning, style);
    add_field(text, "do", show(core::join(advice.steps, " "), style), style);
  }
  add_field(text, "pairs",
            number(view.subjects) + ", " + number(view.listed) + " listed, " +
                number(view.unknown) + " unknown; last sweep " + show_time(view.last_sweep, now),
            style);
  add_codes(text, zone, style);
  add_tests(text, zone, style);
  add_links(text, zone, style);
  add_traffic(text, zone, style);
  return text;
}

}  // namespace rblwatch::report
