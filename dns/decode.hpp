// SPDX-License-Identifier: Apache-2.0
//
// What a walked message says about its question: an Answer, or the flaw that makes it none. Follows
// CNAME chains inside the message; tells denial, referral and open chain apart. Allocates only for
// records that an Answer keeps. Pure; any thread.
#pragma once

#include "dns/outcome.hpp"
#include "dns/question.hpp"
#include "dns/wire_walk.hpp"

namespace rblwatch::dns {

/// CNAMEs followed in one message; a longer chain counts as open.
inline constexpr unsigned kMaxChain = 32;

/// Name servers kept of an answer or referral.
inline constexpr std::size_t kMaxNameServers = 32;

/// Pre: walk(message, walked) == Flaw::none, and the message's question is the one that was asked,
/// of this type. `out` is overwritten; its vectors keep their capacity. Flaw::owner when an A
/// record, or one of the type asked for, stands in the answer section under a name outside the
/// chain.
Flaw decode(Bytes message, const Walk& walked, QType type, Answer& out);

}  // namespace rblwatch::dns
