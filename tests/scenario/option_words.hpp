// SPDX-License-Identifier: Apache-2.0
//
// The words of a story's config, zone, target and channel lines, as values.
#pragma once

#include <string>
#include <vector>

#include "daemon/world.hpp"

namespace rblwatch::scenario {

/// "KEY", "=", "VALUE" triples: the names of the configuration's schedule and resolver keys.
void set_options(const std::vector<std::string>& words, daemon::MonitorSetup& setup);
/// zone ID [kinds K…] [option VALUE]…
lists::Zone make_zone(const std::vector<std::string>& words);
/// target VALUE [name NAME] [tags T…] [zones Z…]
lists::Target make_target(const std::vector<std::string>& words);
/// channel NAME [group_wait T] [events E…] [purposes P…]
alerts::Channel make_channel(const std::vector<std::string>& words);
/// reload: config triples, "add VALUE", "remove VALUE" (a target), "drop ZONE".
void reload_options(const std::vector<std::string>& words, daemon::MonitorSetup& setup);

}  // namespace rblwatch::scenario
