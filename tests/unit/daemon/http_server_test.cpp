// SPDX-License-Identifier: Apache-2.0
// The server by itself, over loopback: what clients may do to it, and what it answers meanwhile.
#include "daemon/http_server.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "core/handle.hpp"

namespace rblwatch::daemon {
namespace {

/// A port that was free a moment ago, held by nobody.
std::uint16_t free_port() {
  const core::Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
  REQUIRE(::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return ntohs(address.sin_port);
}

/// A gate that `later` waits at.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
  }
  void wait_for_one() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
  int waiting_ = 0;
};

/// "/quick" is answered at once, everything else later, behind the gate.
struct Served {
  Gate gate;
  dns::Server where;
  std::unique_ptr<HttpServer> server;

  Served() {
    where.address = *core::IpAddress::parse("127.0.0.1");
    for (int tries = 0; !server && tries < 20; ++tries) {
      where.port = free_port();
      auto started = HttpServer::start(where, handlers());
      if (started) {
        server = std::move(*started);
      }
    }
    REQUIRE(server);
  }
  ~Served() { gate.open(); }

  HttpHandlers handlers() {
    return {[](const HttpRequest& request) -> std::optional<HttpReply> {
              return request.path == "/quick" ? std::optional(plain_reply(200, "quick"))
                                              : std::nullopt;
            },
            [this](const HttpRequest& request) {
              gate.pass();
              return plain_reply(200, "later " + request.path);
            },
            [] {}};
  }

  core::Fd connect() const {
    core::Fd connection(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(where.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof address) == 0);
    return connection;
  }
};

void send_text(const core::Fd& connection, const std::string& text) {
  static_cast<void>(::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL));
}

/// Until the server closes, or gives nothing for half a minute.
std::string read_all(const core::Fd& connection) {
  const timeval limit{30, 0};
  ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::string all;
  std::array<char, 4096> part{};
  for (ssize_t got = 0; (got = ::read(connection.get(), part.data(), part.size())) > 0;) {
    all.append(part.data(), static_cast<std::size_t>(got));
  }
  return all;
}

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
}

std::string ask(const Served& served, const std::string& request) {
  const core::Fd connection = served.connect();
  send_text(connection, request);
  return read_all(connection);
}

bool answers_with(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("quick answers come while a long one is being made") {
  Served served;
  const core::Fd slow = served.connect();
  send_text(slow, get("/document"));
  served.gate.wait_for_one();
  const std::string quick = ask(served, get("/quick"));
  CHECK(quick.rfind("HTTP/1.1 200 OK", 0) == 0);
  CHECK(answers_with(quick, "\r\n\r\nquick\n"));
  served.gate.open();
  CHECK(answers_with(read_all(slow), "\r\n\r\nlater /document\n"));
}

TEST_CASE("documents that wait are few: the rest is told to come again") {
  Served served;
  const core::Fd first = served.connect();
  send_text(first, get("/document"));
  served.gate.wait_for_one();  // it is out of the line
  std::vector<core::Fd> line;
  std::vector<pollfd> watched;
  for (std::size_t i = 0; i < HttpServer::kMostWaiting + 1; ++i) {
    line.push_back(served.connect());
    watched.push_back({line.back().get(), POLLIN, 0});
    send_text(line.back(), get("/document"));
  }
  REQUIRE(::poll(watched.data(), watched.size(), -1) == 1);
  served.gate.open();
  std::size_t refused = 0;
  for (const core::Fd& each : line) {
    const std::string answer = read_all(each);
    refused +=
        answer.rfind("HTTP/1.1 503", 0) == 0 && answers_with(answer, "Retry-After: 1") ? 1 : 0;
  }
  CHECK(refused == 1);
  CHECK(answers_with(read_all(first), "later /document"));
}

TEST_CASE("more slow clients than there are places keep nobody out") {
  Served served;
  std::vector<core::Fd> slow;
  for (unsigned i = 0; i < HttpServer::kMostPeers + 40; ++i) {
    slow.push_back(served.connect());
    send_text(slow.back(), "GET /quick HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  }
  // A byte now and then, so that none of them is ever silent for long.
  std::atomic<bool> is_over{false};
  std::thread dripping([&] {
    while (!is_over) {
      for (const core::Fd& each : slow) {
        send_text(each, "x");
      }
      ::poll(nullptr, 0, 100);
    }
  });
  CHECK(answers_with(ask(served, get("/quick")), "quick"));
  is_over = true;
  dripping.join();
}

TEST_CASE("what is no request is refused, and the server goes on") {
  Served served;
  for (const std::string& request :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string(64, '\0'),
        std::string("GET\r\n\r\n"), std::string("\r\n\r\n\r\n\r\n"),
        "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /quick HTTP/1.1\r\nHost: x\r\nX: " + std::string(1'000'000, 'b') + "\r\n\r\n"}) {
    const core::Fd connection = served.connect();
    send_text(connection, request);
    ::shutdown(connection.get(), SHUT_WR);
    const std::string answer = read_all(connection);
    CHECK_FALSE(answers_with(answer, "quick\n"));
    CHECK(answers_with(ask(served, get("/quick")), "quick\n"));
  }
}

TEST_CASE("a body is not read") {
  Served served;
  for (const std::string& head :
       {std::string("POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"),
        std::string("GET /quick HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")}) {
    const std::string answer = ask(served, head);
    CHECK(answer.rfind("HTTP/1.1 413", 0) == 0);
    CHECK(answers_with(answer, "Connection: close"));
  }
}

TEST_CASE("requests behind each other are answered in their order") {
  Served served;
  served.gate.open();
  const std::string answers =
      ask(served, "GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /quick HTTP/1.1\r\nHost: x\r\n\r\n" +
                      get("/b?x=1"));
  CHECK(answers.find("later /a\n") < answers.find("later /b\n"));
  CHECK(answers.find("later /b\n") != std::string::npos);
  CHECK_FALSE(answers_with(answers, "quick\n"));  // HEAD
}

TEST_CASE("it ends while documents wait and clients idle") {
  Served served;
  const core::Fd idle = served.connect();
  std::vector<core::Fd> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.push_back(served.connect());
    send_text(waiting.back(), get("/document"));
  }
  served.gate.wait_for_one();
  served.gate.open();
  served.server.reset();
  CHECK(read_all(idle).empty());
}

TEST_CASE("a port that is taken is named, with what to do") {
  Served served;
  const auto second = HttpServer::start(served.where, served.handlers());
  REQUIRE_FALSE(second);
  CHECK(answers_with(second.error().text, "no HTTP on " + served.where.to_text()));
  CHECK(answers_with(second.error().text, "another program listens there"));
}

TEST_CASE("every answer forbids what a page of others could do with it") {
  Served served;
  const std::string answer = ask(served, get("/quick"));
  for (const char* header :
       {"Content-Security-Policy: default-src 'none'; ", "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer", "Cache-Control: no-store",
        "Cross-Origin-Resource-Policy: same-origin", "X-Frame-Options: DENY"}) {
    CAPTURE(header, answer);
    CHECK(answers_with(answer, header));
  }
  CHECK_FALSE(answers_with(answer, "Access-Control"));
}

}  // namespace rblwatch::daemon
