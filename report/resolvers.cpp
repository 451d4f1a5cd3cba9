// SPDX-License-Identifier: Apache-2.0
#include "report/resolvers.hpp"

#include <algorithm>
#include <chrono>

namespace rblwatch::report {

namespace {

ResolverView view_of(const dns::ServerStatus& server) {
  ResolverView view;
  view.server = server.server.to_text();
  if (!server.is_answering) {
    view.state = "blind";
    view.cause = server.is_unreachable ? lists::Cause::network : lists::Cause::timeout;
  }
  if (server.rtt) {
    view.rtt_ms = std::chrono::duration_cast<core::Millis>(*server.rtt).count();
  }
  return view;
}

}  // namespace

std::vector<ResolverView> resolver_views(std::span<const dns::ServerStatus> servers,
                                         std::span<const ResolverView> before, Timestamp now) {
  std::vector<ResolverView> views;
  for (const dns::ServerStatus& server : servers) {
    if (server.role != dns::ServerRole::resolver) {
      continue;
    }
    ResolverView view = view_of(server);
    const auto same = std::find_if(before.begin(), before.end(), [&view](const ResolverView& was) {
      return was.server == view.server && was.state == view.state;
    });
    view.since = same == before.end() || !same->since ? now : *same->since;
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace rblwatch::report
