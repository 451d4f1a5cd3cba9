// SPDX-License-Identifier: Apache-2.0
// The plain tables: history, events, targets, deliveries, and what is wrong with a configuration.
#include "report/text.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "report/table.hpp"
#include "report/text_listing.hpp"
#include "report/text_unseen.hpp"
#include "report/wording.hpp"

namespace rblwatch::report {
namespace {

using core::enum_word;
using lists::ListingState;

void add_more(std::string& text, bool more, const TextStyle& style) {
  if (more) {
    text += "\n";
    add_line(text, "There is more: --limit N shows more of it, --since and --until another part.",
             Ink::faint, style);
  }
}

Cell end_cell(const ListingView& view, Timestamp now) {
  switch (view.state) {
    case ListingState::listed:
      return {"still " + state_word(view), state_word(view), ink_of(view)};
    case ListingState::pending:
      return {state_word(view), ink_of(view)};
    case ListingState::delisted:
      return time_cell(view.delisted_at, now);
    case ListingState::retired:
      return {(view.retired_at ? core::to_local(*view.retired_at) + " " : "") + state_word(view),
              state_word(view), ink_of(view)};
  }
  RBL_CHECK(false);
}

/// "3 h 20 min", in short "3 h".
Cell duration_cell(const ListingView& view, Timestamp now) {
  const std::optional<core::Seconds> length = view.duration(now);
  if (!length) {
    return {};
  }
  const std::string text = core::to_human(*length);
  const std::vector<std::string_view> words = core::split_blanks(text);
  return {text, words.size() < 3 ? text : std::string(words[0]) + " " + std::string(words[1]),
          Ink::plain};
}

std::string target_of(const ListingView& view, const TextStyle& style) {
  return view.target == view.subject ? "" : show(view.target, style);
}

Ink ink_of_state(const std::string& state) {
  if (state == "listed" || state == "failed") {
    return Ink::bad;
  }
  if (state == "clear" || state == "delivered") {
    return Ink::good;
  }
  return Ink::doubtful;
}

/// How wide events' columns are.
struct EventColumns {
  std::size_t ago = 0;
  std::size_t word = 0;
};

EventColumns columns_of(const std::vector<lists::Event>& events, Timestamp now) {
  EventColumns columns;
  for (const lists::Event& event : events) {
    columns.ago = std::max(columns.ago, core::to_ago(event.at, now).size());
    columns.word = std::max(columns.word, enum_word(event.type).size());
  }
  return columns;
}

/// The sentence beside time and type; under them where that would make it too narrow.
void add_event(std::string& text, const lists::Event& event, const EventColumns& columns,
               Timestamp now, const TextStyle& style) {
  constexpr std::size_t kNarrow = 45;
  constexpr std::size_t kUnder = 4;
  const std::string at = core::to_local(event.at);
  const std::string ago = core::to_ago(event.at, now);
  const std::string_view word = enum_word(event.type);
  const std::string head = at + "  " + paint(ago, Ink::faint, style) +
                           std::string(columns.ago - ago.size() + 2, ' ') +
                           paint(word, ink_of_event(event), style);
  const std::string sentence = show(lists::event_text(event), style);
  const std::size_t indent = at.size() + 2 + columns.ago + 2 + columns.word + 2;
  if (width_of(style) < indent + kNarrow) {
    text += head + "\n";
    add_wrapped(text, std::string(kUnder, ' '), kUnder, sentence, style);
  } else {
    add_wrapped(text, head + std::string(columns.word - word.size() + 2, ' '), indent, sentence,
                style);
  }
}

/// A followed network may be thousands of them.
std::string some_addresses(const TargetView& view, const TextStyle& style) {
  constexpr std::size_t kMost = 20;
  const bool repeats = view.addresses.size() == 1 && view.addresses.front() == view.value;
  if (repeats || view.addresses.size() <= kMost) {
    return repeats ? "" : show_list(view.addresses, style);
  }
  const std::vector<std::string> first(view.addresses.begin(), view.addresses.begin() + kMost);
  return show_list(first, style) + " and " + number(view.addresses.size() - kMost) + " more";
}

/// Of a target that no zone is seen to list: "in doubt: last seen 3 h ago".
std::string stale_remark(const TargetView& view, Timestamp now) {
  if (view.listed_in_doubt == 0 || !view.last_seen) {
    return "";
  }
  const std::string last = "last seen " + core::to_ago(*view.last_seen, now);
  if (view.subjects == 1) {
    return "in doubt: " + last;
  }
  return number(view.listed_in_doubt) + " of the " + number(view.listed) +
         " listed in doubt: " + last + (view.listed_in_doubt == 1 ? "" : " or later");
}

std::string about_text(const DeliveryView& view) {
  if (view.about.empty() || view.events.size() < 2) {
    return view.about;
  }
  return view.about + ", and " +
         core::count_of(view.events.size() - 1, "more event", "more events");
}

std::string next_text(const DeliveryView& view, Timestamp now, bool has_stopped) {
  if (view.state == "waiting") {
    const bool is_due = !view.next_attempt_at || *view.next_attempt_at <= now;
    if (has_stopped) {
      return "at start";
    }
    return is_due ? "now" : core::to_ago(*view.next_attempt_at, now);
  }
  return view.last_attempt_at ? core::to_ago(*view.last_attempt_at, now) : "";
}

/// file:line:column first, as compilers write it, so that editors find the place; not wrapped for
/// the same reason.
void add_diagnostic(std::string& text, const DiagnosticView& view, bool is_error,
                    const TextStyle& style) {
  std::string place = show(view.file, style);
  if (view.line > 0) {
    place += ":" + std::to_string(view.line);
    place += view.column > 0 ? ":" + std::to_string(view.column) : "";
  }
  text += place.empty() ? "" : place + ": ";
  text += is_error ? paint("error", Ink::bad, style) : paint("warning", Ink::doubtful, style);
  text += ": ";
  text += view.key.empty() ? "" : show(view.key, style) + ": ";
  text += show(view.text, style);
  if (!view.allowed.empty()) {
    text += std::string(is_error ? " (allowed: " : " (fix: ") + show(view.allowed, style) + ")";
  }
  text += "\n";
}

/// Notes are those of the JSON, with its times; people read their own, and how long ago.
std::string note_text(const std::string& note, Timestamp now) {
  constexpr std::string_view kSince = " since ";
  const std::size_t word = note.rfind(kSince);
  if (word == std::string::npos) {
    return note;
  }
  const std::size_t start = word + kSince.size();
  const std::size_t length = note.substr(start).find('Z') + 1;
  const auto since = core::parse_rfc3339(note.substr(start, length));
  return since ? note.substr(0, start) + core::to_local(*since) + " (" + core::to_ago(*since, now) +
                     ")" + note.substr(start + length)
               : note;
}

}  // namespace

std::string to_text(const HistoryDoc& document, const TextStyle& style) {
  if (document.listings.empty()) {
    return "No listings.\n";
  }
  Table table({{.title = "SUBJECT", .weight = 9, .least = 16},
               {.title = "TARGET", .weight = 3, .least = 10, .is_optional = true},
               {.title = "ZONE", .weight = 8, .least = 12},
               {.title = "CODES", .weight = 5, .least = 13},
               {.title = "WHAT", .weight = 2, .least = 10, .is_optional = true},
               {.title = "FROM", .weight = 6, .is_twin = true},
               {.title = "TO", .weight = 6, .is_twin = true},
               {.title = "FOR", .weight = 7}});
  for (const ListingView& view : document.listings) {
    const Timestamp now = document.generated_at;
    table.add({{show(view.subject, style)},
               {target_of(view, style)},
               {show(view.zone, style)},
               codes_cell(view, style),
               view.meanings.empty() ? Cell() : what_cell(view, style),
               time_cell(view.listed_at, now),
               end_cell(view, now),
               duration_cell(view, now)});
    table.add_note(doubt_remark(view, now, style), Ink::doubtful);
  }
  std::string text = table.to_text(style);
  add_more(text, document.more, style);
  return text;
}

std::string events_to_text(const std::vector<lists::Event>& events, bool more,
                           const TextStyle& style, core::Timestamp now) {
  if (events.empty()) {
    return "No events.\n";
  }
  const EventColumns columns = columns_of(events, now);
  std::string text;
  for (const lists::Event& event : events) {
    add_event(text, event, columns, now, style);
  }
  add_more(text, more, style);
  return text;
}

std::string to_text(const TargetsDoc& document, const TextStyle& style) {
  if (document.targets.empty()) {
    return "No targets. Add a [[target]] to the configuration.\n";
  }
  Table table({{.title = "TARGET", .weight = 9, .least = 24},
               {.title = "STATE", .weight = 8},
               {.title = "TYPE", .weight = 3, .is_optional = true},
               {.title = "VALUE", .weight = 5, .least = 15},
               {.title = "SUBJECTS", .weight = 4, .is_optional = true, .is_number = true},
               {.title = "LISTED", .weight = 7, .is_number = true},
               {.title = "UNKNOWN", .weight = 7, .is_number = true},
               {.title = "TAGS", .weight = 2, .least = 8, .is_optional = true}});
  for (const TargetView& view : document.targets) {
    if (style.quiet_clear && view.state == "clear" && view.notes.empty()) {
      continue;
    }
    table.add({{show(view.name, style)},
               {show(view.state, style), ink_of_state(view.state)},
               {std::string(enum_word(view.type))},
               {view.value == view.name ? "" : show(view.value, style)},
               {number(view.subjects)},
               {number(view.listed), view.listed > 0 ? Ink::bad : Ink::plain},
               {number(view.unknown), view.unknown > 0 ? Ink::doubtful : Ink::plain},
               {show_list(view.tags, style)}});
    table.add_note(stale_remark(view, document.generated_at), Ink::doubtful);
    table.add_note(some_addresses(view, style));
    for (const std::string& note : view.notes) {
      table.add_note(show(note_text(note, document.generated_at), style), Ink::doubtful);
    }
  }
  std::string text;
  add_stopped(text, document.daemon, document.generated_at, style);
  text += text.empty() || table.is_empty() ? "" : "\n";
  return text + (table.is_empty() ? "All targets are clear.\n" : table.to_text(style));
}

std::string to_text(const AlertsDoc& document, const TextStyle& style) {
  if (document.deliveries.empty()) {
    return document.only_failed ? "No delivery has failed.\n" : "No deliveries.\n";
  }
  const Timestamp now = document.generated_at;
  Table table({{.title = "DELIVERY", .weight = 9, .least = 26},
               {.title = "CHANNEL", .weight = 7, .least = 8},
               {.title = "STATE", .weight = 8},
               {.title = "CREATED", .weight = 5},
               {.title = "EVENTS", .weight = 2, .is_optional = true, .is_number = true},
               {.title = "TRIES", .weight = 4, .is_number = true},
               {.title = "ATTEMPT", .weight = 4, .is_optional = true}});
  for (const DeliveryView& view : document.deliveries) {
    table.add({{show(view.id, style)},
               {show(view.channel, style)},
               {show(view.state, style), ink_of_state(view.state)},
               time_cell(view.created_at, now),
               {number(view.events.size())},
               {number(view.attempts)},
               {next_text(view, now, document.has_stopped)}});
    if (view.state != "delivered") {
      table.add_note(show(about_text(view), style));
      table.add_note(show(view.response, style));
    }
  }
  std::string text;
  const auto waiting =
      std::count_if(document.deliveries.begin(), document.deliveries.end(),
                    [](const DeliveryView& view) { return view.state == "waiting"; });
  if (document.has_stopped && waiting > 0) {
    add_line(text,
             "rblwatchd is not running: " +
                 core::count_of(static_cast<std::uint64_t>(waiting), "delivery waits",
                                "deliveries wait") +
                 " for its start.",
             Ink::bad, style);
    text += "\n";
  }
  return text + table.to_text(style);
}

std::string to_text(const ConfigCheckDoc& document, const TextStyle& style) {
  std::string text;
  for (const DiagnosticView& view : document.errors) {
    add_diagnostic(text, view, true, style);
  }
  for (const DiagnosticView& view : document.warnings) {
    add_diagnostic(text, view, false, style);
  }
  const std::string warnings = core::count_of(document.warnings.size(), "warning", "warnings");
  if (!document.errors.empty()) {
    return text +
           paint(core::count_of(document.errors.size(), "error", "errors") + ", " + warnings,
                 Ink::bad, style) +
           "\n";
  }
  const bool is_fine = document.warnings.empty();
  return text +
         paint(is_fine ? "The configuration is good."
                       : "The configuration can be used; " + warnings + ".",
               is_fine ? Ink::good : Ink::doubtful, style) +
         "\n";
}

}  // namespace rblwatch::report
