// SPDX-License-Identifier: Apache-2.0
#include "soak_judge.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "core/text.hpp"
#include "soak_tellings.hpp"

namespace rblwatch::scenario {

namespace {

using core::Micros;
using lists::EventType;
using std::chrono::hours;
using std::chrono::minutes;

constexpr Micros kSpare = minutes(2);
/// A spoilt test makes blind until the next one; it comes health_retry later, or is spoilt too.
constexpr Micros kBlindFor = minutes(5);
/// Where an event doesn't say when its first vote was: votes lapse and holds end within this, but
/// for a TTL that is waited for.
constexpr Micros kLongestVote = hours(16);
/// Own servers that didn't answer usably are left alone.
constexpr Micros kLeftAlone = hours(1);
/// What stood for so long outside disasters must have been told, whatever was spoilt; where a TTL
/// alone takes hours, after so many times what it takes.
constexpr Micros kLongest = hours(48);
constexpr int kMostTries = 8;
/// A try that needs every test of a whole breaker_hold to pass fails every other time.
constexpr int kMostTriesOfHold = 24;

/// What has been told of one purpose of a pair.
using Segments = std::vector<Segment>;

Mask told_at(const Segments& told, Micros at) {
  Mask mask = 0;
  for (const Segment& one : told) {
    mask = one.from <= at ? one.mask : mask;
  }
  return mask;
}

/// Nobody was told of what ended, and so there is no end to tell.
bool is_untold(const Segments& told, Micros from, Micros to) {
  return told_at(told, from) == 0 &&
         std::none_of(told.begin(), told.end(), [&](const Segment& one) {
           return from < one.from && one.from <= to && one.mask != 0;
         });
}

class Judge {
 public:
  explicit Judge(const SoakFacts& facts);
  SoakVerdict judge();

 private:
  struct Key {
    std::uint32_t pair = 0;
    lists::Purpose purpose = lists::Purpose::block;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  /// What may take time from a truth: all that was known of it at `end` may have to be found anew.
  struct Trouble {
    Micros from;
    Micros end;
    /// Costs nothing where the pair wasn't asked from then on until the end.
    std::optional<Micros> asked_from;
  };
  struct Due {
    Micros at;
    bool is_disturbed = false;
  };

  void take(const Happened& happened);
  void weigh(const Key& key, const Happened& happened, Mask mask);
  std::pair<Micros, Micros> vote_window(const Key& key, const Happened& happened) const;
  void look_for(const Key& key, Mask of_purpose);
  std::vector<Trouble> troubles(std::uint32_t pair) const;
  Due deadline(std::uint32_t pair, Micros from, bool leaves) const;
  Micros enough(std::uint32_t pair, bool leaves) const;
  Micros latest(std::uint32_t pair, Micros from, bool leaves) const;
  bool is_absent(std::uint32_t pair, Micros from, Micros to) const;
  bool is_taken_back(std::uint32_t pair, Micros from) const;
  void account(bool is_false, const Key& key, Micros at, const std::string& what);

