// SPDX-License-Identifier: Apache-2.0
#include "soak_plan.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "option_words.hpp"

namespace rblwatch::scenario {

namespace {

using core::Micros;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Disasters begin within the first two hours of a slot and end well before the next.
constexpr Micros kSlot = hours(12);
constexpr Micros kBegin = hours(2);
/// The last day is left in peace, so that everything can be found.
constexpr Micros kPeace = hours(24);
constexpr double kWaveShare = 0.4;
/// How long a mass listing is held at most, and then some.
constexpr Micros kHeld = hours(18);
constexpr std::uint64_t kFlappingPairs = 8;

class Planner {
 public:
  Planner(const SoakWorld& world, Truth& truth, core::Random& random)
      : world_(world), truth_(truth), random_(random) {}

  Plan make(Micros length);

 private:
  struct Card {
    int slots;
    std::function<void(Micros)> play;
  };
  std::vector<Card> deck();
  void add_zone_cards(std::vector<Card>& cards);
  void add_resolver_cards(std::vector<Card>& cards);
  void add_daemon_cards(std::vector<Card>& cards);

  void zone_mode(const std::string& name, Mode mode, const std::string& cause, Micros lasting,
                 Micros from);
  void resolver_mode(const std::string& name, Mode mode, Telling telling, const std::string& cause,
                     Micros lasting, Micros from);
  void listed_world(const std::string& code, Micros from);
  void emptied(Micros from);
  void hidden(Micros from);
  void one_kind(Micros from);
  void refused_everywhere(Micros from);
  void rebind_protection(Micros from);
  void flapping(Micros from);
  void flapping_code(Micros from);
  void flapping_truth(Micros from);
  void lossy(Micros from);
  void serve_expired(Micros from);
  void wave(Micros lasting, bool stands, Micros from);
  void restarts(int times, Micros apart, Micros from);
  void down_at_boot(Micros lasting, Telling telling, Micros from);
  void restart_in_outage(Micros from);
  void clock_jump(core::Millis by, bool with_restart, Micros from);
  void asleep(Micros from);
  void reload(Micros from);
  void disk_full(Micros from);
  void carrier_down(Micros from);

  template <class Predicate>
  std::uint32_t any_zone(Predicate is_wanted);
  std::uint32_t any_zone() {
    return any_zone([](std::uint32_t) { return true; });
  }
  template <class Predicate>
  std::vector<std::uint32_t> zones_where(Predicate is_wanted) const;
  std::vector<std::uint32_t> all_zones() const {
    return zones_where([](std::uint32_t) { return true; });
  }
  std::vector<std::uint32_t> zones_behind_resolver() const {
    return zones_where([this](std::uint32_t zone) { return world_.is_behind_resolver(zone); });
  }
  bool has_enough(std::uint32_t zone) const;
  bool has_entry(std::uint32_t zone) const { return !world_.zones[zone].is_waived; }
  Disaster& add(const std::string& name, std::vector<std::uint32_t> struck, Micros from, Micros to);
  Disaster& add_blinding(const std::string& name, std::uint32_t zone, const std::string& cause,
                         Micros from, Micros to);
  void at(Micros when, std::function<void(Stage&)> act) {
    plan_.steps.push_back({when, std::move(act)});
  }
  void set_mode(Micros when, std::uint32_t zone, Mode mode) {
    at(when, [id = id_of(zone), mode](Stage& stage) { stage.resolver.zones.at(id).mode = mode; });
  }
  const std::string& id_of(std::uint32_t zone) const { return world_.zones[zone].data.id; }

