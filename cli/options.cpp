// SPDX-License-Identifier: Apache-2.0
#include "cli/options.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/exit_code.hpp"
#include "cli/reply.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"
#include "core/version.hpp"

namespace rblwatch::cli {
namespace {

constexpr std::size_t kHelpColumn = 22;

constexpr const char* kExitCodes = R"(Exit codes:
  0  done; for check and status: nothing is listed, and every pair was seen
  1  for check and status: something is listed, or an allow listing is lost
  2  wrong usage or configuration
  3  for check and status: nothing known to be listed, but something is
     unknown or was not asked
  4  anything else that failed (no database, no permission ...))";
constexpr const char* kPlainExitCodes = R"(Exit codes:
  0  done
  2  wrong usage or configuration
  4  anything else that failed (no database, no permission ...))";
constexpr const char* kStatusExitCodes = R"(Exit codes:
  0  nothing is listed, no allow listing is lost, every pair was seen
  1  something is listed, or an allow listing is lost
  2  wrong usage or configuration
  3  nothing known to be listed, but something is unknown or was not asked
     (a daemon that stopped long ago, too)
  4  anything else that failed (no database, no permission ...))";
constexpr const char* kCheckExitCodes = R"(Exit codes:
  0  nothing is listed, and every pair was seen
  1  something is listed
  2  wrong usage or configuration
  3  nothing known to be listed, but something is unknown
  4  anything else that failed
With --nagios the plugin's own:
  0  OK   1  WARNING (an info listing)   2  CRITICAL (listed)   3  UNKNOWN)";
constexpr const char* kTestExitCodes = R"(Exit codes:
  0  every zone passed
  2  wrong usage or configuration
  4  a zone failed its test, or anything else)";
constexpr const char* kDoctorExitCodes = R"(Exit codes:
  0  all is well, or there are warnings only
  2  wrong usage or configuration
  4  something has failed)";
constexpr const char* kStrictExitCodes = R"(Exit codes:
  0  the configuration can be used
  2  it can't, or (with --strict) it has warnings)";
constexpr const char* kChannelExitCodes = R"(Exit codes:
  0  every channel took it
  2  wrong usage or configuration, or no such channel
  4  a channel did not take it)";

/// What stands behind the command without an option's name.
CLI::Option* add_words(CLI::App& app, Options& options, const char* name, const char* help) {
  return app.add_option(name, options.words, help)->type_name("");
}

void add_check(CLI::App& app, Options& options) {
  add_words(app, options, "WHAT",
            "Addresses, CIDR ranges, domains, hosts. A bare name is\n"
            "asked on domain zones, and its addresses on IP zones;\n"
            "host:NAME and domain:NAME ask for one of both.")
      ->required();
  app.add_option("--zone", options.zones,
                 "Ask this zone only, by id or DNS name; may be given\n"
                 "again. Any zone of the catalogue will do.")
      ->type_name("ZONE")
      ->allow_extra_args(false);
  app.add_flag("--nagios", options.nagios,
               "One line for Nagios and its like, with performance\n"
               "data and their exit codes.");
}

void add_target(CLI::App& app, Options& options) {
  add_words(app, options, "TARGET",
            "Only this target (by name or value) or subject (an\n"
            "address, a domain).")
      ->expected(0, 1);
}

void add_history(CLI::App& app, Options& options) {
  add_target(app, options);
  app.add_option("--zone", options.zones, "Only this zone, by id or DNS name.")
      ->type_name("ZONE")
      ->expected(1)
      ->allow_extra_args(false);
  app.add_option("--since", options.since,
                 "What stood (with --events: happened) after this: 30d\n"
                 "ago, a local date (2026-11-23), or RFC 3339.")
      ->type_name("TIME");
  app.add_option("--until", options.until, "And before this; a date includes its day.")
      ->type_name("TIME");
  app.add_flag("--events", options.events, "Events instead of listings.");
  app.add_option("--limit", options.limit, "At most so many, the newest (default 100).")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}));
  app.add_flag("--csv", options.csv, "Listings as comma-separated values (RFC 4180).");
}

void add_why(CLI::App& app, Options& options) {
  add_words(app, options, "SUBJECT",
            "An address or domain that is watched; behind it a\n"
            "ZONE, by id or DNS name.")
      ->type_name("[ZONE]")
      ->expected(1, 2)
      ->required();
}

void add_zone(CLI::App& app, Options& options) {
  add_words(app, options, "ID", "Only this zone, by id or DNS name.")->expected(0, 1);
}

void add_one_zone(CLI::App& app, Options& options) {
  add_words(app, options, "ID", "The zone, by id or DNS name.")->expected(1)->required();
}

void add_failed(CLI::App& app, Options& options) {
  app.add_flag("--failed", options.failed, "Only those that failed for good.");
}

void add_delivery(CLI::App& app, Options& options) {
  add_words(app, options, "ID", "The delivery, as `alerts` shows it.")->expected(1)->required();
}

void add_channel(CLI::App& app, Options& options) {
  add_words(app, options, "CHANNEL", "Only this channel; default: each one.")->expected(0, 1);
}

