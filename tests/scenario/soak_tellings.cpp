// SPDX-License-Identifier: Apache-2.0
#include "soak_tellings.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/text.hpp"

namespace rblwatch::scenario {

namespace {

using core::Micros;
using lists::EventType;
using std::chrono::hours;
using std::chrono::minutes;

/// A spoilt test explains what is told within this.
constexpr Micros kExplained = minutes(20);
/// How long a quarantine may last when a disaster is over.
constexpr Micros kReleased = hours(18);
/// A round of tests that is slow to come back, or another's suspicion that is over first.
constexpr Micros kRounds = minutes(4);
/// How long a resolver may repeat a failure or a denial of which only the second is told.
constexpr Micros kFailureKept = minutes(5);
constexpr Micros kDenialKept = minutes(10);

using lists::Kind;

struct Told {
  Micros at;
  EventType type;
  std::string cause;
  std::optional<Kind> kind;  // nothing: all of the zone's

  bool is_of(std::optional<Kind> one) const { return !kind || !one || kind == one; }
};

/// Of whom something is told: a kind of a zone, a whole zone, or ("") the resolver.
struct Whose {
  std::string id;
  std::optional<Kind> kind;

  bool is_resolver() const { return id.empty(); }
  EventType bad() const {
    return is_resolver() ? EventType::resolver_blind : EventType::zone_blind;
  }
  EventType good() const {
    return is_resolver() ? EventType::resolver_seeing : EventType::zone_seeing;
  }
  std::string text() const { return id + (kind ? " " + std::string(core::enum_word(*kind)) : ""); }
};

/// By when caches, retries and the next regular test have shown that a zone sees again.
Micros recovery(const SoakWorld& world, std::uint32_t zone) {
  return world.setup.health.health_interval + world.zones[zone].negative + minutes(15);
}

/// How long a failure may go untold after the first test that shows it.
Micros hysteresis(const SoakWorld& world, const std::string& cause) {
  const Micros retries = 2 * Micros(world.setup.health.health_retry) + kRounds;
  if (cause == "servfail" || cause == "refused_rcode") {
    return kFailureKept + retries;
  }
  return cause == "test_entry_missing" ? kDenialKept + retries : retries;
}

std::int64_t spoilt_tests(const SoakFacts& facts, std::uint32_t zone, Micros from, Micros to) {
  const std::vector<Micros>& spoilt = facts.faults.of_tests(zone);
  return std::upper_bound(spoilt.begin(), spoilt.end(), to) -
         std::lower_bound(spoilt.begin(), spoilt.end(), from);
}

class TellingJudge {
 public:
  explicit TellingJudge(const SoakFacts& facts);
  std::vector<std::string> judge();

 private:
  std::vector<Whose> everybody() const;
  std::vector<Whose> kinds_of(std::uint32_t zone) const;
  void judge_turns(const Whose& whose);
  void judge_disaster(const Disaster& disaster);
  void expect_once(const Whose& whose, const Disaster& disaster);
  void expect_in_time(const Whose& whose, const Disaster& disaster);
  void expect_one_event(std::uint32_t zone, const Disaster& disaster);
  void expect_no_zone(const Disaster& disaster);
  void expect_recovery(const Whose& whose, const Disaster& disaster);
  void expect_quarantine(const Disaster& disaster);
  void judge_reason(const std::string& id, const Told& telling);
  bool is_explained(std::uint32_t zone, Micros from, Micros to) const {
    return spoilt_tests(facts_, zone, from - kExplained, to) > 0;
  }
  bool is_in_disaster(const std::string& id, Micros at, EventType type) const;
  std::set<std::string> told_listed(const std::string& id, Micros at) const;
  bool is_mirror(const std::string& id, Micros at) const;
  std::vector<const Told*> told(const Whose& whose, EventType type, Micros from, Micros to) const;
  std::size_t count(const Whose& whose, EventType type, Micros from, Micros to) const {
    return told(whose, type, from, to).size();
  }
  bool is_told(const Whose& whose, Micros at) const;
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
      tellings_[event.zone ? event.zone->id : ""].push_back(
          {happened.at, event.type, event.cause, event.kind});
    }
  }
}