  const SoakWorld& world_;
  Truth& truth_;
  core::Random& random_;
  Plan plan_;
};

template <class Predicate>
std::uint32_t Planner::any_zone(Predicate is_wanted) {
  const std::vector<std::uint32_t> zones = zones_where(is_wanted);
  return zones[random_.below(zones.size())];
}

template <class Predicate>
std::vector<std::uint32_t> Planner::zones_where(Predicate is_wanted) const {
  std::vector<std::uint32_t> zones;
  for (std::uint32_t zone = 0; zone < world_.zones.size(); ++zone) {
    if (is_wanted(zone)) {
      zones.push_back(zone);
    }
  }
  return zones;
}

Disaster& Planner::add(const std::string& name, std::vector<std::uint32_t> struck, Micros from,
                       Micros to) {
  Disaster& disaster = plan_.disasters.emplace_back();
  disaster.name = name;
  disaster.struck = std::move(struck);
  disaster.from = from;
  disaster.to = to;
  return disaster;
}

/// One zone, told blind once.
Disaster& Planner::add_blinding(const std::string& name, std::uint32_t zone,
                                const std::string& cause, Micros from, Micros to) {
  Disaster& disaster = add(name, {zone}, from, to);
  disaster.telling = Telling::zones;
  disaster.told = {zone};
  disaster.cause = cause;
  return disaster;
}

void Planner::zone_mode(const std::string& name, Mode mode, const std::string& cause,
                        Micros lasting, Micros from) {
  const std::uint32_t zone = any_zone();
  add_blinding(name, zone, cause, from, from + lasting);
  set_mode(from, zone, mode);
  set_mode(from + lasting, zone, Mode::fine);
}

// With a valid code, with one that nobody ever stated, or with what elsewhere is a refusal.
void Planner::listed_world(const std::string& code, Micros from) {
  const auto pattern = *core::IpAddress::parse(code);
  const std::uint32_t zone = any_zone([&](std::uint32_t one) {
    const auto& refusals = world_.zones[one].data.refusals;
    return std::none_of(refusals.begin(), refusals.end(),
                        [&](const auto& refusal) { return refusal.matches(pattern); });
  });
  add_blinding("listed the world", zone, "lists_everything", from, from + hours(6));
  at(from, [id = id_of(zone), code](Stage& stage) {
    stage.resolver.zones.at(id).wildcard_code = code;
    stage.resolver.zones.at(id).mode = Mode::lists_everything;
  });
  set_mode(from + hours(6), zone, Mode::fine);
}

// Without a test entry nobody can tell, but for a while nobody is believed clear.
void Planner::emptied(Micros from) {
  const std::uint32_t zone = any_zone([this](std::uint32_t one) { return !world_.is_long(one); });
  const Micros to = from + (has_entry(zone) ? hours(8) : hours(5));
  if (has_entry(zone)) {
    add_blinding("emptied", zone, "test_entry_missing", from, to);
  } else {
    add("emptied", {zone}, from, to);
  }
  set_mode(from, zone, Mode::emptied);
  set_mode(to, zone, Mode::fine);
}

// A resolver that denies whatever is asked of one list, and perhaps where the list is.
void Planner::hidden(Micros from) {
  const std::uint32_t zone = any_zone([this](std::uint32_t one) {
    return world_.is_behind_resolver(one) && has_entry(one) && !world_.is_long(one);
  });
  const Micros to = from + hours(6);
  add_blinding("hidden by the resolver", zone, "test_entry_missing", from, to);
  at(from, [id = id_of(zone), is_named = random_.below(2) == 0](Stage& stage) {
    ZoneModel& model = stage.resolver.zones.at(id);
    model.mode = Mode::emptied;
    model.own_mode = Mode::fine;
    model.has_servers_named = is_named;
  });
  at(to, [id = id_of(zone)](Stage& stage) {
    ZoneModel& model = stage.resolver.zones.at(id);
    model.mode = Mode::fine;
    model.own_mode.reset();
    model.has_servers_named = true;
  });
}

// Of a zone for IPv4 and IPv6 only the IPv6 half is gone.
void Planner::one_kind(Micros from) {
  const std::uint32_t zone = world_.find_zone("six");
  const Micros to = from + hours(6);
  add_blinding("one kind emptied", zone, "test_entry_missing", from, to).kind = lists::Kind::ipv6;
  const auto set = [id = id_of(zone)](bool has_entry) {
    return [id, has_entry](Stage& stage) {
      stage.resolver.zones.at(id).has_ipv6_test_entry = has_entry;
    };
  };
  at(from, set(false));
  at(to, set(true));
}

void Planner::resolver_mode(const std::string& name, Mode mode, Telling telling,
                            const std::string& cause, Micros lasting, Micros from) {
  Disaster& disaster = add(name, zones_behind_resolver(), from, from + lasting);
  disaster.telling = telling;
  disaster.cause = cause;
  at(from, [mode](Stage& stage) { stage.resolver.resolver_mode = mode; });
  at(from + lasting, [](Stage& stage) { stage.resolver.resolver_mode.reset(); });
}

// A refusal is told of each zone at once: with it, the zone has answered. A test that fails in
// another way just before would make it look like the resolver's.
void Planner::refused_everywhere(Micros from) {
  resolver_mode("refused by all", Mode::refuses_resolver, Telling::zones, "refused", hours(5),
                from);
  Disaster& disaster = plan_.disasters.back();
  disaster.told = disaster.struck;
  disaster.spared = disaster.struck;
  disaster.spared_until = disaster.to;
}

// A zone without a test entry passes its tests all the same, and so it isn't the resolver. Else all
// of them are unanimous, but for a spoilt answer.
void Planner::rebind_protection(Micros from) {
  const auto told = zones_where(
      [this](std::uint32_t one) { return world_.is_behind_resolver(one) && has_entry(one); });
  const bool has_waived = told != zones_behind_resolver();
  resolver_mode("rebind protection", Mode::emptied, has_waived ? Telling::zones : Telling::resolver,
                "test_entry_missing", hours(5), from);
  at(from, [](Stage& stage) { stage.resolver.forget(); });
  Disaster& disaster = plan_.disasters.back();
  disaster.told = told;
  if (!has_waived) {
    disaster.spared = told;
    disaster.spared_until = disaster.to;
  }
}

void Planner::flapping(Micros from) {
  const std::uint32_t zone = any_zone();
  const std::array kModes{Mode::times_out, Mode::servfails, Mode::stale, Mode::lame};
  add("flapping answers", {zone}, from, from + hours(4));
  Micros when = from;
  while (when < from + hours(4)) {
    set_mode(when, zone, kModes[random_.below(kModes.size())]);
    when += seconds(30 + random_.below(600));
    set_mode(when, zone, Mode::fine);
    when += seconds(30 + random_.below(600));
  }
}

// {2}, {2, 4}, {2} …: 4 never gets its second vote. Where no cache stands between, so that every
// other answer is every other vote; while a zone is blind by silence, an answer in between would
// pass unseen.
void Planner::flapping_code(Micros from) {
  const std::uint32_t zone = world_.find_zone("direct");
  const Micros to = from + hours(10);
  Disaster& disaster = add("a flapping code", {}, from, to);
  disaster.spared = {zone};
  disaster.spared_until = to;
  const std::vector<std::uint32_t>& pairs = world_.zones[zone].pairs;
  for (std::uint64_t i = 0; i < kFlappingPairs; ++i) {
    const std::uint32_t pair = pairs[random_.below(pairs.size())];
    if (truth_.insert(pair, from, to, Mask{1})) {
      plan_.flaps.push_back({pair, from, to});
    }
  }
}

// Listings that come, change and go faster than anybody could confirm, and slower.
void Planner::flapping_truth(Micros from) {
  const std::uint32_t zone = any_zone();
  add("flapping listings", {}, from, from + hours(8));
  const std::vector<std::uint32_t>& pairs = world_.zones[zone].pairs;
  for (std::uint64_t i = 0; i < kFlappingPairs; ++i) {
    std::vector<Segment> row;
    Micros when = from;
    for (Mask mask = 1; when < from + hours(8); mask = static_cast<Mask>(random_.below(4))) {
      row.push_back({when, mask});
      when += seconds(20 + random_.below(20 * 60));
    }
    row.push_back({when, Mask{0}});
    truth_.insert(pairs[random_.below(pairs.size())], row);
  }
}

void Planner::lossy(Micros from) {
  const std::uint32_t zone = any_zone();
  add("packet loss", {zone}, from, from + hours(4));
  at(from, [id = id_of(zone)](Stage& stage) { stage.resolver.zones.at(id).loss = 0.6; });
  at(from + hours(4), [id = id_of(zone)](Stage& stage) { stage.resolver.zones.at(id).loss = 0; });
}

// RFC 8767 without saying so: what is known is served on, and the test entry with it.
void Planner::serve_expired(Micros from) {
  const std::uint32_t zone =
      any_zone([this](std::uint32_t one) { return world_.is_behind_resolver(one); });
  add_blinding("served from an old cache", zone, "timeout", from, from + hours(8));
  at(from, [id = id_of(zone)](Stage& stage) {
    stage.resolver.serves_expired = true;
    stage.resolver.zones.at(id).mode = Mode::times_out;
  });
  at(from + hours(8), [id = id_of(zone)](Stage& stage) {
    stage.resolver.serves_expired = false;
    stage.resolver.zones.at(id).mode = Mode::fine;
  });
}

/// Whether a wave surely trips the breaker there: it comes to twice what does, give or take a few.
bool Planner::has_enough(std::uint32_t zone) const {
  const auto pairs = static_cast<double>(world_.zones[zone].pairs.size());
  return kWaveShare * pairs >= 2.0 * world_.setup.breaker.min;
}

/// A list adds a great many at once: by mistake, or because they deserve it.
void Planner::wave(Micros lasting, bool stands, Micros from) {
  const auto zones =
      zones_where([this](std::uint32_t one) { return !world_.is_long(one) && has_enough(one); });
  if (zones.empty()) {
    return;  // a soak so small that nothing there is a great many
  }
  const std::uint32_t zone = zones[random_.below(zones.size())];
  Disaster& disaster = add(stands ? "a true mass listing" : "a mass listing taken back", {zone},
                           from, from + lasting);
  disaster.telling = Telling::quarantine;
  disaster.spared = {zone};
  disaster.spared_until = from + lasting + kHeld;
  for (const std::uint32_t pair : world_.zones[zone].pairs) {
    if (random_.unit() < kWaveShare &&
        truth_.insert(pair, from, from + lasting, static_cast<Mask>(1U << random_.below(2)))) {
      plan_.waves.insert(pair);
    }
  }
}

void Planner::restarts(int times, Micros apart, Micros from) {
  add("kill -9", all_zones(), from, from + times * apart);
  for (int i = 0; i < times; ++i) {
    at(from + i * apart, [](Stage& stage) { stage.restart(); });
  }
}

void Planner::down_at_boot(Micros lasting, Telling telling, Micros from) {
  resolver_mode("resolver down at boot", Mode::times_out, telling, "timeout", lasting, from);
  plan_.disasters.back().struck = all_zones();
  at(from, [](Stage& stage) { stage.restart(); });
}

void Planner::restart_in_outage(Micros from) {
  zone_mode("kill -9 in an outage", Mode::times_out, "timeout", hours(6), from);
  for (int i = 1; i <= 3; ++i) {
    at(from + minutes(100 * i), [](Stage& stage) { stage.restart(); });
  }
}

void Planner::clock_jump(core::Millis by, bool with_restart, Micros from) {
  add("the wall clock jumps", all_zones(), from, from + hours(3));
  const auto jump = [with_restart](core::Millis how_far) {
    return [how_far, with_restart](Stage& stage) {
      stage.clock.jump(how_far);
      if (with_restart) {
        stage.restart();
      }
    };
  };
  at(from, jump(by));
  at(from + hours(3), jump(-by));
}

void Planner::asleep(Micros from) {
  add("asleep for eight hours", all_zones(), from, from + hours(8));
  at(from, [](Stage& stage) { stage.clock.advance(hours(8)); });
}

void Planner::reload(Micros from) {
  add("reload", {}, from, from + hours(5));
  std::vector<std::string> removed;
  std::vector<std::string> added;
  for (int i = 0; i < 5; ++i) {
    const auto subject = static_cast<std::uint32_t>(random_.below(world_.subjects.size()));
    const std::string& text = world_.subjects[subject];
    if (std::find(removed.begin(), removed.end(), text) == removed.end()) {
      plan_.absences.push_back({subject, from, from + hours(5)});
      removed.insert(removed.end(), {"remove", text});
      added.insert(added.end(), {"add", text});
    }
  }
  for (const auto& [when, words] : {std::pair(from, removed), std::pair(from + hours(5), added)}) {
    at(when, [words = words](Stage& stage) {
      reload_options(words, stage.setup);
      stage.reload();
    });
  }
}

void Planner::disk_full(Micros from) {
  add("disk full", all_zones(), from, from + hours(3));
  at(from, [](Stage& stage) { stage.set_disk(false); });
  at(from + hours(3), [](Stage& stage) { stage.set_disk(true); });
}

void Planner::carrier_down(Micros from) {
  add("deliveries fail", {}, from, from + hours(6));
  at(from, [](Stage& stage) { stage.carrier.is_failing = true; });
  at(from + hours(6), [](Stage& stage) { stage.carrier.is_failing = false; });
}

void Planner::add_zone_cards(std::vector<Card>& cards) {
  const auto mode = [&](const std::string& name, Mode how, const std::string& cause, int lasting) {
    cards.push_back({lasting > 8 ? 3 : 1, [this, name, how, cause, lasting](Micros from) {
                       zone_mode(name, how, cause, hours(lasting), from);
                     }});
  };
  mode("an expired domain", Mode::outside, "rewritten", 6);
  mode("SpamCop's day", Mode::outside, "rewritten", 24);
  mode("resolver refused", Mode::refuses_resolver, "refused", 6);
  mode("a refusal beside a code", Mode::refuses_mixed, "refused", 6);
  mode("REFUSED", Mode::refuses_rcode, "refused_rcode", 6);
  mode("SERVFAIL", Mode::servfails, "servfail", 6);
  mode("time-outs for six hours", Mode::times_out, "timeout", 6);
  mode("stale answers", Mode::stale, "stale", 6);
  mode("a lame delegation", Mode::lame, "lame", 6);
  for (const char* code : {"127.0.0.2", "127.0.0.53", "127.0.0.1"}) {
    cards.push_back({1, [this, code](Micros from) { listed_world(code, from); }});
  }
  cards.push_back({1, [this](Micros from) { emptied(from); }});
  cards.push_back({1, [this](Micros from) { hidden(from); }});
  cards.push_back({1, [this](Micros from) { one_kind(from); }});
  cards.push_back({1, [this](Micros from) { flapping(from); }});
  cards.push_back({1, [this](Micros from) { flapping_code(from); }});
  cards.push_back({1, [this](Micros from) { flapping_truth(from); }});
  cards.push_back({1, [this](Micros from) { lossy(from); }});
  cards.push_back({1, [this](Micros from) { serve_expired(from); }});
  cards.push_back({3, [this](Micros from) { wave(hours(5), false, from); }});
  cards.push_back({5, [this](Micros from) { wave(hours(30), true, from); }});
}

void Planner::add_resolver_cards(std::vector<Card>& cards) {
  const auto mode = [&](const std::string& name, Mode how, const std::string& cause) {
    cards.push_back({1, [this, name, how, cause](Micros from) {
                       resolver_mode(name, how, Telling::resolver, cause, hours(5), from);
                     }});
  };
  mode("the resolver is silent", Mode::times_out, "timeout");
  mode("the resolver fails", Mode::servfails, "servfail");
  mode("NXDOMAIN rewritten", Mode::rewrites_denials, "rewritten");
  mode("a captive portal", Mode::outside, "rewritten");
  mode("a stale cache", Mode::stale, "stale");
  cards.push_back({1, [this](Micros from) { refused_everywhere(from); }});
  cards.push_back({1, [this](Micros from) { rebind_protection(from); }});
  cards.push_back({1, [this](Micros from) {
                     resolver_mode("a blip", Mode::times_out, Telling::nothing, "",
                                   seconds(5 + random_.below(50)), from);
                   }});
}

void Planner::add_daemon_cards(std::vector<Card>& cards) {
  cards.push_back({1, [this](Micros from) { restarts(1, minutes(1), from); }});
  cards.push_back({1, [this](Micros from) { restarts(8, minutes(3), from); }});
  cards.push_back({1, [this](Micros from) { restarts(4, minutes(70), from); }});
  cards.push_back({1, [this](Micros from) { down_at_boot(minutes(1), Telling::nothing, from); }});
  cards.push_back({1, [this](Micros from) { down_at_boot(hours(1), Telling::resolver, from); }});
  cards.push_back({1, [this](Micros from) { restart_in_outage(from); }});
  cards.push_back({1, [this](Micros from) { clock_jump(hours(1), false, from); }});
  cards.push_back({1, [this](Micros from) { clock_jump(-hours(1), false, from); }});
  cards.push_back({1, [this](Micros from) { clock_jump(hours(24 * 3650), true, from); }});
  cards.push_back({1, [this](Micros from) { asleep(from); }});
  cards.push_back({1, [this](Micros from) { reload(from); }});
  cards.push_back({1, [this](Micros from) { disk_full(from); }});
  cards.push_back({1, [this](Micros from) { carrier_down(from); }});
}

std::vector<Planner::Card> Planner::deck() {
  std::vector<Card> cards;
  add_zone_cards(cards);
  add_resolver_cards(cards);
  add_daemon_cards(cards);
  for (std::size_t i = cards.size(); i > 1; --i) {
    std::swap(cards[i - 1], cards[random_.below(i)]);
  }
  return cards;
}

Plan Planner::make(Micros length) {
  std::vector<Card> cards;
  for (Micros slot = kSlot; slot + kSlot + kPeace <= length;) {
    if (cards.empty()) {
      cards = deck();
    }
    const Card card = std::move(cards.back());
    cards.pop_back();
    if (slot + card.slots * kSlot + kPeace > length) {
      continue;
    }
    card.play(slot + Micros(static_cast<std::int64_t>(
                         random_.below(static_cast<std::uint64_t>(kBegin.count())))));
    slot += card.slots * kSlot;
  }
  std::stable_sort(plan_.steps.begin(), plan_.steps.end(),
                   [](const PlanStep& a, const PlanStep& b) { return a.at < b.at; });
  return std::move(plan_);
}

}  // namespace

bool Disaster::strikes(std::uint32_t zone) const {
  return std::find(struck.begin(), struck.end(), zone) != struck.end();
}

Plan make_plan(const SoakWorld& world, Truth& truth, Micros length, core::Random& random) {
  return Planner(world, truth, random).make(length);
}

}  // namespace rblwatch::scenario
