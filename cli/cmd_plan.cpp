// SPDX-License-Identifier: Apache-2.0
// `plan`: what the configuration will ask of each zone and operator a day. Asks nothing itself.
#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/reading.hpp"
#include "conf/review.hpp"
#include "core/text.hpp"
#include "lists/budget.hpp"
#include "report/plan.hpp"

namespace rblwatch::cli {
namespace {

/// Targets that were counted as one address: how far the plan can be trusted.
std::string assumption(const std::vector<std::string>& names) {
  constexpr std::size_t kMostNamed = 5;
  std::string text = core::join(std::span(names).first(std::min(names.size(), kMostNamed)), ", ");
  if (names.size() > kMostNamed) {
    text += " and " + std::to_string(names.size() - kMostNamed) + " more";
  }
  return "the addresses of " + text +
         " aren't known yet, and count as one IPv4 address each: start rblwatchd, which finds them";
}

/// A sentence that stands without its place.
std::string sentence(const conf::Diagnostic& warning) {
  return warning.text + "; " + warning.allowed;
}

/// Of one value of the file, which its key names.
void add(std::vector<std::string>& warnings, const std::vector<conf::Diagnostic>& found) {
  for (const conf::Diagnostic& warning : found) {
    if (conf::is_about_questions(warning)) {
      warnings.push_back(warning.key + ": " + sentence(warning));
    }
  }
}

/// Whatever `config check` says that bears on what is asked.
std::vector<std::string> warnings_of(const conf::Loaded& loaded, const conf::Demand& demand) {
  std::vector<std::string> warnings;
  add(warnings, loaded.warnings);
  add(warnings, conf::resolver_warnings(*loaded.config));
  if (!demand.assumed.empty()) {
    warnings.push_back(assumption(demand.assumed));
  }
  for (const conf::Diagnostic& warning : conf::demand_warnings(*loaded.config, demand)) {
    warnings.push_back(sentence(warning));
  }
  return warnings;
}

report::PlanDoc document_of(const conf::Config& config, const conf::Demand& demand) {
  report::PlanDoc document;
  for (const lists::ZoneBudget& here : demand.budget.zones) {
    const lists::Zone& zone = config.zones[here.zone.value];
    report::PlanZone row;
    row.id = zone.id;
    row.operator_name = zone.operator_name;
    row.questions_per_day = here.questions_per_day;
    row.limit_per_day = zone.limit_per_day;
    row.share = lists::budget_share(here.questions_per_day, zone.limit_per_day);
    if (here.qps > 0) {
      row.qps = here.qps;
      row.sweep_s = here.sweep_s;
    }
    document.zones.push_back(std::move(row));
  }
  for (const lists::OperatorBudget& sum : demand.budget.operators) {
    document.operators.push_back({sum.operator_name, sum.questions_per_day, sum.limit_per_day,
                                  lists::budget_share(sum.questions_per_day, sum.limit_per_day)});
  }
  return document;
}

}  // namespace

CommandResult run_plan(const Session& session) {
  const auto loaded = load_with_warnings(session.options);
  if (!loaded) {
    return tl::make_unexpected(loaded.error());
  }
  const conf::Config& config = *loaded->config;
  const auto demand = conf::demand_of(config, known_hosts(config));
  if (!demand) {
    return wrong(demand.error().text);
  }
  report::PlanDoc document = document_of(config, *demand);
  document.generated_at = session.clock.now();
  document.warnings = warnings_of(*loaded, *demand);
  return Reply{
      session.options.json ? report::to_json(document) : report::to_text(document, session.style),
      kDone,
      {}};
}

}  // namespace rblwatch::cli
