// SPDX-License-Identifier: Apache-2.0
//
// Listings of one network that are alike as one line, with the single ones behind it, for the texts
// of `status` and `check`. What belongs together is lists/neighbours' to say. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lists/neighbours.hpp"
#include "report/model.hpp"
#include "report/shown.hpp"

namespace rblwatch::report {

/// Listings by what they are told with; pointers into the document.
struct GroupedListings {
  struct Group {
    lists::Neighbourhood neighbours;
    std::vector<const ListingView*> members;  // those with a name of their own first
  };
  std::vector<Group> groups;
  std::vector<const ListingView*> singles;
};

/// Alike are listings of one zone, purpose, state and codes about which the same is to be said.
GroupedListings group_listings(std::span<const ListingView* const> listings,
                               std::span<const lists::Network> networks);

/// "203.0.113.0/24: 200 of 256 on uceprotect-2, dnsbl covers the whole network".
std::string group_line(const GroupedListings::Group& group, const TextStyle& style);
/// One that stands for all: listed since the first was, and last seen when the one was that has
/// not been seen for longest.
ListingView merged(const GroupedListings::Group& group);
/// When the latest of them began.
std::optional<Timestamp> last_began(const GroupedListings::Group& group);
/// "192.0.2.10 (mx1)": with its name where it has one of its own.
std::string member_text(const ListingView& view, const GroupedListings::Group& group,
                        const TextStyle& style);

/// The line, its target, codes
/// and times, what else is to be known, and the first of the single ones; `has_table` says that all
/// of them stand below.
std::string group_to_text(const GroupedListings::Group& group, Timestamp now, bool has_table,
                          const TextStyle& style);

/// For people who have to act: codes, reason, links, steps, once; then every address.
std::string group_in_full(const GroupedListings::Group& group, Timestamp now,
                          const TextStyle& style);

}  // namespace rblwatch::report
