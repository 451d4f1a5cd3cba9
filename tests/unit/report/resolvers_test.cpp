// SPDX-License-Identifier: Apache-2.0
#include "report/resolvers.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::report::test {
namespace {

const Timestamp kThen{core::Seconds(1'800'000'000)};
const Timestamp kLater = kThen + core::Seconds(60);

dns::ServerStatus status_of(const std::string& server, bool is_answering) {
  dns::ServerStatus status;
  status.server = *dns::Server::parse(server);
  status.is_answering = is_answering;
  return status;
}

}  // namespace

TEST_CASE("a resolver's state bears its cause and the time since when it lasts") {
  std::vector<dns::ServerStatus> servers{status_of("192.0.2.1:53", true),
                                         status_of("192.0.2.2:53", false),
                                         status_of("192.0.2.3:53", false)};
  servers[0].rtt = core::Micros(3400);
  servers[2].is_unreachable = true;
  const std::vector<ResolverView> views = resolver_views(servers, {}, kThen);
  REQUIRE(views.size() == 3);
  CHECK(views[0].state == "seeing");
  CHECK_FALSE(views[0].cause);
  CHECK(views[0].since == kThen);
  CHECK(views[0].rtt_ms == 3);
  CHECK(views[1].state == "blind");
  CHECK(views[1].cause == lists::Cause::timeout);
  CHECK(views[2].cause == lists::Cause::network);

  servers[1].is_answering = true;
  const std::vector<ResolverView> after = resolver_views(servers, views, kLater);
  CHECK(after[0].since == kThen);
  CHECK(after[1].since == kLater);
  CHECK(after[2].since == kThen);
}

TEST_CASE("zones' own servers are no resolvers") {
  std::vector<dns::ServerStatus> servers{status_of("192.0.2.1:53", true)};
  servers[0].role = dns::ServerRole::authoritative;
  CHECK(resolver_views(servers, {}, kThen).empty());
}

}  // namespace rblwatch::report::test
