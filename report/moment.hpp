// SPDX-License-Identifier: Apache-2.0
//
// Points in time as people type them: since and until. Pure but for the local time zone;
// any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"

namespace rblwatch::report {

/// Which end of a day a date stands for.
enum class DayEdge : std::uint8_t { begin, end };

/// "30d" (that long before `now`), "2026-11-23" (local time; its first moment, or the first one
/// after it), "2026-11-23 09:10" (local time), or RFC 3339. Kind::invalid names the forms.
core::Result<core::Timestamp> parse_moment(std::string_view text, core::Timestamp now,
                                           DayEdge edge);

}  // namespace rblwatch::report
