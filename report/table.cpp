// SPDX-License-Identifier: Apache-2.0
#include "report/table.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace rblwatch::report {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kGap = 2;
constexpr std::size_t kNoteIndent = 6;
constexpr std::size_t kNarrowest = 4;  // of a column when nothing else is left to give

const std::string& brief_of(const Cell& cell) {
  return cell.brief.empty() ? cell.text : cell.brief;
}

std::string padding_of(const std::string& shown, std::size_t width) {
  return std::string(width - std::min(width, columns_of(shown)), ' ');
}

void drop_trailing_blanks(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
}

}  // namespace

struct Table::Layout {
  struct Width {
    std::size_t full = 0;   // of the longest text
    std::size_t brief = 0;  // with the short forms
    std::size_t least = 0;  // cut as far as the column allows
    std::size_t given = 0;
    bool is_full = false;  // given is enough for the full texts
  };
  std::vector<Width> widths;      // by column
  std::vector<std::size_t> kept;  // columns shown, from left to right

  /// What all of them take.
  std::size_t total(std::size_t Width::*which) const {
    std::size_t sum = kIndent;
    for (const std::size_t i : kept) {
      sum += widths[i].*which + kGap;
    }
    return sum - kGap;
  }
};

void Table::add(std::vector<Cell> cells) {
  RBL_CHECK(cells.size() == columns_.size());
  rows_.push_back({std::move(cells), {}});
}

void Table::add_note(std::string shown, Ink ink) {
  RBL_CHECK(!rows_.empty());
  if (!shown.empty()) {
    rows_.back().notes.push_back({std::move(shown), ink});
  }
}

/// The longest text of the first column among those that aren't longer than that.
std::size_t Table::widest_first(std::size_t at_most) const {
  std::size_t widest = 0;
  for (const Row& row : rows_) {
    const std::size_t width = columns_of(row.cells.front().text);
    widest = width <= at_most ? std::max(widest, width) : widest;
  }
  const std::size_t title = columns_of(columns_.front().title);
  return title <= at_most ? std::max(widest, title) : widest;
}

Table::Layout Table::measure() const {
  Layout layout;
  layout.widths.resize(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Layout::Width& width = layout.widths[i];
    for (const Row& row : rows_) {
      width.full = std::max(width.full, columns_of(row.cells[i].text));
      width.brief = std::max(width.brief, columns_of(brief_of(row.cells[i])));
    }
    if (width.full == 0 && i > 0) {
      continue;
    }
    const std::size_t title = columns_of(columns_[i].title);
    width.full = std::max(width.full, title);
    width.brief = std::max(width.brief, title);
    width.least = std::min(width.brief, std::max(columns_[i].least, title));
    layout.kept.push_back(i);
  }
  layout.widths.front().least = widest_first(columns_.front().least);
  return layout;
}

void Table::drop_light_columns(Layout& layout, std::size_t width) const {
  std::vector<std::size_t> by_weight = layout.kept;
  std::stable_sort(by_weight.begin(), by_weight.end(), [this](std::size_t a, std::size_t b) {
    return columns_[a].weight < columns_[b].weight;
  });
  for (const std::size_t i : by_weight) {
    if (columns_[i].is_optional && layout.total(&Layout::Width::least) > width) {
      layout.kept.erase(std::find(layout.kept.begin(), layout.kept.end(), i));
    }
  }
}

