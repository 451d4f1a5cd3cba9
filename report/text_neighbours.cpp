// SPDX-License-Identifier: Apache-2.0
#include "report/text_neighbours.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "report/text_listing.hpp"
#include "report/text_unseen.hpp"
#include "report/wording.hpp"

namespace rblwatch::report {
namespace {

using Group = GroupedListings::Group;
using lists::ListingState;
using lists::Purpose;

constexpr std::size_t kNamedInStatus = 5;
constexpr std::size_t kNamedInCheck = 256;
constexpr std::size_t kGroupIndent = 6;  // as a table's notes have it

/// Everything that a line about several of them says of each.
std::string alike(const ListingView& view) {
  std::string key = view.zone + '\n' + std::string(core::enum_word(view.purpose)) + '\n' +
                    std::string(core::enum_word(view.state)) + '\n' + core::join(view.codes, ",") +
                    '\n' + view.muted_by + '\n';
  key += view.pending_to ? core::enum_word(*view.pending_to) : "";
  key += '\n';
  key += view.doubt ? core::enum_word(view.doubt->cause) : "";
  key += '\n';
  for (const bool flag : {view.held, view.acked, view.contained, view.overdue,
                          view.delist_requested_at.has_value()}) {
    key += flag ? '1' : '0';
  }
  return key;
}

/// Whether a target of its own speaks for the address, and not the range.
bool has_name(const ListingView& view, const lists::Network& network) {
  return view.target != view.subject && view.target != network.name &&
         !core::Cidr::parse(view.target);
}

std::string relation(const ListingView& view) {
  switch (view.state) {
    case ListingState::listed:
      return view.purpose == Purpose::info ? " for information on " : " on ";
    case ListingState::pending:
      return " seem to be on ";
    case ListingState::delisted:
      return " no longer on ";
    case ListingState::retired:
      return " no longer watched on ";
  }
  RBL_CHECK(false);
}

/// "2026-11-23 09:10 (3 h ago), the latest since 2026-11-23 09:40".
std::string since_text(const Group& group, Timestamp now) {
  const std::optional<Timestamp> first = began(merged(group));
  const std::optional<Timestamp> last = last_began(group);
  if (!first) {
    return "";
  }
  std::string text = show_time(first, now);
  if (core::to_local(*last) != core::to_local(*first)) {
    text += ", the latest " + unbroken("since " + core::to_local(*last));
  }
  return text;
}

std::string members_text(const Group& group, std::size_t most, const TextStyle& style) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, group.members.size()); ++i) {
    text += (i == 0 ? "" : ", ") + member_text(*group.members[i], group, style);
  }
  return text;
}

std::string rest_text(const Group& group, std::size_t shown, const std::string& where,
                      const TextStyle& style) {
  if (group.members.size() <= shown) {
    return "";
  }
  return (style.utf8 ? " \u2026 " : " ... ") +
         unbroken("and " + number(group.members.size() - shown) + " more") + "; " + unbroken(where);
}

void add_note(std::string& text, const std::string& shown, Ink ink, const TextStyle& style) {
  if (shown.empty()) {
    return;
  }
  for (const std::string& part : wrap(shown, width_of(style) - kGroupIndent)) {
    text += std::string(kGroupIndent, ' ') + paint(part, ink, style) + "\n";
  }
}

}  // namespace

GroupedListings group_listings(std::span<const ListingView* const> listings,
                               std::span<const lists::Network> networks) {
  std::vector<lists::Neighbour> neighbours;
  std::vector<const ListingView*> with_address;
  GroupedListings grouped;
  for (const ListingView* view : listings) {
    const auto address = core::IpAddress::parse(view->subject);
    if (view->kind != lists::Kind::domain && address) {
      neighbours.push_back({*address, alike(*view)});
      with_address.push_back(view);
    }
  }
  std::vector<lists::Neighbourhood> found = lists::find_neighbours(neighbours, networks);
  std::vector<const ListingView*> taken;
  for (lists::Neighbourhood& group : found) {
    std::vector<const ListingView*> members;
    for (const std::size_t i : group.members) {
      members.push_back(with_address[i]);
    }
    taken.insert(taken.end(), members.begin(), members.end());
    std::stable_partition(members.begin(), members.end(), [&group](const ListingView* view) {
      return has_name(*view, group.network);
    });
    grouped.groups.push_back({std::move(group), std::move(members)});
  }
  std::sort(taken.begin(), taken.end());
  std::copy_if(listings.begin(), listings.end(), std::back_inserter(grouped.singles),
               [&taken](const ListingView* view) {
                 return !std::binary_search(taken.begin(), taken.end(), view);
               });
  return grouped;
}

