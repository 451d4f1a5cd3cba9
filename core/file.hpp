// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing whole small files with errors that name the path. Any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "core/result.hpp"

namespace rblwatch::core {

/// The whole file. Refuses what isn't a regular file or is larger than `at_most` bytes:
/// Kind::limit.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t at_most);

}  // namespace rblwatch::core
