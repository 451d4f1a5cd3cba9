// SPDX-License-Identifier: Apache-2.0
//
// A zone as it was named on the command line: by id or DNS name, in use or out of the catalogue.
// Pure; any thread.
#pragma once

#include <string>

#include "cli/reply.hpp"
#include "conf/config.hpp"
#include "lists/zone.hpp"

namespace rblwatch::cli {

/// The one in use; nothing where it isn't.
const lists::Zone* find_used(const conf::Config& config, const std::string& name);

/// In use, or any of the catalogue. Exit code 2 where there is none: a dead zone's error says when
/// it died.
core::Result<lists::Zone, Failure> choose_zone(const conf::Config& config, const std::string& name);
/// Only one in use. Exit code 2.
core::Result<lists::Zone, Failure> choose_used_zone(const conf::Config& config,
                                                    const std::string& name);

}  // namespace rblwatch::cli