  const SoakFacts& facts_;
  const SoakWorld& world_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> pairs_;  // by subject and zone
  std::map<Key, Segments> told_;
  SoakVerdict verdict_;
};

Judge::Judge(const SoakFacts& facts) : facts_(facts), world_(facts.world) {
  for (std::uint32_t pair = 0; pair < world_.pairs.size(); ++pair) {
    const SoakPair& one = world_.pairs[pair];
    pairs_[{world_.subjects[one.subject], world_.zones[one.zone].data.id}] = pair;
  }
}

SoakVerdict Judge::judge() {
  for (const Happened& happened : facts_.events) {
    take(happened);
  }
  for (std::uint32_t pair = 0; pair < world_.pairs.size(); ++pair) {
    for (const auto& [purpose, mask] : world_.zones[world_.pairs[pair].zone].purposes) {
      look_for({pair, purpose}, mask);
    }
  }
  for (std::string& wrong : judge_tellings(facts_)) {
    ++verdict_.wrong_tellings;
    verdict_.accounts.push_back(std::move(wrong));
  }
  return std::move(verdict_);
}

void Judge::take(const Happened& happened) {
  const lists::Event& event = happened.event;
  const bool is_listing = event.type == EventType::listed || event.type == EventType::changed ||
                          event.type == EventType::delisted || event.type == EventType::retired;
  if (!is_listing) {
    return;
  }
  const Key key{pairs_.at({event.subject, event.zone->id}), event.zone->purpose};
  const bool is_end = event.type == EventType::delisted || event.type == EventType::retired;
  const Mask mask = is_end ? Mask{0} : world_.mask_of(event.meanings);
  if (event.type != EventType::retired) {
    ++verdict_.listing_events;
    weigh(key, happened, mask);
  }
  told_[key].push_back({happened.at, mask});
}

/// From the first vote, less the age that a cached answer may have had.
std::pair<Micros, Micros> Judge::vote_window(const Key& key, const Happened& happened) const {
  const lists::Event& event = happened.event;
  const Micros age = world_.cached_for(world_.pairs[key.pair].zone);
  const bool is_clock_sane =
      std::none_of(facts_.plan.disasters.begin(), facts_.plan.disasters.end(), [&](const auto& d) {
        return d.name == "the wall clock jumps" && d.from <= happened.at &&
               happened.at <= d.to + kLongestVote;
      });
  Micros voting = kLongestVote + age;
  if (is_clock_sane && event.type == EventType::listed && event.listed_at) {
    voting = event.at - *event.listed_at;
  } else if (is_clock_sane && event.type == EventType::delisted && event.delisted_at) {
    voting = event.at - *event.delisted_at;
  }
  return {happened.at - voting - age - kSpare, happened.at};
}

void Judge::weigh(const Key& key, const Happened& happened, Mask mask) {
  const Segments& told = told_[key];
  const Mask before = told.empty() ? Mask{0} : told.back().mask;
  const EventType type = happened.event.type;
  if ((type == EventType::listed) != (before == 0) || mask == before) {
    account(true, key, happened.at, "told out of order: " + event_text(happened.event));
    return;
  }
  const auto [from, to] = vote_window(key, happened);
  const auto joins = static_cast<Mask>(mask & ~unsigned{before});
  const auto leaves = static_cast<Mask>(before & ~unsigned{mask});
  const bool is_true = (joins & ~unsigned{facts_.truth.ever(key.pair, from, to)}) == 0 &&
                       (leaves & ~unsigned{facts_.truth.ever_absent(key.pair, from, to)}) == 0;
  if (!is_true) {
    account(true, key, happened.at, "false: " + event_text(happened.event));
  }
}

void Judge::look_for(const Key& key, Mask of_purpose) {
  const std::vector<Segment>& segments = facts_.truth.segments(key.pair);
  std::vector<Segment> mine;
  for (const Segment& segment : segments) {
    const auto mask = static_cast<Mask>(segment.mask & of_purpose);
    if (mine.empty() || mine.back().mask != mask) {
      mine.push_back({segment.from, mask});
    }
  }
  const auto known = told_.find(key);
  const Segments told = known == told_.end() ? Segments{} : known->second;
  for (std::size_t i = 0; i < mine.size(); ++i) {
    if (i == 0 && mine[i].mask == 0) {
      continue;
    }
    const Micros end =
        i + 1 < mine.size() ? std::min(mine[i + 1].from, facts_.length) : facts_.length;
    const bool leaves = mine[i].mask == 0;
    if (leaves && is_untold(told, mine[i].from, end)) {
      continue;
    }
    if (mine[i].from + enough(key.pair, leaves) >= end || is_taken_back(key.pair, mine[i].from)) {
      ++verdict_.short_lived;
      continue;
    }
    const auto [due, is_disturbed] = deadline(key.pair, mine[i].from, leaves);
    if (due >= end || is_absent(key.pair, mine[i].from, due)) {
      ++verdict_.unjudged;
      continue;
    }
    ++verdict_.judged;
    verdict_.undisturbed += is_disturbed ? 0 : 1;
    if (told_at(told, due) != mine[i].mask) {
      account(
          false, key, due,
          "not told: mask " + std::to_string(mine[i].mask) + " since " + to_moment(mine[i].from));
    }
  }
}

std::vector<Judge::Trouble> Judge::troubles(std::uint32_t pair) const {
  const std::uint32_t zone = world_.pairs[pair].zone;
  std::vector<Trouble> all;
  for (const auto& [from, to] : disturbed(facts_, world_.pairs[pair])) {
    all.push_back({from, to, std::nullopt});
  }
  // Where another server was asked instead, its first answer is no vote, and may stay for its TTL.
  for (const Faults::Spoilt& spoilt : facts_.faults.of_pair(pair)) {
    all.push_back({spoilt.at, spoilt.until + world_.cached_for(zone), std::nullopt});
  }
  for (const Micros at : facts_.faults.of_tests(zone)) {
    all.push_back({at, at + kBlindFor, at});
  }
  // A test that fails in any way but silence discards votes: they are collected anew, from the
  // pair's next turn on.
  for (const Micros at : facts_.faults.of_failed_tests(zone)) {
    all.push_back({at, at + kBlindFor, Micros(0)});
  }
  for (const Micros at : facts_.faults.of_own_servers(zone)) {
    all.push_back({at, at + kLeftAlone, std::nullopt});
  }
  std::sort(all.begin(), all.end(),
            [](const Trouble& a, const Trouble& b) { return a.from < b.from; });
  return all;
}

/// With nothing in its way: until its turn comes, and the confirmation.
Micros Judge::enough(std::uint32_t pair, bool leaves) const {
  const std::uint32_t index = world_.pairs[pair].zone;
  const SoakZone& zone = world_.zones[index];
  Micros enough =
      world_.setup.interval + world_.cached_for(index) + world_.confirmation(index) + kSpare;
  if (zone.is_waived && leaves) {
    enough += world_.setup.breaker.hold + world_.setup.health.health_interval;
  }
  for (const std::string& container : zone.data.contained_in) {
    enough += world_.confirmation(world_.find_zone(container));
  }
  return enough;
}

Judge::Due Judge::deadline(std::uint32_t pair, Micros from, bool leaves) const {
  const Micros needed = enough(pair, leaves);
  Due due{from + needed, false};
  for (const Trouble& trouble : troubles(pair)) {
    if (trouble.from > due.at) {
      break;
    }
    if (trouble.end < from) {
      continue;
    }
    due.is_disturbed = true;
    const bool costs_votes =
        !trouble.asked_from ||
        facts_.faults.has_asked(pair, std::max(from, *trouble.asked_from), trouble.end);
    due.at = costs_votes ? std::max(due.at, trouble.end + needed) : due.at + kBlindFor;
  }
  due.at = std::min(due.at, latest(pair, from, leaves));
  return due;
}

/// However many answers are spoilt: so many tries in a row don't fail by chance.
Micros Judge::latest(std::uint32_t pair, Micros from, bool leaves) const {
  const bool is_held = leaves && world_.zones[world_.pairs[pair].zone].is_waived;
  const int tries = is_held ? kMostTriesOfHold : kMostTries;
  Micros latest = from + std::max(kLongest, tries * enough(pair, leaves));
  for (const auto& [begin, end] : disturbed(facts_, world_.pairs[pair])) {
    if (end > from && begin < latest) {
      latest += end - std::max(begin, from);
    }
  }
  return latest;
}

bool Judge::is_absent(std::uint32_t pair, Micros from, Micros to) const {
  return std::any_of(facts_.plan.absences.begin(), facts_.plan.absences.end(),
                     [&](const Absence& absence) {
                       return absence.subject == world_.pairs[pair].subject && absence.from <= to &&
                              from <= absence.to + hours(6);
                     });
}

/// One of a mass listing that is over before any quarantine need be.
bool Judge::is_taken_back(std::uint32_t pair, Micros from) const {
  return facts_.plan.waves.contains(pair) &&
         std::any_of(facts_.plan.disasters.begin(), facts_.plan.disasters.end(),
                     [&](const Disaster& disaster) {
                       return disaster.telling == Telling::quarantine && disaster.from == from &&
                              disaster.strikes(world_.pairs[pair].zone) &&
                              disaster.to - from < world_.setup.breaker.hold;
                     });
}

void Judge::account(bool is_false, const Key& key, Micros at, const std::string& what) {
  ++(is_false ? verdict_.false_events : verdict_.missed);
  const SoakPair& pair = world_.pairs[key.pair];
  std::string text = to_moment(at) + " " + world_.subjects[pair.subject] + " on " +
                     world_.zones[pair.zone].data.id + " (" +
                     std::string(core::enum_word(key.purpose)) + "): " + what + "\n    truth:";
  for (const Segment& segment : facts_.truth.segments(key.pair)) {
    text += " " + to_moment(segment.from) + "=" + std::to_string(segment.mask);
  }
  text += "\n    told:";
  for (const Segment& segment : told_[key]) {
    text += " " + to_moment(segment.from) + "=" + std::to_string(segment.mask);
  }
  text += "\n    spoilt answers:";
  for (const Faults::Spoilt& spoilt : facts_.faults.of_pair(key.pair)) {
    if (spoilt.at > at - hours(24) && spoilt.at <= at) {
      text += " " + to_moment(spoilt.at);
    }
  }
  text += "\n    asked:";
  for (const Micros asked : facts_.faults.asked(key.pair)) {
    if (asked > at - hours(24) && asked <= at + hours(2)) {
      text += " " + to_moment(asked);
    }
  }
  text += "\n    disasters:";
  for (const Disaster& disaster : facts_.plan.disasters) {
    if (disaster.strikes(pair.zone) && disaster.from <= at && disaster.to >= at - hours(48)) {
      text += " " + disaster.name + " " + to_moment(disaster.from) + "-" + to_moment(disaster.to);
    }
  }
  verdict_.accounts.push_back(std::move(text));
}

}  // namespace

SoakVerdict judge_soak(const SoakFacts& facts) {
  return Judge(facts).judge();
}

}  // namespace rblwatch::scenario
