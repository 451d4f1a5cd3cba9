// SPDX-License-Identifier: Apache-2.0
//
// A server on 127.0.0.1, on a port that the system gives, with a thread of its own: calls the
// test's function with each connection, one after the other. For the carrier's tests.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "core/handle.hpp"

namespace rblwatch::alerts::test {

/// One accepted connection; reads and writes block, and end when the server stops.
class Connection {
 public:
  explicit Connection(core::Fd socket) : socket_(std::move(socket)) {}
  /// Up to and with the line's "\n"; "" at the end.
  std::string line();
  std::string bytes(std::size_t count);
  /// False when the other side is gone.
  bool write(const std::string& bytes);
  /// Until the other side closes.
  void drain();
  int fd() const { return socket_.get(); }

 private:
  core::Fd socket_;
  std::string buffer_;
};

class LoopbackServer {
 public:
  using Serve = std::function<void(Connection&)>;
  explicit LoopbackServer(Serve serve);
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  ~LoopbackServer();
  std::uint16_t port() const { return port_; }
  std::string at(const std::string& scheme, const std::string& path = "") const;

 private:
  void run();

  core::Fd listener_;
  std::uint16_t port_ = 0;
  Serve serve_;
  std::atomic<bool> is_over_{false};
  std::atomic<int> current_{-1};
  std::thread thread_;
};

}  // namespace rblwatch::alerts::test
