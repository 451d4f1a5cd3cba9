// SPDX-License-Identifier: Apache-2.0
// `history [TARGET]`: listings, or with --events what happened.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alerts/event_json.hpp"
#include "cli/command.hpp"
#include "cli/moment.hpp"
#include "cli/reading.hpp"
#include "cli/zone_choice.hpp"
#include "core/untrusted.hpp"
#include "report/csv.hpp"
#include "report/json.hpp"
#include "report/status.hpp"
#include "report/text.hpp"

namespace rblwatch::cli {
namespace {

core::Result<std::optional<core::Timestamp>, Failure> moment(const std::string& text,
                                                             core::Timestamp now, DayEdge edge) {
  if (text.empty()) {
    return std::nullopt;
  }
  const auto at = parse_moment(text, now, edge);
  if (!at) {
    return wrong(at.error().text);
  }
  return *at;
}

/// Whether anything is stored of a zone that nobody knows any more.
core::Result<bool, Failure> has_past(const storage::Reader& reader, const std::string& zone) {
  storage::HistoryFilter any;
  any.zone = zone;
  any.limit = 1;
  const auto listings = reader.history(any);
  const auto events = reader.events(any);
  if (!listings || !events) {
    return failed(listings ? events.error() : listings.error());
  }
  return !listings->rows.empty() || !events->views.empty();
}

/// A zone's id: of one in use, in the catalogue, or gone with its history still here.
core::Result<std::string, Failure> zone_id(const Reading& reading, const std::string& name) {
  if (const lists::Zone* used = find_used(reading.config, name)) {
    return used->id;
  }
  if (const lists::CatalogueZone* entry = reading.config.catalogue.find(name)) {
    return entry->zone.id;
  }
  const auto is_past = has_past(*reading.reader, name);
  if (!is_past) {
    return tl::make_unexpected(is_past.error());
  }
  if (*is_past) {
    return name;
  }
  return choose_zone(reading.config, name).map([](const lists::Zone& zone) { return zone.id; });
}

core::Result<storage::HistoryFilter, Failure> filter_of(const Session& session,
                                                        const Reading& reading) {
  const Options& options = session.options;
  const core::Timestamp now = session.clock.now();
  storage::HistoryFilter filter;
  const auto since = moment(options.since, now, DayEdge::begin);
  const auto until = moment(options.until, now, DayEdge::end);
  if (!since || !until) {
    return tl::make_unexpected(since ? until.error() : since.error());
  }
  if (*since && *until && **since > **until) {
    return wrong("--since is later than --until: turn them round");
  }
  filter.since = *since;
  filter.until = *until;
  filter.limit = options.limit;
  if (!options.zones.empty()) {
    const auto zone = zone_id(reading, options.zones.front());
    if (!zone) {
      return tl::make_unexpected(zone.error());
    }
    filter.zone = *zone;
  }
  if (!options.words.empty()) {
    const std::string& text = options.words.front();
    const Meant meant = find_meant(reading.subjects, text);
    const auto subject = lists::Subject::parse(text);
    filter.targets = meant.target_names;
    filter.targets.push_back(text);  // of a target that is gone
    filter.subjects = {subject ? subject->to_text() : text};
  }
  return filter;
}

/// An open listing as `status` shows it: with its doubt, its votes and when it was last seen.
class OpenViews {
 public:
  OpenViews(const Reading& reading, core::Timestamp now)
      : status_(report::build_status(reading.world(), reading.rows, now)) {}

  const report::ListingView* find(const report::ListingRow& row) const {
    for (const report::ListingView& view : status_.listings) {
      if (view.subject == row.subject && view.zone == row.zone && view.purpose == row.purpose &&
          view.state == lists::ListingState::listed) {
        return &view;
      }
    }
    return nullptr;
  }

 private:
  report::StatusDoc status_;
};

report::HistoryDoc history_document(const Reading& reading,
                                    const std::vector<report::ListingRow>& rows, bool more,
                                    core::Timestamp now) {
  report::HistoryDoc document;
  document.generated_at = now;
  document.more = more;
  std::optional<OpenViews> open;
  for (const report::ListingRow& row : rows) {
    const report::ListingView* view = nullptr;
    if (!row.ended_at && !row.is_retired) {
      if (!open) {
        open.emplace(reading, now);
      }
      view = open->find(row);
    }
    document.listings.push_back(
        view != nullptr ? *view : report::view_of(row, find_used(reading.config, row.zone)));
  }
  return document;
}

/// Nothing found of a word that names nothing watched is more likely a slip than a past without
/// listings.
std::optional<Failure> slip(const Session& session, const Reading& reading, bool is_empty) {
  const bool is_narrowed = !session.options.since.empty() || !session.options.until.empty() ||
                           !session.options.zones.empty();
  if (!is_empty || is_narrowed || session.options.words.empty()) {
    return std::nullopt;
  }
  const std::string& text = session.options.words.front();
  if (find_meant(reading.subjects, text).is_known()) {
    return std::nullopt;
  }
  Failure failure = not_watched(reading.subjects, text);
  failure.lines.front() += ", and has no history";
  return failure;
}

CommandResult show_events(const Session& session, const Reading& reading,
                          const storage::HistoryFilter& filter) {
  const auto history = reading.reader->events(filter);
  if (!history) {
    return failed(history.error());
  }
  if (auto failure = slip(session, reading, history->views.empty())) {
    return tl::make_unexpected(std::move(*failure));
  }
  const core::Timestamp now = session.clock.now();
  if (session.options.json) {
    report::EventsDoc document{now, {}, history->more};
    for (const alerts::EventView& view : history->views) {
      document.events.push_back(alerts::event_json(view));
    }
    return Reply{report::to_json(document), kDone, {}};
  }
  std::vector<lists::Event> events;
  for (const alerts::EventView& view : history->views) {
    events.push_back(view.event);
  }
  return Reply{report::events_to_text(events, history->more, session.style, now), kDone, {}};
}

}  // namespace

CommandResult run_history(const Session& session) {
  const auto reading = open_reading(session.options);
  if (!reading) {
    return tl::make_unexpected(reading.error());
  }
  const auto filter = filter_of(session, *reading);
  if (!filter) {
    return tl::make_unexpected(filter.error());
  }
  if (session.options.events) {
    return show_events(session, *reading, *filter);
  }
  auto history = reading->reader->history(*filter);
  if (!history) {
    return failed(history.error());
  }
  const core::Timestamp now = session.clock.now();
  if (filter->since && *filter->since > now) {
    history->rows.clear();  // what is open stands until now, not for ever
    history->more = false;
  }
  if (auto failure = slip(session, *reading, history->rows.empty())) {
    return tl::make_unexpected(std::move(*failure));
  }
  const report::HistoryDoc document = history_document(*reading, history->rows, history->more, now);
  if (session.options.csv) {
    return Reply{report::to_csv(document), kDone, {}};
  }
  return Reply{
      session.options.json ? report::to_json(document) : report::to_text(document, session.style),
      kDone,
      {}};
}

}  // namespace rblwatch::cli
