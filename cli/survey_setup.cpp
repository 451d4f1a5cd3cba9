// SPDX-License-Identifier: Apache-2.0
#include "cli/survey_setup.hpp"

#include <utility>

#include "dns/resolv_conf.hpp"
#include "dns/udp_resolver.hpp"

namespace rblwatch::cli {

Survey SurveySetup::survey(const core::Clock& clock, std::span<const lists::Zone> zones) const {
  return Survey({*resolver, clock, *random}, zones, servers, deadline);
}

core::Result<SurveySetup, Failure> set_up_survey(const conf::Config& config,
                                                 const core::Clock& clock) {
  SurveySetup setup;
  setup.deadline = clock.tick() + kSurveyTime;
  setup.random = std::make_unique<core::SystemRandom>();
  setup.servers = config.resolver_servers.empty() ? dns::system_servers() : config.resolver_servers;
  auto resolver = dns::make_udp_resolver(config.resolver, clock, *setup.random);
  if (!resolver) {
    return failed(resolver.error());
  }
  setup.resolver = std::move(*resolver);
  return setup;
}

}  // namespace rblwatch::cli
