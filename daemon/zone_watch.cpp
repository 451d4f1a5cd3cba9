// SPDX-License-Identifier: Apache-2.0
#include "daemon/zone_watch.hpp"

#include <algorithm>
#include <utility>

#include "core/log.hpp"
#include "daemon/blindness.hpp"
#include "daemon/event_maker.hpp"
#include "lists/verdict.hpp"
#include "report/resolvers.hpp"

namespace rblwatch::daemon {

namespace {

/// While nobody has replied since the start, a test is tried this often: the network may come up
/// any moment.
constexpr core::Millis kGraceRetry{2000};
/// Where one zone's test entry is missing, so many others are tested at once.
constexpr std::size_t kElsewhere = 2;

bool is_due(const KindDesk& desk, core::Tick now) {
  return desk.subjects > 0 && !desk.is_testing &&
         (desk.health.next_test <= now || (desk.test_at && *desk.test_at <= now));
}

/// A failure that a resolver may repeat from its cache: whether it is still so, only the zone's own
/// servers can say.
bool may_be_cached(lists::Cause cause) {
  return cause == lists::Cause::test_entry_missing || cause == lists::Cause::servfail ||
         cause == lists::Cause::refused_rcode;
}

}  // namespace

ZoneWatch::ZoneWatch(const World& world, std::vector<ZoneDesk>& desks, Ledger& ledger,
                     core::Random& random, OwnServers& own, std::uint8_t generation)
    : world_(world),
      desks_(desks),
      ledger_(ledger),
      random_(random),
      own_(own),
      generation_(generation),
      waiting_(desks.size()),
      resolver_health_(world.setup.health.health_retry) {
  resolver_health_.set_zone_kinds(kinds_through_resolver());
}

std::map<lists::ZoneIndex, lists::KindSet> ZoneWatch::kinds_through_resolver() const {
  std::map<lists::ZoneIndex, lists::KindSet> through;
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    if (!world_.uses_resolver({zone}) || !desks_[zone].has_pairs()) {
      continue;
    }
    for (const lists::Kind kind : lists::kAllKinds) {
      if (desks_[zone].kind(kind).subjects > 0 && lists::is_tested(world_.zone({zone}), kind)) {
        through[{zone}].add(kind);
      }
    }
  }
  return through;
}

std::vector<TestVerdict> ZoneWatch::submit_due(dns::Resolver& resolver, core::Tick now) {
  std::vector<TestVerdict> verdicts;
  if (!started_) {
    started_ = now;
  }
  if (test_all_at_ && *test_all_at_ <= now) {
    test_all_at_.reset();
    want_all(now);
  }
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    for (const lists::Kind kind : lists::kAllKinds) {
      if (is_due(desks_[zone].kind(kind), now)) {
        if (const auto verdict = begin({zone}, kind, now)) {
          verdicts.push_back(*verdict);
        }
      }
    }
    submit_waiting({zone}, resolver);
  }
  return verdicts;
}

void ZoneWatch::want_all(core::Tick now) {
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    if (world_.uses_resolver({zone})) {
      for (KindDesk& kind : desks_[zone].kinds) {
        kind.want_test(now);
      }
    }
  }
}

// A resolver that hides listings shows on a second zone, whose own test may be far off.
void ZoneWatch::want_tests_elsewhere(lists::ZoneIndex zone, core::Tick now) {
  if (!world_.uses_resolver(zone)) {
    return;
  }
  std::size_t wanted = 0;
  for (std::size_t step = 1; step < desks_.size() && wanted < kElsewhere; ++step) {
    const std::size_t other = (zone.value + step) % desks_.size();
    if (!world_.uses_resolver({static_cast<std::uint16_t>(other)})) {
      continue;
    }
    bool is_seeing = false;
    for (KindDesk& kind : desks_[other].kinds) {
      if (kind.subjects > 0 && kind.is_seeing()) {
        kind.want_test(now);
        is_seeing = true;
      }
    }
    wanted += is_seeing ? 1U : 0U;
  }
}

void ZoneWatch::submit_waiting(lists::ZoneIndex zone, dns::Resolver& resolver) {
  std::deque<Waiting>& waiting = waiting_[zone.value];
  while (!waiting.empty() && resolver.can_submit(world_.lane_of(zone))) {
    const Waiting next = waiting.front();
    waiting.pop_front();
    const Ticket ticket{Errand::test, generation_, next.part, next.run};
    const Run& run = runs_.at(next.run);
    const bool is_direct = run.direct != nullptr && next.part + 1U == run.questions.size();
    resolver.submit({ticket.id(),
                     world_.lane_of(zone),
                     {run.questions[next.part].name, dns::QType::a},
                     is_direct ? run.direct : world_.zone_servers[zone.value]});
  }
}

