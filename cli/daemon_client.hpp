// SPDX-License-Identifier: Apache-2.0
//
// The command line's end of the Unix socket beside the database: one request, one reply. What the
// words mean is the daemon's affair (core/control.hpp has the forms). Any thread; blocks at most
// `patience`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace rblwatch::cli {

inline constexpr core::Millis kDaemonPatience{10'000};

/// Why no answer came, or what the daemon answered.
struct DaemonReply {
  bool is_running = false;  // false: nobody listens there; `answer` then says so
  core::Result<std::string> answer;
};

/// Kind::not_found with is_running false where no daemon listens; Kind::denied where the socket may
/// not be used; Kind::io where it doesn't answer in time; else the daemon's own answer or error.
DaemonReply ask_daemon(const std::filesystem::path& socket, const std::vector<std::string>& words,
                       core::Millis patience = kDaemonPatience);

}  // namespace rblwatch::cli
