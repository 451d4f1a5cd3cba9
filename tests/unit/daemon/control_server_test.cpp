// SPDX-License-Identifier: Apache-2.0
#include "daemon/control_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "core/control.hpp"

namespace rblwatch::daemon {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = "/tmp/rblwatch-control-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path socket() const { return path_ / "db.sock"; }

 private:
  std::filesystem::path path_;
};

sockaddr_un address_at(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  std::copy(text.begin(), text.end(), std::begin(address.sun_path));
  return address;
}

std::string ask(const std::filesystem::path& path, const std::string& request) {
  const core::Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_at(path);
  REQUIRE(::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address),
                    sizeof address) == 0);
  REQUIRE(::send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size()));
  ::shutdown(connection.get(), SHUT_WR);
  std::string reply;
  std::array<char, 512> part{};
  for (ssize_t got = 0; (got = ::read(connection.get(), part.data(), part.size())) > 0;) {
    reply.append(part.data(), static_cast<std::size_t>(got));
  }
  return reply;
}

core::Result<std::string> echo(const std::vector<std::string>& words) {
  if (words.front() == "fail") {
    return core::fail(core::Error::Kind::not_found, "nothing of that name");
  }
  std::string joined;
  for (const std::string& word : words) {
    joined += "[" + word + "]";
  }
  return joined;
}

TEST_CASE("a request's words reach the handler, and its reply comes back") {
  const Folder folder;
  const auto server = ControlServer::start(folder.socket(), echo);
  REQUIRE(server);
  const std::string request = core::encode_request({"why", "tab\there", "line\nthere"});
  const auto reply = core::decode_reply(ask(folder.socket(), request));
  REQUIRE(reply);
  CHECK(*reply == "[why][tab\there][line\nthere]");
}

TEST_CASE("a handler's error comes back with its kind") {
  const Folder folder;
  const auto server = ControlServer::start(folder.socket(), echo);
  REQUIRE(server);
  const auto reply = core::decode_reply(ask(folder.socket(), core::encode_request({"fail"})));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().kind == core::Error::Kind::not_found);
  CHECK(reply.error().text == "nothing of that name");
}

TEST_CASE("requests that can't be read get an error, and the server goes on") {
  const Folder folder;
  const auto server = ControlServer::start(folder.socket(), echo);
  REQUIRE(server);
  for (const std::string& request :
       {std::string("\n"), std::string("half a line"), std::string("broken\\escape\n"),
        std::string(core::kMaxControlRequest + 8192, 'x')}) {
    CHECK_FALSE(core::decode_reply(ask(folder.socket(), request)));
  }
  CHECK(core::decode_reply(ask(folder.socket(), core::encode_request({"still", "there"}))));
}

TEST_CASE("the socket is for the owner and the group, and goes with the server") {
  const Folder folder;
  {
    const auto server = ControlServer::start(folder.socket(), echo);
    REQUIRE(server);
    struct stat info {};
    REQUIRE(::stat(folder.socket().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0660U);
  }
  CHECK_FALSE(std::filesystem::exists(folder.socket()));
}

TEST_CASE("a socket that was left behind is replaced, another's file is not") {
  const Folder folder;
  SECTION("a socket") {
    const core::Fd left(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_at(folder.socket());
    REQUIRE(::bind(left.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(ControlServer::start(folder.socket(), echo));
  }
  SECTION("a file") {
    std::ofstream(folder.socket()) << "mine";
    const auto server = ControlServer::start(folder.socket(), echo);
    REQUIRE_FALSE(server);
    CHECK(server.error().text.find("is no socket") != std::string::npos);
    CHECK(std::filesystem::file_size(folder.socket()) == 4);
  }
}

TEST_CASE("a path too long for a socket is an error that says so") {
  const auto server = ControlServer::start("/tmp/" + std::string(200, 'a'), echo);
  REQUIRE_FALSE(server);
  CHECK(server.error().text.find("too long") != std::string::npos);
}

}  // namespace
}  // namespace rblwatch::daemon