std::vector<Whose> TellingJudge::kinds_of(std::uint32_t zone) const {
  std::vector<Whose> kinds;
  for (const Kind kind : lists::kAllKinds) {
    if (facts_.world.zones[zone].data.kinds.has(kind)) {
      kinds.push_back({id_of(zone), kind});
    }
  }
  return kinds;
}

std::vector<Whose> TellingJudge::everybody() const {
  std::vector<Whose> all{{"", std::nullopt}};
  for (std::uint32_t zone = 0; zone < facts_.world.zones.size(); ++zone) {
    const std::vector<Whose> kinds = kinds_of(zone);
    all.insert(all.end(), kinds.begin(), kinds.end());
  }
  return all;
}

std::vector<std::string> TellingJudge::judge() {
  for (const Whose& whose : everybody()) {
    judge_turns(whose);
  }
  for (const auto& [id, tellings] : tellings_) {
    for (const Told& telling : tellings) {
      judge_reason(id, telling);
    }
  }
  for (const Disaster& disaster : facts_.plan.disasters) {
    judge_disaster(disaster);
  }
  return std::move(wrong_);
}

void TellingJudge::judge_turns(const Whose& whose) {
  bool is_bad = false;
  for (const Told& telling : tellings_[whose.id]) {
    const bool is_turn = telling.type == whose.bad() || telling.type == whose.good();
    if (!is_turn || !telling.is_of(whose.kind)) {
      continue;
    }
    if ((telling.type == whose.bad()) == is_bad) {
      wrong(telling.at,
            whose.text() + ": " + std::string(core::enum_word(telling.type)) + " told twice");
    }
    is_bad = telling.type == whose.bad();
  }
  const bool is_just_spoilt = !whose.is_resolver() && is_explained(facts_.world.find_zone(whose.id),
                                                                   facts_.length, facts_.length);
  if (is_bad && !is_just_spoilt) {
    wrong(facts_.length, whose.text() + ": still blind in the end");
  }
}

/// A disaster of the zone; of the resolver one that strikes more than one zone.
bool TellingJudge::is_in_disaster(const std::string& id, Micros at, EventType type) const {
  const auto& disasters = facts_.plan.disasters;
  return std::any_of(disasters.begin(), disasters.end(), [&](const Disaster& disaster) {
    const bool is_wave = disaster.telling == Telling::quarantine;
    const bool is_its =
        id.empty() ? disaster.struck.size() > 1 : disaster.strikes(facts_.world.find_zone(id));
    const Micros late = is_wave      ? kReleased
                        : id.empty() ? hours(1)
                                     : recovery(facts_.world, facts_.world.find_zone(id));
    return is_its && disaster.from <= at && at <= disaster.to + late &&
           is_wave == (type == EventType::zone_quarantined);
  });
}

/// What the daemon believes listed on the zone, by what it told.
std::set<std::string> TellingJudge::told_listed(const std::string& id, Micros at) const {
  std::set<std::string> subjects;
  for (const Happened& one : facts_.events) {
    const bool is_its = one.at <= at && one.event.zone && one.event.zone->id == id;
    if (is_its && one.event.type == EventType::listed) {
      subjects.insert(one.event.subject);
    } else if (is_its &&
               (one.event.type == EventType::delisted || one.event.type == EventType::retired)) {
      subjects.erase(one.event.subject);
    }
  }
  return subjects;
}

/// Few stand on most zones, and so most of them may end at about the same time by chance; or be
/// seen to have ended at about the same time, after a sleep or where an end takes long to believe.
bool TellingJudge::is_mirror(const std::string& id, Micros at) const {
  const std::uint32_t zone = facts_.world.find_zone(id);
  const Micros from = at - 2 * Micros(facts_.world.setup.interval) - facts_.world.cached_for(zone);
  const std::set<std::string> open = told_listed(id, at);
  const auto& pairs = facts_.world.zones[zone].pairs;
  const auto ended = std::count_if(pairs.begin(), pairs.end(), [&](std::uint32_t pair) {
    const bool was_listed = facts_.truth.ever(pair, from, at) != 0 ||
                            open.contains(facts_.world.subjects[facts_.world.pairs[pair].subject]);
    return was_listed && facts_.truth.at(pair, at) == 0;
  });
  return ended >= facts_.world.setup.breaker.min;
}

