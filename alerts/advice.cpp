// SPDX-License-Identifier: Apache-2.0
#include "alerts/advice.hpp"

#include <string_view>
#include <utility>

#include "core/enum_text.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

using lists::Cause;
using lists::Event;
using lists::EventType;
using Steps = std::vector<std::string>;

constexpr std::string_view kZonePlace = "{zone}";

constexpr const char* kBlindMeaning =
    "While it can't be seen nothing about it is known: listings there are neither opened nor "
    "closed, "
    "and what has changed is told when it can be seen again.";

Steps steps_for_silence() {
  return {
      "Check that this machine and its resolver reach the internet.",
      "If only this zone is silent its servers may be down: wait, and see its operator's pages.",
      "Run 'rblwatch zones test' to test it now."};
}

Steps steps_for_failure() {
  return {
      "Ask the resolver for the zone's SOA record and see whether it fails for other names too.",
      "If only this zone fails its servers are at fault: wait, and see its operator's pages.",
      "If it stays so, take the zone out of use."};
}

Steps steps_for_refusal() {
  return {
      "The zone refuses the resolver that asks: use a recursive resolver of your own, not a public "
      "or "
      "shared one.",
      "If you do already, you may ask more than its operator allows: read the zone's terms of use, "
      "and "
      "get a key (data query service) where there is one.",
      "'rblwatch zones {zone}' shows its terms and links."};
}

Steps steps_for_rewriting() {
  return {
      "If many zones show this, the resolver rewrites answers: use a recursive resolver of your "
      "own.",
      "If only this zone does, its domain may have expired or been sold: take it out of use."};
}

Steps steps_for_cause(Cause cause) {
  switch (cause) {
    case Cause::refused:
      return steps_for_refusal();
    case Cause::stale:
      return {
          "The resolver answers from an expired cache: see why it doesn't reach the zone's "
          "servers."};
    case Cause::rewritten:
      return steps_for_rewriting();
    case Cause::servfail:
    case Cause::refused_rcode:
    case Cause::other_rcode:
    case Cause::lame:
    case Cause::malformed:
      return steps_for_failure();
    case Cause::network:
    case Cause::timeout:
      return steps_for_silence();
    case Cause::lists_everything:
      return {
          "The zone lists even what must never be listed: it is broken, or has been shut down on "
          "purpose. None of its listings is believed.",
          "See its operator's pages. Don't let a mail server use it meanwhile.",
          "If it stays so, take the zone out of use."};
    case Cause::test_entry_missing:
      return {
          "The entry that must always be listed is gone: the zone was emptied, or the resolver "
          "hides "
          "its answers.",
          "A resolver with rebinding protection strips 127.0.0.0/8: allow it (dnsmasq: "
          "--rebind-localhost-ok; unbound: no private-address 127.0.0.0/8).",
          "If only this zone shows it, take it out of use until its operator has mended it."};
    case Cause::not_asked:
    case Cause::unsupported:
      return {};
  }
  return {};
}

Steps steps_for_word(const std::string& cause) {
  const auto known = core::enum_from<Cause>(cause);
  return known ? steps_for_cause(*known) : Steps{};
}

Steps resolver_steps(const std::string& cause) {
  Steps steps{"All zones fail alike, so the fault is the resolver's, or the network's."};
  const auto known = core::enum_from<Cause>(cause);
  if (known == Cause::test_entry_missing) {
    steps.emplace_back(
        "It hides the answers: rebinding protection strips 127.0.0.0/8. Allow it (dnsmasq: "
        "--rebind-localhost-ok; unbound: no private-address 127.0.0.0/8), or use another "
        "resolver.");
  } else if (known == Cause::rewritten) {
    steps.emplace_back("It rewrites answers: use a recursive resolver of your own.");
  } else {
    steps.emplace_back(
        "Check that it runs, that this machine reaches it, and that it reaches the internet.");
  }
  return steps;
}

Advice quarantine_advice() {
  return {
      "Far more changed at once than real life does. The zone is asked on, but what it says is "
      "held "
      "back until that shows to be true, or is gone again.",
      {"See the operator's pages for an incident.",
       "If the changes are real: 'rblwatch zones release {zone}' lets them through now."}};
}

Advice general_advice(const Event& event) {
  switch (event.type) {
    case EventType::listed:
    case EventType::changed:
    case EventType::delisted:
    case EventType::overdue:
    case EventType::retired:
      return {};
    case EventType::zone_blind:
      return {kBlindMeaning, steps_for_word(event.cause)};
    case EventType::zone_seeing:
      return {"Its answers count again; what has changed meanwhile is told once it is confirmed.",
              {}};
    case EventType::zone_quarantined:
      return quarantine_advice();
    case EventType::zone_released:
      return {"What still stands of what was held is told now; what has gone was dropped.", {}};
    case EventType::resolver_blind:
      return {
          "While it can't be relied on no zone behind it is judged: nothing is told as listed or "
          "delisted.",
          resolver_steps(event.cause)};
    case EventType::resolver_seeing:
      return {"The zones behind it are tested again and judged once they pass.", {}};
    case EventType::target_unresolved:
      return {
          "The name has no addresses now. Those it had last stay watched, and nothing is cleared.",
          {"Check the name's DNS records; if it is gone for good, take the target out."}};
    case EventType::target_resolved:
      return {"Its addresses are watched as before.", {}};
    case EventType::channel_failed:
      return {"An alert to that channel was given up: whoever reads it has not been told.",
              {"'rblwatch alerts --failed' shows which.",
               "Mend the channel, and try it with 'rblwatch alerts test'."}};
    case EventType::storage_failed:
      return {
          "What can't be stored has not happened: no listing is told until there is room again, "
          "and "
          "then the sweep catches up.",
          {"Make room on the disk that holds the database, or make it writable again."}};
  }
  return {};
}

}  // namespace

Advice advice_on(const Event& event) {
  Advice advice = general_advice(event);
  if (event.zone) {
    for (std::string& step : advice.steps) {
      step = core::replace_all(std::move(step), kZonePlace, event.zone->id);
    }
  }
  return advice;
}

}  // namespace rblwatch::alerts
