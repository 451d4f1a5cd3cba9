// SPDX-License-Identifier: Apache-2.0
#include "dns/question.hpp"

#include <array>
#include <optional>
#include <utility>

#include "core/enum_text.hpp"
#include "core/text.hpp"

template <>
struct rblwatch::core::EnumWords<rblwatch::dns::QType> {
  using Type = rblwatch::dns::QType;
  static constexpr std::array<std::pair<Type, std::string_view>, 7> table{{{Type::a, "A"},
                                                                           {Type::ns, "NS"},
                                                                           {Type::cname, "CNAME"},
                                                                           {Type::soa, "SOA"},
                                                                           {Type::mx, "MX"},
                                                                           {Type::txt, "TXT"},
                                                                           {Type::aaaa, "AAAA"}}};
};

template <>
struct rblwatch::core::EnumWords<rblwatch::dns::Transport> {
  using Type = rblwatch::dns::Transport;
  static constexpr std::array<std::pair<Type, std::string_view>, 2> table{
      {{Type::udp, "udp"}, {Type::tcp, "tcp"}}};
};

namespace rblwatch::dns {
namespace {

constexpr std::string_view kForms = "an address as 127.0.0.1, 127.0.0.1:5353, ::1 or [::1]:53";

core::Result<Server> unreadable(std::string_view text) {
  return core::fail(core::Error::Kind::invalid,
                    "\"" + std::string(text) + "\" names no server: write " + std::string(kForms));
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  const auto number = core::parse_int(text);
  if (!number || *number < 1 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

core::Result<Server> from_parts(std::string_view whole, std::string_view address,
                                std::optional<std::string_view> port) {
  Server server;
  if (port) {
    const auto number = read_port(*port);
    if (!number) {
      return core::fail(core::Error::Kind::invalid,
                        "the port of \"" + std::string(whole) + "\" is no number from 1 to 65535");
    }
    server.port = *number;
  }
  const auto parsed = core::IpAddress::parse(address);
  if (!parsed) return unreadable(whole);
  server.address = parsed->is_v4_mapped() ? parsed->unmapped() : *parsed;
  return server;
}

}  // namespace

std::string_view to_text(QType type) {
  return core::enum_word(type);
}

std::string_view to_text(Transport transport) {
  return core::enum_word(transport);
}

core::Result<Server> Server::parse(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return unreadable(text);
    const std::string_view inside = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (inside.find(':') == std::string_view::npos) return unreadable(text);
    if (rest.empty()) return from_parts(text, inside, std::nullopt);
    if (!rest.starts_with(':')) return unreadable(text);
    return from_parts(text, inside, rest.substr(1));
  }
  const std::size_t colon = text.find(':');
  // Two colons without brackets are an IPv6 address, which then has no room for a port.
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return from_parts(text, text, std::nullopt);
  }
  return from_parts(text, text.substr(0, colon), text.substr(colon + 1));
}

std::string Server::to_text() const {
  const std::string host = address.is_v6() ? "[" + address.to_text() + "]" : address.to_text();
  return host + ":" + std::to_string(port);
}

}  // namespace rblwatch::dns
