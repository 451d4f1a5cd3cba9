// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon_client.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <future>
#include <thread>

#include <catch2/catch.hpp>

#include "core/control.hpp"
#include "core/handle.hpp"

using namespace rblwatch;
using namespace rblwatch::cli;

namespace {

/// A socket in a folder of its own that answers one connection.
class OneAnswer {
 public:
  OneAnswer() {
    std::string folder = (std::filesystem::temp_directory_path() / "rblwatch-cli-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    path = folder_ / "x.db.sock";
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 1) == 0);
  }
  ~OneAnswer() {
    if (thread_.joinable()) {
      thread_.join();
    }
    std::filesystem::remove_all(folder_);
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  void say(std::string text) {
    thread_ = std::thread([this, text = std::move(text)] {
      const core::Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      std::array<char, 1024> part{};
      while (request.find('\n') == std::string::npos) {
        const ssize_t got = ::read(peer.get(), part.data(), part.size());
        if (got <= 0) {
          return;
        }
        request.append(part.data(), static_cast<std::size_t>(got));
      }
      std::string_view rest = text;
      while (!rest.empty()) {
        const ssize_t put = ::send(peer.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (put <= 0) {
          return;
        }
        rest.remove_prefix(static_cast<std::size_t>(put));
      }
    });
  }
  void close() { listener_.reset(); }
  void finish() { thread_.join(); }

  std::filesystem::path path;
  std::string request;

 private:
  std::filesystem::path folder_;
  core::Fd listener_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a daemon's answer comes whole", "[daemon_client]") {
  OneAnswer server;
  const std::string payload(300'000, 'x');
  server.say(core::encode_reply(payload));
  const DaemonReply reply = ask_daemon(server.path, {"why", "192.0.2.1"});
  server.finish();
  CHECK(reply.is_running);
  REQUIRE(reply.answer);
  CHECK(*reply.answer == payload);
  CHECK(server.request == core::encode_request({"why", "192.0.2.1"}));
}

TEST_CASE("a daemon's error keeps its kind", "[daemon_client]") {
  OneAnswer server;
  server.say(core::encode_reply(core::fail(core::Error::Kind::not_found, "zen is not in use")));
  const DaemonReply reply = ask_daemon(server.path, {"why", "192.0.2.1", "zen"});
  CHECK(reply.is_running);
  REQUIRE_FALSE(reply.answer);
  CHECK(reply.answer.error().kind == core::Error::Kind::not_found);
  CHECK(reply.answer.error().text == "zen is not in use");
}

TEST_CASE("where nobody listens the daemon is not running", "[daemon_client]") {
  OneAnswer server;
  const auto nowhere = ask_daemon(server.path.parent_path() / "y.sock", {"why"});
  CHECK_FALSE(nowhere.is_running);
  CHECK_FALSE(nowhere.answer);
  server.close();  // what a kill -9 leaves behind
  const auto left_behind = ask_daemon(server.path, {"why"});
  CHECK_FALSE(left_behind.is_running);
  CHECK(left_behind.answer.error().kind == core::Error::Kind::not_found);
}

TEST_CASE("a daemon that breaks off or never answers is an error", "[daemon_client]") {
  OneAnswer server;
  SECTION("it breaks off") {
    server.say("");
    const DaemonReply reply = ask_daemon(server.path, {"why"});
    CHECK(reply.is_running);
    CHECK_FALSE(reply.answer);
  }
  SECTION("it never answers") {
    const DaemonReply reply = ask_daemon(server.path, {"why"}, core::Millis(30));
    CHECK(reply.is_running);
    REQUIRE_FALSE(reply.answer);
    CHECK(reply.answer.error().kind == core::Error::Kind::io);
  }
}

TEST_CASE("a path too long for a socket says so", "[daemon_client]") {
  const DaemonReply reply = ask_daemon("/tmp/" + std::string(200, 'x') + ".sock", {"why"});
  REQUIRE_FALSE(reply.answer);
  CHECK(reply.answer.error().kind == core::Error::Kind::limit);
}
