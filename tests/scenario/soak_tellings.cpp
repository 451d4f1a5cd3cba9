// SPDX-License-Identifier: Apache-2.0
#include "soak_tellings.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

#include "core/text.hpp"

namespace rblwatch::scenario {

namespace {

using core::Micros;
using lists::EventType;
using std::chrono::hours;
using std::chrono::minutes;

/// What caches, retries and the next regular test may add to a disaster.
constexpr Micros kRecovery = hours(1) + minutes(30);
/// A spoilt test explains what is told within this.
constexpr Micros kExplained = minutes(20);

struct Told {
  Micros at;
  EventType type;
  std::string cause;
};

class TellingJudge {
 public:
  explicit TellingJudge(const SoakFacts& facts);
  std::vector<std::string> judge();

 private:
  void judge_turns(const std::string& id, EventType bad, EventType good);
  void judge_disaster(const Disaster& disaster);
  void expect_once(const std::string& id, EventType type, const Disaster& disaster);
  void expect_no_zone(const Disaster& disaster);
  void expect_recovery(const std::string& id, const Disaster& disaster);
  void judge_reason(const std::string& id, const Told& telling);
  std::uint64_t spoilt_tests(std::uint32_t zone, Micros from, Micros to) const;
  bool has_spoilt_test(std::uint32_t zone, Micros at) const;
  bool is_in_disaster(std::optional<std::uint32_t> zone, Micros at, EventType type) const;
  std::uint64_t count(const std::string& id, EventType type, Micros from, Micros to) const;
  bool is_told(const std::string& id, EventType bad, EventType good, Micros at) const;
  void wrong(Micros at, const std::string& text) { wrong_.push_back(to_moment(at) + " " + text); }
  const std::string& id_of(std::uint32_t zone) const { return facts_.world.zones[zone].data.id; }

