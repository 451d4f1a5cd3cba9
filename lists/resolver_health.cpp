// SPDX-License-Identifier: Apache-2.0
#include "lists/resolver_health.hpp"

#include <algorithm>
#include <array>

#include "core/check.hpp"

namespace rblwatch::lists {

namespace {

using core::Tick;

constexpr std::size_t kFewestZones = 3;
/// A round whose tests don't all come back is decided without them.
constexpr core::Millis kLongestRound{60'000};

/// What a broken or meddling resolver does to each zone it is asked about, seen on one zone.
bool is_resolvers_way(Cause cause) {
  constexpr std::array kWays{Cause::timeout,       Cause::network,   Cause::servfail,
                             Cause::refused_rcode, Cause::rewritten, Cause::stale};
  return std::find(kWays.begin(), kWays.end(), cause) != kWays.end();
}

}  // namespace

void ResolverHealth::set_zones(const std::set<ZoneIndex>& zones) {
  std::map<ZoneIndex, KindSet> one_kind;
  for (const ZoneIndex zone : zones) {
    one_kind[zone].add(Kind::ipv4);
  }
  set_zone_kinds(one_kind);
}

void ResolverHealth::set_zone_kinds(const std::map<ZoneIndex, KindSet>& zones) {
  tests_.clear();
  zones_ = 0;
  for (const auto& [zone, kinds] : zones) {
    for (const Kind kind : kAllKinds) {
      if (kinds.has(kind)) {
        tests_.emplace(zone, kind);
      }
    }
    zones_ += kinds.is_empty() ? 0 : 1;
  }
  std::erase_if(latest_, [this](const auto& known) { return !tests_.contains(known.first); });
}

ResolverHealth::Ruling ResolverHealth::take(ZoneIndex zone, const TestResult& result,
                                            core::Tick now, Kind kind) {
  const Test test{zone, kind};
  if (!result.through_resolver || !tests_.contains(test)) {
    return {};
  }
  const auto known = latest_.find(test);
  if (known != latest_.end() && result.asked_at < known->second.at) {
    return {};
  }
  const bool has_news = is_news(test, result);
  latest_[test] = Latest{result.failed, result.asked_at};
  switch (state_) {
    case State::seeing:
      return has_news ? suspect(now) : Ruling{};
    case State::suspect:
      return weigh(result, now);
    case State::blind:
      break;
  }
  Ruling ruling;
  if (result.is_passed()) {
    state_ = State::seeing;
    cause_.reset();
    since_ = now;
    latest_ = {{test, Latest{std::nullopt, result.asked_at}}};
    ruling.began_seeing = true;
  }
  return ruling;
}

void ResolverHealth::restore_blind(Cause cause, core::Tick since) {
  state_ = State::blind;
  cause_ = cause;
  since_ = since;
}

/// A zone that is dead for itself is no reason to test the others with each of its retries.
bool ResolverHealth::is_news(const Test& test, const TestResult& result) const {
  if (result.is_passed()) {
    return false;
  }
  const auto known = latest_.find(test);
  const bool has_failed = known != latest_.end() && known->second.failed.has_value();
  if (*result.failed == Cause::test_entry_missing) {
    return !(has_failed && *known->second.failed == Cause::test_entry_missing) &&
           is_missing_elsewhere(test.first);
  }
  return is_resolvers_way(*result.failed) &&
         !(has_failed && is_resolvers_way(*known->second.failed));
}

bool ResolverHealth::is_missing_elsewhere(ZoneIndex zone) const {
  return std::any_of(latest_.begin(), latest_.end(), [zone](const auto& known) {
    return known.first.first != zone && known.second.failed == Cause::test_entry_missing;
  });
}

ResolverHealth::Ruling ResolverHealth::suspect(core::Tick now) {
  state_ = State::suspect;
  suspected_at_ = now;
  second_round_ = now + health_retry_;
  Ruling ruling;
  ruling.test_all = true;
  ruling.test_all_at = second_round_;
  return ruling;
}

ResolverHealth::Ruling ResolverHealth::weigh(const TestResult& result, core::Tick now) {
  const bool passed_second = result.is_passed() && result.asked_at >= second_round_;
  if (passed_second || (has_all_since(suspected_at_) && have_all_passed())) {
    return clear_suspicion();
  }
  const Tick latest_end = second_round_ + std::max(health_retry_, kLongestRound);
  return has_all_since(second_round_) || now >= latest_end ? decide() : Ruling{};
}

ResolverHealth::Ruling ResolverHealth::decide() {
  const std::optional<Cause> cause = common_cause();
  if (zones_ < kFewestZones || has_any_passed() || !cause) {
    return clear_suspicion();
  }
  state_ = State::blind;
  cause_ = cause;
  since_ = suspected_at_;
  Ruling ruling;
  ruling.became_blind = true;
  return ruling;
}

ResolverHealth::Ruling ResolverHealth::clear_suspicion() {
  state_ = State::seeing;
  Ruling ruling;
  ruling.is_cleared = true;
  return ruling;
}

bool ResolverHealth::has_all_since(core::Tick at) const {
  return std::all_of(tests_.begin(), tests_.end(), [this, at](const Test& test) {
    const auto known = latest_.find(test);
    return known != latest_.end() && known->second.at >= at;
  });
}

bool ResolverHealth::have_all_passed() const {
  return std::all_of(latest_.begin(), latest_.end(),
                     [](const auto& known) { return !known.second.failed; });
}

bool ResolverHealth::has_any_passed() const {
  return std::any_of(latest_.begin(), latest_.end(), [this](const auto& known) {
    return !known.second.failed && known.second.at >= suspected_at_;
  });
}

std::optional<Cause> ResolverHealth::common_cause() const {
  std::map<Cause, std::set<ZoneIndex>> failed;
  for (const auto& [test, latest] : latest_) {
    if (latest.failed && latest.at >= suspected_at_) {
      failed[*latest.failed].insert(test.first);
    }
  }
  for (const auto& [cause, zones] : failed) {
    const bool is_enough =
        cause == Cause::test_entry_missing ? zones.size() == zones_ : zones.size() * 2 > zones_;
    if (is_enough) {
      return cause;
    }
  }
  return std::nullopt;
}

}  // namespace rblwatch::lists
