// SPDX-License-Identifier: Apache-2.0
//
// What a configuration must know of a URL before it is used: scheme, host and port. Not a full
// parser: the carrier hands the text on to libcurl as it is. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rblwatch::conf {

struct Url {
  std::string scheme;  // lower case
  std::string host;    // without brackets
  std::optional<std::uint16_t> port;
  bool has_user = false;  // "user:password@"
  std::string rest;       // path, query and fragment
};

/// Nothing when the text is no absolute URL of printable ASCII with a host.
std::optional<Url> parse_url(std::string_view text);

/// For an error's text: in quotes, or "this" where it may hold a password ("user:password@host").
std::string quoted_without_secret(std::string_view text);

/// "localhost", 127.0.0.0/8, ::1.
bool is_loopback_host(std::string_view host);
bool is_loopback_url(std::string_view url);
/// Link-local addresses, where clouds keep their metadata, given as numbers.
bool is_link_local_host(std::string_view host);

}  // namespace rblwatch::conf
