// SPDX-License-Identifier: Apache-2.0
#include "daemon/http_guard.hpp"

#include "core/secret_match.hpp"
#include "core/text.hpp"

namespace rblwatch::daemon {

namespace {

constexpr std::uint16_t kHttpPort = 80;

struct HostAndPort {
  std::string_view host;  // of an IPv6 address without its brackets
  std::uint16_t port = kHttpPort;
};

std::optional<HostAndPort> split_host(std::string_view text) {
  HostAndPort parts;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    parts.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    parts.host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (rest.empty()) {
    return parts;
  }
  const auto port = rest.size() <= 6 ? core::parse_int(rest.substr(1)) : std::nullopt;
  if (rest.front() != ':' || !port || *port < 1 || *port > 65535) {
    return std::nullopt;
  }
  parts.port = static_cast<std::uint16_t>(*port);
  return parts;
}

bool is_own_name(const HttpGate& gate, std::string_view host) {
  const std::string_view whole = gate.hostname;
  return !whole.empty() && (core::equals_ignoring_case(host, whole) ||
                            core::equals_ignoring_case(host, whole.substr(0, whole.find('.'))));
}

}  // namespace

bool is_our_host(const HttpGate& gate, const HttpRequest& request) {
  const auto parts =
      request.hosts.size() == 1 ? split_host(core::trim(request.hosts.front())) : std::nullopt;
  if (!parts || parts->port != gate.port) {
    return false;
  }
  if (const auto address = core::IpAddress::parse(parts->host)) {
    return *address == gate.address || *address == request.arrived_at;
  }
  if (core::equals_ignoring_case(parts->host, "localhost")) {
    return request.arrived_at.is_loopback();
  }
  return gate.is_token_needed() && is_own_name(gate, parts->host);
}

bool has_token(const HttpGate& gate, const std::optional<std::string>& authorization) {
  if (!authorization) {
    return false;
  }
  const std::string_view text = core::trim(*authorization);
  const std::size_t gap = text.find(' ');
  if (gap == std::string_view::npos) {
    return false;
  }
  const std::string_view scheme = text.substr(0, gap);
  const std::string_view credentials = core::trim(text.substr(gap));
  if (core::equals_ignoring_case(scheme, "Bearer")) {
    return core::is_match(gate.token, credentials);
  }
  const auto pair =
      core::equals_ignoring_case(scheme, "Basic") ? core::base64_decode(credentials) : std::nullopt;
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  return colon != std::string::npos &&
         core::is_match(gate.token, std::string_view(*pair).substr(colon + 1));
}

std::optional<HttpReply> refuse(const HttpGate& gate, const HttpRequest& request) {
  if (!is_our_host(gate, request)) {
    return plain_reply(421,
                       "the Host header is none of this daemon's: use the address and port of "
                       "[daemon] http");
  }
  if (gate.is_token_needed() && !has_token(gate, request.authorization)) {
    HttpReply reply =
        plain_reply(401, gate.token.is_empty()
                             ? "nobody gets in: there is no daemon.token, and daemon.http is no "
                               "loopback address"
                             : "this needs the token of [daemon] token: Authorization: Bearer "
                               "TOKEN, or the token as password");
    reply.headers = {{"WWW-Authenticate", "Bearer realm=\"rblwatch\""},
                     {"WWW-Authenticate", "Basic realm=\"rblwatch\", charset=\"UTF-8\""}};
    return reply;
  }
  if (request.method != "GET" && request.method != "HEAD") {
    HttpReply reply = plain_reply(405, "only GET and HEAD are answered here");
    reply.headers = {{"Allow", "GET, HEAD"}};
    return reply;
  }
  return std::nullopt;
}

}  // namespace rblwatch::daemon
