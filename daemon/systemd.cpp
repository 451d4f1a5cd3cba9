// SPDX-License-Identifier: Apache-2.0
#include "daemon/systemd.hpp"

#include <systemd/sd-daemon.h>

namespace rblwatch::daemon {

void notify_ready(const std::string& status) {
  sd_notify(0, ("READY=1\nSTATUS=" + status).c_str());
}

void notify_reloading() {
  sd_notify(0, "RELOADING=1");
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1");
}

core::Millis watchdog_pause() {
  std::uint64_t micros = 0;
  if (sd_watchdog_enabled(0, &micros) <= 0) {
    return core::Millis(0);
  }
  return std::chrono::duration_cast<core::Millis>(core::Micros(micros)) / 2;
}

void notify_alive() {
  sd_notify(0, "WATCHDOG=1");
}

}  // namespace rblwatch::daemon
