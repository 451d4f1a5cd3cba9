// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <catch2/catch.hpp>

using namespace rblwatch::cli;

namespace {

Terminal terminal(unsigned columns = 100) {
  Terminal made;
  made.is_terminal = true;
  made.columns = columns;
  made.term = "xterm";
  made.is_utf8 = true;
  return made;
}

}  // namespace

TEST_CASE("colour only where somebody sees it and nobody forbids it", "[output]") {
  CHECK(style_for(terminal(), ColorChoice::automatic).color);
  CHECK_FALSE(style_for(terminal(), ColorChoice::never).color);
  CHECK_FALSE(style_for({}, ColorChoice::automatic).color);
  CHECK(style_for({}, ColorChoice::always).color);
  Terminal dumb = terminal();
  dumb.term = "dumb";
  CHECK_FALSE(style_for(dumb, ColorChoice::automatic).color);
  dumb.term = "";
  CHECK_FALSE(style_for(dumb, ColorChoice::automatic).color);
  Terminal plain = terminal();
  plain.no_color = "1";
  CHECK_FALSE(style_for(plain, ColorChoice::automatic).color);
  CHECK(style_for(plain, ColorChoice::always).color);
}

TEST_CASE("the width is the terminal's, else COLUMNS, else a default", "[output]") {
  struct Row {
    bool is_terminal;
    unsigned columns;
    std::string variable;
    unsigned width;
  };
  for (const Row& row :
       {Row{true, 132, "", 132}, Row{true, 132, "50", 132}, Row{true, 0, "", 80},
        Row{true, 0, "90", 90}, Row{false, 0, "", 120}, Row{false, 0, "70", 70},
        Row{false, 0, "many", 120}, Row{false, 0, "-5", 120}, Row{false, 0, "99999999999", 120},
        Row{true, 5, "", 40}, Row{true, 65535, "", 1000}}) {
    Terminal made = terminal(row.columns);
    made.is_terminal = row.is_terminal;
    made.columns_variable = row.variable;
    CAPTURE(row.is_terminal, row.columns, row.variable);
    CHECK(style_for(made, ColorChoice::automatic).width == row.width);
  }
}

TEST_CASE("an error is one line, whatever is in it", "[output]") {
  CHECK(error_line("no such thing") == "rblwatch: no such thing\n");
  const std::string line = error_line("a\nb\x1b[31m");
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find('\x1b') == std::string::npos);
}
