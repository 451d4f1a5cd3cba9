// SPDX-License-Identifier: Apache-2.0
// `alerts [--failed]`, `alerts resend ID`, `alerts drop ID`.
#include <string>

#include "cli/command.hpp"
#include "cli/daemon_client.hpp"
#include "cli/reading.hpp"
#include "report/action.hpp"
#include "report/json.hpp"
#include "report/text.hpp"
#include "storage/store.hpp"

namespace rblwatch::cli {
namespace {

constexpr std::size_t kMostDeliveries = 1000;

/// Writes itself: only while no daemon holds the database. Never makes one, and begins no run.
core::Result<void> change_stored(const conf::Config& config, const Session& session,
                                 const std::string& action, const std::string& id) {
  auto store = storage::Store::open(config.daemon.database, {});
  if (!store) {
    return tl::make_unexpected(store.error());
  }
  const core::Timestamp now = session.clock.now();
  return action == "resend" ? store->resend(id, now) : store->drop(id, now);
}

CommandResult change_delivery(const Session& session, const std::string& action,
                              const std::string& done) {
  const auto config = load_config(session.options);
  if (!config) {
    return tl::make_unexpected(config.error());
  }
  const std::string& id = session.options.words.front();
  const DaemonReply reply = ask_daemon(conf::socket_path(config->daemon), {action, id});
  core::Result<void> changed;
  if (reply.is_running) {
    changed = reply.answer.map([](const std::string& /*payload*/) {});
  } else {
    const auto reader = open_reader(*config);
    if (!reader) {
      return tl::make_unexpected(reader.error());
    }
    changed = change_stored(*config, session, action, id);
  }
  if (!changed) {
    return changed.error().kind == core::Error::Kind::not_found
               ? CommandResult(wrong(changed.error().text + " (rblwatch alerts names them)"))
               : CommandResult(failed(changed.error()));
  }
  const report::ActionDoc document{session.clock.now(), action, id, "delivery " + id + done};
  return Reply{
      session.options.json ? report::to_json(document) : report::to_text(document, session.style),
      kDone,
      {}};
}

}  // namespace

CommandResult run_alerts(const Session& session) {
  const auto config = load_config(session.options);
  if (!config) {
    return tl::make_unexpected(config.error());
  }
  const auto reader = open_reader(*config);
  if (!reader) {
    return tl::make_unexpected(reader.error());
  }
  auto deliveries = reader->deliveries(session.options.failed, kMostDeliveries + 1);
  if (!deliveries) {
    return failed(deliveries.error());
  }
  Reply reply;
  if (deliveries->size() > kMostDeliveries) {
    deliveries->resize(kMostDeliveries);
    reply.remarks.push_back("these are the newest " + std::to_string(kMostDeliveries) +
                            " deliveries; there are more");
  }
  const report::AlertsDoc document{session.clock.now(), std::move(*deliveries),
                                   session.options.failed,
                                   !storage::lock_state(config->daemon.database).is_held};
  reply.out =
      session.options.json ? report::to_json(document) : report::to_text(document, session.style);
  return reply;
}

CommandResult run_alerts_resend(const Session& session) {
  return change_delivery(session, "resend", " waits to be sent again");
}

CommandResult run_alerts_drop(const Session& session) {
  return change_delivery(session, "drop", " is dropped");
}

}  // namespace rblwatch::cli
