// SPDX-License-Identifier: Apache-2.0
//
// RBL_CHECK states a promise of our own code. A broken one is a bug, not an input: one line on
// stderr, then abort, and systemd starts us anew from what is committed. Never for anything from
// outside.
#pragma once

namespace rblwatch::core {

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace rblwatch::core

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): the condition's text and place are wanted.
#define RBL_CHECK(condition)                                          \
  do {                                                                \
    if (!(condition)) {                                               \
      ::rblwatch::core::check_failed(#condition, __FILE__, __LINE__); \
    }                                                                 \
  } while (false)
