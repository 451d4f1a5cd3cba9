// SPDX-License-Identifier: Apache-2.0
#include "lists/budget.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "lists/query_name.hpp"

namespace rblwatch::lists {
namespace {

using core::Millis;

constexpr double kDaySeconds = 86'400;
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

double seconds(Millis duration) {
  return static_cast<double>(duration.count()) / 1000;
}

std::uint64_t rounded(double number) {
  return static_cast<std::uint64_t>(std::llround(std::max(0.0, number)));
}

/// What is left of a limit is shared out evenly among all who still want something; nobody gets
/// more than he wants (max-min fairness), as the resolver does it lane by lane.
std::vector<double> share_out(const std::vector<double>& wanted, double limit) {
  std::vector<std::size_t> order(wanted.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::sort(order.begin(), order.end(),
            [&wanted](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
  std::vector<double> given(wanted.size(), 0);
  double left = limit;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double even = left / static_cast<double>(order.size() - i);
    given[order[i]] = std::min(wanted[order[i]], even);
    left -= given[order[i]];
  }
  return given;
}

class Planner {
 public:
  Planner(std::span<const Zone> zones, const SubjectTable& subjects, const BudgetPolicy& policy)
      : zones_(zones), subjects_(subjects), policy_(policy), rates_(zones.size(), 0) {}

  Budget plan() {
    budget_.zones.resize(zones_.size());
    for (std::size_t i = 0; i < zones_.size(); ++i) {
      budget_.zones[i].zone = ZoneIndex{static_cast<std::uint16_t>(i)};
      count_pairs(i);
    }
    set_pace();
    set_sweeps();
    add_operators();
    return std::move(budget_);
  }

 private:
  bool is_through_resolver(std::size_t i) const { return zones_[i].servers.empty(); }
  double own_limit(std::size_t i) const { return zones_[i].qps > 0 ? zones_[i].qps : kNoLimit; }
  double resolver_limit() const { return policy_.qps > 0 ? policy_.qps : kNoLimit; }

  std::uint64_t names_of(std::size_t i, const SubjectTable::Stretch& stretch) const {
    const Subject& first = subjects_.subject(stretch.begin);
    if (!first.is_domain() || zones_[i].domain_form != DomainForm::both) {
      return stretch.count;
    }
    std::uint64_t names = 0;
    for (std::uint32_t k = 0; k < stretch.count; ++k) {
      const SubjectIndex subject{stretch.begin.value + k};
      names += subject_labels(zones_[i], subjects_.subject(subject)).size();
    }
    return names;
  }

  void count_pairs(std::size_t i) {
    const Zone& zone = zones_[i];
    ZoneBudget& here = budget_.zones[i];
    KindSet kinds;
    for (const SubjectTable::Stretch& stretch : stretches_) {
      if (!subjects_.is_asked(stretch.begin, zone)) {
        continue;
      }
      const Millis interval = subjects_.interval_of(stretch.begin, zone, policy_.interval);
      const std::uint64_t names = names_of(i, stretch);
      here.pairs += stretch.count;
      here.questions_per_sweep += names;
      here.interval = here.interval.count() == 0 ? interval : std::min(here.interval, interval);
      rates_[i] += static_cast<double>(names) / seconds(interval);
      kinds.add(subjects_.subject(stretch.begin).kind());
    }
    here.tests_per_day =
        rounded(tests_of(zone, kinds) * kDaySeconds / seconds(policy_.health_interval));
    here.wanted_per_day = rounded(rates_[i] * kDaySeconds) + here.tests_per_day;
  }

  static double tests_of(const Zone& zone, const KindSet& kinds) {
    double names = 0;
    for (const Kind kind : kAllKinds) {
      if (kinds.has(kind)) {
        const TestEntries& entries = zone.test_of(kind);
        names += (entries.listed ? 1 : 0) + (entries.clear ? 1 : 0) + (zone.test_random ? 1 : 0);
      }
    }
    return names;
  }

  /// Positions of the zones that share the resolver's pace.
  std::vector<std::size_t> sharing() const {
    std::vector<std::size_t> zones;
    for (std::size_t i = 0; i < zones_.size(); ++i) {
      if (is_through_resolver(i)) {
        zones.push_back(i);
      }
    }
    return zones;
  }

  /// What the pace allows of what is wanted, in the long run.
  void set_pace() {
    std::vector<double> given = rates_;
    std::vector<double> wanted;
    for (std::size_t i = 0; i < zones_.size(); ++i) {
      given[i] = std::min(given[i], own_limit(i));
    }
    const std::vector<std::size_t> shared = sharing();
    wanted.reserve(shared.size());
    for (const std::size_t i : shared) {
      wanted.push_back(given[i]);
    }
    const std::vector<double> allowed = share_out(wanted, resolver_limit());
    for (std::size_t k = 0; k < shared.size(); ++k) {
      budget_.zones[shared[k]].is_by_resolver = allowed[k] < wanted[k];
      given[shared[k]] = allowed[k];
    }
    for (std::size_t i = 0; i < zones_.size(); ++i) {
      ZoneBudget& here = budget_.zones[i];
      const double limit =
          std::min(own_limit(i), is_through_resolver(i) ? resolver_limit() : kNoLimit);
      here.qps = std::isinf(limit) ? 0 : limit;
      here.is_stretched = given[i] < rates_[i];
      here.questions_per_day = rounded(given[i] * kDaySeconds) + here.tests_per_day;
    }
  }

  /// All sweeps begin together; whoever is through leaves his part to the others.
  void set_sweeps() {
    std::vector<double> left;
    for (const ZoneBudget& here : budget_.zones) {
      left.push_back(here.qps > 0 ? static_cast<double>(here.questions_per_sweep) : 0);
    }
    double now = 0;
    for (;;) {
      const std::vector<double> speeds = speeds_of(left);
      double step = kNoLimit;
      for (std::size_t i = 0; i < left.size(); ++i) {
        step = left[i] > 0 ? std::min(step, left[i] / speeds[i]) : step;
      }
      if (std::isinf(step)) {
        break;
      }
      now += step;
      for (std::size_t i = 0; i < left.size(); ++i) {
        constexpr double kNothing = 1e-6;  // of a question: what rounding leaves
        if (left[i] > 0) {
          left[i] -= speeds[i] * step;
          left[i] = left[i] < kNothing ? 0 : left[i];
          budget_.zones[i].sweep_s = now;
        }
      }
    }
    for (ZoneBudget& here : budget_.zones) {
      here.sweep = core::Seconds(std::llround(std::ceil(here.sweep_s)));
    }
  }

  std::vector<double> speeds_of(const std::vector<double>& left) const {
    std::vector<double> speeds(left.size(), 0);
    std::vector<std::size_t> shared;
    std::vector<double> wanted;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (left[i] > 0 && is_through_resolver(i)) {
        shared.push_back(i);
        wanted.push_back(own_limit(i));
      } else if (left[i] > 0) {
        speeds[i] = own_limit(i);
      }
    }
    const std::vector<double> given = share_out(wanted, resolver_limit());
    for (std::size_t k = 0; k < shared.size(); ++k) {
      speeds[shared[k]] = given[k];
    }
    return speeds;
  }

  void add_operators() {
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < zones_.size(); ++i) {
      const std::string& name = zones_[i].operator_name;
      if (name.empty()) {
        continue;
      }
      const auto [place, is_new] = places.emplace(name, budget_.operators.size());
      if (is_new) {
        budget_.operators.emplace_back().operator_name = name;
      }
      add_to(budget_.operators[place->second], i);
    }
  }

  void add_to(OperatorBudget& sum, std::size_t i) {
    const ZoneBudget& here = budget_.zones[i];
    const std::uint64_t limit = zones_[i].limit_per_day;
    sum.zones.push_back(here.zone);
    sum.tests_per_day += here.tests_per_day;
    sum.questions_per_day += here.questions_per_day;
    if (limit > 0) {
      sum.limit_per_day = sum.limit_per_day == 0 ? limit : std::min(sum.limit_per_day, limit);
    }
    if (here.interval.count() > 0) {
      sum.interval =
          sum.interval.count() == 0 ? here.interval : std::min(sum.interval, here.interval);
    }
  }

  std::span<const Zone> zones_;
  const SubjectTable& subjects_;
  BudgetPolicy policy_;
  std::vector<SubjectTable::Stretch> stretches_ = subjects_.stretches();
  std::vector<double> rates_;  // wanted questions a second, by zone; tests aside
  Budget budget_;
};

}  // namespace

Budget make_budget(std::span<const Zone> zones, const SubjectTable& subjects,
                   const BudgetPolicy& policy) {
  return Planner(zones, subjects, policy).plan();
}

std::optional<double> budget_share(std::uint64_t questions_per_day, std::uint64_t limit_per_day) {
  if (limit_per_day == 0) {
    return std::nullopt;
  }
  return static_cast<double>(questions_per_day) / static_cast<double>(limit_per_day);
}

std::optional<Millis> fitting_interval(Millis interval, std::uint64_t questions_per_day,
                                       std::uint64_t tests_per_day, std::uint64_t limit_per_day) {
  if (limit_per_day <= tests_per_day || questions_per_day <= tests_per_day) {
    return std::nullopt;
  }
  const double factor = static_cast<double>(questions_per_day - tests_per_day) /
                        static_cast<double>(limit_per_day - tests_per_day);
  const double wanted = seconds(interval) * factor;
  constexpr double kMinute = 60;
  const double unit = wanted < 10 * kMinute ? 1 : kMinute;
  return Millis(std::llround(std::ceil(wanted / unit) * unit * 1000));
}

AssumedHosts assume_hosts(const std::vector<Target>& targets, HostBook known) {
  AssumedHosts assumed;
  assumed.book = std::move(known);
  for (std::uint32_t i = 0; i < targets.size(); ++i) {
    const Target& target = targets[i];
    const bool has_addresses = target.type == TargetType::host ||
                               (target.type == TargetType::domain && !target.follow.empty());
    if (!has_addresses || assumed.book.count(i) != 0) {
      continue;
    }
    const auto byte = [i](unsigned shift) {
      return static_cast<std::uint8_t>((i >> shift) & 0xffU);
    };
    const auto high = static_cast<std::uint8_t>(240U | (byte(24) & 0x0fU));
    assumed.book[i] = {core::IpAddress::v4({high, byte(16), byte(8), byte(0)})};
    assumed.names.push_back(target.name);
  }
  return assumed;
}

}  // namespace rblwatch::lists
