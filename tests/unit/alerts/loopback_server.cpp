// SPDX-License-Identifier: Apache-2.0
#include "loopback_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include <catch2/catch.hpp>

namespace rblwatch::alerts::test {
namespace {

/// False at the end or on an error.
bool read_more(int fd, std::string& buffer) {
  std::array<char, 4096> piece{};
  const auto got = recv(fd, piece.data(), piece.size(), 0);
  if (got <= 0) {
    return false;
  }
  buffer.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

}  // namespace

std::string Connection::line() {
  std::size_t end = buffer_.find('\n');
  while (end == std::string::npos && read_more(fd(), buffer_)) {
    end = buffer_.find('\n');
  }
  const std::string found = buffer_.substr(0, end == std::string::npos ? 0 : end + 1);
  buffer_.erase(0, found.size());
  return found;
}

std::string Connection::bytes(std::size_t count) {
  while (buffer_.size() < count && read_more(fd(), buffer_)) {
  }
  const std::string found = buffer_.substr(0, count);
  buffer_.erase(0, found.size());
  return found;
}

bool Connection::write(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto went = send(fd(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (went <= 0) {
      return false;
    }
    sent += static_cast<std::size_t>(went);
  }
  return true;
}

void Connection::drain() {
  while (read_more(fd(), buffer_)) {
    buffer_.clear();
  }
}

LoopbackServer::LoopbackServer(Serve serve)
    : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), serve_(std::move(serve)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  REQUIRE(bind(listener_.get(), generic, length) == 0);
  REQUIRE(listen(listener_.get(), 16) == 0);
  REQUIRE(getsockname(listener_.get(), generic, &length) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

LoopbackServer::~LoopbackServer() {
  is_over_ = true;
  shutdown(listener_.get(), SHUT_RDWR);
  if (const int fd = current_.load(); fd >= 0) {
    shutdown(fd, SHUT_RDWR);
  }
  thread_.join();
}

std::string LoopbackServer::at(const std::string& scheme, const std::string& path) const {
  return scheme + "://127.0.0.1:" + std::to_string(port_) + path;
}

void LoopbackServer::run() {
  while (!is_over_) {
    core::Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open()) {
      continue;
    }
    Connection connection(std::move(socket));
    current_ = connection.fd();
    if (!is_over_) {
      serve_(connection);
    }
    current_ = -1;
  }
}

}  // namespace rblwatch::alerts::test
