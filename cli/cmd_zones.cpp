// SPDX-License-Identifier: Apache-2.0
// `zones [ID]`, `zones test [ID]`, `zones release ID`.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/daemon_client.hpp"
#include "cli/reading.hpp"
#include "cli/survey_report.hpp"
#include "cli/survey_setup.hpp"
#include "cli/zone_choice.hpp"
#include "core/untrusted.hpp"
#include "report/action.hpp"
#include "report/json.hpp"
#include "report/status.hpp"
#include "report/text.hpp"

namespace rblwatch::cli {
namespace {

/// The zones that were asked for: one, out of the catalogue too, or all in use.
core::Result<std::vector<lists::Zone>, Failure> zones_for(const Session& session,
                                                          const conf::Config& config) {
  if (session.options.words.empty()) {
    return config.zones;
  }
  auto zone = choose_zone(config, session.options.words.front());
  if (!zone) {
    return tl::make_unexpected(zone.error());
  }
  return std::vector<lists::Zone>{std::move(*zone)};
}

/// A zone of the catalogue that isn't in use has no pairs.
bool is_unused(const Reading& reading, const std::vector<lists::Zone>& zones) {
  return zones.size() == 1 && find_used(reading.config, zones.front().id) == nullptr;
}

report::ZonesDoc document_of(const Reading& reading, const std::vector<lists::Zone>& zones,
                             core::Timestamp now) {
  const lists::SubjectTable nothing;
  const report::World configured = reading.world();
  const report::World world{.zones = zones,
                            .subjects = is_unused(reading, zones) ? nothing : configured.subjects,
                            .interval = configured.interval,
                            .confirm_after = configured.confirm_after};
  report::ZonesDoc document = report::build_zones(world, reading.rows, now);
  report::mark_dead(document, reading.config.catalogue);
  return document;
}

std::string shown(const Session& session, const report::ZonesDoc& document, bool in_full) {
  if (session.options.json) {
    return report::to_json(document);
  }
  if (in_full && document.zones.size() == 1) {
    return report::zone_to_text(document.zones.front(), session.style, document.generated_at,
                                document.daemon);
  }
  return report::to_text(document, session.style);
}

}  // namespace

CommandResult run_zones(const Session& session) {
  const auto reading = open_reading_if_any(session.options);
  if (!reading) {
    return tl::make_unexpected(reading.error());
  }
  const auto zones = zones_for(session, reading->config);
  if (!zones) {
    return tl::make_unexpected(zones.error());
  }
  report::ZonesDoc document = document_of(*reading, *zones, session.clock.now());
  if (!is_unused(*reading, *zones)) {
    document.daemon = reading->rows.daemon;
  }
  Reply reply{shown(session, document, !session.options.words.empty()), kDone, {}};
  if (is_unused(*reading, *zones)) {
    reply.remarks.push_back(zones->front().id + " is not in use: it is out of the catalogue");
  }
  return reply;
}

CommandResult run_zones_test(const Session& session) {
  const auto reading = open_reading_if_any(session.options);
  if (!reading) {
    return tl::make_unexpected(reading.error());
  }
  const auto zones = zones_for(session, reading->config);
  if (!zones) {
    return tl::make_unexpected(zones.error());
  }
  if (zones->empty()) {
    return wrong("no zone is in use: see [catalogue] in the configuration, or name one");
  }
  const auto setup = set_up_survey(reading->config, session.clock);
  if (!setup) {
    return tl::make_unexpected(setup.error());
  }
  std::vector<lists::KindSet> kinds;
  for (const lists::Zone& zone : *zones) {
    kinds.push_back(kinds_to_test(zone, reading->subjects));
  }
  const Findings findings = setup->survey(session.clock, *zones).test(kinds);
  const core::Timestamp now = session.clock.now();
  report::ZonesDoc document = document_of(*reading, *zones, now);
  for (std::uint16_t i = 0; i < static_cast<std::uint16_t>(document.zones.size()); ++i) {
    set_tested(document.zones[i].view, i, findings, now);
  }
  const bool has_failed = std::any_of(findings.kinds.begin(), findings.kinds.end(),
                                      [](const KindFinding& kind) { return kind.failed; });
  return Reply{shown(session, document, false), has_failed ? kFailed : kDone, {}};
}

CommandResult run_zones_release(const Session& session) {
  const auto config = load_config(session.options);
  if (!config) {
    return tl::make_unexpected(config.error());
  }
  const auto zone = choose_used_zone(*config, session.options.words.front());
  if (!zone) {
    return tl::make_unexpected(zone.error());
  }
  const DaemonReply reply = ask_daemon(conf::socket_path(config->daemon), {"release", zone->id});
  if (!reply.answer) {
    return failed(reply.answer.error());
  }
  const report::ActionDoc document{
      session.clock.now(), "release", zone->id,
      "the quarantine of " + zone->id + " is ended: what still stands is told now"};
  return Reply{
      session.options.json ? report::to_json(document) : report::to_text(document, session.style),
      kDone,
      {}};
}

}  // namespace rblwatch::cli