std::string group_line(const Group& group, const TextStyle& style) {
  const ListingView& first = *group.members.front();
  std::string text =
      lists::count_text(group.neighbours) + relation(first) + show(first.zone, style);
  if (first.state == ListingState::listed) {
    text += lists::whole_text(group.neighbours);
  }
  return text;
}

ListingView merged(const Group& group) {
  ListingView view = *group.members.front();
  for (const ListingView* member : group.members) {
    view.listed_at = std::min(view.listed_at, member->listed_at);
    view.delisted_at = std::min(view.delisted_at, member->delisted_at);
    view.last_seen = std::min(view.last_seen, member->last_seen);
  }
  return view;
}

std::optional<Timestamp> last_began(const Group& group) {
  std::optional<Timestamp> last;
  for (const ListingView* member : group.members) {
    last = std::max(last, began(*member));
  }
  return last;
}

std::string member_text(const ListingView& view, const Group& group, const TextStyle& style) {
  return show(view.subject, style) +
         (has_name(view, group.neighbours.network) ? " (" + show(view.target, style) + ")" : "");
}

std::string group_to_text(const Group& group, Timestamp now, bool has_table,
                          const TextStyle& style) {
  const ListingView view = merged(group);
  const lists::Network& network = group.neighbours.network;
  std::string text;
  for (const std::string& part : wrap(group_line(group, style), width_of(style) - 2)) {
    text += (text.empty() ? "  " : "    ") + paint(part, ink_of(view), style) + "\n";
  }
  const std::string name = network.name == network.range.to_text() ? "" : show(network.name, style);
  add_note(text,
           (name.empty() ? "" : name + ": ") + what_cell(view, style).text + ", since " +
               since_text(group, now),
           Ink::plain, style);
  for (const std::string& remark : remarks_on(view, now, style)) {
    add_note(text, remark, view.doubt || view.pending_to ? Ink::doubtful : Ink::faint, style);
  }
  add_note(text, network_remark(view), Ink::faint, style);
  if (!has_table) {
    add_note(text,
             members_text(group, kNamedInStatus, style) +
                 rest_text(group, kNamedInStatus,
                           "`rblwatch status " + network.range.to_text() + "` shows each", style),
             Ink::faint, style);
  }
  return text;
}

std::string group_in_full(const Group& group, Timestamp now, const TextStyle& style) {
  const ListingView view = merged(group);
  const ListingView& first = *group.members.front();
  std::string text;
  add_line(text, group_line(group, style), ink_of(view), style);
  add_field(text, "zone", zone_text(view, style), style);
  add_field(text, "codes", show_list(view.codes, style), style);
  add_field(text, "meaning", show_list(view.meanings, style, "; "), style);
  add_field(text, "severity", core::enum_word(view.severity), style);
  add_field(text, "since", since_text(group, now), style);
  for (const std::string& remark : remarks_on(view, now, style)) {
    add_field(text, "note", remark, style);
  }
  add_field(text, "note", network_remark(view), style);
  add_field(text, "listed",
            members_text(group, kNamedInCheck, style) +
                rest_text(group, kNamedInCheck, "--json names each", style),
            style);
  add_field(text, "example", show(first.subject, style), style);
  add_reason(text, first.reason, style);
  add_field(text, "look up", show(first.lookup_url, style), style);
  add_field(text, "delist", show(first.delist_url, style), style);
  add_steps(text, first.delist_steps, style);
  return text;
}

}  // namespace rblwatch::report
