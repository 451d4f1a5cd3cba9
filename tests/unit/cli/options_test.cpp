// SPDX-License-Identifier: Apache-2.0
#include "cli/options.hpp"

#include <catch2/catch.hpp>

#include "cli/command.hpp"
#include "core/text.hpp"

using namespace rblwatch;
using namespace rblwatch::cli;

namespace {

using Words = std::vector<std::string>;

Words words(std::string_view line) {
  Words split;
  for (const std::string_view word : core::split_blanks(line)) {
    if (!word.empty()) {
      split.emplace_back(word);
    }
  }
  return split;
}

Options options(std::string_view line) {
  const auto parsed = parse_options(words(line));
  const auto* stop = std::get_if<Stop>(&parsed);
  INFO(line << ": " << (stop != nullptr ? stop->error : ""));
  REQUIRE(stop == nullptr);
  return std::get<Options>(parsed);
}

Stop stop(const Words& arguments) {
  const auto parsed = parse_options(arguments);
  INFO(core::join(arguments, " "));
  REQUIRE(std::holds_alternative<Stop>(parsed));
  return std::get<Stop>(parsed);
}

}  // namespace

TEST_CASE("each command is known by its words", "[options]") {
  struct Row {
    std::string line;
    std::string command;
    Words words;
  };
  for (const Row& row : {Row{"", "", {}},
                         Row{"check 192.0.2.1 example.com", "check", {"192.0.2.1", "example.com"}},
                         Row{"status", "status", {}},
                         Row{"status mx1", "status", {"mx1"}},
                         Row{"history", "history", {}},
                         Row{"history mx1", "history", {"mx1"}},
                         Row{"why 192.0.2.1", "why", {"192.0.2.1"}},
                         Row{"why 192.0.2.1 zen", "why", {"192.0.2.1", "zen"}},
                         Row{"zones", "zones", {}},
                         Row{"zones zen", "zones", {"zen"}},
                         Row{"zones test", "zones test", {}},
                         Row{"zones test zen", "zones test", {"zen"}},
                         Row{"zones release zen", "zones release", {"zen"}},
                         Row{"targets", "targets", {}},
                         Row{"alerts", "alerts", {}},
                         Row{"alerts test", "alerts test", {}},
                         Row{"alerts test ops", "alerts test", {"ops"}},
                         Row{"alerts resend 01J", "alerts resend", {"01J"}},
                         Row{"alerts drop 01J", "alerts drop", {"01J"}},
                         Row{"config check", "config check", {}},
                         Row{"backup x.db", "backup", {"x.db"}}}) {
    const Options parsed = options(row.line);
    CHECK(parsed.command == row.command);
    CHECK(parsed.words == row.words);
  }
}

TEST_CASE("every command that is parsed can be run", "[options]") {
  for (const std::string_view name : command_names()) {
    CAPTURE(name);
    CHECK(find_command(name) != nullptr);
  }
  CHECK(find_command("") != nullptr);
  CHECK(find_command("nosuch") == nullptr);
}

TEST_CASE("what holds for all commands may stand before and behind them", "[options]") {
  for (const char* line : {"--config a.toml --json --color never zones test zen",
                           "zones --config a.toml --json --color never test zen",
                           "zones test --config a.toml --json --color never zen",
                           "zones test zen --config=a.toml --json --color=never"}) {
    const Options parsed = options(line);
    CHECK(parsed.config == std::filesystem::path("a.toml"));
    CHECK(parsed.json);
    CHECK(parsed.color == ColorChoice::never);
    CHECK(parsed.command == "zones test");
    CHECK(parsed.words == Words{"zen"});
  }
  CHECK(options("--json").json);
  CHECK_FALSE(options("").config);
}

TEST_CASE("options of single commands", "[options]") {
  CHECK(options("check --zone a --zone b 192.0.2.1").zones == Words{"a", "b"});
  CHECK(options("check --zone a 192.0.2.1").words == Words{"192.0.2.1"});
  CHECK(options("check --nagios 192.0.2.1").nagios);
  const Options history =
      options("history mx1 --zone zen --since 30d --until 2026-11-23 --events --limit 7");
  CHECK(history.words == Words{"mx1"});
  CHECK(history.zones == Words{"zen"});
  CHECK(history.since == "30d");
  CHECK(history.until == "2026-11-23");
  CHECK(history.events);
  CHECK(history.limit == 7);
  CHECK(options("history").limit == 100);
  CHECK(options("history --csv").csv);
  CHECK(options("alerts --failed").failed);
  CHECK(options("config check --strict").strict);
}

TEST_CASE("wrong usage is one line and exit code 2", "[options]") {
  for (const Words& arguments : {Words{"nosuch"},
                                 Words{"statsu"},
                                 Words{"status", "--nosuch"},
                                 Words{"status", "a", "b"},
                                 Words{"check"},
                                 Words{"why"},
                                 Words{"why", "a", "b", "c"},
                                 Words{"config"},
                                 Words{"config", "nosuch"},
                                 Words{"backup"},
                                 Words{"backup", "a", "b"},
                                 Words{"zones", "release"},
                                 Words{"zones", "test", "a", "b"},
                                 Words{"zones", "a", "test"},
                                 Words{"targets", "x"},
                                 Words{"alerts", "--failed", "test"},
                                 Words{"alerts", "resend"},
                                 Words{"history", "--limit", "x"},
                                 Words{"history", "--limit", "0"},
                                 Words{"history", "--limit", "-1"},
                                 Words{"history", "--csv", "--events"},
                                 Words{"history", "--csv", "--json"},
                                 Words{"history", "--zone", "a", "--zone", "b"},
                                 Words{"--color", "sometimes"},
                                 Words{"--config"}}) {
    const Stop stopped = stop(arguments);
    INFO(core::join(arguments, " ") << " -> " << stopped.error);
    CHECK(stopped.exit_code == 2);
    CHECK(stopped.out.empty());
    CHECK_FALSE(stopped.error.empty());
    CHECK(stopped.error.find('\n') == std::string::npos);
  }
}

