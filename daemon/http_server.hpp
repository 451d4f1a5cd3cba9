// SPDX-License-Identifier: Apache-2.0
//
// The daemon's HTTP/1.1: takes requests, hands them to two functions, sends what these answer with
// the headers that every answer bears. What is asked and who may ask it is theirs (http_routes.hpp,
// http_guard.hpp).
//
// Two threads. One serves all connections, and what it can be told at once; the other does what
// takes its time (reading the database), one after the other, while the connection rests. So a long
// document holds up other documents, never /healthz or /metrics. What others can make it cost is
// bounded: kMostPeers connections of kPeerMemory each, where a new one takes the place of the one
// that has been the slowest; documents on their way of kMostOnTheirWay together; no bodies.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "core/result.hpp"
#include "daemon/http_message.hpp"
#include "dns/question.hpp"

namespace rblwatch::daemon {

struct HttpHandlers {
  /// In the thread of the connections: must not wait. Nothing: `later` has the answer.
  std::function<std::optional<HttpReply>(const HttpRequest&)> at_once;
  /// In the reading thread.
  std::function<HttpReply(const HttpRequest&)> later;
  /// In the reading thread: at its start, and every few seconds.
  std::function<void()> tend;
};

class HttpServer {
 public:
  static constexpr unsigned kMostPeers = 128;
  static constexpr unsigned kCrowded = 96;  // from here on the slowest connection has to go
  static constexpr std::size_t kPeerMemory = std::size_t{16} * 1024;
  static constexpr std::size_t kMostWaiting = 8;
  static constexpr std::size_t kMostOnTheirWay = std::size_t{64} * 1024 * 1024;

  /// Listens from here on. The error says what, where, and what to do.
  static core::Result<std::unique_ptr<HttpServer>> start(const dns::Server& where,
                                                         HttpHandlers handlers);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// What each answer bears beside its own headers.
  static std::vector<std::pair<std::string, std::string>> common_headers(const HttpReply& reply);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rblwatch::daemon
