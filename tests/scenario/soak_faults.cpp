// SPDX-License-Identifier: Apache-2.0
#include "soak_faults.hpp"

#include <algorithm>
#include <chrono>

namespace rblwatch::scenario {

namespace {

constexpr double kSpoilt = 0.05;
constexpr double kWronglyDenied = 0.02;    // of the fetches of what is listed
constexpr double kWronglyListed = 0.0005;  // of those of what is clear, of which there are far more
/// Twice the interval and the longest TTL: a first vote for the lie has lapsed by then.
constexpr core::Micros kLiesApart = std::chrono::hours(36);
constexpr unsigned kWays = 12;

core::IpAddress address(const char* text) {
  return *core::IpAddress::parse(text);
}

/// Whether a test that gets this fails by silence (rule 5).
bool is_silence(const dns::Outcome& outcome) {
  if (const auto* answer = std::get_if<dns::Answer>(&outcome)) {
    return answer->rcode == dns::Rcode::servfail;
  }
  return std::get<dns::NoAnswer>(outcome).why != dns::NoAnswer::Why::malformed;
}

dns::Answer rcode(dns::Rcode code) {
  dns::Answer answer;
  answer.rcode = code;
  answer.ra = true;
  return answer;
}

}  // namespace

Faults::Faults(const SoakWorld& world, FakeResolver& resolver, const FakeClock& clock,
               std::uint64_t seed)
    : world_(world),
      resolver_(resolver),
      clock_(clock),
      random_(seed),
      denied_(world.pairs.size()),
      listed_(world.pairs.size()),
      of_pair_(world.pairs.size()),
      of_tests_(world.zones.size()),
      of_failed_tests_(world.zones.size()),
      of_own_servers_(world.zones.size()),
      asked_(world.pairs.size()) {
  for (std::uint32_t pair = 0; pair < world.pairs.size(); ++pair) {
    const SoakPair& one = world.pairs[pair];
    for (const std::string& labels : one.labels) {
      names_[labels + "." + world.zones[one.zone].data.dns.pattern()] = pair;
    }
  }
  for (std::uint32_t zone = 0; zone < world.zones.size(); ++zone) {
    zones_[world.zones[zone].data.dns.pattern()] = zone;
  }
  resolver.on_fetch = [this](const auto& question, auto& outcome) { on_fetch(question, outcome); };
  resolver.on_reply = [this](const auto& question, auto& outcome) { on_reply(question, outcome); };
}

void Faults::on_fetch(const dns::Question& question, dns::Outcome& outcome) {
  auto* answer = std::get_if<dns::Answer>(&outcome);
  if (answer == nullptr || question.type != dns::QType::a) {
    return;
  }
  const auto name = names_.find(question.name.to_text());
  if (name == names_.end()) {
    return;
  }
  if (!answer->a.empty()) {
    move_score(name->second, *answer);
    deny(name->second, *answer);
  } else if (answer->rcode == dns::Rcode::nxdomain && is_clear(name->second)) {
    list(name->second, *answer);
  }
}

/// A score that moves inside its band.
void Faults::move_score(std::uint32_t pair, dns::Answer& answer) {
  const SoakZone& zone = world_.zones[world_.pairs[pair].zone];
  for (core::IpAddress& code : answer.a) {
    if (zone.data.match == lists::MatchMode::exact && code == address("127.0.0.10") &&
        random_.below(2) == 0) {
      code = address("127.0.0.11");
    }
  }
}

bool Faults::may_lie(const Lie& last) const {
  const bool is_too_soon =
      last.at != core::Micros::min() && clock_.elapsed() - last.at < kLiesApart;
  return !last.is_right_due && !is_too_soon;
}

/// Under none of its names, whatever the zone or the resolver make of that.
bool Faults::is_clear(std::uint32_t pair) const {
  const SoakPair& one = world_.pairs[pair];
  const auto& entries = resolver_.zones.at(world_.zones[one.zone].data.id).entries;
  return std::none_of(one.labels.begin(), one.labels.end(),
                      [&](const std::string& labels) { return entries.contains(labels); });
}

void Faults::deny(std::uint32_t pair, dns::Answer& answer) {
  if (may_lie(denied_[pair]) && random_.unit() < kWronglyDenied) {
    answer.rcode = dns::Rcode::nxdomain;
    answer.a.clear();
    answer.ttl = world_.zones[world_.pairs[pair].zone].negative;
    note_lie(pair, denied_[pair], *answer.ttl);
  }
}

void Faults::list(std::uint32_t pair, dns::Answer& answer) {
  if (may_lie(listed_[pair]) && random_.unit() < kWronglyListed) {
    answer.rcode = dns::Rcode::noerror;
    answer.a.push_back(address("127.0.0.2"));
    answer.ttl = world_.zones[world_.pairs[pair].zone].ttl;
    note_lie(pair, listed_[pair], *answer.ttl);
    ++wrongly_listed_;
  }
}

void Faults::note_lie(std::uint32_t pair, Lie& lie, core::Seconds kept) {
  const core::Micros now = clock_.elapsed();
  lie = {now, true};
  ++spoilt_;
  of_pair_[pair].push_back({now, now + kept});
}

bool Faults::has_asked(std::uint32_t pair, core::Micros from, core::Micros to) const {
  const auto first = std::lower_bound(asked_[pair].begin(), asked_[pair].end(), from);
  return first != asked_[pair].end() && *first <= to;
}

void Faults::on_reply(const dns::Question& question, dns::Outcome& outcome) {
  ++lookups_;
  if (question.type != dns::QType::a) {
    return;
  }
  const std::string text = question.name.to_text();
  const auto name = names_.find(text);
  if (name != names_.end()) {
    asked_[name->second].push_back(clock_.elapsed());
  }
  auto* answer = std::get_if<dns::Answer>(&outcome);
  if (answer == nullptr) {
    return;
  }
  const bool is_direct = is_of_own_servers(text, *answer);
  direct_ += is_direct ? 1 : 0;
  if (random_.unit() < kSpoilt && (name != names_.end() || !is_spared(text))) {
    spoil(outcome);
    note(text, outcome, is_direct);
    return;
  }
  if (name == names_.end()) {
    return;
  }
  if (!answer->a.empty()) {
    denied_[name->second].is_right_due = false;
    flap(name->second, *answer);
  } else if (answer->rcode == dns::Rcode::nxdomain) {
    listed_[name->second].is_right_due = false;
  }
}

void Faults::flap(std::uint32_t pair, dns::Answer& answer) {
  const auto known = flapping_.find(pair);
  const core::Micros now = clock_.elapsed();
  if (known == flapping_.end() || now < known->second.from || known->second.to <= now) {
    return;
  }
  Flapping& one = known->second;
  one.has_code = !one.has_code;
  if (one.has_code) {
    answer.a.push_back(address(one.code));
  }
}

void Faults::spoil(dns::Outcome& outcome) {
  auto& answer = std::get<dns::Answer>(outcome);
  switch (random_.below(kWays)) {
    case 0:
      outcome = dns::NoAnswer{dns::NoAnswer::Why::timeout, "lost"};
      break;
    case 1:
      outcome = dns::NoAnswer{dns::NoAnswer::Why::malformed, "broken"};
      break;
    case 2:
      outcome = dns::NoAnswer{dns::NoAnswer::Why::network, "unreachable"};
      break;
    case 3:
      outcome = rcode(dns::Rcode::servfail);
      break;
    case 4:
      outcome = rcode(dns::Rcode::refused);
      break;
    case 5:
      outcome = rcode(dns::Rcode::notimp);
      break;
    case 6:
      answer = dns::Answer{};
      answer.referral = true;
      break;
    case 7:
      answer.a.clear();
      answer.rcode = dns::Rcode::noerror;
      answer.chain_closed = false;
      break;
    case 8:
      answer.ede.push_back(answer.a.empty() ? 19 : 3);
      break;
    case 9:
      answer.rcode = dns::Rcode::noerror;
      answer.a.push_back(address("127.255.255.254"));
      break;
    case 10:
      answer.rcode = dns::Rcode::noerror;
      answer.a.push_back(address("198.51.100.7"));
      break;
    default:  // a denial from somebody who may not say so
      answer = rcode(dns::Rcode::nxdomain);
      answer.ra = false;
      answer.aa = false;
      break;
  }
}

bool Faults::is_of_own_servers(const std::string& name, const dns::Answer& answer) const {
  const auto zone = answer.aa ? zone_below(name) : std::nullopt;
  return zone && world_.is_behind_resolver(*zone);
}

void Faults::note(const std::string& name, const dns::Outcome& outcome, bool is_direct) {
  const core::Micros now = clock_.elapsed();
  ++spoilt_;
  const auto zone = zone_below(name);
  if (zone && is_direct) {
    of_own_servers_[*zone].push_back(now);
  }
  if (const auto known = names_.find(name); known != names_.end()) {
    of_pair_[known->second].push_back({now, now});
  } else if (zone) {
    of_tests_[*zone].push_back(now);
    if (!is_silence(outcome)) {
      of_failed_tests_[*zone].push_back(now);
    }
  }
}

std::optional<std::uint32_t> Faults::zone_below(const std::string& name) const {
  for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    if (const auto zone = zones_.find(name.substr(dot + 1)); zone != zones_.end()) {
      return zone->second;
    }
  }
  return std::nullopt;
}

bool Faults::is_spared(const std::string& name) const {
  if (spared_.empty()) {
    return false;
  }
  const auto zone = zone_below(name);
  const core::Micros now = clock_.elapsed();
  return std::any_of(spared_.begin(), spared_.end(), [&](const Spared& one) {
    return zone == one.zone && one.from <= now && now <= one.to;
  });
}

}  // namespace rblwatch::scenario
