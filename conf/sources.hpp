// SPDX-License-Identifier: Apache-2.0
//
// A configuration file and those it includes as one table: what an included file says stands before
// what the file itself says, in the order of `include`. One load's thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "conf/node.hpp"

namespace rblwatch::conf {

/// The merged root table without `include`; nothing when no text could be read at all. Sections of
/// several files are united, [[…]] ones strung together; a key given in two files is an error.
std::optional<Table> read_sources(const std::filesystem::path& file, Findings& findings);
/// The same for text that stands for `file`'s.
std::optional<Table> read_sources(std::string_view text, const std::filesystem::path& file,
                                  Findings& findings);

}  // namespace rblwatch::conf
