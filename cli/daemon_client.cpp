// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/control.hpp"
#include "core/handle.hpp"

namespace rblwatch::cli {
namespace {

using core::Error;
using Deadline = std::chrono::steady_clock::time_point;

DaemonReply not_running(const std::filesystem::path& socket) {
  return {false, core::fail(Error::Kind::not_found, "rblwatchd isn't running (nobody listens on " +
                                                        socket.string() + "): start it first")};
}

DaemonReply trouble(Error::Kind kind, std::string text) {
  return {true, core::fail(kind, std::move(text))};
}

std::optional<sockaddr_un> address_of(const std::filesystem::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = socket.string();
  if (text.size() >= sizeof address.sun_path) {
    return std::nullopt;
  }
  std::copy(text.begin(), text.end(), std::begin(address.sun_path));
  return address;
}

/// False when the time is over.
bool wait_for(const core::Fd& connection, short what, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<core::Millis>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return false;
    }
    pollfd waited{connection.get(), what, 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(left.count()));
    if (ready > 0) {
      return true;
    }
    if (ready < 0 && errno != EINTR) {
      return false;
    }
  }
}

bool send_all(const core::Fd& connection, std::string_view text, Deadline deadline) {
  while (!text.empty()) {
    if (!wait_for(connection, POLLOUT, deadline)) {
      return false;
    }
    const ssize_t put = ::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
      return false;
    }
    text.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
  }
  return true;
}

/// Up to the end of the connection; nothing when it doesn't come in time.
std::optional<std::string> read_all(const core::Fd& connection, Deadline deadline) {
  constexpr std::size_t kPart = 65'536;
  std::string text;
  std::array<char, kPart> part{};
  while (wait_for(connection, POLLIN, deadline)) {
    const ssize_t got = ::recv(connection.get(), part.data(), part.size(), 0);
    if (got == 0) {
      return text;
    }
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
      return std::nullopt;
    }
    text.append(part.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  return std::nullopt;
}

}  // namespace

DaemonReply ask_daemon(const std::filesystem::path& socket, const std::vector<std::string>& words,
                       core::Millis patience) {
  const auto address = address_of(socket);
  if (!address) {
    return trouble(Error::Kind::limit, "the socket's path " + socket.string() +
                                           " is too long; choose a shorter database path");
  }
  const core::Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection.is_open()) {
    return trouble(Error::Kind::io, "no socket: " + std::generic_category().message(errno));
  }
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) !=
      0) {
    if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR) {
      return not_running(socket);
    }
    if (errno == EACCES || errno == EPERM) {
      return trouble(Error::Kind::denied,
                     "no permission for " + socket.string() + ": be root or in the group rblwatch");
    }
    return trouble(Error::Kind::io, "connecting to " + socket.string() + ": " +
                                        std::generic_category().message(errno));
  }
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  const auto text = send_all(connection, core::encode_request(words), deadline)
                        ? read_all(connection, deadline)
                        : std::nullopt;
  if (!text) {
    return trouble(Error::Kind::io,
                   "rblwatchd did not answer on " + socket.string() + "; its log may say why");
  }
  return {true, core::decode_reply(*text)};
}

}  // namespace rblwatch::cli