bool ZoneWatch::has_waiting(lists::ZoneIndex zone) const {
  return !waiting_[zone.value].empty();
}

std::optional<TestVerdict> ZoneWatch::begin(lists::ZoneIndex zone, lists::Kind kind,
                                            core::Tick now) {
  KindDesk& desk = desks_[zone.value].kind(kind);
  desk.test_at.reset();
  auto questions = lists::test_questions(world_.zone(zone), kind, random_);
  if (!questions) {
    desk.health.next_test = now + world_.setup.health.health_interval;
    desk.tested_at = now;
    core::log_error("a zone's test can't be asked",
                    {{"zone", world_.zone(zone).id}, {"error", questions.error().text}});
    return std::nullopt;
  }
  if (questions->empty()) {
    // Everything is waived: passed.
    return finish(Run{zone, kind, {}, {}, now, nullptr, std::nullopt}, now);
  }
  desk.is_testing = true;
  Run run{zone, kind, std::move(*questions), {}, now, nullptr, std::nullopt};
  ask_directly(run, desk, now);
  const std::uint32_t id = next_run_++;
  for (std::uint16_t part = 0; part < core::size_as<std::uint16_t>(run.questions); ++part) {
    waiting_[zone.value].push_back({id, part});
  }
  runs_.emplace(id, std::move(run));
  return std::nullopt;
}

// The zone's own servers are asked too where a cache stands between us and what we need to know: a
// fresh positive answer for votes, or whether a failure is more than one that a resolver repeats.
void ZoneWatch::ask_directly(Run& run, KindDesk& desk, core::Tick now) {
  const bool is_failure_cached = desk.health.state == lists::ZoneState::blind &&
                                 !desk.health.is_telling_due && desk.health.cause &&
                                 may_be_cached(*desk.health.cause);
  const bool is_wanted =
      desk.is_direct_test_wanted || desk.is_missing_directly || is_failure_cached;
  const auto positive =
      std::find_if(run.questions.begin(), run.questions.end(),
                   [](const auto& one) { return one.role == lists::TestRole::listed; });
  if (!is_wanted || !world_.uses_resolver(run.zone) || positive == run.questions.end() ||
      own_.want(run.zone, now) != OwnServers::State::known) {
    return;
  }
  run.direct = own_.group(run.zone);
  const lists::TestQuestion again = *positive;
  run.questions.push_back(again);
}

std::optional<TestVerdict> ZoneWatch::take(const Ticket& ticket,
                                           const dns::Completion& completion) {
  const auto found = runs_.find(ticket.index);
  if (found == runs_.end()) {
    return std::nullopt;
  }
  Run& run = found->second;
  lists::TestAnswer answer;
  answer.role = run.questions[ticket.part].role;
  answer.verdict = lists::judge(world_.zone(run.zone), completion.outcome, completion.role);
  answer.asked_at = completion.asked_at;
  answer.took = completion.took;
  answer.server = completion.server;
  answer.server_role = completion.role;
  if (const auto* got = std::get_if<dns::Answer>(&completion.outcome)) {
    answer.ttl = got->ttl;
  }
  if (run.direct != nullptr && ticket.part + 1U == run.questions.size()) {
    run.direct_answer = std::move(answer);
  } else {
    run.answers.push_back(std::move(answer));
  }
  if (run.answers.size() + (run.direct_answer ? 1U : 0U) < run.questions.size()) {
    return std::nullopt;
  }
  const TestVerdict verdict = finish(run, ledger_.clocks().tick);
  runs_.erase(found);
  return verdict;
}

bool ZoneWatch::is_forgiven(const lists::TestResult& result, core::Tick now) const {
  return result.failed && lists::is_silence(*result.failed) && !has_reply_ &&
         now - started_.value_or(now) < world_.setup.boot_grace;
}

void ZoneWatch::note_positive(KindDesk& desk, const lists::TestResult& result) {
  if (!result.positive) {
    // Waived: the other questions, asked after the last vote, have to do.
    desk.passed = lists::PassedTest{result.asked_at, result.asked_at};
    return;
  }
  const core::Tick fetched = desk.positive[result.positive->server].note(*result.positive);
  desk.passed = lists::PassedTest{result.positive->asked_at, fetched};
}

