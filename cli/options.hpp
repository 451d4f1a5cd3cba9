// SPDX-License-Identifier: Apache-2.0
//
// The words of a command line, taken apart and checked: the one place that knows CLI11. What they
// mean is the commands' affair. Any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/output.hpp"

namespace rblwatch::cli {

struct Options {
  std::optional<std::filesystem::path> config;
  bool json = false;
  ColorChoice color = ColorChoice::automatic;

  std::string command;             // "check", "zones test"; "" = none given: the summary of status
  std::vector<std::string> words;  // what stands behind it
  std::vector<std::string> zones;  // --zone
  bool nagios = false;
  std::string since;  // as written; "" = not given
  std::string until;
  bool events = false;
  std::size_t limit = 100;
  bool csv = false;
  bool failed = false;
  bool strict = false;
};

/// Nothing is to be run: --help, --version, or a usage error.
struct Stop {
  int exit_code = 0;
  std::string out;
  std::string error;  // one line; "" = none
};

/// `arguments` without the program's name. A usage error's exit code is 2, or 3 (the plugin's
/// UNKNOWN) where
/// --nagios was given.
std::variant<Options, Stop> parse_options(const std::vector<std::string>& arguments);

/// "check", "zones test", …: every command that parse_options knows, in the order of the help.
std::vector<std::string_view> command_names();

}  // namespace rblwatch::cli
