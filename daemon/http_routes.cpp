// SPDX-License-Identifier: Apache-2.0
#include "daemon/http_routes.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/log.hpp"
#include "report/json.hpp"
#include "report/page.hpp"

namespace rblwatch::daemon {

namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";
/// A loop that hasn't shown itself for so long hangs, or has nothing of the processor.
constexpr core::Seconds kSilentLoop{30};

HttpReply document_reply(unsigned status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.content_type = kJson;
  reply.body = std::move(body);
  return reply;
}

HttpReply error_reply(const core::Error& error, core::Timestamp now) {
  using Kind = core::Error::Kind;
  const unsigned status = error.kind == Kind::invalid     ? 400
                          : error.kind == Kind::not_found ? 404
                                                          : 503;
  return document_reply(status, report::error_json(error.text, now));
}

HttpReply page_reply(std::string body) {
  HttpReply reply;
  reply.content_type = "text/html; charset=utf-8";
  reply.body = std::move(body);
  reply.style_source = "'self'";
  return reply;
}

bool is_api(const std::string& path) {
  return path.starts_with("/api/");
}

}  // namespace

/// Either is answered at once, or is a document that takes its time.
struct HttpDesk::Route {
  std::string_view path;
  HttpReply (HttpDesk::*at_once)() const;
  Document document;
  bool is_page = false;  // HTML for people, with its style from here
};

const HttpDesk::Route* HttpDesk::find_route(const std::string& path) {
  static constexpr std::array<Route, 8> kRoutes{{
      {"/healthz", &HttpDesk::health, nullptr},
      {"/metrics", &HttpDesk::metrics, nullptr},
      {"/api/v1/status", nullptr, &status_document},
      {"/api/v1/history", nullptr, &history_document},
      {"/api/v1/zones", nullptr, &zones_document},
      {"/api/v1/events", nullptr, &events_document},
      {"/", nullptr, &page_document, true},
      {report::kStylePath, &HttpDesk::style, nullptr},
  }};
  const auto* found = std::find_if(kRoutes.begin(), kRoutes.end(),
                                   [&](const Route& route) { return route.path == path; });
  return found == kRoutes.end() ? nullptr : found;
}

std::string ailment(const Figures* figures, const std::string& trouble, core::Tick now) {
  if (!trouble.empty()) {
    return "events can't be stored, and nothing is asked until they can: " + trouble;
  }
  if (figures == nullptr) {
    return "the daemon is starting";
  }
  const core::Micros silence = now - figures->taken_at;
  if (silence > kSilentLoop) {
    return "the loop has stood still for " +
           core::to_human(std::chrono::duration_cast<core::Millis>(silence));
  }
  return figures->late;
}

report::Metrics gather(report::Metrics metrics, const Figures* figures,
                       const storage::OutboxFigures& outbox, core::Timestamp now) {
  if (figures != nullptr) {
    metrics.subjects = figures->subjects;
    metrics.last_sweep = figures->last_sweep;
    metrics.is_resolver_seeing = figures->is_resolver_seeing;
    metrics.dns = figures->dns;
    metrics.zones = figures->zones;
    metrics.resolvers = figures->resolvers;
  }
  for (report::ChannelMetrics& channel : metrics.channels) {
    if (const auto found = outbox.channels.find(channel.name); found != outbox.channels.end()) {
      channel.waiting = found->second.waiting;
      channel.failed = found->second.failed;
    }
  }
  if (outbox.oldest && *outbox.oldest < now) {
    metrics.outbox_oldest = now - *outbox.oldest;
  }
  metrics.last_alert = outbox.last_delivered;
  return metrics;
}

HttpDesk::HttpDesk(HttpGate gate, HttpSources sources, ConfigPtr config)
    : gate_(std::move(gate)), sources_(std::move(sources)) {
  config_.set(std::move(config));
  outbox_.set({});
}

std::optional<HttpReply> HttpDesk::at_once(const HttpRequest& request) const {
  if (auto refusal = refuse(gate_, request)) {
    return refusal;
  }
  const Route* route = find_route(request.path);
  if (route == nullptr) {
    return is_api(request.path)
               ? error_reply({core::Error::Kind::not_found, "there is no such document"},
                             sources_.clock.now())
               : plain_reply(404, "there is nothing here");
  }
  if (route->at_once == nullptr) {
    return std::nullopt;
  }
  return (this->*route->at_once)();
}

HttpReply HttpDesk::health() const {
  const FiguresPtr figures = sources_.figures();
  const std::string text = ailment(figures.get(), sources_.trouble(), sources_.clock.tick());
  return text.empty() ? plain_reply(200, "ok") : plain_reply(503, text);
}

HttpReply HttpDesk::metrics() const {
  const FiguresPtr figures = sources_.figures();
  HttpReply reply;
  reply.content_type = kPrometheusText;
  reply.body = report::to_prometheus(
      gather(sources_.metrics(), figures.get(), *outbox_.get(), sources_.clock.now()));
  return reply;
}

HttpReply HttpDesk::style() const {
  HttpReply reply;
  reply.content_type = "text/css; charset=utf-8";
  reply.body = report::page_style();
  return reply;
}

HttpReply HttpDesk::later(const HttpRequest& request) {
  const core::Timestamp now = sources_.clock.now();
  const ConfigPtr config = *config_.get();
  const Route* route = find_route(request.path);
  if (!reader_) {
    auto opened = storage::Reader::open(config->daemon.database);
    if (!opened) {
      // Whatever it is, it isn't the asker's.
      return error_reply({core::Error::Kind::io, opened.error().text}, now);
    }
    reader_.emplace(std::move(*opened));
  }
  const auto document = route->document(
      request, {*config, *reader_, now,
                ailment(sources_.figures().get(), sources_.trouble(), sources_.clock.tick())});
  if (document && route->is_page) {
    return page_reply(*document);
  }
  return document ? document_reply(200, *document) : error_reply(document.error(), now);
}

void HttpDesk::tend() {
  if (!reader_) {
    auto opened = storage::Reader::open((*config_.get())->daemon.database);
    if (!opened) {
      return;  // who asks for a document is told
    }
    reader_.emplace(std::move(*opened));
  }
  if (auto figures = reader_->outbox_figures()) {
    outbox_.set(std::move(*figures));
  } else {
    core::log_debug("the outbox can't be counted", {{"error", figures.error().text}});
    reader_.reset();
  }
}

}  // namespace rblwatch::daemon
