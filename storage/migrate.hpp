// SPDX-License-Identifier: Apache-2.0
//
// What a file is before anyone writes to it, and the numbered steps that bring an older one up to
// date. The number of the last step is the file's user_version; the application_id says that it is
// ours. All steps are one transaction: after a crash the file is old or new, never between. The
// writer's thread.
#pragma once

#include <cstdint>
#include <span>

#include "core/result.hpp"
#include "storage/sqlite.hpp"

namespace rblwatch::storage {

struct Migration {
  std::int64_t number = 0;  // 1, 2, 3 …
  const char* sql = "";
};

/// Every step there ever was (schema.cpp). Steps that were released are never changed.
std::span<const Migration> migrations();
/// The number of the last of them.
inline std::int64_t known_schema() {
  return migrations().back().number;
}
/// "rblw".
inline constexpr std::int64_t kApplicationId = 0x72626c77;

/// Whether the file is ours and not newer than `known`; a file without any table is as good as new.
/// Kind::corrupt for another program's and for a newer one's; `path` is for the text. How far it
/// is.
core::Result<std::int64_t> schema_number(Connection& connection, std::int64_t known,
                                         const std::string& path);

/// Runs the steps beyond `from`.
core::Result<void> migrate(Connection& connection, std::int64_t from,
                           std::span<const Migration> steps);

}  // namespace rblwatch::storage
