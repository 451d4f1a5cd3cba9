// SPDX-License-Identifier: Apache-2.0
//
// Reads the nameserver lines of /etc/resolv.conf ourselves (ldns 1.8.3 takes commented-out ones).
// At most three count, as in glibc; none means 127.0.0.1. Any thread.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "dns/question.hpp"

namespace rblwatch::dns {

/// The servers named by this text; lines that can't be read are skipped. Scoped addresses
/// (fe80::1%eth0) are skipped too.
std::vector<Server> parse_resolv_conf(std::string_view text);
/// Of the file; an absent or empty one gives 127.0.0.1:53.
std::vector<Server> system_servers(const std::filesystem::path& path = "/etc/resolv.conf");

}  // namespace rblwatch::dns
