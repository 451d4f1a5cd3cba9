// SPDX-License-Identifier: Apache-2.0
// `status` and `check`: the answer first, then how much of the world it stands on, then what is
// listed, what can't be seen and why, and what to do.
#include "core/text.hpp"
#include "report/table.hpp"
#include "report/text.hpp"
#include "report/text_listing.hpp"
#include "report/text_neighbours.hpp"
#include "report/text_unseen.hpp"
#include "report/wording.hpp"

namespace rblwatch::report {
namespace {

void add_daemon(std::string& text, const StatusDoc& document, const TextStyle& style) {
  if (document.daemon && !(document.daemon->running && style.quiet_clear)) {
    add_line(text, daemon_line(*document.daemon, document.generated_at, style),
             document.daemon->running ? Ink::faint : Ink::bad, style);
  }
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
    const std::optional<Timestamp> since = began(*view);
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

/// The answer in two or three lines.
void add_summary(std::string& text, const StatusDoc& document, const TextStyle& style) {
  const Nothing nothing = nothing_to_tell(document);
  if (nothing.why.empty()) {
    add_line(text, headline(document.summary), headline_ink(document.summary), style);
    add_line(text, coverage(document), Ink::plain, style);
    return;
  }
  add_line(text, nothing.why, nothing.ink, style);
  if (nothing.wants_target) {
    text += "\n" + std::string(kExampleTarget) + "\n";
    add_line(text, kAfterExample, Ink::plain, style);
  }
  text += document.daemon ? "\n" : "";
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
