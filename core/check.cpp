// SPDX-License-Identifier: Apache-2.0
#include "core/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace rblwatch::core {

// Not through the log: the promise may have been broken inside it, with its lock held.
void check_failed(const char* condition, const char* file, int line) noexcept {
  static_cast<void>(std::fprintf(stderr, "rblwatch: broken promise: %s (%s:%d); this is a bug\n",
                                 condition, file, line));
  std::abort();
}

}  // namespace rblwatch::core
