// SPDX-License-Identifier: Apache-2.0
//
// Who may ask what over HTTP, decided before anything is looked up. Pure; any thread.
//
// * Only GET and HEAD (405).
// * The Host header is one of ours (421): a page that a browser got from elsewhere must not reach
// us
//   by a name of its own that it points here (DNS rebinding). Ours is the configured address, and
//   the address that the connection came in at; "localhost" where that is a loopback one; the
//   machine's own name where it isn't; each with our port. An SSH tunnel must end at the same port.
// * Where the configured address is no loopback one, everything needs the token (401): as a Bearer
//   token, or as the password of Basic authentication under any name, which browsers can ask for.
//   Without a configured token nobody gets in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/ip.hpp"
#include "core/secret.hpp"
#include "daemon/http_message.hpp"

namespace rblwatch::daemon {

struct HttpGate {
  core::IpAddress address;  // as configured
  std::uint16_t port = 0;
  core::Secret token;
  std::string hostname;  // the machine's own; "" = unknown

  bool is_token_needed() const { return !address.is_loopback(); }
};

bool is_our_host(const HttpGate& gate, const HttpRequest& request);
bool has_token(const HttpGate& gate, const std::optional<std::string>& authorization);

/// Why this request is not answered; nothing where it may be.
std::optional<HttpReply> refuse(const HttpGate& gate, const HttpRequest& request);

}  // namespace rblwatch::daemon