  const SoakFacts& facts_;
  std::map<std::string, std::vector<Told>> tellings_;  // by zone id; "" = the resolver
  std::vector<std::string> wrong_;
};

TellingJudge::TellingJudge(const SoakFacts& facts) : facts_(facts) {
  for (const Happened& happened : facts.events) {
    const lists::Event& event = happened.event;
    if (event.subject.empty()) {
      tellings_[event.zone ? event.zone->id : ""].push_back({happened.at, event.type, event.cause});
    }
  }
}

std::vector<std::string> TellingJudge::judge() {
  for (const auto& [id, tellings] : tellings_) {
    if (id.empty()) {
      judge_turns(id, EventType::resolver_blind, EventType::resolver_seeing);
    } else {
      judge_turns(id, EventType::zone_blind, EventType::zone_seeing);
    }
    for (const Told& telling : tellings) {
      judge_reason(id, telling);
    }
  }
  for (const Disaster& disaster : facts_.plan.disasters) {
    judge_disaster(disaster);
  }
  return std::move(wrong_);
}

void TellingJudge::judge_turns(const std::string& id, EventType bad, EventType good) {
  bool is_bad = false;
  for (const Told& telling : tellings_[id]) {
    if (telling.type != bad && telling.type != good) {
      continue;
    }
    if ((telling.type == bad) == is_bad) {
      wrong(telling.at, id + ": " + std::string(core::enum_word(telling.type)) + " told twice");
    }
    is_bad = telling.type == bad;
  }
  if (is_bad) {
    wrong(facts_.length, id + ": still blind in the end");
  }
}

std::uint64_t TellingJudge::spoilt_tests(std::uint32_t zone, Micros from, Micros to) const {
  const std::vector<Micros>& spoilt = facts_.faults.of_tests(zone);
  return static_cast<std::uint64_t>(std::count_if(
      spoilt.begin(), spoilt.end(), [from, to](Micros one) { return from <= one && one <= to; }));
}

bool TellingJudge::has_spoilt_test(std::uint32_t zone, Micros at) const {
  return spoilt_tests(zone, at - kExplained, at) > 0;
}

bool TellingJudge::is_in_disaster(std::optional<std::uint32_t> zone, Micros at,
                                  EventType type) const {
  return std::any_of(
      facts_.plan.disasters.begin(), facts_.plan.disasters.end(), [&](const Disaster& disaster) {
        const bool is_wave = disaster.telling == Telling::quarantine;
        const Micros late = is_wave ? hours(18) : kRecovery;
        return (!disaster.zone || !zone || disaster.zone == zone) && disaster.from <= at &&
               at <= disaster.to + late && is_wave == (type == EventType::zone_quarantined);
      });
}

/// Nothing is told that neither a disaster nor a spoilt answer to a test explains.
void TellingJudge::judge_reason(const std::string& id, const Told& telling) {
  const bool is_bad = telling.type == EventType::zone_blind ||
                      telling.type == EventType::zone_quarantined ||
                      telling.type == EventType::resolver_blind;
  if (!is_bad) {
    return;
  }
  const auto zone = id.empty() ? std::nullopt : std::optional(facts_.world.find_zone(id));
  const bool is_spoilt =
      zone && telling.type == EventType::zone_blind && has_spoilt_test(*zone, telling.at);
  if (!is_spoilt && !is_in_disaster(zone, telling.at, telling.type)) {
    wrong(telling.at, id + ": " + std::string(core::enum_word(telling.type)) + " " + telling.cause +
                          " for no reason");
  }
}

std::uint64_t TellingJudge::count(const std::string& id, EventType type, Micros from,
                                  Micros to) const {
  const auto known = tellings_.find(id);
  if (known == tellings_.end()) {
    return 0;
  }
  return static_cast<std::uint64_t>(
      std::count_if(known->second.begin(), known->second.end(), [&](const Told& telling) {
        return telling.type == type && from <= telling.at && telling.at <= to;
      }));
}

bool TellingJudge::is_told(const std::string& id, EventType bad, EventType good, Micros at) const {
  return count(id, bad, Micros(0), at) > count(id, good, Micros(0), at);
}

void TellingJudge::expect_once(const std::string& id, EventType type, const Disaster& disaster) {
  const bool is_zone = type == EventType::zone_blind;
  const EventType good = is_zone ? EventType::zone_seeing : EventType::resolver_seeing;
  const bool was_told = is_told(id, type, good, disaster.from);
  const std::uint64_t told = count(id, type, disaster.from, disaster.to);
  // A test under way when it struck may have passed still.
  const std::uint64_t wanted = was_told ? 1 - std::min<std::uint64_t>(1, told == 0 ? 1 : 0) : 1;
  if (told != wanted || !is_told(id, type, good, disaster.to)) {
    wrong(disaster.from, id + ": " + disaster.name + " was told " + std::to_string(told) +
                             " times" + (was_told ? " (blind before)" : ""));
  }
  expect_recovery(id, disaster);
}

void TellingJudge::expect_recovery(const std::string& id, const Disaster& disaster) {
  const EventType good = id.empty() ? EventType::resolver_seeing : EventType::zone_seeing;
  // A spoilt test on the way back puts off the next one.
  const auto spoilt =
      id.empty() ? 0
                 : spoilt_tests(facts_.world.find_zone(id), disaster.to, disaster.to + kRecovery);
  if (count(id, good, disaster.to, disaster.to + kRecovery) == 0 && spoilt == 0) {
    wrong(disaster.to, id + ": not told seeing after " + disaster.name);
  }
}

void TellingJudge::expect_no_zone(const Disaster& disaster) {
  for (std::uint32_t zone = 0; zone < facts_.world.zones.size(); ++zone) {
    const auto& told = tellings_[id_of(zone)];
    for (const Told& telling : told) {
      const bool is_within = disaster.from <= telling.at && telling.at <= disaster.to;
      if (is_within && telling.type == EventType::zone_blind &&
          !has_spoilt_test(zone, telling.at)) {
        wrong(telling.at, id_of(zone) + ": told blind by " + disaster.name);
      }
    }
  }
}

void TellingJudge::judge_disaster(const Disaster& disaster) {
  switch (disaster.telling) {
    case Telling::nothing:
      break;
    case Telling::zone:
      expect_once(id_of(*disaster.zone), EventType::zone_blind, disaster);
      break;
    case Telling::resolver:
      expect_once("", EventType::resolver_blind, disaster);
      expect_no_zone(disaster);
      break;
    case Telling::zones:
      for (std::uint32_t zone = 0; zone < facts_.world.zones.size(); ++zone) {
        if (!facts_.world.zones[zone].is_direct && !facts_.world.zones[zone].is_waived) {
          expect_once(id_of(zone), EventType::zone_blind, disaster);
        }
      }
      break;
    case Telling::quarantine: {
      const std::string& id = id_of(*disaster.zone);
      const Micros late = disaster.to + hours(18);
      const auto held = count(id, EventType::zone_quarantined, disaster.from, late);
      const auto ended = count(id, EventType::zone_released, disaster.from, late);
      if (held < 1 || held > 2 || ended != held) {
        wrong(disaster.from, id + ": " + disaster.name + ": " + std::to_string(held) +
                                 " quarantines, " + std::to_string(ended) + " ended");
      }
      break;
    }
  }
}

int spoilt_by(const SoakFacts& facts, std::uint32_t zone, Micros from) {
  const std::vector<Micros>& spoilt = facts.faults.of_tests(zone);
  return static_cast<int>(std::count_if(spoilt.begin(), spoilt.end(), [from](Micros one) {
    return from <= one && one <= from + kRecovery;
  }));
}

}  // namespace

std::string to_moment(Micros at) {
  const auto minute = std::chrono::floor<minutes>(at).count();
  return std::to_string(minute / 1440) + "d" + std::to_string(minute / 60 % 24) + "h" +
         std::to_string(minute % 60) + "m";
}

std::vector<std::pair<Micros, Micros>> disturbed(const SoakFacts& facts, std::uint32_t zone) {
  std::vector<std::pair<Micros, Micros>> windows;
  const Micros held = facts.world.setup.interval + facts.world.setup.breaker.hold + kRecovery;
  for (const Disaster& disaster : facts.plan.disasters) {
    if (disaster.zone && *disaster.zone != zone) {
      continue;
    }
    if (disaster.telling == Telling::quarantine) {
      windows.emplace_back(disaster.from, disaster.to + held);
    } else {
      // A spoilt test on the way back puts off the next one.
      const Micros late = kRecovery + spoilt_by(facts, zone, disaster.to) * hours(1);
      windows.emplace_back(disaster.from, disaster.to + late);
    }
  }
  return windows;
}

std::vector<std::string> judge_tellings(const SoakFacts& facts) {
  return TellingJudge(facts).judge();
}

}  // namespace rblwatch::scenario
