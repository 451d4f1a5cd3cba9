// SPDX-License-Identifier: Apache-2.0
#include "cli/survey_setup.hpp"

#include <utility>

#include "dns/resolv_conf.hpp"
#include "dns/udp_resolver.hpp"

namespace rblwatch::cli {

Survey SurveySetup::survey(const core::Clock& clock, std::span<const lists::Zone> zones) const {
  return Survey({*resolver, clock, *random}, zones, servers, deadline);
}

lists::KindSet kinds_to_test(const lists::Zone& zone, const lists::SubjectTable& subjects) {
  lists::KindSet kinds;
  for (std::uint32_t i = 0; i < subjects.size(); ++i) {
    const lists::SubjectIndex subject{i};
    const lists::Kind kind = subjects.subject(subject).kind();
    if (!kinds.has(kind) && subjects.is_asked(subject, zone)) {
      kinds.add(kind);
    }
  }
  return kinds.is_empty() ? zone.kinds : kinds;
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