/// Nothing is told that neither a disaster nor a spoilt answer to a test explains.
void TellingJudge::judge_reason(const std::string& id, const Told& telling) {
  const bool is_bad = telling.type == EventType::zone_blind ||
                      telling.type == EventType::zone_quarantined ||
                      telling.type == EventType::resolver_blind;
  if (!is_bad) {
    return;
  }
  const bool is_spoilt = telling.type == EventType::zone_blind &&
                         is_explained(facts_.world.find_zone(id), telling.at, telling.at);
  const bool is_by_chance =
      telling.type == EventType::zone_quarantined && is_mirror(id, telling.at);
  if (!is_spoilt && !is_by_chance && !is_in_disaster(id, telling.at, telling.type)) {
    wrong(telling.at, id + ": " + std::string(core::enum_word(telling.type)) + " " + telling.cause +
                          " for no reason");
  }
}

std::vector<const Told*> TellingJudge::told(const Whose& whose, EventType type, Micros from,
                                            Micros to) const {
  std::vector<const Told*> all;
  const auto known = tellings_.find(whose.id);
  if (known == tellings_.end()) {
    return all;
  }
  for (const Told& telling : known->second) {
    if (telling.type == type && telling.is_of(whose.kind) && from <= telling.at &&
        telling.at <= to) {
      all.push_back(&telling);
    }
  }
  return all;
}

bool TellingJudge::is_told(const Whose& whose, Micros at) const {
  return count(whose, whose.bad(), Micros(0), at) > count(whose, whose.good(), Micros(0), at);
}

void TellingJudge::expect_once(const Whose& whose, const Disaster& disaster) {
  const bool was_told = is_told(whose, disaster.from);
  const std::size_t times = count(whose, whose.bad(), disaster.from, disaster.to);
  // A test under way when it struck may have passed still.
  const std::size_t wanted = was_told && times == 0 ? 0 : 1;
  if (times != wanted || !is_told(whose, disaster.to)) {
    wrong(disaster.from, whose.text() + ": " + disaster.name + " was told " +
                             std::to_string(times) + " times" +
                             (was_told ? " (blind before)" : ""));
  } else if (!was_told) {
    expect_in_time(whose, disaster);
  }
  expect_recovery(whose, disaster);
}

/// Within a health interval and what the cause's hysteresis wants, and by its name.
void TellingJudge::expect_in_time(const Whose& whose, const Disaster& disaster) {
  const Told& telling = *told(whose, whose.bad(), disaster.from, disaster.to).front();
  const core::Micros due = disaster.from + facts_.world.setup.health.health_interval +
                           hysteresis(facts_.world, disaster.cause);
  if (telling.at > due) {
    wrong(disaster.from, whose.text() + ": " + disaster.name + " was told late, at " +
                             to_moment(telling.at) + " and not by " + to_moment(due));
  }
  const bool is_spoilt = !whose.is_resolver() &&
                         is_explained(facts_.world.find_zone(whose.id), disaster.from, telling.at);
  if (telling.cause != disaster.cause && !is_spoilt) {
    wrong(disaster.from, whose.text() + ": " + disaster.name + " was told as " + telling.cause);
  }
}

/// The kinds of a zone that are struck together are one event.
void TellingJudge::expect_one_event(std::uint32_t zone, const Disaster& disaster) {
  const std::size_t times =
      count({id_of(zone), std::nullopt}, EventType::zone_blind, disaster.from, disaster.to);
  if (times > 1 && !is_explained(zone, disaster.from, disaster.to)) {
    wrong(disaster.from,
          id_of(zone) + ": " + disaster.name + " was " + std::to_string(times) + " events");
  }
}