TestVerdict ZoneWatch::finish(const Run& run, core::Tick now) {
  ZoneDesk& zone_desk = desks_[run.zone.value];
  KindDesk& desk = zone_desk.kind(run.kind);
  const lists::Zone& zone = world_.zone(run.zone);
  desk.is_testing = false;
  TestVerdict verdict;
  verdict.zone = run.zone;
  verdict.kind = run.kind;
  lists::TestResult result = lists::test_result(zone, run.answers, now);
  if (is_forgiven(result, now)) {
    desk.health.next_test = now + std::min(kGraceRetry, world_.setup.health.health_retry);
    return verdict;
  }
  const lists::ZoneState before = desk.health.state;
  const bool was_dropped = before == lists::ZoneState::blind && !desk.health.is_suspended;
  const auto cause_before = desk.health.cause;
  const lists::HealthStep step = take_result(run, result, now);
  desk.last_test = ledger_.clocks().wall(result.asked_at);
  desk.tested_at = result.asked_at;
  verdict.passed = result.is_passed();
  verdict.began_seeing = step.began_seeing;
  verdict.became_blind = step.became_blind;
  verdict.discard_votes = step.discard_votes;
  verdict.drop_held = step.discard_votes && !was_dropped;
  verdict.resumed_after = step.resumed_after;
  if (result.is_passed()) {
    desk.last_passed = desk.last_test;
    note_positive(desk, result);
  }
  note_since(desk, before);
  if (step.became_blind) {
    want_tests_of_siblings(zone_desk, run.kind, now);
  }
  if (result.failed == lists::Cause::test_entry_missing && desk.health.failures == 1) {
    want_tests_elsewhere(run.zone, now);
  }
  if (before != desk.health.state || cause_before != desk.health.cause) {
    core::log_info("a zone's state",
                   {{"zone", zone.id},
                    {"kind", std::string(core::enum_word(run.kind))},
                    {"state", std::string(core::enum_word(desk.health.state))},
                    {"cause", desk.health.cause ? std::string(core::enum_word(*desk.health.cause))
                                                : std::string()}});
  }
  ledger_.record(kind_record(zone, run.kind, desk));
  if (world_.uses_resolver(run.zone)) {
    follow_ruling(resolver_health_.take(run.zone, result, now, run.kind), now);
  }
  tell_zones();
  return verdict;
}

lists::HealthStep ZoneWatch::take_result(const Run& run, lists::TestResult& result,
                                         core::Tick now) {
  KindDesk& desk = desks_[run.zone.value].kind(run.kind);
  bool has_failed_directly = !world_.uses_resolver(run.zone);
  if (run.direct_answer) {
    has_failed_directly = lists::take_direct(result, world_.zone(run.zone), *run.direct_answer);
    if (std::holds_alternative<lists::Unknown>(run.direct_answer->verdict)) {
      own_.note_unusable(run.zone, now);
    }
  }
  desk.is_direct_test_wanted = false;
  desk.is_missing_directly =
      result.failed == lists::Cause::test_entry_missing && run.direct_answer && has_failed_directly;
  lists::HealthStep step =
      lists::take_test(desk.health, result, world_.setup.health, has_failed_directly);
  if (result.failed && may_be_cached(*result.failed) && world_.uses_resolver(run.zone)) {
    own_.want(run.zone, now);  // to be known when the next test is due
  }
  return step;
}

void ZoneWatch::follow_ruling(const lists::ResolverHealth::Ruling& ruling, core::Tick now) {
  if (ruling.test_all) {
    want_all(now);
  }
  if (ruling.test_all_at) {
    test_all_at_ = ruling.test_all_at;
  }
  if (ruling.became_blind) {
    resolver_since_ = resolver_health_.since() ? ledger_.clocks().wall(*resolver_health_.since())
                                               : ledger_.clocks().now;
    ledger_.tell(resolver_event(world_, lists::EventType::resolver_blind, resolver_health_.cause(),
                                resolver_since_));
  }
  if (ruling.began_seeing) {
    ledger_.tell(
        resolver_event(world_, lists::EventType::resolver_seeing, std::nullopt, resolver_since_));
    resolver_since_.reset();
    for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
      for (KindDesk& kind : desks_[zone].kinds) {
        if (world_.uses_resolver({zone}) && !kind.is_seeing()) {
          lists::forget_failures(kind.health, now);
        }
      }
    }
  }
}

