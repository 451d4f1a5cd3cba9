// SPDX-License-Identifier: Apache-2.0
#include "daemon/http_documents.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "alerts/event_json.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"
#include "report/history.hpp"
#include "report/json.hpp"
#include "report/page.hpp"
#include "report/status.hpp"
#include "report/watched.hpp"
#include "storage/history_wish.hpp"

namespace rblwatch::daemon {

namespace {

using ErrorKind = core::Error::Kind;

constexpr std::int64_t kUsualLimit = 100;
constexpr std::int64_t kMostRows = 1000;

/// What the reader can't do is nothing that the asker could mend, whatever its kind.
tl::unexpected<core::Error> ours(const core::Error& error) {
  return core::fail(ErrorKind::io, error.text);
}

/// The parameters of a request, each at most once and of those that the document knows.
class Parameters {
 public:
  static core::Result<Parameters> take(const HttpRequest& request,
                                       std::initializer_list<std::string_view> known) {
    Parameters taken;
    for (const auto& [name, value] : request.parameters) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        return core::fail(ErrorKind::invalid,
                          "there is no parameter " + core::quoted(name) + names(known));
      }
      if (taken.find(name) != nullptr) {
        return core::fail(ErrorKind::invalid, name + " is given twice");
      }
      taken.values_.emplace_back(name, value);
    }
    return taken;
  }

  std::string text(std::string_view name) const {
    const std::string* value = find(name);
    return value != nullptr ? *value : std::string();
  }

  core::Result<std::int64_t> whole(std::string_view name, std::int64_t otherwise,
                                   std::int64_t least, std::int64_t most) const {
    const std::string* value = find(name);
    if (value == nullptr) {
      return otherwise;
    }
    const auto number = core::parse_int(*value);
    if (!number || *number < least || *number > most) {
      return core::fail(ErrorKind::invalid, std::string(name) + " is " + core::quoted(*value) +
                                                ": expected a whole number from " +
                                                std::to_string(least) + " to " +
                                                std::to_string(most));
    }
    return *number;
  }

  core::Result<bool> flag(std::string_view name) const {
    const std::string* value = find(name);
    if (value == nullptr || *value == "false" || *value == "0") {
      return false;
    }
    if (value->empty() || *value == "true" || *value == "1") {
      return true;
    }
    return core::fail(ErrorKind::invalid, std::string(name) + " is " + core::quoted(*value) +
                                              ": expected true or false");
  }

 private:
  static std::string names(std::initializer_list<std::string_view> known) {
    std::string text = "; known: ";
    for (const std::string_view name : known) {
      text += (name == *known.begin() ? "" : ", ") + std::string(name);
    }
    return text;
  }

  const std::string* find(std::string_view name) const {
    const auto found = std::find_if(values_.begin(), values_.end(),
                                    [name](const auto& pair) { return pair.first == name; });
    return found == values_.end() ? nullptr : &found->second;
  }

  std::vector<std::pair<std::string, std::string>> values_;
};

/// What is stored, laid over what is configured.
struct Scene {
  report::StatusRows rows;
  lists::SubjectTable subjects;

  /// `config` and the scene outlive it.
  report::World world(const conf::Config& config) const {
    return {.zones = config.zones,
            .subjects = subjects,
            .interval = config.schedule.interval,
            .confirm_after = config.schedule.confirm.confirm_after};
  }
};

core::Result<Scene> look(const DocumentDesk& desk) {
  auto rows = desk.reader.status(desk.config.targets);
  if (!rows) {
    return ours(rows.error());
  }
  auto subjects = lists::SubjectTable::build(desk.config.targets, rows->addresses.hosts,
                                             desk.config.daemon.max_subjects);
  if (!subjects) {
    return ours(subjects.error());
  }
  return Scene{std::move(*rows), std::move(*subjects)};
}

std::string events_json(const storage::EventHistory& history, core::Timestamp now) {
  report::EventsDoc document{now, {}, history.more};
  for (const alerts::EventView& view : history.views) {
    document.events.push_back(alerts::event_json(view));
  }
  return report::to_json(document);
}

/// A zone by its id or name, as the command line takes it.
core::Result<std::string> zone_id(const DocumentDesk& desk, const std::string& name) {
  if (name.empty()) {
    return name;
  }
  auto known = storage::find_zone_id(desk.config.zones, desk.config.catalogue, desk.reader, name);
  if (!known) {
    return ours(known.error());
  }
  if (!*known) {
    return core::fail(ErrorKind::not_found, core::quoted(name) + " is no zone");
  }
  return std::move(**known);
}

core::Result<storage::HistoryWish> wish_of(const Parameters& parameters, const DocumentDesk& desk) {
  storage::HistoryWish wish;
  wish.word = parameters.text("target");
  wish.since = parameters.text("since");
  wish.until = parameters.text("until");
  const auto limit = parameters.whole("limit", kUsualLimit, 1, kMostRows);
  if (!limit) {
    return tl::make_unexpected(limit.error());
  }
  wish.limit = static_cast<std::size_t>(*limit);
  auto zone = zone_id(desk, parameters.text("zone"));
  if (!zone) {
    return tl::make_unexpected(zone.error());
  }
  wish.zone = std::move(*zone);
  return wish;
}

