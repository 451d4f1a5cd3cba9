// SPDX-License-Identifier: Apache-2.0
#include "dns/resolv_conf.hpp"

#include "core/file.hpp"
#include "core/text.hpp"

namespace rblwatch::dns {
namespace {

constexpr std::size_t kMaxServers = 3;  // MAXNS of glibc
constexpr std::size_t kMaxFile = std::size_t{1} << 20U;
constexpr std::string_view kKeyword = "nameserver";

}  // namespace

std::vector<Server> parse_resolv_conf(std::string_view text) {
  std::vector<Server> servers;
  for (const std::string_view line : core::split(text, '\n')) {
    // As glibc reads it: the keyword stands in the first column, so that a comment never counts.
    if (!line.starts_with(kKeyword)) continue;
    const auto words = core::split_blanks(line);
    if (words.size() < 2 || words[0] != kKeyword) continue;
    const auto address = core::IpAddress::parse(words[1]);
    if (!address) continue;
    servers.push_back(Server{*address, 53});
    if (servers.size() == kMaxServers) break;
  }
  return servers;
}

std::vector<Server> system_servers(const std::filesystem::path& path) {
  std::vector<Server> servers;
  if (const auto text = core::read_file(path, kMaxFile)) servers = parse_resolv_conf(*text);
  if (servers.empty()) servers.push_back(Server{core::IpAddress::v4({127, 0, 0, 1}), 53});
  return servers;
}

}  // namespace rblwatch::dns
