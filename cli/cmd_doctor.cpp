// SPDX-License-Identifier: Apache-2.0
// `doctor`: looks at everything that rblwatch stands on, and says what to mend. Works without the
// daemon and without a database; asks the configured resolvers and zone servers alone.
#include <algorithm>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "alerts/carrier.hpp"
#include "cli/command.hpp"
#include "cli/doctor_machine.hpp"
#include "cli/doctor_resolver.hpp"
#include "cli/doctor_zones.hpp"
#include "cli/reading.hpp"
#include "cli/survey_setup.hpp"
#include "conf/review.hpp"
#include "core/text.hpp"
#include "report/doctor.hpp"

namespace rblwatch::cli {
namespace {

using report::CheckState;
using report::CheckView;
using Checks = std::vector<CheckView>;

// All of these run at the same time; what is left of half a minute is for starting and printing.
constexpr core::Seconds kAskingTime{20};
constexpr core::Millis kReadingTime{15'000};
constexpr core::Millis kConnectTime{4'000};
constexpr core::Millis kMailTime{3'000};  // of which a mail server gets four

void append(Checks& all, Checks more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

CheckView configuration_check(const conf::Loaded& loaded) {
  const conf::Config& config = *loaded.config;
  const std::size_t warnings =
      loaded.warnings.size() + conf::review(config, known_hosts(config)).size();
  const std::string file = config.file.empty() ? "the defaults" : config.file.string();
  if (warnings == 0) {
    return {"configuration", CheckState::ok, file + " can be used", ""};
  }
  return {"configuration", CheckState::warn,
          file + " can be used, with " + core::count_of(warnings, "warning", "warnings"),
          "see rblwatch config check, which names each with its fix"};
}

/// Zones are tested through each resolver by itself, so each of them stands there once for each.
struct Plan {
  std::vector<lists::Zone> zones;
  std::vector<lists::KindSet> kinds;
  std::vector<TestedZone> ways;  // by position: which zone, through what
  std::vector<ProbeQuestion> probes;
};

Plan plan_of(const conf::Config& config, const lists::SubjectTable& subjects,
             const SurveySetup& setup) {
  Plan plan;
  for (std::uint16_t i = 0; i < static_cast<std::uint16_t>(config.zones.size()); ++i) {
    const lists::Zone& zone = config.zones[i];
    const lists::KindSet kinds = kinds_to_test(zone, subjects);
    const std::size_t times = zone.servers.empty() ? setup.servers.size() : 1;
    for (std::size_t k = 0; k < times; ++k) {
      plan.zones.push_back(zone);
      plan.kinds.push_back(kinds);
      plan.ways.push_back({lists::ZoneIndex{i},
                           zone.servers.empty() ? std::optional(setup.servers[k]) : std::nullopt,
                           {}});
    }
  }
  plan.probes = probe_questions(config.catalogue.probes, *setup.random);
  return plan;
}

dns::ServerGroupPtr alone(const dns::Server& server) {
  return std::make_shared<const dns::ServerGroup>(
      dns::ServerGroup{{server}, dns::ServerRole::resolver});
}

Findings ask(const Plan& plan, const SurveySetup& setup, const core::Clock& clock) {
  Survey survey = setup.survey(clock, plan.zones);
  survey.explain_refusals();
  for (std::uint16_t i = 0; i < static_cast<std::uint16_t>(plan.zones.size()); ++i) {
    if (plan.ways[i].through) {
      survey.ask_through(lists::ZoneIndex{i}, alone(*plan.ways[i].through));
    }
  }
  for (const dns::Server& server : setup.servers) {
    for (const ProbeQuestion& probe : plan.probes) {
      survey.add_extra({probe.question, alone(server)});
    }
  }
  return survey.test(plan.kinds);
}

std::vector<TestedZone> tested_zones(const Plan& plan, const Findings& findings) {
  std::vector<TestedZone> tested;
  for (const KindFinding& finding : findings.kinds) {
    TestedZone one = plan.ways[finding.zone.value];
    one.finding = finding;
    tested.push_back(std::move(one));
  }
  return tested;
}

std::vector<ResolverFacts> facts_of(const Plan& plan, const SurveySetup& setup,
                                    const Findings& findings,
                                    const std::vector<TestedZone>& tested) {
  std::vector<ResolverFacts> all;
  const std::vector<core::IpAddress> local = local_addresses();
  for (std::size_t i = 0; i < setup.servers.size(); ++i) {
    ResolverFacts& facts = all.emplace_back();
    facts.server = setup.servers[i];
    facts.local = local;
    for (std::size_t k = 0; k < plan.probes.size(); ++k) {
      facts.answers.push_back({plan.probes[k], findings.extras[i * plan.probes.size() + k]});
    }
    for (const TestedZone& one : tested) {
      if (one.through == facts.server) {
        facts.answers_for_zones = facts.answers_for_zones || !one.finding.failed;
        facts.refusals.push_back(one.finding.refusal_text);
      }
    }
  }
  return all;
}

core::Result<Checks, Failure> dns_checks(const conf::Config& config, const core::Clock& clock) {
  const auto subjects =
      lists::SubjectTable::build(config.targets, known_hosts(config), config.daemon.max_subjects);
  if (!subjects) {
    return wrong(subjects.error().text);
  }
  auto setup = set_up_survey(config, clock);
  if (!setup) {
    return tl::make_unexpected(setup.error());
  }
  setup->deadline = clock.tick() + kAskingTime;
  const Plan plan = plan_of(config, *subjects, *setup);
  const Findings findings = ask(plan, *setup, clock);
  const std::vector<TestedZone> tested = tested_zones(plan, findings);
  Checks checks;
  std::vector<dns::Server> sound;
  for (const ResolverFacts& facts : facts_of(plan, *setup, findings, tested)) {
    append(checks, judge_resolver(facts));
    if (finds_names(facts)) {
      sound.push_back(facts.server);
    }
  }
  append(checks, judge_zones(config.zones, tested, sound));
  return checks;
}

CheckView channel_check(const alerts::Channel& channel, const alerts::Receipt& receipt) {
  const std::string name = "channel " + channel.name;
  if (std::holds_alternative<alerts::Delivered>(receipt)) {
    return {name, CheckState::ok,
            channel.type == alerts::ChannelType::email
                ? "its mail server can be reached, and takes the login where there is one"
                : "can be reached; nothing was sent",
            ""};
  }
  const std::string why =
      std::visit([](const auto& came) -> std::string { return came.response; }, receipt);
  return {name, CheckState::fail, "can't be reached: " + why,
          "see its address, the way to it and its certificate; then rblwatch alerts test " +
              channel.name + " sends a message"};
}

using Future = std::future<CheckView>;

std::vector<Future> start_channels(const conf::Config& config) {
  alerts::DeliveryOptions options = config.delivery;
  options.connect_timeout = kConnectTime;
  options.request_timeout = kMailTime;
  std::vector<Future> started;
  for (const alerts::Channel& channel : config.channels) {
    started.push_back(std::async(std::launch::async, [channel, options] {
      return channel_check(channel, alerts::try_channel(channel, options));
    }));
  }
  return started;
}

}  // namespace

CommandResult run_doctor(const Session& session) {
  const conf::Loaded loaded = conf::load(session.options.config);
  if (!loaded.config) {
    return tl::make_unexpected(load_config(session.options).error());
  }
  const conf::Config& config = *loaded.config;
  const std::filesystem::path& database = config.daemon.database;
  std::vector<Future> channels = start_channels(config);
  Future sound = std::async(std::launch::async,
                            [&database] { return check_database(database, kReadingTime); });
  Future daemon = std::async(std::launch::async, [&config] {
    return check_daemon(config.daemon.database, conf::socket_path(config.daemon));
  });
  report::DoctorDoc document;
  document.checks.push_back(configuration_check(loaded));
  auto asked = dns_checks(config, session.clock);
  if (!asked) {
    return tl::make_unexpected(asked.error());
  }
  append(document.checks, std::move(*asked));
  document.checks.push_back(judge_clock(read_clock()));
  const std::filesystem::path folder = database_folder(database);
  document.checks.push_back(judge_disk(folder, read_disk(folder)));
  document.checks.push_back(sound.get());
  document.checks.push_back(daemon.get());
  if (channels.empty()) {
    document.checks.push_back({"channels", CheckState::warn, "there is none: nobody is told",
                               "add a [[channel]] to the configuration"});
  }
  for (Future& channel : channels) {
    document.checks.push_back(channel.get());
  }
  document.generated_at = session.clock.now();
  return Reply{
      session.options.json ? report::to_json(document) : report::to_text(document, session.style),
      report::has_failed(document) ? kFailed : kDone,
      {}};
}

}  // namespace rblwatch::cli
