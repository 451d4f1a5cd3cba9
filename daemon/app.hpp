// SPDX-License-Identifier: Apache-2.0
//
// The daemon put together: configuration, store, loop, courier, control socket; started, reloaded,
// stopped. Usable from tests. The main thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "core/result.hpp"

namespace rblwatch::daemon {

struct AppOptions {
  std::optional<std::filesystem::path> config;
  bool check_only = false;
};

/// Runs until SIGTERM or SIGINT; SIGHUP reloads. The exit code: 0, 2 for a configuration that can't
/// be used, 4 for anything else that failed.
int run(const AppOptions& options);

}  // namespace rblwatch::daemon
