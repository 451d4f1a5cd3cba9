// SPDX-License-Identifier: Apache-2.0
// `history [TARGET]`: listings, or with --events what happened.
#include <string>
#include <vector>

#include "alerts/event_json.hpp"
#include "cli/command.hpp"
#include "cli/reading.hpp"
#include "cli/zone_choice.hpp"
#include "report/csv.hpp"
#include "report/history.hpp"
#include "report/json.hpp"
#include "report/text.hpp"
#include "storage/history_wish.hpp"

namespace rblwatch::cli {
namespace {

/// Of one in use, in the catalogue, or gone with its history still here.
core::Result<std::string, Failure> zone_id(const Reading& reading, const std::string& name) {
  const auto known =
      storage::find_zone_id(reading.config.zones, reading.config.catalogue, *reading.reader, name);
  if (!known) {
    return failed(known.error());
  }
  if (*known) {
    return **known;
  }
  return choose_zone(reading.config, name).map([](const lists::Zone& zone) { return zone.id; });
}

core::Result<storage::HistoryWish, Failure> wish_of(const Session& session,
                                                    const Reading& reading) {
  const Options& options = session.options;
  storage::HistoryWish wish;
  wish.since = options.since;
  wish.until = options.until;
  wish.limit = options.limit;
  if (!options.zones.empty()) {
    const auto zone = zone_id(reading, options.zones.front());
    if (!zone) {
      return tl::make_unexpected(zone.error());
    }
    wish.zone = *zone;
  }
  if (!options.words.empty()) {
    wish.word = options.words.front();
  }
  return wish;
}

/// `found` says whether there is anything to show.
core::Result<void, Failure> guard_slip(bool found, const Reading& reading,
                                       const storage::HistoryWish& wish) {
  if (found) {
    return {};
  }
  const auto slip = storage::slip_text(*reading.reader, wish.word, reading.subjects);
  if (!slip) {
    return failed(slip.error());
  }
  return *slip ? core::Result<void, Failure>(wrong(**slip)) : core::Result<void, Failure>();
}

CommandResult show_events(const Session& session, const Reading& reading,
                          const storage::HistoryWish& wish, const storage::HistoryFilter& filter) {
  const auto history = reading.reader->events(filter);
  if (!history) {
    return failed(history.error());
  }
  if (const auto guarded = guard_slip(!history->views.empty(), reading, wish); !guarded) {
    return tl::make_unexpected(guarded.error());
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
  const auto wish = wish_of(session, *reading);
  if (!wish) {
    return tl::make_unexpected(wish.error());
  }
  const core::Timestamp now = session.clock.now();
  const auto filter = storage::make_filter(*wish, reading->subjects, now);
  if (!filter) {
    return wrong(filter.error().text);
  }
  if (session.options.events) {
    return show_events(session, *reading, *wish, *filter);
  }
  const auto history = storage::find_listings(*reading->reader, *filter, now);
  if (!history) {
    return failed(history.error());
  }
  if (const auto guarded = guard_slip(!history->rows.empty(), *reading, *wish); !guarded) {
    return tl::make_unexpected(guarded.error());
  }
  const report::HistoryDoc document =
      report::build_history(reading->world(), reading->rows, history->rows, history->more, now);
  if (session.options.csv) {
    Reply reply{report::to_csv(document), kDone, {}};
    if (document.more) {
      reply.remarks.emplace_back("there is more: --limit N shows more of it");
    }
    return reply;
  }
  return Reply{
      session.options.json ? report::to_json(document) : report::to_text(document, session.style),
      kDone,
      {}};
}

}  // namespace rblwatch::cli
