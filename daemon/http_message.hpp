// SPDX-License-Identifier: Apache-2.0
//
// A request over HTTP and what is answered to it, as values. Any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ip.hpp"

namespace rblwatch::daemon {

struct HttpRequest {
  std::string method;
  std::string path;  // without what stands behind '?', decoded
  std::vector<std::pair<std::string, std::string>> parameters;  // in their order, decoded
  std::vector<std::string> hosts;                               // every Host header
  std::optional<std::string> authorization;
  core::IpAddress arrived_at;  // our address of the connection
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string style_source;  // of a page: where its style may come from, as CSP spells it
  std::vector<std::pair<std::string, std::string>> headers;  // beside those that every answer has
};

/// One line for people, as text.
inline HttpReply plain_reply(unsigned status, std::string line) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(line) + "\n";
  return reply;
}

}  // namespace rblwatch::daemon
