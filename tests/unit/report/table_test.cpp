// SPDX-License-Identifier: Apache-2.0
#include "report/table.hpp"

#include <sstream>

#include <catch2/catch.hpp>

namespace rblwatch::report {
namespace {

TextStyle of_width(unsigned width) {
  TextStyle style;
  style.width = width;
  return style;
}

TEST_CASE("columns are as wide as their longest text") {
  Table table({{.title = "NAME"}, {.title = "N", .is_number = true}, {.title = "LAST"}});
  table.add({{"a"}, {"7"}, {"x"}});
  table.add({{"longer"}, {"1234"}, {"y"}});
  CHECK(table.to_text(of_width(80)) ==
        "  NAME       N  LAST\n"
        "  a          7  x\n"
        "  longer  1234  y\n");
}

TEST_CASE("without rows nothing is shown, and a column without texts is left out") {
  Table table({{.title = "NAME"}, {.title = "NEVER"}, {.title = "LAST"}});
  CHECK(table.is_empty());
  CHECK(table.to_text(of_width(80)).empty());
  table.add({{"a"}, {}, {"x"}});
  CHECK(table.to_text(of_width(80)) == "  NAME  LAST\n  a     x\n");
}

TEST_CASE("a table that is too wide takes short forms first, then cuts, then drops") {
  const auto make = [](std::size_t length) {
    Table table({{.title = "NAME", .least = 10},
                 {.title = "DROPPED", .weight = 1, .least = 10, .is_optional = true},
                 {.title = "BRIEF", .weight = 4}});
    table.add({{"name"}, {std::string(length, 'd')}, {std::string(30, 'f'), "brief", Ink::plain}});
    return table.to_text(of_width(60));
  };
  CHECK(make(10).find(std::string(30, 'f')) != std::string::npos);
  CHECK(make(30).find("ffff") == std::string::npos);
  CHECK(make(30).find(std::string(30, 'd')) != std::string::npos);
  CHECK(make(60).find("ddd...  brief") != std::string::npos);
  Table table({{.title = "NAME", .least = 10},
               {.title = "DROPPED", .weight = 1, .is_optional = true},
               {.title = "FULL", .weight = 4}});
  table.add({{"name"}, {std::string(30, 'd')}, {std::string(40, 'f')}});
  CHECK(table.to_text(of_width(60)).find("DROPPED") == std::string::npos);
  CHECK(table.to_text(of_width(60)).find(std::string(40, 'f')) != std::string::npos);
}

TEST_CASE("twins take their full texts together or not at all") {
  const auto make = [](std::size_t other) {
    Table table({{.title = "NAME", .least = 10},
                 {.title = "FROM", .weight = 9, .is_twin = true},
                 {.title = "OTHER", .weight = 8},
                 {.title = "TO", .weight = 7, .is_twin = true}});
    table.add({{"name"},
               {"2026-11-23 09:10", "11-23 09:10", Ink::plain},
               {std::string(other, 'x')},
               {"2026-11-24 09:10", "11-24 09:10", Ink::plain}});
    return table.to_text(of_width(60));
  };
  CHECK(make(8).find("2026-11-23 09:10  xxxxxxxx  2026-11-24") != std::string::npos);
  CHECK(make(18).find("2026") == std::string::npos);  // there was room for one of them
}

TEST_CASE("a name that is too long stands on a line of its own, uncut") {
  const std::string name(100, 'n');
  Table table({{.title = "NAME", .least = 10}, {.title = "STATE"}});
  table.add({{"short"}, {"seen"}});
  table.add({{name}, {"blind"}});
  table.add_note("a note");
  CHECK(table.to_text(of_width(60)) ==
        "  NAME   STATE\n"
        "  short  seen\n"
        "  " +
            name +
            "\n"
            "         blind\n"
            "      a note\n");
}

TEST_CASE("however much there is, every line but a name's fits") {
  for (std::size_t columns = 1; columns < 14; ++columns) {
    std::vector<Column> titles;
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < columns; ++i) {
      titles.push_back(
          {.title = "TITLE" + std::to_string(i), .weight = static_cast<unsigned>(i % 4)});
      cells.emplace_back(std::string(5 * i + 3, 'x'));
    }
    Table table(titles);
    table.add(cells);
    for (const unsigned width : {60U, 80U, 200U}) {
      std::istringstream text(table.to_text(of_width(width)));
      for (std::string line; std::getline(text, line);) {
        INFO(columns << " columns: " << line);
        CHECK(columns_of(line) <= std::max<std::size_t>(width, 6 * columns));
      }
    }
  }
}

}  // namespace
}  // namespace rblwatch::report
