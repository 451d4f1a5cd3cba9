// SPDX-License-Identifier: Apache-2.0
#include "conf/review.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>

#include "conf/settings.hpp"
#include "core/text.hpp"
#include "dns/public_resolver.hpp"
#include "dns/resolv_conf.hpp"

namespace rblwatch::conf {
namespace {

using core::Millis;
using lists::OperatorBudget;
using lists::Zone;
using lists::ZoneBudget;
using lists::ZoneIndex;

/// From here on confirmations, reasons and jitter, which aren't counted, may pass the limit.
constexpr double kNearlyAll = 0.9;

std::string percent(double share) {
  return std::to_string(std::llround(share * 100)) + " %";
}

/// "12.5", "500"
std::string pace_text(double qps) {
  std::string text = std::to_string(qps);
  text.erase(text.find_last_not_of('0') + 1);
  return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

class Reviewer {
 public:
  Reviewer(const Config& config, const Demand& demand) : config_(config), demand_(demand) {}

  std::vector<Diagnostic> warnings() {
    for (const OperatorBudget& sum : demand_.budget.operators) {
      judge(sum);
    }
    for (const ZoneBudget& here : demand_.budget.zones) {
      if (zone(here.zone).operator_name.empty()) {
        judge(of_one(here));
      }
    }
    std::vector<const ZoneBudget*> by_resolver;
    for (const ZoneBudget& here : demand_.budget.zones) {
      if (here.is_stretched && here.is_by_resolver) {
        by_resolver.push_back(&here);
      } else if (here.is_stretched) {
        warn_of_sweep({&here});
      }
    }
    if (!by_resolver.empty()) {
      warn_of_sweep(by_resolver);  // one cause, one warning
    }
    for (const ZoneBudget& here : demand_.budget.zones) {
      warn_of_overlap(here);
    }
    return std::move(warnings_);
  }

 private:
  const Zone& zone(ZoneIndex index) const { return config_.zones[index.value]; }

  void warn(ZoneIndex index, std::string text, std::string fix) {
    const Spot& spot = config_.zone_spots[index.value];
    warnings_.push_back(
        {spot.file, spot.line, spot.column, spot.key, std::move(text), std::move(fix)});
  }

  OperatorBudget of_one(const ZoneBudget& here) const {
    OperatorBudget sum;
    sum.zones = {here.zone};
    sum.tests_per_day = here.tests_per_day;
    sum.questions_per_day = here.questions_per_day;
    sum.limit_per_day = zone(here.zone).limit_per_day;
    sum.interval = here.interval;
    return sum;
  }

  std::string names(const OperatorBudget& sum) const {
    std::vector<std::string> ids;
    for (const ZoneIndex index : sum.zones) {
      ids.push_back(zone(index).id);
    }
    if (ids.size() == 1) {
      return "zone " + ids.front() + " is";
    }
    return sum.operator_name + "'s zones (" + core::join(ids, ", ") + ") are";
  }

  std::string fix(const OperatorBudget& sum) const {
    const auto interval = lists::fitting_interval(sum.interval, sum.questions_per_day,
                                                  sum.tests_per_day, sum.limit_per_day);
    std::string text =
        "watch fewer subjects there (skip_zones), skip a zone, or ask the operator "
        "for a key or a higher limit";
    if (interval && *interval > sum.interval) {
      text = "an interval of at least " + core::to_duration_text(*interval) +
             " (schedule.interval, or zone.interval); or " + text;
    }
    return text;
  }

  void judge(const OperatorBudget& sum) {
    const auto share = lists::budget_share(sum.questions_per_day, sum.limit_per_day);
    if (!share || *share <= kNearlyAll) {
      return;
    }
    const std::string who = sum.operator_name.empty() ? "its operator" : sum.operator_name;
    std::string text =
        names(sum) + " asked " + core::count_of(sum.questions_per_day, "question", "questions") +
        " a day, and " + who + " allows " +
        core::count_of(sum.limit_per_day, "question", "questions") + ": " + percent(*share);
    if (*share <= 1) {
      text += ", which leaves little for confirmations and reasons";
    }
    warn(sum.zones.front(), std::move(text), fix(sum));
  }

  /// The interval at which it would not stretch: what is asked that much too often must be asked
  /// that much more seldom.
  static double needed_s(const ZoneBudget& here) {
    const double wanted = static_cast<double>(here.wanted_per_day - here.tests_per_day);
    const double given = static_cast<double>(here.questions_per_day - here.tests_per_day);
    const double interval_s = static_cast<double>(here.interval.count()) / 1000;
    return std::max(here.sweep_s, given > 0 ? interval_s * wanted / given : 0);
  }

  /// Zones that are held back together.
  void warn_of_sweep(const std::vector<const ZoneBudget*>& slow) {
    const bool is_by_resolver = slow.front()->is_by_resolver;
    std::vector<std::string> ids;
    double sweep_s = 0;
    double longest_s = 0;
    Millis interval = slow.front()->interval;
    for (const ZoneBudget* here : slow) {
      ids.push_back(zone(here->zone).id);
      sweep_s = std::max(sweep_s, here->sweep_s);
      longest_s = std::max(longest_s, needed_s(*here));
      interval = std::min(interval, here->interval);
    }
    const double pace = is_by_resolver ? config_.resolver.qps : slow.front()->qps;
    const double unit = longest_s < 600 ? 1 : 60;
    const Millis needed(std::llround(std::ceil(longest_s / unit) * unit) * 1000);
    warn(slow.front()->zone,
         "a sweep of " + std::string(ids.size() == 1 ? "zone " : "the zones ") +
             core::join(ids, ", ") + " takes " +
             core::to_human(Millis(std::llround(sweep_s * 1000))) + " at " + pace_text(pace) +
             (is_by_resolver ? " questions a second over all zones" : " questions a second") +
             ", and the interval is " + core::to_human(interval) + ": it stretches",
         "an interval of at least " + core::to_duration_text(needed) +
             ", fewer subjects, or a higher " +
             (is_by_resolver ? "resolver.qps where the resolver bears it"
                             : "qps of the zone where its operator allows it"));
  }

  void warn_of_overlap(const ZoneBudget& here) {
    std::vector<std::string> containers;
    for (const ZoneBudget& other : demand_.budget.zones) {
      const std::vector<std::string>& holders = zone(here.zone).contained_in;
      const bool holds =
          std::find(holders.begin(), holders.end(), zone(other.zone).id) != holders.end();
      if (holds && other.pairs > 0) {
        containers.push_back(zone(other.zone).id);
      }
    }
    if (!containers.empty() && here.pairs > 0) {
      const std::string& id = zone(here.zone).id;
      warn(here.zone,
           "zone " + id + " is contained in " + core::join(containers, ", ") +
               ", in use too: the same is asked twice, and told once",
           "leave " + id + " out (catalogue.skip), unless you want its listings apart");
    }
  }

  const Config& config_;
  const Demand& demand_;
  std::vector<Diagnostic> warnings_;
};

}  // namespace

core::Result<Demand> demand_of(const Config& config, lists::HostBook hosts) {
  lists::AssumedHosts assumed = lists::assume_hosts(config.targets, std::move(hosts));
  const auto subjects =
      lists::SubjectTable::build(config.targets, assumed.book, config.daemon.max_subjects);
  if (!subjects) {
    return tl::make_unexpected(subjects.error());
  }
  const lists::BudgetPolicy policy{config.schedule.interval, config.schedule.health.health_interval,
                                   config.resolver.qps};
  return Demand{lists::make_budget(config.zones, *subjects, policy), std::move(assumed.names)};
}

std::vector<Diagnostic> demand_warnings(const Config& config, const Demand& demand) {
  return Reviewer(config, demand).warnings();
}

std::vector<Diagnostic> resolver_warnings(const Config& config,
                                          std::span<const dns::Server> system_servers) {
  std::vector<Diagnostic> warnings;
  if (!config.resolver_servers.empty()) {
    return warnings;  // reading has told of these
  }
  for (const dns::Server& server : system_servers) {
    const std::string_view whose = dns::public_resolver_operator(server.address);
    if (!whose.empty()) {
      warnings.push_back({"/etc/resolv.conf", 0, 0, "resolver.servers",
                          public_resolver_text(server.address, whose), kPublicResolverFix});
    }
  }
  return warnings;
}

std::vector<Diagnostic> resolver_warnings(const Config& config) {
  return resolver_warnings(
      config, config.resolver_servers.empty() ? dns::system_servers() : std::vector<dns::Server>());
}

bool is_about_questions(const Diagnostic& warning) {
  constexpr std::array<std::string_view, 6> kSections{"catalogue", "keys",   "resolver",
                                                      "schedule",  "target", "zone"};
  const std::string_view key = warning.key;
  const std::string_view section = key.substr(0, key.find_first_of(".["));
  return std::find(kSections.begin(), kSections.end(), section) != kSections.end();
}

std::vector<Diagnostic> review(const Config& config, lists::HostBook hosts) {
  std::vector<Diagnostic> warnings = resolver_warnings(config);
  const auto demand = demand_of(config, std::move(hosts));
  if (!demand) {
    warnings.push_back({config.file.string(), 0, 0, "target", demand.error().text,
                        "watch less, or raise daemon.max_subjects"});
    return warnings;
  }
  std::vector<Diagnostic> more = demand_warnings(config, *demand);
  std::move(more.begin(), more.end(), std::back_inserter(warnings));
  return warnings;
}

}  // namespace rblwatch::conf
