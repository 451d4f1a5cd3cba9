// SPDX-License-Identifier: Apache-2.0
//
// TOML text to nodes with places. The one file that knows toml++. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "conf/node.hpp"

namespace rblwatch::conf {

/// Largest file of TOML that is read, in bytes.
inline constexpr std::size_t kMaxTomlBytes = 16 * std::size_t{1024} * 1024;

/// The root table of `text`, which is file number `file`. Nothing after a syntax error, which goes
/// to `findings`: toml++ stops at the first. What the text says there isn't repeated, for it may be
/// a secret. A key or table given twice is an error as well, but the rest is read: a key counts as
/// first given, a table of the root stands there twice.
std::optional<Table> read_toml(std::string_view text, std::uint32_t file, Findings& findings);

}  // namespace rblwatch::conf
