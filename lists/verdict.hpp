// SPDX-License-Identifier: Apache-2.0
//
// Rule 1: three verdicts are three types. There are no codes to read in an Unknown, and nothing in
// it to mistake for clear. Pure; any thread.
#pragma once

#include <variant>

#include "dns/outcome.hpp"
#include "dns/question.hpp"
#include "lists/code_match.hpp"
#include "lists/words.hpp"
#include "lists/zone.hpp"

namespace rblwatch::lists {

struct Listed {
  CodeSet codes;  // never empty
  friend bool operator==(const Listed&, const Listed&) = default;
};
struct Clear {
  friend bool operator==(const Clear&, const Clear&) = default;
};
struct Unknown {
  Cause cause = Cause::not_asked;
  friend bool operator==(const Unknown&, const Unknown&) = default;
};
using Verdict = std::variant<Listed, Clear, Unknown>;

/// What an outcome means on this zone: the first cause of rule 1's table that fits; refusals before
/// anything else (rule 2). `role` is by configuration or delegation: a denial needs AA from an
/// authoritative server, RA from a resolver, else it is `lame`.
Verdict judge(const Zone& zone, const dns::Outcome& outcome, dns::ServerRole role);

/// "listed", "clear", "unknown".
std::string_view to_text(const Verdict& verdict);

/// Of a subject asked under several names (domain_form both): listed when any is, with all codes;
/// else unknown when any is; else clear.
Verdict combine(const Verdict& a, const Verdict& b);
/// Whether one of them is listed and the other unknown: what else may be listed wasn't seen.
bool is_partial(const Verdict& a, const Verdict& b);

}  // namespace rblwatch::lists
