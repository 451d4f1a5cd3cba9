// SPDX-License-Identifier: Apache-2.0
// Listings on the page: what is alike in a network as one, then the single ones, each with what it
// says, since when, and how to get off.
#include <algorithm>

#include "core/check.hpp"
#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "report/html.hpp"
#include "report/page_parts.hpp"
#include "report/text_listing.hpp"
#include "report/text_neighbours.hpp"

namespace rblwatch::report::page_parts {
namespace {

using Group = GroupedListings::Group;

constexpr std::size_t kMostSingles = 100;
constexpr std::size_t kMostGroups = 50;
constexpr std::size_t kMostMembers = 256;
constexpr std::size_t kMostSteps = 20;

std::string_view id_of(Section which) {
  switch (which) {
    case Section::listed:
      return "listed";
    case Section::lost:
      return "lost";
    case Section::pending:
      return "pending";
    case Section::info:
      return "info";
    case Section::allowed:
      return "allowed";
  }
  RBL_CHECK(false);
}

/// "Since", with how long it has been standing; of a lost one, since when it is gone.
std::string since_field(const ListingView& view, Timestamp now, const std::string& more) {
  const std::optional<Timestamp> since = began(view);
  if (!since) {
    return "";
  }
  const core::Millis length = std::max(now - *since, core::Millis{0});
  return html::field(section_of(view) == Section::lost ? "Lost" : "Since",
                     html::time(since) + " (" + html::text(core::to_human(length)) + ")" + more);
}

std::string remark_fields(const ListingView& view, Timestamp now) {
  std::string html;
  const std::string doubt = doubt_remark(view, now, kPageText);
  for (const std::string& remark : remarks_on(view, now, kPageText)) {
    html += html::field("Note", remark == doubt
                                    ? "<span class=\"doubtful\">" + html::shown(remark) + "</span>"
                                    : html::shown(remark));
  }
  return html + html::field("Note", html::shown(network_remark(view)));
}

std::string links(const ListingView& view) {
  std::vector<std::string> parts;
  if (!view.lookup_url.empty()) {
    parts.push_back("Look it up: " + html::link(view.lookup_url, view.lookup_url));
  }
  if (!view.delist_url.empty()) {
    parts.push_back("Ask for its removal: " + html::link(view.delist_url, view.delist_url));
  }
  return parts.empty() ? "" : "<p>" + core::join(parts, "<br>") + "</p>\n";
}

/// Closed until it is wanted: the first thing to read is what is listed.
std::string way_off(const ListingView& view, bool is_open) {
  std::string steps;
  for (std::size_t i = 0; i < std::min(view.delist_steps.size(), kMostSteps); ++i) {
    steps += "<li>" + html::text(view.delist_steps[i]) + "</li>\n";
  }
  const std::string body = links(view) + (steps.empty() ? "" : "<ol>\n" + steps + "</ol>\n");
  if (body.empty() || view.purpose != lists::Purpose::block) {
    return "";
  }
  const std::string zone = view.dns.empty() ? view.zone : view.dns;
  return "<details" + std::string(is_open ? " open" : "") + "><summary>How to get off " +
         html::text(zone) + "</summary>\n" + body + "</details>\n";
}

std::string severity_badge(const ListingView& view) {
  if (section_of(view) != Section::listed && section_of(view) != Section::pending) {
    return "";
  }
  return " " + html::badge(std::string(core::enum_word(view.severity)) + " severity", Ink::plain);
}

std::string what_fields(const ListingView& view) {
  std::string meanings;
  for (const std::string& meaning : view.meanings) {
    meanings += (meanings.empty() ? "" : "; ") + html::text(meaning);
  }
  const std::string codes = html::codes(view.codes);
  const std::string both = codes + (codes.empty() || meanings.empty() ? "" : ": ") + meanings;
  return html::field("Zone", html::text(zone_text(view, kPageText))) + html::field("Codes", both);
}

std::string reason_field(const core::Untrusted& reason) {
  return html::field("Reason", reason.is_empty()
                                   ? ""
                                   : "<span class=\"reason\">" + html::text(reason) + "</span>");
}

std::string heading(const ListingView& view, const std::string& words) {
  return "<h3>" + html::badge(state_word(view), ink_of(view)) + " " + words + severity_badge(view) +
         "</h3>\n";
}

std::string article(const ListingView& view, const std::string& body) {
  return "<article class=\"" + std::string(html::class_of(ink_of(view))) + "\">\n" + body +
         "</article>\n";
}

std::string single(const ListingView& view, Timestamp now, bool is_alone) {
  const bool repeats = view.target.empty() || view.target == view.subject;
  const std::string who = "<span class=\"subject\">" + html::text(view.subject) + "</span>" +
                          (repeats ? "" : " (" + html::text(view.target) + ")");
  return article(view, heading(view, who + " on " + html::text(view.zone)) + "<dl>\n" +
                           what_fields(view) + reason_field(view.reason) +
                           since_field(view, now, "") + remark_fields(view, now) + "</dl>\n" +
                           way_off(view, is_alone));
}

std::string members(const Group& group) {
  std::string html;
  const std::size_t named = std::min(group.members.size(), kMostMembers);
  for (std::size_t i = 0; i < named; ++i) {
    html += "<li>" + html::text(member_text(*group.members[i], group, kPageText)) + "</li>\n";
  }
  const std::string range = group.neighbours.network.range.to_text();
  return "<details><summary>" +
         html::text(core::count_of(group.members.size(), "address", "addresses")) +
         "</summary>\n<ul class=\"members\">\n" + html + "</ul>\n" +
         left_out(group.members.size(), named, "rblwatch status " + range) + "</details>\n";
}

std::string together(const Group& group, Timestamp now) {
  const ListingView view = merged(group);
  const lists::Network& network = group.neighbours.network;
  const std::string name = network.name == network.range.to_text() ? "" : network.name;
  const std::optional<Timestamp> last = last_began(group);
  const std::string more =
      last && began(view) != last ? ", the latest since " + html::time(last) : "";
  const std::string example = view.reason.is_empty()
                                  ? ""
                                  : html::text(view.subject) + ": <span class=\"reason\">" +
                                        html::text(view.reason) + "</span>";
  return article(view, heading(view, "<span class=\"subject\">" +
                                         html::text(group_line(group, kPageText)) + "</span>") +
                           "<dl>\n" + html::field("Target", html::text(name)) + what_fields(view) +
                           html::field("Example", example) + since_field(view, now, more) +
                           remark_fields(view, now) + "</dl>\n" + members(group) +
                           way_off(view, false));
}

}  // namespace

std::string listings(const StatusDoc& document, Section which) {
  std::vector<const ListingView*> chosen;
  for (const ListingView& view : document.listings) {
    if (section_of(view) == which) {
      chosen.push_back(&view);
    }
  }
  const GroupedListings grouped = group_listings(chosen, document.networks);
  const std::size_t groups = std::min(grouped.groups.size(), kMostGroups);
  const std::size_t singles = std::min(grouped.singles.size(), kMostSingles);
  std::string html;
  for (std::size_t i = 0; i < groups; ++i) {
    html += together(grouped.groups[i], document.generated_at);
  }
  for (std::size_t i = 0; i < singles; ++i) {
    html += single(*grouped.singles[i], document.generated_at, chosen.size() == 1);
  }
  const std::size_t all = grouped.groups.size() + grouped.singles.size();
  html += left_out(all, groups + singles, "rblwatch status");
  if (which == Section::allowed && !html.empty()) {
    html = "<details><summary>" + html::text(core::count_of(chosen.size(), "listing", "listings")) +
           "</summary>\n" + html + "</details>\n";
  }
  return section(id_of(which), title_of(which), html);
}

}  // namespace rblwatch::report::page_parts
