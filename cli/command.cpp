// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "cli/output.hpp"
#include "core/check.hpp"
#include "core/log.hpp"

namespace rblwatch::cli {
namespace {

constexpr std::array kCommands{
    Command{"", run_summary},
    Command{"check", run_check},
    Command{"status", run_status},
    Command{"history", run_history},
    Command{"why", run_why},
    Command{"zones", run_zones},
    Command{"zones test", run_zones_test},
    Command{"zones release", run_zones_release},
    Command{"targets", run_targets},
    Command{"alerts", run_alerts},
    Command{"alerts test", run_alerts_test},
    Command{"alerts resend", run_alerts_resend},
    Command{"alerts drop", run_alerts_drop},
    Command{"plan", run_plan},
    Command{"doctor", run_doctor},
    Command{"config check", run_config_check},
    Command{"backup", run_backup},
};

void print_errors(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    static_cast<void>(std::fputs(error_line(line).c_str(), stderr));
  }
}

/// What was asked for and couldn't be written has not been done: a full disk is no success.
/// `unwritten`: the exit code where stdout takes nothing.
int print(const std::string& out, int exit_code, int unwritten) {
  const bool is_written =
      std::fwrite(out.data(), 1, out.size(), stdout) == out.size() && std::fflush(stdout) == 0;
  if (!is_written) {
    print_errors({"the output can't be written: " + std::generic_category().message(errno)});
    return unwritten;
  }
  return exit_code;
}

/// A plugin says on stdout why it knows nothing, and that is UNKNOWN whatever it was.
int fail(const Failure& failure, const Options& options) {
  print_errors(failure.lines);
  if (!options.nagios) {
    return failure.exit_code;
  }
  return print(nagios_error_line(failure.lines.empty() ? "failed" : failure.lines.front()),
               kNagiosUnknown, kNagiosUnknown);
}

}  // namespace

const Command* find_command(std::string_view name) {
  const auto* const found =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [name](const Command& command) { return command.name == name; });
  return found != kCommands.end() ? &*found : nullptr;
}

int run(const std::vector<std::string>& arguments) {
  const auto parsed = parse_options(arguments);
  if (const auto* stop = std::get_if<Stop>(&parsed)) {
    if (!stop->error.empty()) {
      print_errors({stop->error});
    }
    return print(stop->out, stop->exit_code,
                 stop->exit_code == kNagiosUnknown ? kNagiosUnknown : kFailed);
  }
  const auto& options = std::get<Options>(parsed);
  core::set_up_log(core::LogLevel::error, core::LogFormat::text);
  const Command* command = find_command(options.command);
  RBL_CHECK(command != nullptr);
  const core::SystemClock clock;
  const Session session{options, clock, style_for(read_terminal(), options.color)};
  const CommandResult result = command->run(session);
  if (!result) {
    return fail(result.error(), options);
  }
  print_errors(result->remarks);
  return print(result->out, result->exit_code, options.nagios ? kNagiosUnknown : kFailed);
}

}  // namespace rblwatch::cli
