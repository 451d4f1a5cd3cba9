// SPDX-License-Identifier: Apache-2.0
#include "report/hint.hpp"

#include <array>

#include "core/check.hpp"

namespace rblwatch::report {

using lists::Cause;
using lists::ZoneState;

namespace {

struct CauseHint {
  Cause cause;
  Hint hint;
};

constexpr std::array<CauseHint, core::EnumWords<Cause>::table.size()> kCauseHints{{
    {Cause::refused,
     {"The zone refuses to tell this resolver anything.",
      "Ask through a recursive resolver of your own, not a public or shared one; where you do "
      "already, the zone wants a key or fewer questions (`rblwatch zones ID` shows its terms)."}},
    {Cause::stale,
     {"The resolver answers from an expired cache.",
      "See why it doesn't reach the zone's servers."}},
    {Cause::rewritten,
     {"The answers are made up on the way.",
      "If many zones show this, the resolver rewrites answers: use one of your own. If only this "
      "one does, its domain may have been sold: take it out of use."}},
    {Cause::servfail,
     {"The resolver can't get an answer (SERVFAIL).",
      "If other names fail too it is the resolver's fault; else the zone's servers are broken: "
      "wait, and see its operator's pages."}},
    {Cause::refused_rcode,
     {"The server refuses to answer (REFUSED).",
      "See that the resolver lets this machine ask; else the zone's servers shut it out."}},
    {Cause::other_rcode,
     {"The answer was an error.",
      "`rblwatch why` shows which one, and the dig line to repeat it."}},
    {Cause::lame,
     {"The server has no say about the zone.",
      "See that [resolver] servers are recursive resolvers, and that a zone's own servers serve "
      "it."}},
    {Cause::malformed,
     {"Only broken replies came.",
      "See what stands between this machine and the resolver; firewalls and NAT may damage DNS."}},
    {Cause::network,
     {"The questions can't be sent.", "See that the network is up and the resolver runs there."}},
    {Cause::timeout,
     {"No answer came in time.",
      "If many zones are silent, see that this machine reaches its resolver and the resolver the "
      "internet. If only this one is, its servers may be down: wait, and see its operator's "
      "pages."}},
    {Cause::not_asked,
     {"Not looked at yet, or not for too long.",
      "See that rblwatchd runs; after a start the first sweep takes a while."}},
    {Cause::unsupported, {"The zone has no data for this kind.", ""}},
    {Cause::lists_everything,
     {"The zone lists even what must never be listed: it is broken, or was shut down on purpose.",
      "None of its listings is believed. See that no mail server uses it, and take it out of use "
      "if it stays so."}},
    {Cause::test_entry_missing,
     {"The entry that must always be listed is gone: the zone was emptied, or the resolver hides "
      "its answers.",
      "Rebinding protection strips 127.0.0.0/8: allow it (dnsmasq: --rebind-localhost-ok; unbound: "
      "no private-address 127.0.0.0/8). If only this zone shows it, its operator must mend it."}},
}};

}  // namespace

Hint hint_for(Cause cause) {
  for (const CauseHint& known : kCauseHints) {
    if (known.cause == cause) {
      return known.hint;
    }
  }
  RBL_CHECK(false);
}

Hint hint_for(ZoneState state) {
  switch (state) {
    case ZoneState::blind:
    case ZoneState::seeing:
      return {};
    case ZoneState::quarantined:
      return {"Far more changed at once than real life does, so its events are held.",
              "See its operator's pages for an incident. If the changes are real, `rblwatch zones "
              "release ID` lets them through."};
    case ZoneState::untested:
      return {"Its first test has not passed yet, so its answers don't count.", ""};
  }
  RBL_CHECK(false);
}

}  // namespace rblwatch::report
