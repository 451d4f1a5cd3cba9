// SPDX-License-Identifier: Apache-2.0
#include "report/wording.hpp"

#include <vector>

#include "core/check.hpp"
#include "core/text.hpp"

namespace rblwatch::report {
namespace {

using core::count_of;
using lists::ListingState;

/// "17 %"; never 0 where it isn't nothing.
std::string share(std::uint64_t part, std::uint64_t whole) {
  const std::uint64_t percent = whole == 0 ? 0 : part * 100 / whole;
  return unbroken(percent == 0 && part > 0 ? "under 1 %" : std::to_string(percent) + " %");
}

/// `is_past`: nobody watches them any more.
std::string zones_text(const Summary& summary, bool is_past) {
  const std::string zones = count_of(summary.zones, "zone", "zones");
  if (summary.zones_seeing == summary.zones) {
    const char* one = is_past ? ", which was seeing then" : ", which is seeing";
    const char* all = is_past ? ", all of them seeing then" : ", all of them seeing";
    return zones + (summary.zones == 1 ? one : all);
  }
  return zones + (is_past ? " then: " : ": ") + number(summary.zones_seeing) + " seeing, " +
         number(summary.zones_blind) + " blind, " + number(summary.zones_quarantined) +
         " quarantined, " + number(summary.zones_untested) + " untested";
}

constexpr std::string_view kNoTarget =
    "Nothing is watched yet. Add a target to the configuration, for instance";
constexpr std::string_view kNoZone =
    "No zone is in use, so nothing is asked. See `use` under [catalogue] in the configuration.";
constexpr std::string_view kNoPair =
    "Nothing is asked: no zone in use answers for these subjects, or no target has an address yet.";

}  // namespace

std::string number(std::uint64_t value) {
  return std::string(core::trim(core::count_of(value, "", "")));
}

std::string findings(const Summary& summary) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::uint64_t count, const char* what) {
    if (count > 0) {
      parts.push_back(number(count) + what);
    }
  };
  add(summary.listed, " listed");
  add(summary.allow_lost, " lost from an allowlist");
  add(summary.pending, " pending");
  add(summary.info, " listed for information");
  if (!parts.empty()) {
    return core::join(parts, ", ");
  }
  return summary.unknown > 0 ? "Nothing is known to be listed" : "Nothing is listed";
}

std::string headline(const Summary& summary) {
  std::string line = findings(summary);
  if (summary.unknown > 0) {
    line += "; " + unbroken(number(summary.unknown)) + " of " +
            unbroken(count_of(summary.pairs, "pair", "pairs")) + " unknown (" +
            share(summary.unknown, summary.pairs) + ")";
  }
  return line + ".";
}

Ink headline_ink(const Summary& summary) {
  if (summary.listed > 0 || summary.allow_lost > 0) {
    return Ink::bad;
  }
  const bool is_fine = summary.unknown == 0 && summary.pending == 0 && summary.info == 0;
  return is_fine ? Ink::good : Ink::doubtful;
}

bool has_stopped(const StatusDoc& document) {
  return document.daemon && !document.daemon->running;
}

std::string coverage(const StatusDoc& document) {
  const Summary& summary = document.summary;
  std::string line = count_of(summary.subjects, "subject", "subjects");
  if (summary.targets != summary.subjects) {
    line += " of " + count_of(summary.targets, "target", "targets");
  }
  line += " on " + zones_text(summary, has_stopped(document));
  if (summary.unsupported > 0) {
    line += "; " + count_of(summary.unsupported, "pair", "pairs") + " unsupported";
  }
  return line + ".";
}

std::string stopped_line(const DaemonView& daemon, Timestamp now, const TextStyle& style) {
  return daemon.last_sweep
             ? "rblwatchd is not running. This is what it knew last; its last sweep was " +
                   show_time(daemon.last_sweep, now, style) + "."
             : "rblwatchd is not running and has finished no sweep yet: start it, or ask "
               "once with `rblwatch check`.";
}

std::string daemon_line(const DaemonView& daemon, Timestamp now, const TextStyle& style) {
  if (!daemon.running) {
    return stopped_line(daemon, now, style);
  }
  std::string line = "rblwatchd " + show(daemon.version, style);
  if (daemon.started_at) {
    line += ", running since " + show_moment(*daemon.started_at, style);
  }
  return line + "; " +
         (daemon.last_sweep ? "last sweep " + unbroken(core::to_ago(*daemon.last_sweep, now))
                            : "its first sweep is under way") +
         ".";
}

Section section_of(const ListingView& view) {
  if (view.state == ListingState::pending) {
    return Section::pending;
  }
  switch (view.purpose) {
    case lists::Purpose::block:
      return Section::listed;
    case lists::Purpose::allow:
      return view.state == ListingState::listed ? Section::allowed : Section::lost;
    case lists::Purpose::info:
      return Section::info;
  }
  RBL_CHECK(false);
}

std::string_view title_of(Section section) {
  switch (section) {
    case Section::listed:
      return "Listed";
    case Section::lost:
      return "Lost from an allowlist";
    case Section::pending:
      return "Pending";
    case Section::info:
      return "Listed for information";
    case Section::allowed:
      return "On an allowlist, as it should be";
  }
  RBL_CHECK(false);
}

std::optional<Timestamp> began(const ListingView& view) {
  return section_of(view) == Section::lost ? view.delisted_at : view.listed_at;
}

std::string no_data(const std::string& nothing, const Summary& summary) {
  const std::string pairs = count_of(summary.unsupported, "pair", "pairs");
  return nothing + ": the zones in use have no data for this (" + unbroken(pairs) +
         " unsupported).";
}

Nothing nothing_to_tell(const StatusDoc& document) {
  const Summary& summary = document.summary;
  if (summary.pairs == 0 && summary.unsupported > 0) {
    return {no_data("Nothing is asked", summary), Ink::plain};
  }
  if (document.zones.empty() && summary.zones == 0) {
    return {std::string(kNoZone)};
  }
  if (summary.subjects == 0 && summary.targets == 0) {
    return {.why = std::string(kNoTarget), .wants_target = true};
  }
  return {summary.pairs == 0 ? std::string(kNoPair) : ""};
}

Ink ink_of_event(const lists::Event& event) {
  using lists::EventType;
  if (lists::is_alarming(event)) {
    const bool is_grave =
        event.type != EventType::zone_quarantined && event.type != EventType::target_unresolved;
    return is_grave ? Ink::bad : Ink::doubtful;
  }
  return event.type == EventType::retired ? Ink::faint : Ink::good;
}

}  // namespace rblwatch::report