TEST_CASE("a slip of a command is told with the nearest one", "[options]") {
  CHECK(stop({"statsu"}).error.find("status") != std::string::npos);
  CHECK(stop({"histroy", "mx1"}).error.find("history") != std::string::npos);
}

TEST_CASE("help for what is no command is none", "[options]") {
  for (const Words& words : {Words{"frobnicate", "--help"}, Words{"--help", "statsu"},
                             Words{"config", "chek", "--help"}}) {
    const Stop stopped = stop(words);
    CAPTURE(words.front());
    CHECK(stopped.exit_code == 2);
    CHECK(stopped.error.find("is no command") != std::string::npos);
  }
  CHECK(stop({"zones", "test", "--help"}).out.find("rblwatch zones test") != std::string::npos);
  CHECK(stop({"zones", "test", "--help"}).exit_code == 0);
}

TEST_CASE("an empty argument means nothing", "[options]") {
  for (const Words& words :
       {Words{"status", ""}, Words{"history", "--since", ""}, Words{"history", "--zone", "", "mx1"},
        Words{"", "status"}, Words{"check", ""}}) {
    CHECK(stop(words).exit_code == 2);
    CHECK(stop(words).error.find("is empty") != std::string::npos);
  }
  CHECK(stop({"check", "--nagios", ""}).exit_code == 3);
}

TEST_CASE("a slip behind a command is told as such, whatever else is missing", "[options]") {
  CHECK(stop({"config", "chek"}).error.find("config check") != std::string::npos);
  CHECK(stop({"check", "--nosuch"}).error.find("--nosuch") != std::string::npos);
  CHECK(stop({"alerts", "resend", "--nosuch"}).error.find("--nosuch") != std::string::npos);
}

TEST_CASE("commands that are to come are no slips", "[options]") {
  for (const char* name : {"ack", "unack", "acks", "silence", "unsilence", "silences", "timeline",
                           "delist", "stats", "report", "rejections", "impact"}) {
    const Stop stopped = stop({name, "192.0.2.1", "--for", "2h"});
    CAPTURE(stopped.error);
    CHECK(stopped.exit_code == 2);
    CHECK(stopped.error.find("doesn't exist yet") != std::string::npos);
    CHECK(stopped.error.find("did you mean") == std::string::npos);
  }
}

TEST_CASE("behind -- stand words, whatever they look like", "[options]") {
  CHECK(options("status -- mx1").words == Words{"mx1"});
  CHECK(options("status --json -- --json").words == Words{"--json"});
  CHECK(options("check a -- -b --nagios").words == Words{"a", "-b", "--nagios"});
  CHECK_FALSE(options("check a -- -b --nagios").nagios);
  CHECK(options("zones -- test").command == "zones");
  CHECK(options("zones -- test").words == Words{"test"});
  CHECK(options("-- zones test").command == "zones test");
  CHECK(options("why -- -a --").words == Words{"-a", "--"});
  CHECK(options("status --").words.empty());
  CHECK(stop({"status", "--", "a", "b"}).error.find_first_of("\x01\x02") == std::string::npos);
}

TEST_CASE("a plugin's wrong usage is the plugin's UNKNOWN", "[options]") {
  for (const Words& arguments :
       {Words{"check", "--nagios"}, Words{"check", "--nagios", "--json", "192.0.2.1"},
        Words{"check", "--nagios", "--no|such", "192.0.2.1"}}) {
    const Stop stopped = stop(arguments);
    CAPTURE(stopped.out);
    CHECK(stopped.exit_code == 3);
    CHECK_FALSE(stopped.error.empty());
    CHECK(stopped.out.starts_with("DNSBL UNKNOWN - rblwatch: "));
    CHECK(stopped.out.find('\n') == stopped.out.size() - 1);
    CHECK(stopped.out.find('|') == std::string::npos);
  }
}

TEST_CASE("the help tells each command, its options and its exit codes", "[options]") {
  const Stop help = stop({"--help"});
  CHECK(help.exit_code == 0);
  for (const std::string_view name : command_names()) {
    const std::string first(name.substr(0, name.find(' ')));
    CAPTURE(name);
    CHECK(help.out.find(first) != std::string::npos);
    Words arguments = words(name);
    arguments.emplace_back("--help");
    const Stop own = stop(arguments);
    CHECK(own.exit_code == 0);
    CHECK(own.out.find("Exit codes:") != std::string::npos);
  }
  CHECK(stop({"history", "--help"}).out.find("--since") != std::string::npos);
  CHECK(stop({"zones", "--help"}).out.find("release") != std::string::npos);
}

TEST_CASE("the version", "[options]") {
  const Stop version = stop({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.out.starts_with("rblwatch "));
}
