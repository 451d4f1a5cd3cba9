// SPDX-License-Identifier: Apache-2.0
#include "daemon/control_server.hpp"

#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/control.hpp"
#include "core/log.hpp"

namespace rblwatch::daemon {

namespace {

constexpr std::chrono::seconds kPatience{2};  // for a peer that sends or reads slowly
constexpr int kBacklog = 16;
constexpr const char* kGroup = "rblwatch";

std::string reason() {
  return std::generic_category().message(errno);
}

core::Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof address.sun_path) {
    return core::fail(core::Error::Kind::limit,
                      "the socket's path " + text + " is too long; choose a shorter database path");
  }
  std::copy(text.begin(), text.end(), std::begin(address.sun_path));
  return address;
}

core::Result<core::Fd> listen_at(const std::filesystem::path& path) {
  const auto address = address_of(path);
  if (!address) {
    return tl::make_unexpected(address.error());
  }
  std::error_code ignored;
  const std::filesystem::file_status old = std::filesystem::symlink_status(path, ignored);
  if (std::filesystem::exists(old) && !std::filesystem::is_socket(old)) {
    return core::fail(
        core::Error::Kind::io,
        path.string() + " is no socket, and the daemon's socket goes there; move it away");
  }
  std::filesystem::remove(path, ignored);
  core::Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool is_listening =
      listener.is_open() &&
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0 &&
      ::chmod(path.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) == 0 &&
      ::listen(listener.get(), kBacklog) == 0;
  if (!is_listening) {
    return core::fail(core::Error::Kind::io, "listening on " + path.string() + ": " + reason());
  }
  if (const group* members = ::getgrnam(kGroup); members != nullptr) {
    if (::chown(path.c_str(), static_cast<uid_t>(-1), members->gr_gid) != 0) {
      core::log_debug("the socket keeps the daemon's own group", {{"error", reason()}});
    }
  }
  return listener;
}

void set_patience(const core::Fd& connection) {
  const timeval limit{kPatience.count(), 0};
  ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

core::Result<std::string> read_line(const core::Fd& connection) {
  std::string line;
  std::array<char, 4096> part{};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (line.find('\n') == std::string::npos) {
    const ssize_t got = ::read(connection.get(), part.data(), part.size());
    if (got <= 0 || line.size() > core::kMaxControlRequest ||
        std::chrono::steady_clock::now() > deadline) {
      return core::fail(core::Error::Kind::io, "a request that broke off, or is too long");
    }
    line.append(part.data(), static_cast<std::size_t>(got));
  }
  return line.substr(0, line.find('\n'));
}

void write_all(const core::Fd& connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (put <= 0) {
      return;  // the peer has gone, or is too slow: its loss
    }
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace

core::Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::filesystem::path& path,
                                                                  Handler handler) {
  auto listener = listen_at(path);
  if (!listener) {
    return tl::make_unexpected(listener.error());
  }
  core::Fd stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop.is_open()) {
    return core::fail(core::Error::Kind::io, "eventfd: " + reason());
  }
  return std::unique_ptr<ControlServer>(
      new ControlServer(path, std::move(*listener), std::move(stop), std::move(handler)));
}

ControlServer::ControlServer(std::filesystem::path path, core::Fd listener, core::Fd stop,
                             Handler handler)
    : path_(std::move(path)),
      listener_(std::move(listener)),
      stop_(std::move(stop)),
      handler_(std::move(handler)),
      thread_([this] { serve(); }) {}

ControlServer::~ControlServer() {
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void ControlServer::serve() {
  std::array<pollfd, 2> waited{{{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
  for (;;) {
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) {
      core::log_error("the control socket can't be waited on", {{"error", reason()}});
      return;
    }
    if (waited[1].revents != 0) {
      return;
    }
    const core::Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.is_open()) {
      set_patience(connection);
      answer(connection);
    }
  }
}

void ControlServer::answer(const core::Fd& connection) {
  const auto line = read_line(connection);
  if (!line) {
    write_all(connection, core::encode_reply(tl::make_unexpected(line.error())));
    return;
  }
  const auto words = core::decode_request(*line);
  write_all(connection, core::encode_reply(
                            words ? handler_(*words)
                                  : core::Result<std::string>(tl::make_unexpected(words.error()))));
}

}  // namespace rblwatch::daemon
