// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>

#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::cli {
namespace {

constexpr unsigned kTerminalWidth = 80;
constexpr unsigned kFileWidth = 120;
constexpr unsigned kNarrowest = 40;
constexpr unsigned kWidest = 1000;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

unsigned width_of(const Terminal& terminal) {
  const auto wanted = core::parse_int(terminal.columns_variable);
  unsigned width = terminal.is_terminal ? kTerminalWidth : kFileWidth;
  if (terminal.is_terminal && terminal.columns > 0) {
    width = terminal.columns;
  } else if (wanted && *wanted > 0 && *wanted <= kWidest) {
    width = static_cast<unsigned>(*wanted);
  }
  return std::clamp(width, kNarrowest, kWidest);
}

bool is_coloured(const Terminal& terminal, ColorChoice color) {
  switch (color) {
    case ColorChoice::always:
      return true;
    case ColorChoice::never:
      return false;
    case ColorChoice::automatic:
      break;
  }
  return terminal.is_terminal && terminal.no_color.empty() && !terminal.term.empty() &&
         terminal.term != "dumb";
}

}  // namespace

Terminal read_terminal() {
  static_cast<void>(std::setlocale(LC_CTYPE, ""));  // a locale that isn't there leaves plain ASCII
  Terminal terminal;
  terminal.is_terminal = ::isatty(STDOUT_FILENO) == 1;
  winsize size{};
  if (terminal.is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    terminal.columns = size.ws_col;
  }
  terminal.term = variable("TERM");
  terminal.no_color = variable("NO_COLOR");
  terminal.columns_variable = variable("COLUMNS");
  terminal.is_utf8 = core::equals_ignoring_case(::nl_langinfo(CODESET), "UTF-8");
  return terminal;
}

report::TextStyle style_for(const Terminal& terminal, ColorChoice color) {
  report::TextStyle style;
  style.width = width_of(terminal);
  style.color = is_coloured(terminal, color);
  style.utf8 = terminal.is_utf8;
  return style;
}

std::string error_line(const std::string& text) {
  return "rblwatch: " + core::for_terminal(core::Untrusted(text)) + "\n";
}

std::string nagios_error_line(const std::string& text) {
  // '|' would begin the performance data.
  return "DNSBL UNKNOWN - " + core::replace_all(error_line(text), "|", "/");
}

}  // namespace rblwatch::cli
