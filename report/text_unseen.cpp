// SPDX-License-Identifier: Apache-2.0
#include "report/text_unseen.hpp"

#include <algorithm>
#include <set>

#include "core/check.hpp"
#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "lists/advice.hpp"
#include "report/table.hpp"
#include "report/text_listing.hpp"

namespace rblwatch::report {
namespace {

using core::enum_word;
using lists::Cause;
using lists::Kind;
using lists::ZoneState;

constexpr std::size_t kMostSubjects = 8;  // named of an unknown

/// `check` asks by itself: what it left out is no matter of the daemon.
const lists::Advice& advice_on_unasked() {
  static const lists::Advice kAdvice{
      "Not asked: the addresses of the name can't be found, or time ran out.",
      {"See that the name resolves; ask about fewer subjects or zones at a time."}};
  return kAdvice;
}

/// One piece of advice for each cause or state that was shown.
class AdviceNeeded {
 public:
  explicit AdviceNeeded(bool is_check) : is_check_(is_check) {}

  void need(const std::optional<Cause>& cause) {
    if (cause) {
      causes_.insert(*cause);
    }
  }
  void need(ZoneState state) { states_.insert(state); }

  std::string to_text(const TextStyle& style) const {
    std::vector<Entry> entries;
    for (const ZoneState state : states_) {
      entries.push_back({enum_word(state), lists::advice_on(state)});
    }
    for (const Cause cause : causes_) {
      entries.push_back({enum_word(cause), is_check_ && cause == Cause::not_asked
                                               ? advice_on_unasked()
                                               : lists::advice_on(cause)});
    }
    std::size_t width = 0;
    for (const Entry& entry : entries) {
      width = std::max(width, entry.word.size());
    }
    std::string text;
    for (const Entry& entry : entries) {
      add(text, entry, width, style);
    }
    return text;
  }

 private:
  struct Entry {
    std::string_view word;
    lists::Advice advice;
  };

  /// The word, and beside it the meaning and on a new line the remedy.
  static void add(std::string& text, const Entry& entry, std::size_t width,
                  const TextStyle& style) {
    const std::string padding(width - entry.word.size() + 2, ' ');
    const std::size_t indent = width + 4;
    add_wrapped(text, "  " + paint(entry.word, Ink::doubtful, style) + padding, indent,
                entry.advice.meaning, style);
    if (!entry.advice.steps.empty()) {
      add_wrapped(text, std::string(indent, ' '), indent, core::join(entry.advice.steps, " "),
                  style);
    }
  }

  bool is_check_;
  std::set<Cause> causes_;
  std::set<ZoneState> states_;
};

Cell cause_cell(const std::optional<Cause>& cause) {
  return cause ? Cell(std::string(enum_word(*cause)), Ink::doubtful) : Cell();
}

Cell ago_cell(const std::optional<Timestamp>& at, Timestamp now) {
  return {at ? core::to_ago(*at, now) : "", Ink::faint};
}

bool is_seen(ZoneState state) {
  return state == ZoneState::seeing || state == ZoneState::quarantined;
}

std::uint64_t unknown_pairs(const StatusDoc& document, const std::string& zone, Kind kind) {
  std::uint64_t pairs = 0;
  for (const UnknownView& view : document.unknowns) {
    pairs += view.zone == zone && view.kind == kind ? view.pairs : 0;
  }
  return pairs;
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
  for (const ZoneView& zone : document.zones) {
    if (zone.state == ZoneState::quarantined) {
      table.add({{show(zone.id, style)},
                 {},
                 state_cell(zone.state, zone.cause),
                 time_cell(zone.since, now),
                 ago_cell(zone.since, now),
                 {}});
      advice.need(zone.state);
    }
    for (const KindView& kind : zone.kinds) {
      if (is_seen(kind.state)) {
        continue;
      }
      table.add({{show(zone.id, style)},
                 {std::string(enum_word(kind.kind))},
                 state_cell(kind.state, kind.cause),
                 time_cell(kind.since, now),
                 ago_cell(kind.since, now),
                 {number(unknown_pairs(document, zone.id, kind.kind))}});
      kind.cause ? advice.need(kind.cause) : advice.need(kind.state);
    }
  }
  return table.to_text(style);
}

/// Whether the zone's own row says already why these pairs are unknown.
bool is_told_by_zone(const StatusDoc& document, const UnknownView& unknown) {
  for (const ZoneView& zone : document.zones) {
    for (const KindView& kind : zone.kinds) {
      if (zone.id == unknown.zone && kind.kind == unknown.kind) {
        return !is_seen(kind.state);
      }
    }
  }
  return false;
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
  for (const UnknownView& view : document.unknowns) {
    if (is_told_by_zone(document, view)) {
      continue;
    }
    table.add({{show(view.zone, style)},
               {std::string(enum_word(view.kind))},
               cause_cell(view.cause),
               time_cell(view.since, now),
               ago_cell(view.since, now),
               {number(view.pairs)}});
    table.add_note(some_of(view, style));
    advice.need(view.cause);
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

std::string number(std::uint64_t value) {
  return std::string(core::trim(core::count_of(value, "", "")));
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

std::string stopped_line(const DaemonView& daemon, Timestamp now) {
  return daemon.last_sweep
             ? "rblwatchd is not running. This is what it knew last; its last sweep was " +
                   show_time(daemon.last_sweep, now) + "."
             : "rblwatchd is not running and has finished no sweep yet: start it, or ask "
               "once with `rblwatch check`.";
}

void add_stopped(std::string& text, const std::optional<DaemonView>& daemon, Timestamp now,
                 const TextStyle& style) {
  if (daemon && !daemon->running) {
    add_line(text, stopped_line(*daemon, now), Ink::bad, style);
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
  add_section(text, "What it means", advice.to_text(style), style);
  return text;
}

}  // namespace rblwatch::report
