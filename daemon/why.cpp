// SPDX-License-Identifier: Apache-2.0
#include "daemon/why.hpp"

#include <algorithm>

#include "lists/query_name.hpp"

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

/// What would be asked, and of whom: all that can be said of a pair that was not asked yet.
void explain_unasked(report::WhyAnswer& answer, const Generation& now, lists::PairId pair) {
  const PairSlot& slot = now.book.slot(pair);
  const lists::Zone& zone = now.world->zone(slot.zone);
  lists::Evidence evidence;
  evidence.question = lists::shown_question(zone, now.world->subjects.subject(slot.subject));
  answer.kept = false;
  answer.dig = lists::dig_line(evidence, now.world->zone_servers[slot.zone.value]->servers);
  answer.evidence = std::move(evidence);
}

void add_votes(report::WhyAnswer& answer, const PairDetail& detail) {
  for (const PurposeTrack& track : detail.tracks) {
    for (const lists::PendingEntry& entry : track.track.pending) {
      for (const lists::Vote& vote : entry.votes) {
        report::VoteView view;
        view.verdict = entry.joins ? "listed" : "clear";
        if (entry.joins) {
          view.codes = lists::CodeSet({entry.code}).addresses();
        }
        view.asked_at = vote.wall;
        answer.votes.push_back(std::move(view));
      }
    }
  }
}

void add_state(report::WhyAnswer& answer, const Generation& now, lists::PairId pair,
               const KindDesk& desk) {
  const PairSlot& slot = now.book.slot(pair);
  const auto doubt = now.book.doubt(pair);
  if (!desk.is_seeing()) {
    answer.verdict = "unknown";
    answer.cause = desk.health.cause.value_or(lists::Cause::not_asked);
  } else if (doubt) {
    answer.verdict = "unknown";
    answer.cause = doubt->cause;
  } else if (slot.asked_s == 0) {
    answer.verdict = "unknown";
    answer.cause = lists::Cause::not_asked;
  } else {
    const PairDetail* detail = now.book.detail(pair);
    const bool is_listed = detail != nullptr && !detail->evidence.a.empty() &&
                           detail->evidence.asked_at + core::Seconds(1) >=
                               answer.evidence.value_or(lists::Evidence{}).asked_at;
    answer.verdict = is_listed ? "listed" : "clear";
  }
}

report::WhyAnswer explain_pair(const Generation& now, lists::PairId pair,
                               const core::ClockPair& clocks) {
  const PairSlot& slot = now.book.slot(pair);
  const lists::Zone& zone = now.world->zone(slot.zone);
  const KindDesk& desk =
      now.desks[slot.zone.value].kind(now.world->subjects.subject(slot.subject).kind());
  report::WhyAnswer answer;
  answer.zone = zone.id;
  answer.dns = zone.dns.shown();
  answer.test_state = desk.health.state;
  answer.test_at = desk.last_test;
  answer.test_cause = desk.health.cause;
  if (slot.asked_s != 0) {
    answer.evidence = slot_evidence(now, pair, clocks);
  }
  add_state(answer, now, pair, desk);
  if (const PairDetail* detail = now.book.detail(pair)) {
    if (answer.verdict == "listed" || !answer.evidence) {
      answer.evidence = detail->evidence;
      answer.evidence->txt = detail->reason;
    }
    add_votes(answer, *detail);
  }
  if (const lists::Evidence* puzzle = now.book.puzzle(pair);
      puzzle != nullptr && answer.verdict == "unknown") {
    answer.evidence = *puzzle;
    answer.evidence->question =
        lists::shown_question(zone, now.world->subjects.subject(slot.subject));
  }
  if (!answer.evidence) {
    explain_unasked(answer, now, pair);
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
    }
  }
  if (!is_zone_known) {
    return core::fail(core::Error::Kind::not_found, zone + " is not in use; see rblwatch zones");
  }
  return document;
}

}  // namespace rblwatch::daemon
