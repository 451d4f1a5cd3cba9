// SPDX-License-Identifier: Apache-2.0
// The desk without a network: which path is answered when, and what is said when nothing can be.
#include "daemon/http_routes.hpp"

#include <catch2/catch.hpp>

#include "fixtures.hpp"

namespace rblwatch::daemon {
namespace {

struct Desk {
  HandClock clock;
  std::string trouble;
  HttpDesk desk;

  Desk() : desk(gate(), sources(), config()) {}

  static HttpGate gate() {
    return {*core::IpAddress::parse("127.0.0.1"), 8025, core::Secret(), "mon1"};
  }
  HttpSources sources() {
    Figures figures;
    figures.taken_at = clock.tick();
    const auto kept = std::make_shared<const Figures>(std::move(figures));
    return {clock, [kept] { return kept; }, [this] { return trouble; },
            [] { return report::Metrics(); }};
  }
  static ConfigPtr config() {
    conf::Config made;
    made.daemon.database = "/nonexistent/rblwatch.db";
    return std::make_shared<const conf::Config>(std::move(made));
  }
  static HttpRequest to(const std::string& path) {
    HttpRequest request;
    request.method = "GET";
    request.path = path;
    request.hosts = {"127.0.0.1:8025"};
    request.arrived_at = *core::IpAddress::parse("127.0.0.1");
    return request;
  }
};

}  // namespace

TEST_CASE("health and figures are known at once, documents are not") {
  Desk desk;
  CHECK(desk.desk.at_once(Desk::to("/healthz"))->body == "ok\n");
  CHECK(desk.desk.at_once(Desk::to("/metrics"))->status == 200);
  for (const char* path :
       {"/api/v1/status", "/api/v1/history", "/api/v1/zones", "/api/v1/events"}) {
    CHECK_FALSE(desk.desk.at_once(Desk::to(path)));
  }
}

TEST_CASE("a path is the whole path") {
  Desk desk;
  for (const char* path : {"", "/healthz/", "//healthz", "/HEALTHZ", "/api/v1", "/api/v1/status/",
                           "/../healthz", "http://127.0.0.1:8025/healthz"}) {
    CAPTURE(path);
    CHECK(desk.desk.at_once(Desk::to(path))->status == 404);
  }
  CHECK(desk.desk.at_once(Desk::to("/api/v2/status"))->content_type == "application/json");
}

TEST_CASE("who may not ask is refused before anything is looked up") {
  Desk desk;
  HttpRequest request = Desk::to("/api/v1/status");
  request.hosts = {"evil.example"};
  CHECK(desk.desk.at_once(request)->status == 421);
}

TEST_CASE("what can't be stored makes it ill, in one line") {
  Desk desk;
  desk.trouble = "the disk is full";
  const auto reply = desk.desk.at_once(Desk::to("/healthz"));
  CHECK(reply->status == 503);
  CHECK(reply->body ==
        "events can't be stored, and nothing is asked until they can: the disk is full\n");
}

TEST_CASE("without a database the documents are 503, and health and figures go on") {
  Desk desk;
  desk.desk.tend();
  const HttpReply reply = desk.desk.later(Desk::to("/api/v1/status"));
  CHECK(reply.status == 503);
  CHECK(reply.content_type == "application/json");
  CHECK(reply.body.find("\"error\":\"") != std::string::npos);
  CHECK(desk.desk.at_once(Desk::to("/healthz"))->status == 200);
}

}  // namespace rblwatch::daemon
