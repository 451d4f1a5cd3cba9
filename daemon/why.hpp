// SPDX-License-Identifier: Apache-2.0
//
// `why`, from the daemon's memory: the last answer of every pair of a subject, votes, and how each
// zone's test stood. Pure.
#pragma once

#include <string>

#include "core/result.hpp"
#include "core/time.hpp"
#include "daemon/generation.hpp"
#include "report/model.hpp"

namespace rblwatch::daemon {

/// `zone` by id or DNS name; "" = all. Kind::not_found for a subject that isn't watched and for
/// zones that aren't in use; Kind::invalid for text that is neither address nor name.
core::Result<report::WhyDoc> explain(const Generation& now, const std::string& subject,
                                     const std::string& zone, const core::ClockPair& clocks);

}  // namespace rblwatch::daemon
