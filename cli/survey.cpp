// SPDX-License-Identifier: Apache-2.0
#include "cli/survey.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <tuple>
#include <utility>

#include "lists/evidence.hpp"
#include "lists/query_name.hpp"

namespace rblwatch::cli {
namespace {

using core::Tick;
using lists::Cause;
using lists::Kind;
using lists::SubjectIndex;
using lists::ZoneIndex;

constexpr core::Millis kLongestPause{200};

dns::ServerGroupPtr group(std::vector<dns::Server> servers, dns::ServerRole role) {
  return std::make_shared<const dns::ServerGroup>(dns::ServerGroup{std::move(servers), role});
}

/// The first subject whose kind isn't below this one; subjects stand in the order of their kinds.
std::uint32_t first_of(const lists::SubjectTable& subjects, int kind) {
  std::uint32_t low = 0;
  auto high = static_cast<std::uint32_t>(subjects.size());
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (static_cast<int>(subjects.subject(SubjectIndex{middle}).kind()) < kind) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

core::Untrusted reason_of(const lists::Zone& zone, const dns::Outcome& outcome) {
  const auto* answer = std::get_if<dns::Answer>(&outcome);
  if (answer == nullptr || answer->rcode != dns::Rcode::noerror) {
    return {};
  }
  return lists::reason_text(zone.dns, answer->txt);
}

/// Nothing where the outcome doesn't say what there is.
std::optional<bool> shows_address(const dns::Outcome& outcome) {
  const auto* answer = std::get_if<dns::Answer>(&outcome);
  const bool is_told = answer != nullptr && (answer->rcode == dns::Rcode::noerror ||
                                             answer->rcode == dns::Rcode::nxdomain);
  return is_told ? std::optional(!answer->a.empty()) : std::nullopt;
}

}  // namespace

Survey::Survey(Ports ports, std::span<const lists::Zone> zones, std::vector<dns::Server> resolvers,
               Tick deadline)
    : ports_(ports),
      zones_(zones),
      resolvers_(group(std::move(resolvers), dns::ServerRole::resolver)),
      deadline_(deadline),
      work_(zones.size()) {
  std::vector<dns::LaneLimit> lanes;
  lanes.reserve(zones_.size() + 1);
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    const lists::Zone& zone = zones_[i];
    lanes.push_back({.qps = zone.qps});
    work_[i].servers =
        zone.servers.empty() ? resolvers_ : group(zone.servers, dns::ServerRole::authoritative);
  }
  lanes.push_back({});  // host names
  ports_.resolver.set_lanes(lanes);
}

core::Millis Survey::time_left(Tick until) const {
  return std::max(core::Millis{0}, std::chrono::ceil<core::Millis>(until - ports_.clock.tick()));
}

std::vector<dns::HostOutcome> Survey::resolve(std::span<const core::DnsName> hosts) {
  constexpr std::array kTypes{dns::QType::a, dns::QType::aaaa};
  const core::Millis share = time_left(deadline_) / 3;  // the zones need theirs
  const Tick until = ports_.clock.tick() + share;
  std::vector<std::array<dns::Outcome, 2>> outcomes(
      hosts.size(), {dns::NoAnswer{dns::NoAnswer::Why::timeout, ""},
                     dns::NoAnswer{dns::NoAnswer::Why::timeout, ""}});
  const std::size_t wanted = hosts.size() * kTypes.size();
  std::size_t sent = 0;
  std::size_t answered = 0;
  while (answered < wanted && time_left(until).count() > 0) {
    for (; sent < wanted && ports_.resolver.can_submit(host_lane()); ++sent) {
      ports_.resolver.submit({dns::LookupId{sent},
                              host_lane(),
                              {hosts[sent / kTypes.size()], kTypes[sent % kTypes.size()]},
                              resolvers_});
    }
    for (const dns::Completion& done :
         ports_.resolver.wait(std::min(time_left(until), kLongestPause))) {
      outcomes[done.id.value / kTypes.size()][done.id.value % kTypes.size()] = done.outcome;
      ++answered;
    }
  }
  last_id_ = wanted;  // what comes later is nobody's
  std::vector<dns::HostOutcome> found;
  found.reserve(outcomes.size());
  for (const auto& [a, aaaa] : outcomes) {
    found.push_back(dns::host_addresses(a, aaaa));
  }
  return found;
}

void Survey::ask_through(ZoneIndex zone, dns::ServerGroupPtr servers) {
  work(zone).servers = std::move(servers);
}

Findings Survey::ask(const lists::SubjectTable& subjects) {
  subjects_ = &subjects;
  for (std::uint16_t i = 0; i < zone_count(); ++i) {
    for (const Kind kind : lists::kAllKinds) {
      std::uint32_t next = first_of(subjects, static_cast<int>(kind));
      const std::uint32_t end = first_of(subjects, static_cast<int>(kind) + 1);
      while (next < end && !subjects.is_asked(SubjectIndex{next}, zones_[i])) {
        ++next;
      }
      if (next < end) {
        begin_kind(ZoneIndex{i}, kind, next, end);
      }
    }
  }
  run();
  return result();
}

Findings Survey::test(std::span<const lists::KindSet> kinds) {
  for (std::uint16_t i = 0; i < zone_count(); ++i) {
    for (const Kind kind : lists::kAllKinds) {
      if (kinds[i].has(kind)) {
        begin_kind(ZoneIndex{i}, kind, 0, 0);
      }
    }
  }
  run();
  return result();
}

void Survey::begin_kind(ZoneIndex index, Kind kind, std::uint32_t first, std::uint32_t end) {
  ZoneWork& here = work(index);
  KindWork& added = here.kinds.emplace_back();
  added.kind = kind;
  added.next = first;
  added.end = end;
  const auto questions = lists::test_questions(zone(index), kind, ports_.random);
  if (!questions) {
    // Too long a name: a zone that can't be tested can't be believed.
    added.is_tested = true;
    added.failed = Cause::unsupported;
    return;
  }
  for (const lists::TestQuestion& question : *questions) {
    Ticket ticket;
    ticket.errand = Errand::test;
    ticket.zone = index;
    ticket.work = here.kinds.size() - 1;
    ticket.role = question.role;
    ticket.question = {question.name, dns::QType::a};
    here.urgent.push_back(std::move(ticket));
    ++added.tests_out;
  }
  if (added.tests_out == 0) {
    end_test(index, added);
  }
}

void Survey::end_test(ZoneIndex index, KindWork& kind) {
  kind.is_tested = true;
  kind.failed = lists::test_result(zone(index), kind.answers, ports_.clock.tick()).failed;
}

std::optional<Survey::Ticket> Survey::next_pair(ZoneIndex index, std::size_t position) {
  KindWork& kind = work(index).kinds[position];
  while (kind.is_tested && !kind.failed && kind.next < kind.end) {
    const SubjectIndex subject{kind.next++};
    if (!subjects_->is_asked(subject, zone(index))) {
      continue;
    }
    const auto name = lists::query_name(zone(index), subjects_->subject(subject));
    if (!name) {
      // Too long for DNS under this zone: nobody can list it there.
      note_unknown(index, subject, Cause::unsupported);
      continue;
    }
    Ticket ticket;
    ticket.zone = index;
    ticket.work = position;
    ticket.subject = subject;
    ticket.question = {*name, dns::QType::a};
    return ticket;
  }
  return std::nullopt;
}

std::optional<Survey::Ticket> Survey::next_ticket(ZoneIndex index) {
  ZoneWork& here = work(index);
  if (!here.urgent.empty()) {
    Ticket ticket = std::move(here.urgent.front());
    here.urgent.pop_front();
    return ticket;
  }
  for (std::size_t i = 0; i < here.kinds.size(); ++i) {
    auto ticket = next_pair(index, i);
    if (ticket) {
      return ticket;
    }
  }
  return std::nullopt;
}

bool Survey::has_more(const ZoneWork& here) const {
  return !here.urgent.empty() ||
         std::any_of(here.kinds.begin(), here.kinds.end(), [](const KindWork& kind) {
           return kind.is_tested && !kind.failed && kind.next < kind.end;
         });
}

bool Survey::submit_extras() {
  for (; extras_sent_ < extras_.size(); ++extras_sent_) {
    if (!ports_.resolver.can_submit(host_lane())) {
      return true;
    }
    const ExtraQuestion& extra = extras_[extras_sent_];
    Ticket ticket;
    ticket.errand = Errand::extra;
    ticket.finding = extras_sent_;
    ticket.question = extra.question;
    const std::uint64_t id = ++last_id_;
    ports_.resolver.submit({dns::LookupId{id}, host_lane(), extra.question, extra.servers});
    out_.emplace(id, std::move(ticket));
  }
  return false;
}

bool Survey::submit_ready() {
  const bool has_extras = submit_extras();
  // One of each zone in turn, so that the pace over all is shared.
  bool has_left = true;
  bool has_gone = true;
  while (has_gone) {
    has_gone = false;
    has_left = false;
    for (std::uint16_t i = 0; i < zone_count(); ++i) {
      const ZoneIndex index{i};
      const dns::Lane lane{i};
      if (!has_more(work(index))) {
        continue;
      }
      if (!ports_.resolver.can_submit(lane)) {
        has_left = true;
        continue;
      }
      auto ticket = next_ticket(index);
      if (ticket) {
        const std::uint64_t id = ++last_id_;
        ports_.resolver.submit({dns::LookupId{id}, lane, ticket->question, work(index).servers});
        out_.emplace(id, std::move(*ticket));
        has_gone = true;
      }
    }
  }
  return has_left || has_extras;
}

core::Millis Survey::pause() const {
  core::Millis pause = kLongestPause;
  for (std::uint32_t i = 0; i < zones_.size(); ++i) {
    if (has_more(work_[i])) {
      const Tick slot = ports_.resolver.next_slot(dns::Lane{i});
      pause = std::min(pause, std::max(core::Millis{1}, time_left(slot)));
    }
  }
  if (extras_sent_ < extras_.size()) {
    const Tick slot = ports_.resolver.next_slot(host_lane());
    pause = std::min(pause, std::max(core::Millis{1}, time_left(slot)));
  }
  return std::min(pause, time_left(deadline_));
}

void Survey::run() {
  extra_outcomes_.assign(extras_.size(), dns::NoAnswer{dns::NoAnswer::Why::timeout, ""});
  while (time_left(deadline_).count() > 0) {
    const bool has_left = submit_ready();
    if (!has_left && out_.empty()) {
      return;
    }
    for (const dns::Completion& completion : ports_.resolver.wait(pause())) {
      take(completion);
    }
  }
  give_up();
}

void Survey::take(const dns::Completion& completion) {
  auto found = out_.find(completion.id.value);
  if (found == out_.end()) {
    return;  // a host name's, that came too late
  }
  Ticket ticket = std::move(found->second);
  out_.erase(found);
  switch (ticket.errand) {
    case Errand::test:
      take_test(ticket, completion);
      return;
    case Errand::pair:
      take_pair(std::move(ticket), completion);
      return;
    case Errand::reason:
      take_reason(ticket, completion);
      return;
    case Errand::refusal:
      work(ticket.zone).kinds[ticket.work].refusal_text =
          reason_of(zone(ticket.zone), completion.outcome);
      return;
    case Errand::extra:
      extra_outcomes_[ticket.finding] = completion.outcome;
      return;
  }
}

void Survey::take_test(const Ticket& ticket, const dns::Completion& completion) {
  KindWork& kind = work(ticket.zone).kinds[ticket.work];
  lists::TestAnswer answer;
  answer.role = ticket.role;
  answer.verdict = lists::judge(zone(ticket.zone), completion.outcome, completion.role);
  answer.asked_at = completion.asked_at;
  answer.server = completion.server;
  answer.server_role = completion.role;
  answer.took = completion.took;
  if (explains_refusals_ && answer.verdict == lists::Verdict(lists::Unknown{Cause::refused})) {
    note_refusal(ticket, completion.outcome);
  }
  if (ticket.role == lists::TestRole::listed) {
    kind.shows_entry = shows_address(completion.outcome);
  }
  kind.answers.push_back(std::move(answer));
  if (--kind.tests_out == 0) {
    end_test(ticket.zone, kind);
  }
}

void Survey::note_refusal(const Ticket& ticket, const dns::Outcome& outcome) {
  KindWork& kind = work(ticket.zone).kinds[ticket.work];
  const auto* answer = std::get_if<dns::Answer>(&outcome);
  if (answer == nullptr || !kind.refusal.empty()) {
    return;  // each name of the test is refused alike
  }
  kind.refusal = answer->a;
  Ticket why = ticket;
  why.errand = Errand::refusal;
  why.question.type = dns::QType::txt;
  work(ticket.zone).urgent.push_back(std::move(why));
}

void Survey::take_pair(Ticket ticket, const dns::Completion& completion) {
  lists::Verdict verdict = lists::judge(zone(ticket.zone), completion.outcome, completion.role);
  if (std::holds_alternative<lists::Listed>(verdict) &&
      !(ticket.first && std::holds_alternative<lists::Listed>(*ticket.first))) {
    ticket.listed_part = ticket.part;
  }
  if (ticket.part == 0) {
    const auto names = lists::query_names(zone(ticket.zone), subjects_->subject(ticket.subject));
    if (names && names->size() > 1) {
      ticket.first = std::move(verdict);
      ticket.part = 1;
      ticket.question.name = names->back();
      work(ticket.zone).urgent.push_back(std::move(ticket));
      return;
    }
  }
  if (ticket.first) {
    verdict = lists::combine(*ticket.first, verdict);
  }
  if (const auto* listed = std::get_if<lists::Listed>(&verdict)) {
    note_listed(ticket, *listed);
  } else if (const auto* unknown = std::get_if<lists::Unknown>(&verdict)) {
    note_unknown(ticket.zone, ticket.subject, unknown->cause);
  }
}

void Survey::note_listed(const Ticket& ticket, const lists::Listed& listed) {
  PairFinding& finding = findings_.emplace_back();
  finding.zone = ticket.zone;
  finding.subject = ticket.subject;
  finding.codes = listed.codes;
  const auto names = lists::query_names(zone(ticket.zone), subjects_->subject(ticket.subject));
  if (!zone(ticket.zone).txt || !names) {
    return;
  }
  Ticket why;
  why.errand = Errand::reason;
  why.zone = ticket.zone;
  why.finding = findings_.size() - 1;
  why.question = {(*names)[ticket.listed_part], dns::QType::txt};
  work(ticket.zone).urgent.push_back(std::move(why));
}

void Survey::note_unknown(ZoneIndex zone, SubjectIndex subject, Cause cause) {
  PairFinding& finding = findings_.emplace_back();
  finding.zone = zone;
  finding.subject = subject;
  finding.cause = cause;
}

void Survey::take_reason(const Ticket& ticket, const dns::Completion& completion) {
  findings_[ticket.finding].reason = reason_of(zone(ticket.zone), completion.outcome);
}

void Survey::give_up() {
  for (const auto& [id, ticket] : out_) {
    if (ticket.errand == Errand::pair) {
      note_unknown(ticket.zone, ticket.subject, Cause::timeout);
    }
  }
  out_.clear();
  for (std::uint16_t i = 0; i < zone_count(); ++i) {
    const ZoneIndex index{i};
    for (const Ticket& ticket : work(index).urgent) {
      if (ticket.errand == Errand::pair) {
        note_unknown(index, ticket.subject, Cause::timeout);  // of its second form
      }
    }
    work(index).urgent.clear();
    for (std::size_t k = 0; k < work(index).kinds.size(); ++k) {
      KindWork& kind = work(index).kinds[k];
      if (!kind.is_tested) {
        end_test(index, kind);
        kind.failed = kind.failed.value_or(Cause::timeout);
      }
      for (auto ticket = next_pair(index, k); ticket; ticket = next_pair(index, k)) {
        note_unknown(index, ticket->subject, Cause::not_asked);
      }
    }
  }
}

Findings Survey::result() {
  Findings findings;
  for (std::uint16_t i = 0; i < zone_count(); ++i) {
    for (const KindWork& kind : work_[i].kinds) {
      findings.kinds.push_back({ZoneIndex{i}, kind.kind, kind.failed, kind.refusal,
                                kind.refusal_text, kind.shows_entry});
    }
  }
  findings.extras = std::move(extra_outcomes_);
  findings.pairs = std::move(findings_);
  std::sort(findings.pairs.begin(), findings.pairs.end(),
            [](const PairFinding& a, const PairFinding& b) {
              return std::tie(a.subject, a.zone) < std::tie(b.subject, b.zone);
            });
  subjects_ = nullptr;
  return findings;
}

}  // namespace rblwatch::cli