/// Gives the room that is left to the heaviest first: to show all of the short forms, then the full
/// ones.
void Table::share_out(Layout& layout, std::size_t room) const {
  using Width = Layout::Width;
  std::vector<std::size_t> heavy_first(layout.kept.begin() + 1, layout.kept.end());
  std::stable_sort(heavy_first.begin(), heavy_first.end(), [this](std::size_t a, std::size_t b) {
    return columns_[a].weight > columns_[b].weight;
  });
  for (const std::size_t i : heavy_first) {
    Width& width = layout.widths[i];
    const std::size_t more = std::min(room, width.brief - std::min(width.brief, width.given));
    width.given += more;
    room -= more;
  }
  Width& first = layout.widths[layout.kept.front()];
  const std::size_t longer = std::max(first.given, widest_first(first.given + room));
  room -= longer - first.given;
  first.given = longer;

  constexpr std::size_t kUnpayable = 1000;
  const auto missing = [&](std::size_t i) {
    const Width& width = layout.widths[i];
    return width.given < width.brief ? kUnpayable : width.full - width.given;
  };
  std::size_t twins = 0;
  for (const std::size_t i : heavy_first) {
    twins += columns_[i].is_twin ? missing(i) : 0;
  }
  bool are_twins_full = false;
  for (const std::size_t i : heavy_first) {
    const bool is_paid = columns_[i].is_twin && are_twins_full;
    const std::size_t price = columns_[i].is_twin ? twins : missing(i);
    if (!is_paid && price > room) {
      continue;
    }
    room -= is_paid ? 0 : price;
    are_twins_full = are_twins_full || columns_[i].is_twin;
    layout.widths[i].given = layout.widths[i].full;
    layout.widths[i].is_full = true;
  }
}

Table::Layout Table::fit(std::size_t width) const {
  using Width = Layout::Width;
  Layout layout = measure();
  drop_light_columns(layout, width);
  for (const std::size_t i : layout.kept) {
    layout.widths[i].given = layout.widths[i].least;
  }
  if (layout.total(&Width::given) > width) {
    layout.widths[layout.kept.front()].given = 0;  // each first cell on its own line
  }
  while (layout.kept.size() > 1 && layout.total(&Width::given) > width) {
    const auto narrower = [&](std::size_t a, std::size_t b) {
      return layout.widths[a].given < layout.widths[b].given;
    };
    const std::size_t widest =
        *std::max_element(layout.kept.begin() + 1, layout.kept.end(), narrower);
    if (layout.widths[widest].given <= kNarrowest) {
      break;
    }
    --layout.widths[widest].given;
  }
  share_out(layout, width - std::min(width, layout.total(&Width::given)));
  return layout;
}

std::string Table::line(const std::vector<Cell>& cells, const Layout& layout,
                        const TextStyle& style) const {
  const Cell& head = cells.front();
  const std::size_t head_width = layout.widths.front().given;
  std::string text = std::string(kIndent, ' ') + paint(head.text, head.ink, style);
  if (columns_of(head.text) > head_width) {
    text += "\n" + std::string(kIndent + head_width, ' ');
  } else {
    text += padding_of(head.text, head_width);
  }
  for (auto i = layout.kept.begin() + 1; i != layout.kept.end(); ++i) {
    const Layout::Width& width = layout.widths[*i];
    const Cell& cell = cells[*i];
    const std::string shown = cut(width.is_full ? cell.text : brief_of(cell), width.given, style);
    const std::string painted = paint(shown, cell.ink, style);
    const std::string padding = padding_of(shown, width.given);
    text += std::string(kGap, ' ');
    text += columns_[*i].is_number ? padding + painted : painted + padding;
  }
  drop_trailing_blanks(text);
  return text + (text.ends_with('\n') ? "" : "\n");
}

std::string Table::to_text(const TextStyle& style) const {
  if (rows_.empty()) {
    return "";
  }
  const Layout layout = fit(width_of(style));
  std::vector<Cell> titles;
  for (const Column& column : columns_) {
    titles.emplace_back(column.title, Ink::bold);
  }
  std::string text = line(titles, layout, style);
  for (const Row& row : rows_) {
    text += line(row.cells, layout, style);
    for (const Note& note : row.notes) {
      for (const std::string& part : wrap(note.text, width_of(style) - kNoteIndent)) {
        text += std::string(kNoteIndent, ' ') + paint(part, note.ink, style) + "\n";
      }
    }
  }
  return text;
}

}  // namespace rblwatch::report
