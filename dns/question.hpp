// SPDX-License-Identifier: Apache-2.0
//
// What is asked, and of whom. Values; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns_name.hpp"
#include "core/ip.hpp"
#include "core/result.hpp"

namespace rblwatch::dns {

enum class QType : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  mx = 15,
  txt = 16,
  aaaa = 28
};
/// "A", "TXT", …
std::string_view to_text(QType type);

struct Question {
  core::DnsName name;
  QType type = QType::a;
  friend bool operator==(const Question&, const Question&) = default;
};

struct Server {
  core::IpAddress address;
  std::uint16_t port = 53;

  /// "127.0.0.1", "127.0.0.1:5353", "::1", "[::1]:53".
  static core::Result<Server> parse(std::string_view text);
  /// Always with the port: "127.0.0.1:53", "[::1]:53".
  std::string to_text() const;
  friend auto operator<=>(const Server&, const Server&) = default;
};

/// By configuration or delegation, never read from an answer's AA bit, which some caches pass on.
enum class ServerRole : std::uint8_t { resolver, authoritative };

enum class Transport : std::uint8_t { udp, tcp };
std::string_view to_text(Transport transport);

/// Servers that are alternatives for one another, asked without recursion when authoritative.
struct ServerGroup {
  std::vector<Server> servers;  // at least one
  ServerRole role = ServerRole::resolver;
  friend bool operator==(const ServerGroup&, const ServerGroup&) = default;
};
using ServerGroupPtr = std::shared_ptr<const ServerGroup>;

}  // namespace rblwatch::dns
