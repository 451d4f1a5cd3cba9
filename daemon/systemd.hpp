// SPDX-License-Identifier: Apache-2.0
//
// What the service manager is told (sd_notify); nothing happens where there is none. The main
// thread.
#pragma once

#include <string>

#include "core/time.hpp"

namespace rblwatch::daemon {

void notify_ready(const std::string& status);
void notify_reloading();
void notify_stopping();
/// The watchdog's interval, halved, or zero where none is wanted.
core::Millis watchdog_pause();
void notify_alive();

}  // namespace rblwatch::daemon
