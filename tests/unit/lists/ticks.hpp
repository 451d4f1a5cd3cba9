// SPDX-License-Identifier: Apache-2.0
//
// Support for tests that tell a story on fake ticks. For tests only.
#pragma once

#include "core/time.hpp"

namespace rblwatch::lists {

/// So long after nothing.
inline core::Tick tick(core::Micros at) {
  return core::Tick{} + at;
}

}  // namespace rblwatch::lists