void TellingJudge::expect_recovery(const Whose& whose, const Disaster& disaster) {
  if (whose.is_resolver()) {
    const Micros late = disaster.to + facts_.world.setup.health.health_interval + minutes(15);
    if (count(whose, whose.good(), disaster.to, late) == 0) {
      wrong(disaster.to, "the resolver not told seeing after " + disaster.name);
    }
    return;
  }
  const std::uint32_t zone = facts_.world.find_zone(whose.id);
  const Micros late = disaster.to + recovery(facts_.world, zone);
  // A spoilt test on the way back puts off the next one.
  if (count(whose, whose.good(), disaster.to, late) == 0 &&
      spoilt_tests(facts_, zone, disaster.to, late) == 0) {
    wrong(disaster.to, whose.text() + ": not told seeing after " + disaster.name);
  }
}

void TellingJudge::expect_no_zone(const Disaster& disaster) {
  for (std::uint32_t zone = 0; zone < facts_.world.zones.size(); ++zone) {
    for (const Told* telling :
         told({id_of(zone), std::nullopt}, EventType::zone_blind, disaster.from, disaster.to)) {
      if (!is_explained(zone, telling->at, telling->at)) {
        wrong(telling->at, id_of(zone) + ": told blind by " + disaster.name);
      }
    }
  }
}

void TellingJudge::expect_quarantine(const Disaster& disaster) {
  const Whose whose{id_of(disaster.struck.front()), std::nullopt};
  const Micros late = disaster.to + kReleased;
  const auto held = count(whose, EventType::zone_quarantined, disaster.from, late);
  const auto ended = count(whose, EventType::zone_released, disaster.from, late);
  // On the edge of the limit one vote more or less ends a quarantine and begins it again.
  if (held < 1 || held > 3 || ended != held) {
    wrong(disaster.from, whose.id + ": " + disaster.name + ": " + std::to_string(held) +
                             " quarantines, " + std::to_string(ended) + " ended");
  }
}

void TellingJudge::judge_disaster(const Disaster& disaster) {
  switch (disaster.telling) {
    case Telling::nothing:
      break;
    case Telling::zones:
      for (const std::uint32_t zone : disaster.told) {
        for (const Whose& whose : kinds_of(zone)) {
          if (!disaster.kind || disaster.kind == whose.kind) {
            expect_once(whose, disaster);
          }
        }
        expect_one_event(zone, disaster);
      }
      break;
    case Telling::resolver:
      expect_once({"", std::nullopt}, disaster);
      expect_no_zone(disaster);
      break;
    case Telling::quarantine:
      expect_quarantine(disaster);
      break;
  }
}

}  // namespace

std::string to_moment(Micros at) {
  const auto minute = std::chrono::floor<minutes>(at).count();
  return std::to_string(minute / 1440) + "d" + std::to_string(minute / 60 % 24) + "h" +
         std::to_string(minute % 60) + "m";
}

std::vector<std::pair<Micros, Micros>> disturbed(const SoakFacts& facts, const SoakPair& pair) {
  std::vector<std::pair<Micros, Micros>> windows;
  const Micros recovered = recovery(facts.world, pair.zone);
  const Micros held = facts.world.setup.interval + facts.world.setup.breaker.hold + recovered;
  for (const Disaster& disaster : facts.plan.disasters) {
    if (!disaster.strikes(pair.zone) || (disaster.kind && disaster.kind != pair.kind)) {
      continue;
    }
    if (disaster.telling == Telling::quarantine) {
      // What stands for longer than a quarantine is told while it stands.
      windows.emplace_back(disaster.from, disaster.from + held);
      windows.emplace_back(disaster.to, disaster.to + held);
    } else {
      // A spoilt test on the way back puts off the next one.
      const auto spoilt = spoilt_tests(facts, pair.zone, disaster.to, disaster.to + recovered);
      windows.emplace_back(disaster.from, disaster.to + recovered + spoilt * hours(1));
    }
  }
  for (const Happened& happened : facts.events) {
    // Of those that nobody planned; whether there was a reason is judged by itself.
    if (happened.event.type == EventType::zone_quarantined &&
        happened.event.zone->id == facts.world.zones[pair.zone].data.id) {
      windows.emplace_back(happened.at - facts.world.setup.interval, happened.at + held);
    }
  }
  return windows;
}

std::vector<std::string> judge_tellings(const SoakFacts& facts) {
  return TellingJudge(facts).judge();
}

}  // namespace rblwatch::scenario
