// SPDX-License-Identifier: Apache-2.0
#include "lists/advice.hpp"

#include "core/check.hpp"
#include "core/text.hpp"

namespace rblwatch::lists {
namespace {

using Steps = std::vector<std::string>;

Steps when_refused(std::string_view zone) {
  return {
      "Ask through a recursive resolver of your own, not a public or shared one.",
      "Where you do already, it wants a key (a data query service), or fewer questions than its "
      "operator allows: `rblwatch zones " +
          std::string(zone) + "` shows its terms and links."};
}

Steps when_failing() {
  return {"If other names fail too it is the resolver's fault.",
          "Else the zone's servers are broken: wait, and see its operator's pages.",
          "If it stays so, take the zone out of use."};
}

Steps when_silent() {
  return {
      "If many zones are silent, see that this machine reaches its resolver and the resolver the "
      "internet.",
      "If only this one is, its servers may be down: wait, and see its operator's pages.",
      "`rblwatch zones test` asks it now."};
}

Steps when_emptied() {
  return {rebinding_advice(),
          "If only this zone shows it, its operator must mend it: take it out of use until then."};
}

}  // namespace

std::string rebinding_remedy() {
  return "let 127.0.0.0/8 through (dnsmasq: rebind-localhost-ok, or rebind-domain-ok for the "
         "lists; unbound: no private-address 127.0.0.0/8)";
}

std::string rebinding_advice() {
  return "A resolver with rebinding protection hides answers in 127.0.0.0/8, some say so with "
         "Extended DNS Error 15: " +
         rebinding_remedy() + ".";
}

Advice advice_on(Cause cause, std::string_view zone) {
  switch (cause) {
    case Cause::refused:
      return {"The zone refuses to tell this resolver anything.", when_refused(zone)};
    case Cause::stale:
      return {"The resolver answers from an expired cache.",
              {"See why it doesn't reach the zone's servers."}};
    case Cause::rewritten:
      return {"The answers are made up on the way.",
              {"If many zones show this, the resolver rewrites answers: use a recursive one of "
               "your own.",
               rebinding_advice(),
               "If only this one does, its domain may have expired or been sold: take it out of "
               "use."}};
    case Cause::servfail:
      return {"The resolver can't get an answer (SERVFAIL).", when_failing()};
    case Cause::refused_rcode:
      return {"The server refuses to answer (REFUSED).",
              {"See that the resolver lets this machine ask; else the zone's servers shut it "
               "out."}};
    case Cause::other_rcode:
      return {"The answer was an error.",
              {"`rblwatch why` shows which one, and the dig line to repeat it."}};
    case Cause::lame:
      return {"The server has no say about the zone.",
              {"See that [resolver] servers are recursive resolvers, and that a zone's own servers "
               "serve it."}};
    case Cause::malformed:
      return {"Only broken replies came.",
              {"See what stands between this machine and the resolver; firewalls and NAT may "
               "damage DNS."}};
    case Cause::network:
      return {"The questions can't be sent.",
              {"See that the network is up and the resolver runs there."}};
    case Cause::timeout:
      return {"No answer came in time.", when_silent()};
    case Cause::not_asked:
      return {
          "Not looked at yet, or not for too long.",
          {"See that rblwatchd runs and has read this configuration (reload it); after a start the "
           "first sweep takes a while."}};
    case Cause::unsupported:
      return {"The zone has no data for this kind.", {}};
    case Cause::lists_everything:
      return {
          "The zone lists even what must never be listed: it is broken, or was shut down on "
          "purpose.",
          {"None of its listings is believed. See its operator's pages, and that no mail "
           "server uses it.",
           "If it stays so, take the zone out of use."}};
    case Cause::test_entry_missing:
      return {
          "The entry that must always be listed is gone: the zone was emptied, or the resolver "
          "hides its answers.",
          when_emptied()};
  }
  RBL_CHECK(false);
}

Advice advice_on(ZoneState state, std::string_view zone) {
  switch (state) {
    case ZoneState::blind:
    case ZoneState::seeing:
      return {};
    case ZoneState::quarantined:
      return {
          "Far more changed at once than real life does, so its events are held until that "
          "shows to be true, or is gone again.",
          {"See its operator's pages for an incident.",
           "If the changes are real, `rblwatch zones release " + std::string(zone) +
               "` lets them through."}};
    case ZoneState::untested:
      return {"Its first test has not passed yet, so its answers don't count.", {}};
  }
  RBL_CHECK(false);
}

}  // namespace rblwatch::lists
