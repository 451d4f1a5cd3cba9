// SPDX-License-Identifier: Apache-2.0
//
// What is answered to which path: the table of routes, and the health and figures of the daemon,
// which are known without the database. The documents of /api/v1 are in http_documents.hpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/latest.hpp"
#include "core/time.hpp"
#include "daemon/figures.hpp"
#include "daemon/http_documents.hpp"
#include "daemon/http_guard.hpp"
#include "daemon/http_message.hpp"
#include "report/prometheus.hpp"
#include "storage/reader.hpp"

namespace rblwatch::daemon {

/// What the rest of the daemon tells. All may be called in any thread, and none waits.
struct HttpSources {
  const core::Clock& clock;  // outlives the desk
  std::function<FiguresPtr()> figures;
  std::function<std::string()> trouble;  // why nothing can be stored; "" where it can
  /// All but what the figures and the outbox say.
  std::function<report::Metrics()> metrics;
};

/// Why the daemon doesn't do its work, in one line; "" where it does. `figures` may be null.
std::string ailment(const Figures* figures, const std::string& trouble, core::Tick now);

/// The three together.
report::Metrics gather(report::Metrics metrics, const Figures* figures,
                       const storage::OutboxFigures& outbox, core::Timestamp now);

class HttpDesk {
 public:
  HttpDesk(HttpGate gate, HttpSources sources, ConfigPtr config);

  /// Any thread; waits for nothing. Nothing: later() has the answer.
  std::optional<HttpReply> at_once(const HttpRequest& request) const;
  /// The reading thread, both.
  HttpReply later(const HttpRequest& request);
  void tend();
  /// After a reload; any thread.
  void set_config(ConfigPtr config) { config_.set(std::move(config)); }

 private:
  struct Route;
  static const Route* find_route(const std::string& path);
  HttpReply health() const;
  HttpReply metrics() const;
  HttpReply style() const;

  HttpGate gate_;
  HttpSources sources_;
  core::Latest<ConfigPtr> config_;
  core::Latest<storage::OutboxFigures> outbox_;
  std::optional<storage::Reader> reader_;  // the reading thread's
};

}  // namespace rblwatch::daemon