// A restart neither begins nor ends a state that its first test finds as it was.
void ZoneWatch::note_since(KindDesk& desk, lists::ZoneState before) const {
  const auto known = std::exchange(desk.before_restart, std::nullopt);
  if (known && known->state == desk.health.state && known->cause == desk.health.cause) {
    desk.since = known->since;
  } else if (before != desk.health.state || !desk.since) {
    desk.since = ledger_.clocks().now;
  }
}

// Everything that may be told now, whichever zone's test made it so: a resolver's suspicion that
// has ended lets several zones speak at once.
void ZoneWatch::tell_zones() {
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    tell_blind({zone});
    tell_seeing({zone});
  }
}

void ZoneWatch::tell_blind(lists::ZoneIndex zone) {
  ZoneDesk& desk = desks_[zone.value];
  const lists::KindSet kinds = blindness_to_tell(desk, ledger_.clocks().tick);
  const bool is_held = world_.uses_resolver(zone) && resolver_health_.holds_zone_events();
  if (kinds.is_empty() || is_held) {
    return;
  }
  const core::Timestamp since = blind_since(desk, kinds, ledger_.clocks().now);
  ledger_.tell(sight_event(world_.zone(zone), lists::EventType::zone_blind, desk, kinds, since));
  note_told(zone, kinds, since);
}

void ZoneWatch::tell_seeing(lists::ZoneIndex zone) {
  ZoneDesk& desk = desks_[zone.value];
  for (auto kinds = sight_to_tell(desk); !kinds.is_empty(); kinds = sight_to_tell(desk)) {
    const core::Timestamp since = told_since(desk, kinds);
    ledger_.tell(sight_event(world_.zone(zone), lists::EventType::zone_seeing, desk, kinds, since));
    note_told(zone, kinds, std::nullopt);
  }
}

void ZoneWatch::note_told(lists::ZoneIndex zone, lists::KindSet kinds,
                          std::optional<core::Timestamp> since) {
  for (const lists::Kind kind : lists::kAllKinds) {
    if (kinds.has(kind)) {
      KindDesk& desk = desks_[zone.value].kind(kind);
      desk.told_blind_since = since;
      ledger_.record(kind_record(world_.zone(zone), kind, desk));
    }
  }
}

std::optional<core::Tick> ZoneWatch::next_due() const {
  std::optional<core::Tick> next = test_all_at_;
  const auto sooner = [&next](core::Tick at) {
    if (!next || at < *next) {
      next = at;
    }
  };
  for (const ZoneDesk& desk : desks_) {
    for (const KindDesk& kind : desk.kinds) {
      if (kind.subjects == 0 || kind.is_testing) {
        continue;
      }
      sooner(kind.health.next_test);
      if (kind.test_at) {
        sooner(*kind.test_at);
      }
    }
  }
  return next;
}

storage::ResolverRecord ZoneWatch::resolver_record(const dns::Resolver& resolver) {
  const bool is_blind = resolver_health_.state() == lists::ResolverHealth::State::blind;
  const std::vector<dns::Server>& watched = world_.resolvers->servers;
  std::vector<dns::ServerStatus> servers = resolver.servers();
  // The engine remembers those of an earlier configuration for a while.
  std::erase_if(servers, [&watched](const dns::ServerStatus& status) {
    return std::find(watched.begin(), watched.end(), status.server) == watched.end();
  });
  resolver_views_ = report::resolver_views(servers, resolver_views_, ledger_.clocks().now);
  for (report::ResolverView& view : resolver_views_) {
    if (is_blind) {
      view.state = "blind";
      view.cause = resolver_health_.cause();
      view.since = resolver_since_;
    }
  }
  return {resolver_views_, is_blind, resolver_health_.cause(), resolver_since_};
}

void ZoneWatch::restore_resolver(const storage::ResolverRecord& record) {
  resolver_views_ = record.servers;
  if (record.told_blind && record.cause) {
    resolver_health_.restore_blind(*record.cause, ledger_.clocks().tick);
    resolver_since_ = record.since;
  }
}

void ZoneWatch::adopt(const ZoneWatch& before) {
  has_reply_ = before.has_reply_;
  started_ = before.started_;
  test_all_at_ = before.test_all_at_;
  resolver_health_ = before.resolver_health_;
  resolver_health_.set_zone_kinds(kinds_through_resolver());
  resolver_since_ = before.resolver_since_;
  resolver_views_ = before.resolver_views_;
}

}  // namespace rblwatch::daemon
