// SPDX-License-Identifier: Apache-2.0
#include "conf/url.hpp"

#include <algorithm>

#include "core/idn.hpp"
#include "core/ip.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::conf {
namespace {

constexpr std::int64_t kMaxPort = 65535;

/// Nothing else may stand in a URL (RFC 3986); libcurl would take some of it.
bool is_clean(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

/// "host", "host:port", "[::1]:port".
bool read_authority(std::string_view text, Url& url) {
  const bool is_bracketed = text.starts_with('[');
  const std::size_t end = is_bracketed ? text.find(']') : text.find(':');
  const std::string_view host = text.substr(is_bracketed ? 1 : 0, end - (is_bracketed ? 1 : 0));
  std::string_view after = end == std::string_view::npos ? "" : text.substr(end);
  if (is_bracketed) {
    const core::Result<core::IpAddress> address = core::IpAddress::parse(host);
    if (end == std::string_view::npos || !address || !address->is_v6()) {
      return false;
    }
    after.remove_prefix(1);
  } else if (!core::IpAddress::parse(host) && !core::to_a_labels(host)) {
    return false;
  }
  url.host = core::to_lower(host);
  if (after.empty()) {
    return true;
  }
  const std::optional<std::int64_t> port = core::parse_int(after.substr(1));
  if (!after.starts_with(':') || !port || *port < 1 || *port > kMaxPort) {
    return false;
  }
  url.port = static_cast<std::uint16_t>(*port);
  return true;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0 || !is_clean(text)) {
    return std::nullopt;
  }
  Url url;
  url.scheme = core::to_lower(text.substr(0, colon));
  text.remove_prefix(colon + 3);
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  url.rest = std::string(text.substr(end));
  const std::size_t at = authority.rfind('@');
  url.has_user = at != std::string_view::npos;
  if (url.has_user) {
    authority.remove_prefix(at + 1);
  }
  return read_authority(authority, url) ? std::optional(url) : std::nullopt;
}

std::string quoted_without_secret(std::string_view text) {
  return text.find('@') == std::string_view::npos ? core::quoted(text) : "this";
}

bool is_loopback_host(std::string_view host) {
  const core::Result<core::IpAddress> address = core::IpAddress::parse(host);
  return address ? address->is_loopback()
                 : core::equals_ignoring_case(host, "localhost") ||
                       core::to_lower(host).ends_with(".localhost");
}

bool is_loopback_url(std::string_view url) {
  const std::optional<Url> parsed = parse_url(url);
  return parsed && is_loopback_host(parsed->host);
}

bool is_link_local_host(std::string_view host) {
  const core::Result<core::IpAddress> address = core::IpAddress::parse(host);
  if (!address) {
    return false;
  }
  if (address->is_v4() || address->is_v4_mapped()) {
    const core::IpAddress plain = address->unmapped();
    return plain.bytes()[0] == 169 && plain.bytes()[1] == 254;
  }
  return address->bytes()[0] == 0xfe && (address->bytes()[1] & 0xc0U) == 0x80;
}

}  // namespace rblwatch::conf
