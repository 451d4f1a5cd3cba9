// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <CLI/CLI.hpp>

#include "core/version.hpp"
#include "daemon/app.hpp"

int main(int argc, char** argv) {
  constexpr int kExitUsage = 2;
  CLI::App cli(
      "rblwatchd: watches addresses and domains on DNS blocklists; runs in the foreground "
      "and logs to stderr.\nSIGHUP reloads the configuration, SIGTERM stops.",
      "rblwatchd");
  std::string config;
  bool check_only = false;
  cli.add_option("--config", config, "configuration file (default /etc/rblwatch/rblwatch.toml)")
      ->type_name("FILE");
  cli.add_flag("--check", check_only, "check the configuration and exit");
  cli.set_version_flag("--version", "rblwatchd " + std::string(rblwatch::core::kVersion));
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : kExitUsage;
  }
  rblwatch::daemon::AppOptions options;
  options.check_only = check_only;
  if (cli.count("--config") > 0) {
    options.config = config;
  }
  return rblwatch::daemon::run(options);
}
