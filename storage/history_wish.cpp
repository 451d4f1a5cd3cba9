// SPDX-License-Identifier: Apache-2.0
#include "storage/history_wish.hpp"

#include "report/moment.hpp"
#include "report/watched.hpp"

namespace rblwatch::storage {

namespace {

core::Result<std::optional<core::Timestamp>> moment(const std::string& text, core::Timestamp now,
                                                    report::DayEdge edge) {
  if (text.empty()) {
    return std::nullopt;
  }
  const auto at = report::parse_moment(text, now, edge);
  if (!at) {
    return tl::make_unexpected(at.error());
  }
  return *at;
}

/// Rows bear the names that their targets had then: a target's subjects of today count too, and so
/// do its subjects that are gone and a word that names nothing any more.
void choose_rows(HistoryFilter& filter, const lists::SubjectTable& subjects,
                 const std::string& word) {
  const auto spelt = lists::Subject::parse(word);
  filter.subjects.push_back(spelt ? spelt->to_text() : word);
  if (spelt && !spelt->is_domain()) {
    return;
  }
  const report::Meant meant = report::find_meant(subjects, word);
  filter.targets.push_back(word);
  for (const lists::TargetIndex target : meant.targets) {
    filter.targets.push_back(subjects.targets()[target.value].name);
  }
  for (const lists::SubjectIndex subject : meant.subjects) {
    filter.subjects.push_back(subjects.subject(subject).to_text());
  }
}

/// Whether anything is stored that the filter lets through.
core::Result<bool> has_past(const Reader& reader, HistoryFilter any) {
  any.limit = 1;
  const auto listings = reader.history(any);
  const auto events = reader.events(any);
  if (!listings || !events) {
    return tl::make_unexpected(listings ? events.error() : listings.error());
  }
  return !listings->rows.empty() || !events->views.empty();
}

}  // namespace

core::Result<HistoryFilter> make_filter(const HistoryWish& wish,
                                        const lists::SubjectTable& subjects, core::Timestamp now) {
  HistoryFilter filter;
  const auto since = moment(wish.since, now, report::DayEdge::begin);
  const auto until = moment(wish.until, now, report::DayEdge::end);
  if (!since || !until) {
    return tl::make_unexpected(since ? until.error() : since.error());
  }
  if (*since && *until && **since > **until) {
    return core::fail(core::Error::Kind::invalid, "since is later than until: turn them round");
  }
  filter.since = *since;
  filter.until = *until;
  filter.limit = wish.limit;
  filter.zone = wish.zone;
  if (!wish.word.empty()) {
    choose_rows(filter, subjects, wish.word);
  }
  return filter;
}

core::Result<ListingHistory> find_listings(const Reader& reader, const HistoryFilter& filter,
                                           core::Timestamp now) {
  if (filter.since && *filter.since > now) {
    return ListingHistory{};
  }
  return reader.history(filter);
}

core::Result<std::optional<std::string>> slip_text(const Reader& reader, const std::string& word,
                                                   const lists::SubjectTable& subjects) {
  if (word.empty() || report::find_meant(subjects, word).is_known()) {
    return std::nullopt;
  }
  HistoryFilter filter;
  choose_rows(filter, subjects, word);
  const auto is_past = has_past(reader, std::move(filter));
  if (!is_past) {
    return tl::make_unexpected(is_past.error());
  }
  return *is_past
             ? std::nullopt
             : std::optional(report::not_watched_text(subjects, word) + ", and has no history");
}

core::Result<std::optional<std::string>> find_zone_id(std::span<const lists::Zone> zones,
                                                      const lists::Catalogue& catalogue,
                                                      const Reader& reader,
                                                      const std::string& name) {
  if (const lists::Zone* used = report::find_used(zones, name)) {
    return used->id;
  }
  if (const lists::CatalogueZone* entry = catalogue.find(name)) {
    return entry->zone.id;
  }
  HistoryFilter of_zone;
  of_zone.zone = name;
  const auto is_past = has_past(reader, std::move(of_zone));
  if (!is_past) {
    return tl::make_unexpected(is_past.error());
  }
  return *is_past ? std::optional(name) : std::nullopt;
}

}  // namespace rblwatch::storage
