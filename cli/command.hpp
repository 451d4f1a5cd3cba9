// SPDX-License-Identifier: Apache-2.0
//
// The table of commands, and the way from a command line to an exit code. Each command stands in a
// file of its own, cmd_<command>.cpp, and returns what is to be printed. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/options.hpp"
#include "cli/reply.hpp"
#include "core/time.hpp"
#include "report/text.hpp"

namespace rblwatch::cli {

/// What every command is given.
struct Session {
  const Options& options;
  const core::Clock& clock;
  report::TextStyle style;
};

CommandResult run_summary(const Session& session);  // rblwatch alone
CommandResult run_check(const Session& session);
CommandResult run_status(const Session& session);
CommandResult run_history(const Session& session);
CommandResult run_why(const Session& session);
CommandResult run_zones(const Session& session);
CommandResult run_zones_test(const Session& session);
CommandResult run_zones_release(const Session& session);
CommandResult run_targets(const Session& session);
CommandResult run_alerts(const Session& session);
CommandResult run_alerts_test(const Session& session);
CommandResult run_alerts_resend(const Session& session);
CommandResult run_alerts_drop(const Session& session);
CommandResult run_plan(const Session& session);
CommandResult run_doctor(const Session& session);
CommandResult run_config_check(const Session& session);
CommandResult run_backup(const Session& session);

struct Command {
  std::string_view name;
  CommandResult (*run)(const Session& session);
};
/// Nothing where there is no such command; "" is the summary.
const Command* find_command(std::string_view name);

/// All of the program: parses, runs, prints to stdout and stderr. The exit code.
int run(const std::vector<std::string>& arguments);

}  // namespace rblwatch::cli
