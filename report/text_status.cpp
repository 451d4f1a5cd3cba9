// SPDX-License-Identifier: Apache-2.0
// `status` and `check`: the answer first, then how much of the world it stands on, then what is
// listed, what can't be seen and why, and what to do.
#include <array>

#include "core/check.hpp"
#include "core/text.hpp"
#include "report/table.hpp"
#include "report/text.hpp"
#include "report/text_listing.hpp"
#include "report/text_neighbours.hpp"
#include "report/text_unseen.hpp"

namespace rblwatch::report {
namespace {

using core::count_of;
using lists::ListingState;

/// "17 %"; never 0 where it isn't nothing.
std::string share(std::uint64_t part, std::uint64_t whole) {
  const std::uint64_t percent = whole == 0 ? 0 : part * 100 / whole;
  return unbroken(percent == 0 && part > 0 ? "under 1 %" : std::to_string(percent) + " %");
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

Ink headline_ink(const Summary& summary) {
  if (summary.listed > 0 || summary.allow_lost > 0) {
    return Ink::bad;
  }
  const bool is_fine = summary.unknown == 0 && summary.pending == 0 && summary.info == 0;
  return is_fine ? Ink::good : Ink::doubtful;
}

void add_headline(std::string& text, const Summary& summary, const TextStyle& style) {
  std::string line = findings(summary);
  if (summary.unknown > 0) {
    line += "; " + unbroken(number(summary.unknown)) + " of " +
            unbroken(count_of(summary.pairs, "pair", "pairs")) + " unknown (" +
            share(summary.unknown, summary.pairs) + ")";
  }
  add_line(text, line + ".", headline_ink(summary), style);
}

/// `then`: what to say of zones that nobody watches any more.
std::string zones_text(const Summary& summary, const char* then) {
  const std::string zones = count_of(summary.zones, "zone", "zones");
  if (summary.zones_seeing == summary.zones) {
    return zones + (summary.zones == 1 ? ", which is seeing" : ", all of them seeing") + then;
  }
  return zones + then + ": " + number(summary.zones_seeing) + " seeing, " +
         number(summary.zones_blind) + " blind, " + number(summary.zones_quarantined) +
         " quarantined, " + number(summary.zones_untested) + " untested";
}

void add_coverage(std::string& text, const StatusDoc& document, const TextStyle& style) {
  const Summary& summary = document.summary;
  const bool has_stopped = document.daemon && !document.daemon->running;
  std::string line = count_of(summary.subjects, "subject", "subjects");
  if (summary.targets != summary.subjects) {
    line += " of " + count_of(summary.targets, "target", "targets");
  }
  line += " on " + zones_text(summary, has_stopped ? " then" : "");
  if (summary.unsupported > 0) {
    line += "; " + count_of(summary.unsupported, "pair", "pairs") + " unsupported";
  }
  add_line(text, line + ".", Ink::plain, style);
}

std::string daemon_line(const DaemonView& daemon, Timestamp now, const TextStyle& style) {
  if (!daemon.running) {
    return stopped_line(daemon, now);
  }
  std::string line = "rblwatchd " + show(daemon.version, style);
  if (daemon.started_at) {
    line += ", running since " + core::to_local(*daemon.started_at);
  }
  return line + "; " +
         (daemon.last_sweep ? "last sweep " + unbroken(core::to_ago(*daemon.last_sweep, now))
                            : "its first sweep is under way") +
         ".";
}

void add_daemon(std::string& text, const StatusDoc& document, const TextStyle& style) {
  if (document.daemon && !(document.daemon->running && style.quiet_clear)) {
    add_line(text, daemon_line(*document.daemon, document.generated_at, style),
             document.daemon->running ? Ink::faint : Ink::bad, style);
  }
}

/// Which section a listing of `status` belongs to, the gravest first.
enum class Section { listed, lost, pending, info, allowed };
constexpr std::array kSections{Section::listed, Section::lost, Section::pending, Section::info,
                               Section::allowed};

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

/// `names_networks`: where no line above does so.
std::string singles_to_text(const std::vector<const ListingView*>& listings, Timestamp now,
                            bool names_networks, const TextStyle& style) {
  Table table({{.title = "SUBJECT", .weight = 9, .least = 16},
               {.title = "TARGET", .weight = 3, .least = 10, .is_optional = true},
               {.title = "ZONE", .weight = 7, .least = 12},
               {.title = "WHAT", .weight = 6, .least = 8},
               {.title = "SINCE", .weight = 4},
               {.title = "", .weight = 5, .is_optional = true}});
  for (const ListingView* view : listings) {
    const std::optional<Timestamp> since =
        section_of(*view) == Section::lost ? view->delisted_at : view->listed_at;
    table.add({{show(view->subject, style), ink_of(*view)},
               {view->target == view->subject ? "" : show(view->target, style)},
               {show(view->zone, style)},
               what_cell(*view, style),
               time_cell(since, now),
               {since ? core::to_ago(*since, now) : "", Ink::faint}});
    for (const std::string& remark : remarks_on(*view, now, style)) {
      table.add_note(remark, view->doubt || view->pending_to ? Ink::doubtful : Ink::faint);
    }
    table.add_note(names_networks ? network_remark(*view) : "");
  }
  return table.to_text(style);
}

/// What is alike in a whole network as one line, then the single ones.
std::string listings_to_text(const StatusDoc& document, Section section, const TextStyle& style) {
  const Timestamp now = document.generated_at;
  std::vector<const ListingView*> listings;
  for (const ListingView& view : document.listings) {
    if (section_of(view) == section) {
      listings.push_back(&view);
    }
  }
  const GroupedListings grouped = group_listings(listings, document.networks);
  std::string text;
  for (const GroupedListings::Group& group : grouped.groups) {
    text += group_to_text(group, now, style.each_single, style);
  }
  const bool shows_all = style.each_single;
  const std::string rows = singles_to_text(shows_all ? listings : grouped.singles, now,
                                           !shows_all || grouped.groups.empty(), style);
  return text + (text.empty() || rows.empty() ? "" : "\n") + rows;
}

void add_listings(std::string& text, const StatusDoc& document, const TextStyle& style) {
  for (const Section section : kSections) {
    if (section != Section::allowed || !style.quiet_clear) {
      add_section(text, title_of(section), listings_to_text(document, section, style), style);
    }
  }
}

constexpr std::string_view kNoTarget =
    "Nothing is watched yet. Add a target to the configuration, for instance";
constexpr std::string_view kExample =
    "\n"
    "    [[target]]\n"
    "    address = \"192.0.2.10\"\n"
    "    name    = \"mx1\"\n"
    "\n";
constexpr std::string_view kAfterExample =
    "and reload rblwatchd, or ask once without it: rblwatch check 192.0.2.10";
constexpr std::string_view kNoZone =
    "No zone is in use, so nothing is asked. See `use` under [catalogue] in the configuration.";
constexpr std::string_view kNoPair =
    "Nothing is asked: no zone in use answers for these subjects, or no target has an address yet.";

/// `nothing`: "Nothing is asked"; pre: no pair is.
std::string no_data(const std::string& nothing, const Summary& summary) {
  const std::string pairs = count_of(summary.unsupported, "pair", "pairs");
  return nothing + ": the zones in use have no data for this (" + unbroken(pairs) +
         " unsupported).";
}

/// Why there is nothing to tell, and how that can be changed; "" where pairs are asked.
std::string nothing_to_tell(const StatusDoc& document, const TextStyle& style) {
  const Summary& summary = document.summary;
  std::string text;
  if (summary.pairs == 0 && summary.unsupported > 0) {
    add_line(text, no_data("Nothing is asked", summary), Ink::plain, style);
  } else if (document.zones.empty() && summary.zones == 0) {
    add_line(text, kNoZone, Ink::doubtful, style);
  } else if (summary.subjects == 0 && summary.targets == 0) {
    add_line(text, kNoTarget, Ink::doubtful, style);
    text += kExample;
    add_line(text, kAfterExample, Ink::plain, style);
  } else if (summary.pairs == 0) {
    add_line(text, kNoPair, Ink::doubtful, style);
  }
  return text;
}

/// The answer in two or three lines.
void add_summary(std::string& text, const StatusDoc& document, const TextStyle& style) {
  const std::string nothing = nothing_to_tell(document, style);
  if (nothing.empty()) {
    add_headline(text, document.summary, style);
    add_coverage(text, document, style);
  } else {
    text += nothing + (document.daemon ? "\n" : "");
  }
}

}  // namespace

std::string to_text(const StatusDoc& document, const TextStyle& style) {
  std::string text;
  add_summary(text, document, style);
  add_daemon(text, document, style);
  add_listings(text, document, style);
  text += unseen_to_text(document, style);
  return text;
}

std::string check_to_text(const StatusDoc& document, const TextStyle& style) {
  std::string text;
  if (document.summary.is_empty()) {
    add_line(text, "Nothing was asked: no zone in use answers for this.", Ink::doubtful, style);
    return text;
  }
  if (document.summary.pairs == 0) {
    add_line(text, no_data("Nothing was asked", document.summary), Ink::plain, style);
    return text;
  }
  add_summary(text, document, style);
  std::vector<const ListingView*> listings;
  for (const ListingView& view : document.listings) {
    listings.push_back(&view);
  }
  const GroupedListings grouped = group_listings(listings, document.networks);
  for (const GroupedListings::Group& group : grouped.groups) {
    text += "\n" + group_in_full(group, document.generated_at, style);
  }
  for (const ListingView* view : grouped.singles) {
    text += "\n" + listing_in_full(*view, document.generated_at, style);
  }
  text += unseen_to_text(document, style);
  return text;
}

}  // namespace rblwatch::report