void add_strict(CLI::App& app, Options& options) {
  app.add_flag("--strict", options.strict, "Warnings fail, too.");
}

void add_file(CLI::App& app, Options& options) {
  add_words(app, options, "FILE", "The copy to write; must not exist yet.")
      ->expected(1)
      ->required();
}

void add_nothing(CLI::App& /*app*/, Options& /*options*/) {}

/// Commands of the contract that are still to come.
constexpr std::array<std::string_view, 12> kToCome{"ack",       "unack",    "acks",       "silence",
                                                   "unsilence", "silences", "timeline",   "delist",
                                                   "stats",     "report",   "rejections", "impact"};

/// Before each word behind "--": where words may be left out CLI11 looks for options and commands
/// among them all the same.
constexpr std::string_view kMark = "\x02";

struct Entry {
  std::string_view name;
  const char* help;
  const char* exit_codes;
  void (*declare)(CLI::App& app, Options& options);
};

constexpr std::array kEntries{
    Entry{"check", "Ask every zone now, with reasons and delisting links", kCheckExitCodes,
          add_check},
    Entry{"status", "What is listed, pending and blind now", kStatusExitCodes, add_target},
    Entry{"history", "Listings with from, to, duration and codes", kPlainExitCodes, add_history},
    Entry{"why", "The evidence of the last verdict, and how to repeat it", kPlainExitCodes,
          add_why},
    Entry{"zones", "The zones in use and their health", kPlainExitCodes, add_zone},
    Entry{"zones test", "Test zones now", kTestExitCodes, add_zone},
    Entry{"zones release", "End a quarantine: what still stands is told", kPlainExitCodes,
          add_one_zone},
    Entry{"targets", "Targets with their subjects and state", kPlainExitCodes, add_nothing},
    Entry{"alerts", "Deliveries and their attempts", kPlainExitCodes, add_failed},
    Entry{"alerts test", "Send a test alert now", kChannelExitCodes, add_channel},
    Entry{"alerts resend", "Send a failed or dropped delivery again", kPlainExitCodes,
          add_delivery},
    Entry{"alerts drop", "Give a waiting or failed delivery up", kPlainExitCodes, add_delivery},
    Entry{"plan", "Questions per zone and operator per day, and their limits", kPlainExitCodes,
          add_nothing},
    Entry{"doctor", "What is wrong with resolvers, zones, clock, database, and its fix",
          kDoctorExitCodes, add_nothing},
    Entry{"config", "Look after the configuration", kStrictExitCodes, add_nothing},
    Entry{"config check", "Validate it: every error and warning, with its fix", kStrictExitCodes,
          add_strict},
    Entry{"backup", "A copy of the database while the daemon writes", kPlainExitCodes, add_file},
};

/// "zones" of "zones test"; "" of a command that stands alone.
std::string_view parent_of(std::string_view name) {
  const auto blank = name.find(' ');
  return blank == std::string_view::npos ? std::string_view() : name.substr(0, blank);
}

void add_global(CLI::App& app, Options& options, std::string& color) {
  app.add_option("--config", options.config,
                 "The configuration; default: where it exists\n"
                 "/etc/rblwatch/rblwatch.toml, else the defaults, which\n"
                 "are enough for check.")
      ->type_name("FILE");
  app.add_flag("--json", options.json, "One JSON document on stdout, for programs.");
  app.add_option("--color", color, "Colour: auto (on a terminal), always or never.")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}).description(""));
  app.set_version_flag("--version", std::string("rblwatch ") + core::kVersion,
                       "The version, and nothing else.");
}

ColorChoice color_choice(const std::string& word) {
  if (word == "always") {
    return ColorChoice::always;
  }
  return word == "never" ? ColorChoice::never : ColorChoice::automatic;
}

void add_commands(CLI::App& app, Options& options) {
  std::map<std::string, CLI::App*, std::less<>> known;
  for (const Entry& entry : kEntries) {
    const std::string_view parent = parent_of(entry.name);
    CLI::App& above = parent.empty() ? app : *known.find(parent)->second;
    const std::string word(entry.name.substr(parent.empty() ? 0 : parent.size() + 1));
    CLI::App* command = above.add_subcommand(word, entry.help);
    command->fallthrough();
    command->group("Commands");
    command->footer(entry.exit_codes);
    entry.declare(*command, options);
    known.emplace(entry.name, command);
  }
  known.find(std::string_view("config"))->second->require_subcommand(1);
}

/// The commands that were named, outer first.
std::vector<const CLI::App*> named_commands(const CLI::App& app) {
  std::vector<const CLI::App*> named;
  const CLI::App* here = &app;
  while (!here->get_subcommands().empty()) {
    here = here->get_subcommands().front();
    named.push_back(here);
  }
  return named;
}

std::string command_name(const CLI::App& app) {
  std::string name;
  for (const CLI::App* command : named_commands(app)) {
    name += (name.empty() ? "" : " ") + command->get_name();
  }
  return name;
}

