// SPDX-License-Identifier: Apache-2.0
#include "core/handle.hpp"

#include <unistd.h>

namespace rblwatch::core {

void Fd::reset(int fd) noexcept {
  const int old = std::exchange(fd_, fd);
  if (old >= 0 && old != fd) {
    // Not repeated on EINTR: on Linux the descriptor is free by then, perhaps already somebody
    // else's.
    static_cast<void>(::close(old));
  }
}

}  // namespace rblwatch::core
