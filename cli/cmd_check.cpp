// SPDX-License-Identifier: Apache-2.0
// `check`: asks every zone now. Needs no daemon, no database, no configuration.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/reading.hpp"
#include "cli/survey.hpp"
#include "cli/survey_report.hpp"
#include "cli/survey_setup.hpp"
#include "cli/zone_choice.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"
#include "report/json.hpp"
#include "report/nagios.hpp"
#include "report/resolvers.hpp"
#include "report/text.hpp"

namespace rblwatch::cli {
namespace {

/// More would never end in time; a daemon is for that.
constexpr std::uint64_t kMostSubjects = 65'536;

/// What the words name, as targets. A bare name is two of them: a domain, and a host.
struct Wanted {
  std::vector<lists::Target> targets;
  std::vector<bool> is_bare;  // by position: a host that need not have an address
  std::uint64_t words = 0;    // different ones
};

core::Result<Wanted, Failure> read_words(const std::vector<std::string>& words) {
  Wanted wanted;
  std::set<std::pair<lists::TargetType, std::string>> seen;
  std::uint64_t subjects = 0;
  const auto add = [&](lists::Target target, bool is_bare) {
    const bool is_new = seen.emplace(target.type, target.value).second;
    if (is_new) {
      subjects = lists::add_counts(subjects, lists::subject_count(target));
      wanted.targets.push_back(std::move(target));
      wanted.is_bare.push_back(is_bare);
    }
    return is_new;
  };
  for (const std::string& word : words) {
    auto target = lists::parse_target_value(word);
    if (!target) {
      const bool is_named = target.error().text.find(word) != std::string::npos;
      return wrong(is_named ? target.error().text
                            : core::quoted(word) + ": " + target.error().text);
    }
    lists::Target host = *target;
    const bool is_bare = target->type == lists::TargetType::domain && !word.starts_with("domain:");
    bool is_new = add(std::move(*target), false);
    if (is_bare) {
      host.type = lists::TargetType::host;
      is_new = add(std::move(host), true) || is_new;
    }
    wanted.words += is_new ? 1 : 0;
  }
  if (subjects > kMostSubjects) {
    return wrong("that is " + lists::subject_count_text(subjects) + ", and check takes at most " +
                 std::to_string(kMostSubjects) + ": make them targets of rblwatchd");
  }
  return wanted;
}

core::Result<std::vector<lists::Zone>, Failure> zones_for(const Options& options,
                                                          const conf::Config& config) {
  if (options.zones.empty()) {
    if (config.zones.empty()) {
      return wrong("no zone is in use: see [catalogue] in the configuration, or give --zone");
    }
    return config.zones;
  }
  std::vector<lists::Zone> zones;
  for (const std::string& name : options.zones) {
    auto zone = choose_zone(config, name);
    if (!zone) {
      return tl::make_unexpected(zone.error());
    }
    const bool is_new = std::none_of(
        zones.begin(), zones.end(), [&](const lists::Zone& other) { return other.id == zone->id; });
    if (is_new) {
      zones.push_back(std::move(*zone));
    }
  }
  return zones;
}

struct Hosts {
  lists::HostBook book;
  std::vector<std::string> unresolved;  // whose pairs can't be known
  std::vector<std::string> remarks;
};

/// That a domain has no address is an answer; that nobody could say is doubt. Of what was called a
/// host, neither is.
void note_unresolved(Hosts& hosts, const std::string& name, const std::string& cause,
                     bool is_bare) {
  const bool has_none = cause == "nxdomain" || cause == "no address";
  const std::string why = cause == "nxdomain" ? "there is no such name" : cause;
  if (is_bare && has_none) {
    hosts.remarks.push_back(name + " has no addresses (" + why +
                            "): it was asked on domain zones only");
    return;
  }
  hosts.unresolved.push_back(name);
  hosts.remarks.push_back("the addresses of " + name + " can't be found (" + why +
                          "): they were not asked about");
}

Hosts resolve(const Wanted& wanted, Survey& survey) {
  std::vector<std::uint32_t> positions;
  std::vector<core::DnsName> names;
  for (std::uint32_t i = 0; i < wanted.targets.size(); ++i) {
    if (wanted.targets[i].type == lists::TargetType::host) {
      positions.push_back(i);
      names.push_back(wanted.targets[i].host);
    }
  }
  Hosts hosts;
  const std::vector<dns::HostOutcome> outcomes = survey.resolve(names);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (const auto* found = std::get_if<dns::HostAddresses>(&outcomes[i])) {
      hosts.book[positions[i]] = found->addresses;
    } else {
      note_unresolved(hosts, names[i].to_text(), std::get<dns::HostUnresolved>(outcomes[i]).cause,
                      wanted.is_bare[positions[i]]);
    }
  }
  return hosts;
}

Reply reply_of(const report::StatusDoc& document, const Session& session) {
  Reply reply;
  reply.exit_code = report::exit_code(document);
  if (session.options.nagios) {
    report::NagiosResult plugin = report::to_nagios(document);
    reply.exit_code = plugin.exit_code;
    reply.out = std::move(plugin.text);
  } else if (session.options.json) {
    reply.out = report::to_json(document);
  } else {
    reply.out = report::check_to_text(document, session.style);
  }
  return reply;
}

}  // namespace

CommandResult run_check(const Session& session) {
  const auto config = load_config(session.options);
  if (!config) {
    return tl::make_unexpected(config.error());
  }
  const auto wanted = read_words(session.options.words);
  if (!wanted) {
    return tl::make_unexpected(wanted.error());
  }
  const auto zones = zones_for(session.options, *config);
  if (!zones) {
    return tl::make_unexpected(zones.error());
  }
  const auto setup = set_up_survey(*config, session.clock);
  if (!setup) {
    return tl::make_unexpected(setup.error());
  }
  Survey survey = setup->survey(session.clock, *zones);
  Hosts hosts = resolve(*wanted, survey);
  const auto subjects = lists::SubjectTable::build(wanted->targets, hosts.book, kMostSubjects);
  if (!subjects) {
    return wrong(subjects.error().text);
  }
  const Findings findings = survey.ask(*subjects);
  const core::Timestamp now = session.clock.now();
  report::StatusDoc document = check_document({*zones, *subjects, findings, now}, wanted->words);
  document.resolvers = report::resolver_views(setup->resolver->servers(), {}, now);
  for (const std::string& host : hosts.unresolved) {
    add_unresolved(document, *zones, host);
  }
  Reply reply = reply_of(document, session);
  reply.remarks = std::move(hosts.remarks);
  return reply;
}

}  // namespace rblwatch::cli
