// SPDX-License-Identifier: Apache-2.0
#include "report/text_unseen.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "report/table.hpp"
#include "report/text_listing.hpp"
#include "report/unseen.hpp"

namespace rblwatch::report {
namespace {

using core::enum_word;
using lists::Cause;
using lists::Kind;
using lists::ZoneState;

constexpr std::size_t kMostSubjects = 8;  // named of an unknown

Cell cause_cell(const std::optional<Cause>& cause) {
  return cause ? Cell(std::string(enum_word(*cause)), Ink::doubtful) : Cell();
}

Cell ago_cell(const std::optional<Timestamp>& at, Timestamp now) {
  return {at ? core::to_ago(*at, now) : "", Ink::faint};
}

std::string resolvers_to_text(const StatusDoc& document, AdviceNeeded& advice,
                              const TextStyle& style) {
  Table table({{.title = "RESOLVER", .weight = 9},
               {.title = "STATE", .weight = 8},
               {.title = "CAUSE", .weight = 7},
               {.title = "SINCE", .weight = 6},
               {.title = "", .weight = 3, .is_optional = true}});
  for (const ResolverView& view : document.resolvers) {
    if (view.state != "seeing") {
      table.add({{show(view.server, style)},
                 {show(view.state, style), Ink::bad},
                 cause_cell(view.cause),
                 time_cell(view.since, document.generated_at),
                 ago_cell(view.since, document.generated_at)});
      advice.need(view.cause);
    }
  }
  return table.to_text(style);
}

/// The word, and beside it the meaning and on a new line the remedy.
void add_advice(std::string& text, const AdviceNeeded::Entry& entry, std::size_t width,
                const TextStyle& style) {
  const std::string padding(width - entry.word.size() + 2, ' ');
  const std::size_t indent = width + 4;
  add_wrapped(text, "  " + paint(entry.word, Ink::doubtful, style) + padding, indent,
              entry.advice.meaning, style);
  if (!entry.advice.steps.empty()) {
    add_wrapped(text, std::string(indent, ' '), indent, core::join(entry.advice.steps, " "), style);
  }
}

std::string advice_to_text(const AdviceNeeded& advice, const TextStyle& style) {
  const std::vector<AdviceNeeded::Entry> entries = advice.entries();
  std::size_t width = 0;
  for (const AdviceNeeded::Entry& entry : entries) {
    width = std::max(width, entry.word.size());
  }
  std::string text;
  for (const AdviceNeeded::Entry& entry : entries) {
    add_advice(text, entry, width, style);
  }
  return text;
}

std::string unresolved_to_text(const StatusDoc& document, const TextStyle& style) {
  Table table({{.title = "TARGET", .weight = 9, .least = 12},
               {.title = "WHY", .weight = 8},
               {.title = "SINCE", .weight = 6},
               {.title = "", .weight = 3, .is_optional = true}});
  for (const UnresolvedView& view : document.unresolved) {
    table.add({{show(view.target, style)},
               {show(view.why, style), Ink::doubtful},
               time_cell(view.since, document.generated_at),
               ago_cell(view.since, document.generated_at)});
  }
  return table.to_text(style);
}

/// "blind (timeout)", in short "timeout".
Cell state_cell(ZoneState state, const std::optional<Cause>& cause) {
  const std::string word(enum_word(state));
  if (!cause) {
    return {word, ink_of(state)};
  }
  const std::string why(enum_word(*cause));
  return {word + " (" + why + ")", why, ink_of(state)};
}

std::string zones_to_text(const StatusDoc& document, AdviceNeeded& advice, const TextStyle& style) {
  const Timestamp now = document.generated_at;
  Table table({{.title = "ZONE", .weight = 9, .least = 24},
               {.title = "KIND", .weight = 4},
               {.title = "STATE", .weight = 8},
               {.title = "SINCE", .weight = 6},
               {.title = "", .weight = 7, .is_optional = true},
               {.title = "PAIRS", .weight = 5, .is_number = true}});
  for (const UnseenKind& unseen : unseen_kinds(document)) {
    table.add({{show(unseen.zone->id, style)},
               {unseen.kind ? std::string(enum_word(*unseen.kind)) : ""},
               state_cell(unseen.state, unseen.cause),
               time_cell(unseen.since, now),
               ago_cell(unseen.since, now),
               {unseen.kind ? number(unseen.pairs) : ""}});
    advice.need(unseen);
  }
  return table.to_text(style);
}

std::string some_of(const UnknownView& view, const TextStyle& style) {
  const std::size_t named = std::min(view.subjects.size(), kMostSubjects);
  std::string text;
  for (std::size_t i = 0; i < named; ++i) {
    text += (i == 0 ? "" : ", ") + show(view.subjects[i], style);
  }
  if (named > 0 && view.pairs > named) {
    text += " and " + number(view.pairs - named) + " more";
  }
  return text;
}

std::string pairs_to_text(const StatusDoc& document, AdviceNeeded& advice, const TextStyle& style) {
  const Timestamp now = document.generated_at;
  Table table({{.title = "ZONE", .weight = 9, .least = 24},
               {.title = "KIND", .weight = 4},
               {.title = "CAUSE", .weight = 8},
               {.title = "SINCE", .weight = 6},
               {.title = "", .weight = 3, .is_optional = true},
               {.title = "PAIRS", .weight = 7, .is_number = true}});
  for (const UnknownView* view : other_unknowns(document)) {
    table.add({{show(view->zone, style)},
               {std::string(enum_word(view->kind))},
               cause_cell(view->cause),
               time_cell(view->since, now),
               ago_cell(view->since, now),
               {number(view->pairs)}});
    table.add_note(some_of(*view, style));
    advice.need(view->cause);
  }
  return table.to_text(style);
}

}  // namespace

void add_section(std::string& text, std::string_view title, const std::string& body,
                 const TextStyle& style) {
  if (!body.empty()) {
    text += "\n" + paint(title, Ink::bold, style) + "\n" + body;
  }
}

Ink ink_of(ZoneState state) {
  switch (state) {
    case ZoneState::blind:
      return Ink::bad;
    case ZoneState::quarantined:
    case ZoneState::untested:
      return Ink::doubtful;
    case ZoneState::seeing:
      return Ink::good;
  }
  RBL_CHECK(false);
}

std::string kinds_text(const std::vector<Kind>& kinds) {
  std::string text;
  for (const Kind kind : kinds) {
    text += (text.empty() ? "" : ", ") + std::string(enum_word(kind));
  }
  return text;
}

void add_stopped(std::string& text, const std::optional<DaemonView>& daemon, Timestamp now,
                 const TextStyle& style) {
  if (daemon && !daemon->running) {
    add_line(text, stopped_line(*daemon, now, style), Ink::bad, style);
  }
}

std::string unseen_to_text(const StatusDoc& document, const TextStyle& style) {
  AdviceNeeded advice(!document.daemon);
  std::string text;
  add_section(text, "Resolvers that can't be relied on", resolvers_to_text(document, advice, style),
              style);
  add_section(text, "Targets whose addresses aren't known", unresolved_to_text(document, style),
              style);
  const std::string zones = zones_to_text(document, advice, style);
  add_section(text, "Zones that can't be relied on", zones, style);
  add_section(text, zones.empty() ? "Unknown pairs" : "Unknown pairs on the other zones",
              pairs_to_text(document, advice, style), style);
  add_section(text, "What it means", advice_to_text(advice, style), style);
  return text;
}

}  // namespace rblwatch::report
