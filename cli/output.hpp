// SPDX-License-Identifier: Apache-2.0
//
// What the terminal can show: its width, whether colour is wanted, whether it knows more than
// ASCII. Decided from facts that are passed in; read_terminal() collects them. One thread: it sets
// the process's locale.
#pragma once

#include <cstdint>
#include <string>

#include "report/text.hpp"

namespace rblwatch::cli {

enum class ColorChoice : std::uint8_t { automatic, always, never };

/// What is known of stdout and the environment.
struct Terminal {
  bool is_terminal = false;
  unsigned columns = 0;          // as the terminal says; 0 = it doesn't
  std::string term;              // TERM
  std::string no_color;          // NO_COLOR; any text forbids colour (no-color.org)
  std::string columns_variable;  // COLUMNS
  bool is_utf8 = false;          // the locale's character set
};

/// Of this process's stdout; sets LC_CTYPE from the environment.
Terminal read_terminal();

/// The width is the terminal's, else COLUMNS, else 80; where stdout is no terminal, COLUMNS or 120.
/// At least 40.
report::TextStyle style_for(const Terminal& terminal, ColorChoice color);

/// One line for stderr: "rblwatch: TEXT", with controls and line breaks made visible.
std::string error_line(const std::string& text);
/// The same for stdout, where a plugin says why it knows nothing.
std::string nagios_error_line(const std::string& text);

}  // namespace rblwatch::cli
