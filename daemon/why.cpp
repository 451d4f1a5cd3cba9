// SPDX-License-Identifier: Apache-2.0
#include "daemon/why.hpp"

#include <optional>

#include "daemon/event_maker.hpp"
#include "lists/query_name.hpp"
#include "report/why.hpp"

namespace rblwatch::daemon {

namespace {

bool is_meant(const lists::Zone& zone, const std::string& wanted) {
  return wanted.empty() || zone.id == wanted || zone.dns.shown() == wanted ||
         zone.dns.pattern() == wanted;
}

/// A pair's last answer, or that none came, out of its slot.
lists::Evidence slot_evidence(const Generation& now, lists::PairId pair,
                              const core::ClockPair& clocks) {
  const PairSlot& slot = now.book.slot(pair);
  const lists::Zone& zone = now.world->zone(slot.zone);
  lists::Evidence evidence;
  evidence.question = lists::shown_question(zone, now.world->subjects.subject(slot.subject));
  evidence.server = now.book.server(slot.answered_by).to_text();
  evidence.role = slot.is_direct ? dns::ServerRole::authoritative : dns::ServerRole::resolver;
  evidence.transport = slot.is_tcp ? dns::Transport::tcp : dns::Transport::udp;
  if (slot.is_answered) {
    evidence.rcode = dns::to_text(static_cast<dns::Rcode>(slot.rcode));
    if (slot.has_ttl) {
      evidence.ttl = core::Seconds(slot.ttl_s);
    }
  }
  evidence.asked_at = clocks.wall(now.book.tick_of(slot.asked_s));
  evidence.took = core::Millis(slot.took_ms);
  return evidence;
}

/// What the last answer was; nothing where none came in this process and none is stored. A slot has
/// no room for addresses: the answers that had some are kept beside it.
std::optional<lists::Evidence> last_evidence(const Generation& now, lists::PairId pair,
                                             const core::ClockPair& clocks) {
  const PairSlot& slot = now.book.slot(pair);
  const PairDetail* detail = now.book.detail(pair);
  const bool is_kept = detail != nullptr && !detail->evidence.question.empty() &&
                       (slot.is_kept || slot.asked_s == 0);
  if (is_kept) {
    return shown_evidence(*detail);
  }
  if (slot.asked_s == 0) {
    return std::nullopt;
  }
  return slot_evidence(now, pair, clocks);
}

/// As `status` has it. A pair that a sweep before the start didn't look at bears a doubt.
void add_state(report::WhyAnswer& answer, const Generation& now, lists::PairId pair,
               const KindDesk& desk, core::Timestamp at) {
  const PairSlot& slot = now.book.slot(pair);
  const auto doubt = now.book.doubt(pair);
  if (!desk.is_seeing()) {
    answer.verdict = "unknown";
    answer.cause = desk.health.cause.value_or(lists::Cause::not_asked);
  } else if (doubt) {
    answer.verdict = "unknown";
    answer.cause = doubt->cause;
  } else if (slot.asked_s == 0 && !is_swept(now, slot, at)) {
    answer.verdict = "unknown";
    answer.cause = lists::Cause::not_asked;
  } else {
    answer.verdict = answer.evidence && !answer.evidence->a.empty() ? "listed" : "clear";
  }
}

report::WhyAnswer explain_pair(const Generation& now, lists::PairId pair,
                               const core::ClockPair& clocks) {
  const PairSlot& slot = now.book.slot(pair);
  const lists::Zone& zone = now.world->zone(slot.zone);
  const lists::Subject& subject = now.world->subjects.subject(slot.subject);
  const KindDesk& desk = now.desks[slot.zone.value].kind(subject.kind());
  report::WhyAnswer answer;
  answer.zone = zone.id;
  answer.dns = zone.dns.shown();
  answer.test_state = desk.health.state;
  answer.test_at = desk.last_test;
  answer.test_cause = desk.health.cause;
  answer.evidence = last_evidence(now, pair, clocks);
  add_state(answer, now, pair, desk, clocks.now);
  if (const PairDetail* detail = now.book.detail(pair)) {
    answer.votes = report::vote_views(detail->standing_votes());
  }
  if (const lists::Evidence* puzzle = now.book.puzzle(pair);
      puzzle != nullptr && answer.verdict == "unknown") {
    answer.evidence = *puzzle;
    answer.evidence->question = lists::shown_question(zone, subject);
  }
  if (!answer.evidence) {
    report::add_unkept(answer, zone, subject, *now.world->zone_servers[slot.zone.value]);
  }
  answer.evidence->test_state = answer.test_state;
  answer.evidence->test_at = answer.test_at;
  answer.evidence->test_cause = answer.test_cause;
  return answer;
}

}  // namespace

core::Result<report::WhyDoc> explain(const Generation& now, const std::string& subject_text,
                                     const std::string& zone, const core::ClockPair& clocks) {
  const auto subject = lists::Subject::parse(subject_text);
  if (!subject) {
    return tl::make_unexpected(subject.error());
  }
  const auto index = now.world->subjects.find(*subject);
  if (!index) {
    return core::fail(core::Error::Kind::not_found,
                      subject->to_text() + " is not watched; see rblwatch targets");
  }
  report::WhyDoc document;
  document.generated_at = clocks.now;
  document.subject = subject->to_text();
  document.target = now.world->subjects.target_ref(*index).name;
  bool is_zone_known = false;
  for (std::uint16_t i = 0; i < core::size_as<std::uint16_t>(now.desks); ++i) {
    if (!is_meant(now.world->zone({i}), zone)) {
      continue;
    }
    is_zone_known = true;
    if (const auto pair = now.book.find({i}, *index)) {
      document.answers.push_back(explain_pair(now, *pair, clocks));
    } else if (report::is_shown_unsupported(now.world->subjects, *index, now.world->zone({i}),
                                            !zone.empty())) {
      document.answers.push_back(
          report::unsupported_answer(now.world->zone({i}), *subject, *now.world->zone_servers[i]));
    }
  }
  if (!is_zone_known) {
    return core::fail(core::Error::Kind::not_found, (zone.empty() ? "no zone" : zone + " is not") +
                                                        std::string(" in use; see rblwatch zones"));
  }
  return document;
}

}  // namespace rblwatch::daemon