/// `found` says whether there is anything to show.
core::Result<void> guard_slip(bool found, const DocumentDesk& desk, const Scene& scene,
                              const storage::HistoryWish& wish) {
  if (found) {
    return {};
  }
  const auto slip = storage::slip_text(desk.reader, wish.word, scene.subjects);
  if (!slip) {
    return ours(slip.error());
  }
  return *slip ? core::Result<void>(core::fail(ErrorKind::not_found, **slip))
               : core::Result<void>();
}

core::Result<std::string> past_events(const DocumentDesk& desk, const Scene& scene,
                                      const storage::HistoryWish& wish,
                                      const storage::HistoryFilter& filter) {
  const auto history = desk.reader.events(filter);
  if (!history) {
    return ours(history.error());
  }
  return guard_slip(!history->views.empty(), desk, scene, wish).map([&] {
    return events_json(*history, desk.now);
  });
}

core::Result<std::string> past_listings(const DocumentDesk& desk, const Scene& scene,
                                        const storage::HistoryWish& wish,
                                        const storage::HistoryFilter& filter) {
  const auto history = storage::find_listings(desk.reader, filter, desk.now);
  if (!history) {
    return ours(history.error());
  }
  return guard_slip(!history->rows.empty(), desk, scene, wish).map([&] {
    return report::to_json(report::build_history(scene.world(desk.config), scene.rows,
                                                 history->rows, history->more, desk.now));
  });
}

}  // namespace

core::Result<std::string> status_document(const HttpRequest& request, const DocumentDesk& desk) {
  const auto parameters = Parameters::take(request, {"target"});
  if (!parameters) {
    return tl::make_unexpected(parameters.error());
  }
  const auto scene = look(desk);
  if (!scene) {
    return tl::make_unexpected(scene.error());
  }
  return report::status_of(scene->world(desk.config), scene->rows, parameters->text("target"),
                           desk.now)
      .map([](const report::StatusDoc& document) { return report::to_json(document); });
}

core::Result<std::string> history_document(const HttpRequest& request, const DocumentDesk& desk) {
  const auto parameters =
      Parameters::take(request, {"target", "zone", "since", "until", "limit", "events"});
  if (!parameters) {
    return tl::make_unexpected(parameters.error());
  }
  const auto wants_events = parameters->flag("events");
  if (!wants_events) {
    return tl::make_unexpected(wants_events.error());
  }
  const auto wish = wish_of(*parameters, desk);
  if (!wish) {
    return tl::make_unexpected(wish.error());
  }
  const auto scene = look(desk);
  if (!scene) {
    return tl::make_unexpected(scene.error());
  }
  const auto filter = storage::make_filter(*wish, scene->subjects, desk.now);
  if (!filter) {
    return tl::make_unexpected(filter.error());
  }
  return *wants_events ? past_events(desk, *scene, *wish, *filter)
                       : past_listings(desk, *scene, *wish, *filter);
}

core::Result<std::string> zones_document(const HttpRequest& request, const DocumentDesk& desk) {
  const auto parameters = Parameters::take(request, {"zone"});
  if (!parameters) {
    return tl::make_unexpected(parameters.error());
  }
  const auto scene = look(desk);
  if (!scene) {
    return tl::make_unexpected(scene.error());
  }
  report::World world = scene->world(desk.config);
  const std::string name = parameters->text("zone");
  if (!name.empty()) {
    const lists::Zone* used = report::find_used(desk.config.zones, name);
    if (used == nullptr) {
      return core::fail(ErrorKind::not_found, core::quoted(name) + " is no zone in use");
    }
    world.zones = std::span(used, 1);
  }
  report::ZonesDoc document = report::build_zones(world, scene->rows, desk.now);
  report::mark_dead(document, desk.config.catalogue);
  return report::to_json(document);
}

core::Result<std::string> events_document(const HttpRequest& request, const DocumentDesk& desk) {
  const auto parameters = Parameters::take(request, {"after", "limit"});
  if (!parameters) {
    return tl::make_unexpected(parameters.error());
  }
  const auto after = parameters->whole("after", 0, 0, std::numeric_limits<std::int64_t>::max());
  const auto limit = parameters->whole("limit", kUsualLimit, 1, kMostRows);
  if (!after || !limit) {
    return tl::make_unexpected(after ? limit.error() : after.error());
  }
  const auto history = desk.reader.events_after(*after, static_cast<std::size_t>(*limit));
  if (!history) {
    return ours(history.error());
  }
  return events_json(*history, desk.now);
}

core::Result<std::string> page_document(const HttpRequest& request, const DocumentDesk& desk) {
  const auto parameters = Parameters::take(request, {report::kStillQuery});
  if (!parameters) {
    return tl::make_unexpected(parameters.error());
  }
  const auto is_still = parameters->flag(report::kStillQuery);
  if (!is_still) {
    return tl::make_unexpected(is_still.error());
  }
  const auto scene = look(desk);
  if (!scene) {
    return tl::make_unexpected(scene.error());
  }
  storage::HistoryFilter newest;
  newest.limit = report::kPageEvents;
  const auto history = desk.reader.events(newest);
  if (!history) {
    return ours(history.error());
  }
  report::PageDoc page;
  page.status = report::build_status(scene->world(desk.config), scene->rows, desk.now);
  for (const alerts::EventView& view : history->views) {
    page.events.push_back(view.event);
  }
  page.reloads = !*is_still;
  page.ailment = desk.ailment;
  return report::to_page(page);
}

}  // namespace rblwatch::daemon
