// SPDX-License-Identifier: Apache-2.0
//
// What the command line and the daemon say to each other over the Unix socket beside the database:
// a request of words on one line, a reply of one status line and a payload up to the end of the
// connection. Pure text forms here; daemon/control_server and cli/daemon_client do the sockets. Any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace rblwatch::core {

/// The longest request that is read.
inline constexpr std::size_t kMaxControlRequest = 65'536;

/// "why", "192.0.2.10", "spamhaus-zen" → one line; tabs, newlines and backslashes inside words are
/// escaped.
std::string encode_request(const std::vector<std::string>& words);
/// Takes the line with or without its newline. Never empty on success.
Result<std::vector<std::string>> decode_request(std::string_view line);

/// "ok\n" + payload; or "error KIND TEXT\n".
std::string encode_reply(const Result<std::string>& reply);
Result<std::string> decode_reply(std::string_view text);

}  // namespace rblwatch::core
