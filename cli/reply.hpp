// SPDX-License-Identifier: Apache-2.0
//
// What a command comes to: text for stdout with an exit code and remarks, or a failure. Commands
// only return these; command.cpp prints them. Values; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.hpp"
#include "core/result.hpp"

namespace rblwatch::cli {

struct Reply {
  std::string out;  // as it goes to stdout
  int exit_code = kDone;
  std::vector<std::string> remarks;  // a line each on stderr
};

/// Nothing goes to stdout. Each line says what is wrong and what to do; safe to print.
struct Failure {
  int exit_code = kFailed;
  std::vector<std::string> lines;
};

using CommandResult = core::Result<Reply, Failure>;

/// Exit code 2: the user can mend it on the command line or in the configuration.
tl::unexpected<Failure> wrong(std::string text);
/// Exit code 4.
tl::unexpected<Failure> failed(std::string text);
tl::unexpected<Failure> failed(const core::Error& error);

/// "; did you mean mx1?" where one of the candidates is near, else "".
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace rblwatch::cli
