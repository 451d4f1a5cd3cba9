// SPDX-License-Identifier: Apache-2.0
#include "soak.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "core/text.hpp"
#include "soak_faults.hpp"
#include "soak_judge.hpp"
#include "soak_plan.hpp"
#include "soak_tellings.hpp"
#include "soak_truth.hpp"
#include "stage.hpp"

namespace rblwatch::scenario {

namespace {

using core::Micros;

constexpr std::size_t kMostAccounts = 20;
/// Answers that come one by one would each cost a turn of the loop.
constexpr core::Micros kGrain = std::chrono::seconds(5);
/// A test that failed just before a disaster would be weighed together with those that follow.
constexpr core::Micros kSparedBefore = std::chrono::minutes(5);

void set_up(Stage& stage, const SoakWorld& world) {
  stage.setup = world.setup;
  stage.resolver.attempts = 3;
  stage.resolver.grain = kGrain;
  for (const SoakZone& zone : world.zones) {
    ZoneModel model;
    model.suffix = zone.data.dns.pattern();
    model.negative_ttl = zone.negative;
    model.test_ttl = zone.test_ttl;
    stage.resolver.zones[zone.data.id] = std::move(model);
  }
}

void apply(Stage& stage, const SoakWorld& world, const TruthStep& step) {
  const SoakPair& pair = world.pairs[step.pair];
  auto& entries = stage.resolver.zones.at(world.zones[pair.zone].data.id).entries;
  for (std::size_t name = 0; name < pair.labels.size(); ++name) {
    if (auto entry = world.entry(step.pair, name, step.mask)) {
      entries[pair.labels[name]] = std::move(*entry);
    } else {
      entries.erase(pair.labels[name]);
    }
  }
}

/// Truth and plan in the order of time; of one moment the truth first.
void play(Stage& stage, const SoakWorld& world, const Truth& truth, const Plan& plan,
          Micros length) {
  const std::vector<TruthStep> steps = truth.steps();
  auto next = steps.begin();
  const auto play_truth = [&](Micros until) {
    for (; next != steps.end() && next->at <= until; ++next) {
      stage.run_until(next->at);
      apply(stage, world, *next);
    }
  };
  for (; next != steps.end() && next->at <= Micros(0); ++next) {
    apply(stage, world, *next);
  }
  stage.start();
  for (const PlanStep& step : plan.steps) {
    play_truth(step.at);
    stage.run_until(step.at);
    step.act(stage);
  }
  play_truth(length);
  stage.run_until(length);
}

void prepare(Faults& faults, const Plan& plan) {
  for (const Disaster& disaster : plan.disasters) {
    for (const std::uint32_t zone : disaster.spared) {
      faults.spare_tests(zone, disaster.from - kSparedBefore, disaster.spared_until);
    }
  }
  for (const Flap& flap : plan.flaps) {
    faults.flap(flap.pair, flap.from, flap.to, kFlappingCode);
  }
}

void print(const SoakOptions& options, const SoakFacts& facts, const SoakVerdict& verdict,
           double seconds) {
  std::printf(
      "soak seed %llu: %s; %u days, %zu pairs, %llu answers (%llu spoilt, %llu of these made clear "
      "pairs listed, %llu of own servers), "
      "%llu true listings, %zu disasters; %llu listing events, %llu false; "
      "%llu truths judged (%llu undisturbed), %llu missed, %llu unjudged, %llu too short; "
      "%llu wrongly told of zones; %.1f s\n",
      static_cast<unsigned long long>(options.seed), verdict.is_good() ? "good" : "BAD",
      options.days, facts.world.pairs.size(),
      static_cast<unsigned long long>(facts.faults.lookups()),
      static_cast<unsigned long long>(facts.faults.spoilt()),
      static_cast<unsigned long long>(facts.faults.wrongly_listed()),
      static_cast<unsigned long long>(facts.faults.direct()),
      static_cast<unsigned long long>(facts.truth.listings()), facts.plan.disasters.size(),
      static_cast<unsigned long long>(verdict.listing_events),
      static_cast<unsigned long long>(verdict.false_events),
      static_cast<unsigned long long>(verdict.judged),
      static_cast<unsigned long long>(verdict.undisturbed),
      static_cast<unsigned long long>(verdict.missed),
      static_cast<unsigned long long>(verdict.unjudged),
      static_cast<unsigned long long>(verdict.short_lived),
      static_cast<unsigned long long>(verdict.wrong_tellings), seconds);
  if (!verdict.has_judged_enough()) {
    std::printf("  too few of the truths could be judged\n");
  }
  const std::size_t most = options.with_log ? verdict.accounts.size() : kMostAccounts;
  for (std::size_t i = 0; i < std::min(most, verdict.accounts.size()); ++i) {
    std::printf("  %s\n", verdict.accounts[i].c_str());
  }
  std::fflush(stdout);
}

void print_log(const SoakFacts& facts) {
  for (const Disaster& disaster : facts.plan.disasters) {
    std::printf("  %s-%s disaster %s %s\n", to_moment(disaster.from).c_str(),
                to_moment(disaster.to).c_str(), disaster.name.c_str(),
                disaster.struck.size() == 1
                    ? facts.world.zones[disaster.struck.front()].data.id.c_str()
                    : "");
  }
  for (const Happened& happened : facts.events) {
    const lists::Event& event = happened.event;
    std::printf("  %s %s %s %s %s %s\n", to_moment(happened.at).c_str(),
                std::string(core::enum_word(event.type)).c_str(), event.subject.c_str(),
                event.zone ? event.zone->id.c_str() : "", core::join(event.meanings, " ").c_str(),
                event.cause.c_str());
  }
}

}  // namespace

bool play_soak(const SoakOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  core::SeededRandom random(options.seed);
  const SoakWorld world = make_soak_world(options, random);
  const Micros length = std::chrono::hours(24 * options.days);
  Truth truth = make_truth(world, length, random);
  const Plan plan = make_plan(world, truth, length, random);
  Stage stage(random.next());
  set_up(stage, world);
  Faults faults(world, stage.resolver, stage.clock, random.next());
  prepare(faults, plan);
  play(stage, world, truth, plan, length);
  const SoakFacts facts{world, truth, plan, faults, stage.events(), length};
  const SoakVerdict verdict = judge_soak(facts);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (options.with_log) {
    print_log(facts);
  }
  print(options, facts, verdict, took.count());
  return verdict.is_good();
}

}  // namespace rblwatch::scenario
