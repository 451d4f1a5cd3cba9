// SPDX-License-Identifier: Apache-2.0
#include "alerts/advice.hpp"

#include <utility>

#include "core/enum_text.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

using lists::Advice;
using lists::Cause;
using lists::Event;
using lists::EventType;
using Steps = std::vector<std::string>;

constexpr const char* kBlindMeaning =
    "While it can't be seen nothing about it is known: listings there are neither opened nor "
    "closed, and what has changed is told when it can be seen again.";

Steps resolver_steps(const std::string& cause) {
  Steps steps{"All zones fail alike, so the fault is the resolver's, or the network's."};
  const auto known = core::enum_from<Cause>(cause);
  if (known == Cause::test_entry_missing) {
    steps.emplace_back("It hides the answers. " + lists::rebinding_advice());
  } else if (known == Cause::rewritten) {
    steps.emplace_back("It rewrites answers: use a recursive resolver of your own.");
    steps.push_back(lists::rebinding_advice());
  } else {
    steps.emplace_back(
        "Check that it runs, that this machine reaches it, and that it reaches the internet.");
  }
  return steps;
}

/// What the cause is, then what follows from it.
Advice blind_advice(const Event& event) {
  const auto known = core::enum_from<Cause>(event.cause);
  Advice advice;
  if (known) {
    advice = lists::advice_on(*known, event.zone ? event.zone->id : "ID");
    advice.meaning += " ";
  }
  advice.meaning += kBlindMeaning;
  return advice;
}

Advice quarantine_advice(const Event& event) {
  return lists::advice_on(lists::ZoneState::quarantined, event.zone ? event.zone->id : "ID");
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
      return blind_advice(event);
    case EventType::zone_seeing:
      return {"Its answers count again; what has changed meanwhile is told once it is confirmed.",
              {}};
    case EventType::zone_quarantined:
      return quarantine_advice(event);
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
              {"`rblwatch alerts --failed` shows which.",
               "Mend the channel, and try it with `rblwatch alerts test`."}};
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
  // Backticks are markup in half of the formats; the quotes of a sentence are in none.
  for (std::string& step : advice.steps) {
    step = core::replace_all(std::move(step), "`", "'");
  }
  return advice;
}

}  // namespace rblwatch::alerts
