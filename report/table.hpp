// SPDX-License-Identifier: Apache-2.0
//
// A table for a terminal, fitted to its width. Where room is scarce cells take their short forms,
// long texts are cut, and the least important columns go. The first column names the row and is
// never cut: what is too long for it stands on a line of its own, with the rest of the row under
// it. Cells hold text that was shown (shown.hpp) already. One thread per table.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/shown.hpp"
#include "report/text.hpp"

namespace rblwatch::report {

struct Column {
  std::string title;
  unsigned weight = 5;  // the higher, the longer it keeps its width and its full texts
  std::size_t least =
      1000;  // its texts may be cut down to so many columns; of the first one: kept in line
  bool is_optional = false;  // may go altogether, the lightest first
  bool is_number = false;    // set to the right
  bool is_twin = false;      // takes its full texts together with the other twins, or not at all
};

struct Cell {
  Cell() = default;
  // A cell is mostly just a text.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Cell(std::string shown, Ink color = Ink::plain) : text(std::move(shown)), ink(color) {}
  Cell(std::string shown, std::string shorter, Ink color)
      : text(std::move(shown)), brief(std::move(shorter)), ink(color) {}
  std::string text;
  std::string brief;  // what may stand for it where room is scarce; empty = the text
  Ink ink = Ink::plain;
};

class Table {
 public:
  /// The first column has texts without short forms.
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns.
  void add(std::vector<Cell> cells);
  /// A line under the row added last, indented and wrapped.
  void add_note(std::string shown, Ink ink = Ink::faint);
  bool is_empty() const { return rows_.empty(); }

  /// Titles and rows, each line indented by two; nothing without rows. Columns that are empty in
  /// every row are left out.
  std::string to_text(const TextStyle& style) const;

 private:
  struct Note {
    std::string text;
    Ink ink;
  };
  struct Row {
    std::vector<Cell> cells;
    std::vector<Note> notes;
  };
  struct Layout;

  Layout measure() const;
  Layout fit(std::size_t width) const;
  void drop_light_columns(Layout& layout, std::size_t width) const;
  void share_out(Layout& layout, std::size_t room) const;
  std::size_t widest_first(std::size_t at_most) const;
  std::string line(const std::vector<Cell>& cells, const Layout& layout,
                   const TextStyle& style) const;

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace rblwatch::report
