// SPDX-License-Identifier: Apache-2.0
//
// What several tests of this folder need. For tests only.
#pragma once

#include <chrono>

#include "core/time.hpp"
#include "dns/outcome.hpp"

namespace rblwatch::dns {

/// When a test begins that counts time itself: not at nothing, for a book may look back.
inline constexpr core::Tick kStart{std::chrono::hours(1)};

inline Answer with_rcode(Rcode rcode) {
  Answer answer;
  answer.rcode = rcode;
  return answer;
}

}  // namespace rblwatch::dns
