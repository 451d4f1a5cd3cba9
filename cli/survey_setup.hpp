// SPDX-License-Identifier: Apache-2.0
//
// What a survey needs of the world, made from a configuration: chance, a resolver, its servers, a
// deadline. One thread.
#pragma once

#include <memory>
#include <vector>

#include "cli/reply.hpp"
#include "cli/survey.hpp"
#include "conf/config.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "dns/resolver.hpp"

namespace rblwatch::cli {

/// `check` ends within 30 s; what is left is for starting and printing.
inline constexpr core::Seconds kSurveyTime{28};

struct SurveySetup {
  std::unique_ptr<core::Random> random;
  std::unique_ptr<dns::Resolver> resolver;
  std::vector<dns::Server> servers;  // at least one
  core::Tick deadline;

  /// `clock` is the one that the setup was made with.
  Survey survey(const core::Clock& clock, std::span<const lists::Zone> zones) const;
};
/// The kinds of a zone that have subjects (rule 4); all that it answers where none has.
lists::KindSet kinds_to_test(const lists::Zone& zone, const lists::SubjectTable& subjects);

core::Result<SurveySetup, Failure> set_up_survey(const conf::Config& config,
                                                 const core::Clock& clock);

}  // namespace rblwatch::cli