std::vector<std::string> marked(const std::vector<std::string>& arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  std::vector<std::string> words(arguments.begin(), dashes);
  const std::string mark(words.empty() ? "" : kMark);  // before any command they change nothing
  for (auto word = dashes; word != arguments.end(); ++word) {
    if (word != dashes) {
      words.push_back(mark + *word);
    }
  }
  return words;
}

std::string unmarked(std::string text) {
  return core::replace_all(std::move(text), kMark, "");
}

/// What was given to "zones" though the command is "zones test": the outer one takes what the inner
/// one has no use for.
std::string surplus(const CLI::App& app) {
  const std::vector<const CLI::App*> named = named_commands(app);
  for (std::size_t i = 0; i + 1 < named.size(); ++i) {
    for (const CLI::Option* option : named[i]->get_options()) {
      if (option->count() > 0) {
        const std::string what = option->get_positional()
                                     ? core::quoted(unmarked(option->results().front()))
                                     : option->get_name();
        return what + " can't be given to rblwatch " + command_name(app);
      }
    }
  }
  return "";
}

bool is_asking_for_nagios(const std::vector<std::string>& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--nagios") != arguments.end();
}

Stop usage_error(const std::string& text, const std::vector<std::string>& arguments) {
  if (is_asking_for_nagios(arguments)) {
    return {kNagiosUnknown, nagios_error_line(text), text};
  }
  return {kWrong, "", text};
}

std::string no_command(const std::string& word) {
  if (std::find(kToCome.begin(), kToCome.end(), word) != kToCome.end()) {
    return core::quoted(word) + " doesn't exist yet (rblwatch --help names the commands that do)";
  }
  std::vector<std::string> names;
  for (const std::string_view name : command_names()) {
    names.emplace_back(name);
  }
  return core::quoted(word) + " is no command" + did_you_mean(word, names) +
         " (rblwatch --help names them all)";
}

/// "" where a command was given, or none.
std::string unknown_command(const CLI::App& app) {
  const std::string command = command_name(app);
  const std::vector<std::string> rest = app.remaining(true);
  const bool needs_command = command.empty() || command == "config";
  if (!needs_command || rest.empty() || rest.front().starts_with('-')) {
    return "";
  }
  return no_command((command.empty() ? "" : command + " ") + unmarked(rest.front()));
}

/// What CLI11 has to say, on one line.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  const std::string command = command_name(app);
  const std::string before = command.empty() ? "" : command + " ";
  const std::vector<std::string> rest = app.remaining(true);
  if (std::string unknown = unknown_command(app); !unknown.empty()) {
    return unknown;
  }
  // CLI11 would rather tell of a word that is missing.
  const auto option = std::find_if(rest.begin(), rest.end(),
                                   [](const std::string& word) { return word.starts_with('-'); });
  const std::string what =
      option != rest.end() ? core::quoted(*option) + " is no option of it" : unmarked(error.what());
  return core::replace_all(what, "\n", " ") + " (see rblwatch " + before + "--help)";
}

/// What CLI11 lets pass, but makes no sense together.
std::string contradiction(const Options& options) {
  if (options.csv && options.events) {
    return "--csv is for listings: leave out --events, or use --json";
  }
  if (options.csv && options.json) {
    return "--csv and --json are two forms of one thing: give one of them";
  }
  if (options.nagios && options.json) {
    return "--nagios and --json are two forms of one thing: give one of them";
  }
  return "";
}

}  // namespace

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kEntries) {
    if (entry.name != "config") {  // only the way to its subcommand
      names.push_back(entry.name);
    }
  }
  return names;
}

std::variant<Options, Stop> parse_options(const std::vector<std::string>& arguments) {
  CLI::App app(
      "rblwatch watches addresses and domains on DNS blocklists.\n"
      "Without a command it shows what is listed, pending and blind now.",
      "rblwatch");
  Options options;
  std::string color = "auto";
  app.footer(kExitCodes);
  app.get_formatter()->column_width(kHelpColumn);
  app.get_formatter()->label("REQUIRED", "");
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->label("OPTIONS", "options");
  app.require_subcommand(0, 1);
  add_global(app, options, color);
  add_commands(app, options);
  const std::vector<std::string> words = marked(arguments);
  if (std::find(arguments.begin(), arguments.end(), "") != arguments.end()) {
    // None means "all", here and there: not what the script wanted whose variable isn't set.
    return usage_error("an argument is empty: leave it out, or say what", words);
  }
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    const std::string unknown = unknown_command(app);
    return unknown.empty() ? Stop{kDone, app.help(), ""} : usage_error(unknown, words);
  } catch (const CLI::CallForVersion& version) {
    return Stop{kDone, std::string(version.what()) + "\n", ""};
  } catch (const CLI::ParseError& error) {
    return usage_error(complaint(app, error), words);
  }
  options.command = command_name(app);
  options.color = color_choice(color);
  const std::string fault = surplus(app).empty() ? contradiction(options) : surplus(app);
  if (!fault.empty()) {
    return usage_error(fault, words);
  }
  std::transform(options.words.begin(), options.words.end(), options.words.begin(), unmarked);
  return options;
}

}  // namespace rblwatch::cli
