// SPDX-License-Identifier: Apache-2.0
//
// What a configuration asks of each zone and operator, before anything is asked: questions a day
// against what the operator allows, and how long a sweep takes at the pace that qps leaves. Counted
// are the turns of all pairs and the zones' tests; not counted, since they follow from what is
// found, are confirmations, reasons (TXT), direct questions, and the turns that jitter brings
// forward: a few in a hundred. Pure arithmetic; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "lists/target.hpp"
#include "lists/zone.hpp"

namespace rblwatch::lists {

struct BudgetPolicy {
  core::Millis interval{0};         // of the schedule: of zones and targets without their own
  core::Millis health_interval{0};  // between two tests of a zone's kind
  double qps = 0;                   // over all zones that go through the resolver; 0 = no limit
};

struct ZoneBudget {
  ZoneIndex zone;
  std::uint64_t pairs = 0;
  std::uint64_t questions_per_sweep = 0;  // more than pairs where a domain is asked in two forms
  std::uint64_t tests_per_day = 0;        // questions of them
  std::uint64_t questions_per_day = 0;  // tests included; what the pace allows, where it stretches
  std::uint64_t wanted_per_day = 0;     // the same without a pace
  core::Millis interval{0};             // the shortest of its pairs; 0 = it has none
  double qps = 0;                       // the lower of its own and the resolver's; 0 = no limit
  core::Seconds sweep{0};     // of all zones' sweeps begun together, rounded up; 0 without a limit
  double sweep_s = 0;         // the same unrounded
  bool is_stretched = false;  // more is wanted than the pace allows
  bool is_by_resolver = false;  // and it is the resolver's qps, shared by all, that holds it back
};

struct OperatorBudget {
  std::string operator_name;
  std::vector<ZoneIndex> zones;
  std::uint64_t tests_per_day = 0;
  std::uint64_t questions_per_day = 0;
  std::uint64_t limit_per_day =
      0;                     // the smallest that its zones state, for they share it; 0 = none
  core::Millis interval{0};  // the shortest of its zones'; 0 = none has pairs
};

struct Budget {
  std::vector<ZoneBudget> zones;          // by position
  std::vector<OperatorBudget> operators;  // zones without an operator are in none
};

Budget make_budget(std::span<const Zone> zones, const SubjectTable& subjects,
                   const BudgetPolicy& policy);

/// Part of the limit that is used: 1 = all of it. Nothing without a limit.
std::optional<double> budget_share(std::uint64_t questions_per_day, std::uint64_t limit_per_day);

/// The interval at which so many questions a day, of which the tests stay, fit into the limit:
/// rounded up to whole minutes (below ten of them, seconds). Nothing where the tests alone are too
/// many.
std::optional<core::Millis> fitting_interval(core::Millis interval, std::uint64_t questions_per_day,
                                             std::uint64_t tests_per_day,
                                             std::uint64_t limit_per_day);

/// Host targets and followed domains that have no addresses yet, as if each had one IPv4 address.
struct AssumedHosts {
  HostBook book;                   // what was known, and an address of 240.0.0.0/4 for the others
  std::vector<std::string> names;  // of the targets that were assumed
};
AssumedHosts assume_hosts(const std::vector<Target>& targets, HostBook known);

}  // namespace rblwatch::lists
