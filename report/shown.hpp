// SPDX-License-Identifier: Apache-2.0
//
// Text as a terminal shows it: escaped, in ASCII where the style has no UTF-8, measured in columns
// (wide characters take two, combining ones none), cut, wrapped and painted. Whatever comes from
// outside goes through show() once, before it is measured or painted. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "core/untrusted.hpp"
#include "report/text.hpp"

namespace rblwatch::report {

/// What a colour says, not which it is.
enum class Ink { plain, bold, faint, good, doubtful, bad };

/// Harmless and showable: controls escaped; without UTF-8 every other character as \u{NNNN}.
std::string show(std::string_view foreign, const TextStyle& style);
std::string show(const core::Untrusted& foreign, const TextStyle& style);
/// The parts, shown, with ", " between.
std::string show_list(const std::vector<std::string>& parts, const TextStyle& style,
                      std::string_view separator = ", ");

/// Columns that a shown text takes.
std::size_t columns_of(std::string_view shown);
/// At most so many columns, the last of them "…" ("..." without UTF-8) where something was cut off.
/// Never more than asked for, however few.
std::string cut(std::string_view shown, std::size_t columns, const TextStyle& style);
/// Lines of at most so many columns, broken at blanks, and words that are longer anywhere; but a
/// link stays whole, for it is there to be copied. At least one line.
std::vector<std::string> wrap(std::string_view shown, std::size_t columns);

/// With blanks that wrap() doesn't break at: for "17 %". Only for what goes through wrap().
std::string unbroken(std::string_view shown);

/// In colour where the style has it.
std::string paint(std::string_view shown, Ink ink, const TextStyle& style);

/// Between 60 and 200, whatever the style says.
std::size_t width_of(const TextStyle& style);

/// Appends `shown` wrapped to the width: `first` before the first line, as many blanks before the
/// others. `first` may be painted; its columns are given by `indent`.
void add_wrapped(std::string& text, std::string_view first, std::size_t indent,
                 std::string_view shown, const TextStyle& style);
/// A paragraph without indentation.
void add_line(std::string& text, std::string_view shown, Ink ink, const TextStyle& style);
/// "  label     value", the value wrapped beside it; nothing for an empty value.
void add_field(std::string& text, std::string_view label, std::string_view shown,
               const TextStyle& style);

/// "2026-11-23 09:10", local time or UTC.
std::string show_moment(Timestamp at, const TextStyle& style);
/// "2026-11-23 09:10 (3 h ago)"; "never" without a time.
std::string show_time(const std::optional<Timestamp>& at, Timestamp now,
                      const TextStyle& style = {});

}  // namespace rblwatch::report
