// SPDX-License-Identifier: Apache-2.0
//
// The parts of `why` that are the same whether the daemon's memory answers or the database. Pure;
// any thread.
#pragma once

#include <span>
#include <vector>

#include "dns/question.hpp"
#include "lists/listing.hpp"
#include "lists/target.hpp"
#include "lists/zone.hpp"
#include "report/model.hpp"

namespace rblwatch::report {

/// One vote an answer, with the codes that it showed.
std::vector<VoteView> vote_views(std::span<const lists::CastVote> votes);

/// All that can be said of a question that was not asked, or whose answer isn't kept: what would be
/// asked, and of whom.
void add_unkept(WhyAnswer& answer, const lists::Zone& zone, const lists::Subject& subject,
                const dns::ServerGroup& asked);

/// Whether `why` names the zone though it isn't asked about the subject: what `status` counts as
/// unsupported, and a zone that was asked for by name and can't answer this kind.
bool is_shown_unsupported(const lists::SubjectTable& subjects, lists::SubjectIndex subject,
                          const lists::Zone& zone, bool is_named);
WhyAnswer unsupported_answer(const lists::Zone& zone, const lists::Subject& subject,
                             const dns::ServerGroup& asked);

}  // namespace rblwatch::report
