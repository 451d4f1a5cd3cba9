// SPDX-License-Identifier: Apache-2.0
#include "report/why.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "lists/query_name.hpp"

namespace rblwatch::report {

std::vector<VoteView> vote_views(std::span<const lists::CastVote> votes) {
  std::vector<VoteView> views;
  std::transform(votes.begin(), votes.end(), std::back_inserter(views),
                 [](const lists::CastVote& vote) {
                   return VoteView{.verdict = vote.codes.empty() ? "clear" : "listed",
                                   .codes = vote.codes,
                                   .asked_at = vote.wall,
                                   .independent = true};
                 });
  return views;
}

void add_unkept(WhyAnswer& answer, const lists::Zone& zone, const lists::Subject& subject,
                const dns::ServerGroup& asked) {
  lists::Evidence evidence;
  evidence.question = lists::shown_question(zone, subject);
  answer.kept = false;
  answer.dig = lists::dig_line(evidence, asked);
  answer.evidence = std::move(evidence);
}

bool is_shown_unsupported(const lists::SubjectTable& subjects, lists::SubjectIndex subject,
                          const lists::Zone& zone, bool is_named) {
  return subjects.is_unsupported(subject, zone) ||
         (is_named && !zone.kinds.has(subjects.subject(subject).kind()));
}

WhyAnswer unsupported_answer(const lists::Zone& zone, const lists::Subject& subject,
                             const dns::ServerGroup& asked) {
  WhyAnswer answer;
  answer.zone = zone.id;
  answer.dns = zone.dns.shown();
  answer.verdict = "unknown";
  answer.cause = lists::Cause::unsupported;
  add_unkept(answer, zone, subject, asked);
  return answer;
}

}  // namespace rblwatch::report
