// SPDX-License-Identifier: Apache-2.0
//
// What the DNS engine knows of the resolvers, as it is shown. Pure; any thread.
#pragma once

#include <span>
#include <vector>

#include "dns/resolver.hpp"
#include "report/model.hpp"

namespace rblwatch::report {

/// The resolvers among the servers. What stays as it was `before` keeps its beginning; all else
/// began now.
std::vector<ResolverView> resolver_views(std::span<const dns::ServerStatus> servers,
                                         std::span<const ResolverView> before, Timestamp now);

}  // namespace rblwatch::report
