// SPDX-License-Identifier: Apache-2.0
//
// What of the past somebody wants to see, in the words that people use, and the filter that finds
// it. For the command line and HTTP alike. Any thread, as the reader given.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "core/result.hpp"
#include "lists/catalogue.hpp"
#include "lists/target.hpp"
#include "lists/zone.hpp"
#include "storage/reader.hpp"

namespace rblwatch::storage {

struct HistoryWish {
  std::string word;   // a target or subject; "" = all
  std::string zone;   // an id, as find_zone_id() gives it; "" = all
  std::string since;  // as report::parse_moment takes them; "" = no bound
  std::string until;
  std::size_t limit = 100;
};

/// Kind::invalid for times that are none, or the wrong way round.
core::Result<HistoryFilter> make_filter(const HistoryWish& wish,
                                        const lists::SubjectTable& subjects, core::Timestamp now);

/// What is open stands until now, not for ever: of a time to come there is no history.
core::Result<ListingHistory> find_listings(const Reader& reader, const HistoryFilter& filter,
                                           core::Timestamp now);

/// Nothing found of a word that names nothing watched, and nothing of the past either, is more
/// likely a slip than a time without listings: what to say of it then.
core::Result<std::optional<std::string>> slip_text(const Reader& reader, const std::string& word,
                                                   const lists::SubjectTable& subjects);

/// A zone's id: of one in use, in the catalogue, or gone with its history still here. Nothing where
/// nobody knows it.
core::Result<std::optional<std::string>> find_zone_id(std::span<const lists::Zone> zones,
                                                      const lists::Catalogue& catalogue,
                                                      const Reader& reader,
                                                      const std::string& name);

}  // namespace rblwatch::storage
