// SPDX-License-Identifier: Apache-2.0
#include "report/csv.hpp"

#include <array>
#include <string_view>

#include "core/enum_text.hpp"
#include "core/text.hpp"

namespace rblwatch::report {
namespace {

/// The columns bear the names of the JSON keys.
constexpr std::array<std::string_view, 21> kColumns{
    "target",     "subject",   "kind",  "zone",       "dns",    "operator",  "severity",
    "purpose",    "state",     "codes", "meanings",   "reason", "listed_at", "delisted_at",
    "duration_s", "last_seen", "doubt", "first_seen", "acked",  "tags",      "lookup_url"};

/// One line per listing, so a line break becomes a blank; other controls are escaped, for the table
/// may be looked at in a terminal. Blanks at the front go: a spreadsheet looks past them for a
/// formula.
std::string one_line(std::string_view foreign) {
  std::string text = core::replace_all(std::string(foreign), "\n", " ");
  text = core::for_terminal(core::Untrusted(std::move(text)));
  return std::string(core::trim(text));
}

/// Also in the full-width forms, which some spreadsheets take for the same.
bool looks_like_a_formula(std::string_view text) {
  for (const std::string_view start : {"=", "+", "-", "@", "＝", "＋", "－", "＠"}) {
    if (text.starts_with(start)) {
      return true;
    }
  }
  return false;
}

std::string cell(std::string_view foreign) {
  std::string text = one_line(foreign);
  if (looks_like_a_formula(text)) {
    text.insert(0, 1, '\'');
  }
  if (text.find_first_of("\",") == std::string::npos) {
    return text;
  }
  return '"' + core::replace_all(std::move(text), "\"", "\"\"") + '"';
}

std::string csv_time(const std::optional<Timestamp>& at) {
  return at ? core::to_rfc3339(*at) : "";
}

std::string yes_or_no(bool value) {
  return value ? "true" : "false";
}

std::string row(const ListingView& view, Timestamp now) {
  const std::optional<core::Seconds> duration = view.duration(now);
  const std::array<std::string, kColumns.size()> cells{
      cell(view.target),
      cell(view.subject),
      std::string(core::enum_word(view.kind)),
      cell(view.zone),
      cell(view.dns),
      cell(view.operator_name),
      std::string(core::enum_word(view.severity)),
      std::string(core::enum_word(view.purpose)),
      std::string(core::enum_word(view.state)),
      cell(core::join(view.codes, " ")),
      cell(core::join(view.meanings, "; ")),
      cell(view.reason.raw()),
      csv_time(view.listed_at),
      csv_time(view.delisted_at),
      duration ? std::to_string(duration->count()) : "",
      csv_time(view.last_seen),
      view.doubt ? std::string(core::enum_word(view.doubt->cause)) : "",
      yes_or_no(view.first_seen),
      yes_or_no(view.acked),
      cell(core::join(view.tags, " ")),
      cell(view.lookup_url)};
  return core::join(cells, ",");
}

}  // namespace

std::string to_csv(const HistoryDoc& document) {
  std::string csv;
  for (const std::string_view column : kColumns) {
    csv += csv.empty() ? "" : ",";
    csv += column;
  }
  csv += "\r\n";
  for (const ListingView& view : document.listings) {
    csv += row(view, document.generated_at) + "\r\n";
  }
  return csv;
}

}  // namespace rblwatch::report
