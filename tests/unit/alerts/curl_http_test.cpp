// SPDX-License-Identifier: Apache-2.0
// The carrier against a real HTTP server on loopback that behaves as badly as servers do.
#include <sys/socket.h>

#include <future>
#include <map>
#include <mutex>
#include <thread>

#include <catch2/catch.hpp>

#include "alerts/carrier.hpp"
#include "alerts/signature.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "fixtures.hpp"
#include "loopback_server.hpp"

namespace rblwatch::alerts {
namespace {

using core::Millis;
using test::Connection;
using test::LoopbackServer;

struct Request {
  std::string first;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

Request read_request(Connection& connection) {
  Request request;
  request.first = std::string(core::trim(connection.line()));
  std::string line = connection.line();
  while (!core::trim(line).empty()) {
    const std::size_t colon = line.find(':');
    request.headers[core::to_lower(line.substr(0, colon))] =
        std::string(core::trim(line.substr(colon + 1)));
    line = connection.line();
  }
  const auto length = core::parse_int(request.headers["content-length"]);
  request.body = connection.bytes(static_cast<std::size_t>(length.value_or(0)));
  return request;
}

/// Answers every request with these bytes and keeps the requests.
class Sink {
 public:
  explicit Sink(std::string reply)
      : server_([this, reply = std::move(reply)](Connection& connection) {
          Request request = read_request(connection);
          {
            const std::lock_guard lock(mutex_);
            requests_.push_back(std::move(request));
          }
          connection.write(reply);
        }) {}
  std::string url(const std::string& path = "/hook") const { return server_.at("http", path); }
  std::vector<Request> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::vector<Request> requests_;
  LoopbackServer server_;
};

std::unique_ptr<Carrier> carrier_with(DeliveryOptions options = {}) {
  auto carrier = make_curl_carrier(options);
  REQUIRE(carrier.has_value());
  return std::move(*carrier);
}

DeliveryOptions impatient() {
  DeliveryOptions options;
  options.request_timeout = Millis(300);
  options.connect_timeout = Millis(200);
  return options;
}

Shipment shipment_to(const std::string& url, ChannelType type = ChannelType::webhook) {
  Shipment shipment;
  shipment.delivery_id = "01JDCVX5P0000000000000000A";
  shipment.channel = test::webhook();
  shipment.channel.type = type;
  shipment.channel.url = core::Secret(url);
  shipment.parcel = HttpRequest{"application/json", R"({"schema":"rblwatch/1"})"};
  shipment.now = test::at("2026-11-23T09:10:00Z");
  return shipment;
}

Receipt send(Carrier& carrier, Shipment shipment) {
  carrier.ship(std::move(shipment));
  const auto arrivals = carrier.wait(Millis(20'000));
  REQUIRE(arrivals.size() == 1);
  CHECK(arrivals[0].delivery_id == "01JDCVX5P0000000000000000A");
  return arrivals[0].receipt;
}

std::string shown(const Receipt& receipt) {
  constexpr std::array<const char*, 3> kNames{"delivered", "retry", "rejected"};
  return kNames.at(receipt.index()) + std::string(": ") +
         std::visit([](const auto& any) { return any.response; }, receipt);
}

TEST_CASE("A webhook is a POST of the body with the headers of Standard Webhooks") {
  Sink sink("HTTP/1.1 204 No Content\r\n\r\n");
  Shipment shipment = shipment_to(sink.url("/hook?token=abc"));
  shipment.channel.secret = core::Secret(std::string(24, 'k'));
  const auto carrier = carrier_with();
  CHECK(shown(send(*carrier, shipment)) == "delivered: HTTP 204");
  REQUIRE(sink.requests().size() == 1);
  Request request = sink.requests()[0];
  CHECK(request.first == "POST /hook?token=abc HTTP/1.1");
  CHECK(request.body == std::get<HttpRequest>(shipment.parcel).body);
  CHECK(request.headers["content-type"] == "application/json");
  CHECK(request.headers["user-agent"] == std::string("rblwatch/") + core::kVersion);
  CHECK(request.headers["webhook-id"] == shipment.delivery_id);
  CHECK(request.headers["webhook-timestamp"] == "1795425000");
  CHECK(request.headers["webhook-signature"] ==
        sign_webhook(shipment.channel.secret, shipment.delivery_id, 1795425000, request.body));
  CHECK(request.headers.count("accept-encoding") == 0);
  CHECK(request.headers.count("expect") == 0);
}

TEST_CASE("Without a secret there is no signature, and Slack gets no webhook headers") {
  Sink sink("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const auto carrier = carrier_with();
  CHECK(shown(send(*carrier, shipment_to(sink.url()))) == "delivered: HTTP 200: ok");
  send(*carrier, shipment_to(sink.url(), ChannelType::slack));
  REQUIRE(sink.requests().size() == 2);
  CHECK(sink.requests()[0].headers.count("webhook-id") == 1);
  CHECK(sink.requests()[0].headers.count("webhook-signature") == 0);
  CHECK(sink.requests()[1].headers.count("webhook-id") == 0);
}

TEST_CASE("Statuses, Retry-After and bodies come back as receipts") {
  struct Row {
    const char* reply;
    const char* expected;
    std::optional<Millis> retry_after;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 4\r\n\r\nbusy",
            "retry: HTTP 503: busy", Millis(120'000)},
           {"HTTP/1.1 429 Slow\r\nretry-after: Mon, 23 Nov 2026 09:11:00 GMT\r\n"
            "Content-Length: 0\r\n\r\n",
            "retry: HTTP 429", Millis(60'000)},
           {"HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nno_team",
            "rejected: HTTP 404: no_team", std::nullopt},
           {"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "rejected: HTTP 307 (redirects are not followed)", std::nullopt},
           {"HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\nHTTP/1.1 500 Broken\r\n"
            "Content-Length: 0\r\n\r\n",
            "retry: HTTP 500", std::nullopt},
           {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut short",
            "delivered: HTTP 200: cut short", std::nullopt}}) {
    INFO(row.reply);
    Sink sink(row.reply);
    const auto carrier = carrier_with();
    const Receipt receipt = send(*carrier, shipment_to(sink.url()));
    CHECK(shown(receipt) == row.expected);
    CHECK(sink.requests().size() == 1);
    if (const auto* retry = std::get_if<Retry>(&receipt)) {
      CHECK(retry->retry_after == row.retry_after);
    }
  }
}

TEST_CASE("Of an endless reply no more than 64 KiB are read, and its status counts") {
  std::atomic<std::size_t> taken{0};
  for (const std::string head :
       {"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", "HTTP/1.1 200 OK\r\n"}) {
    taken = 0;
    const bool is_body = head.ends_with("\r\n\r\n");
    LoopbackServer server([&](Connection& connection) {
      read_request(connection);
      int small = 16 * 1024;
      setsockopt(connection.fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
      connection.write(head);
      const std::string piece =
          is_body ? std::string(1024, 'x') : "X-More: " + std::string(1014, 'x') + "\r\n";
      while (taken < 64U * 1024 * 1024 && connection.write(piece)) {
        taken += piece.size();
      }
    });
    const auto carrier = carrier_with();
    const std::string got = shown(send(*carrier, shipment_to(server.at("http"))));
    CHECK(got.substr(0, 19) == "delivered: HTTP 200");
    CHECK(taken < 16U * 1024 * 1024);  // what the sockets between them buffer
  }
}

TEST_CASE("A server that takes the request and says nothing is tried again") {
  LoopbackServer server([](Connection& connection) { connection.drain(); });
  const auto carrier = carrier_with(impatient());
  CHECK(shown(send(*carrier, shipment_to(server.at("http")))) == "retry: Timeout was reached");
}

TEST_CASE("A server that has answered 200 has taken it, however slowly its body drips") {
  LoopbackServer server([](Connection& connection) {
    read_request(connection);
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx");
    connection.drain();
  });
  const auto carrier = carrier_with(impatient());
  CHECK(shown(send(*carrier, shipment_to(server.at("http")))) == "delivered: HTTP 200: x");
}

TEST_CASE("A connection that breaks without a status is tried again") {
  LoopbackServer server([](Connection& connection) {
    read_request(connection);
    const linger hard{1, 0};
    setsockopt(connection.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  });
  const auto carrier = carrier_with();
  CHECK(shown(send(*carrier, shipment_to(server.at("http")))).substr(0, 6) == "retry:");
}

TEST_CASE("A reply that is not HTTP is tried again, and called what it is") {
  for (const char* reply :
       {"SSH-2.0-OpenSSH_9.2p1\r\n", "220 mail.test ESMTP\r\n", "HTTP/2.0 nonsense\r\n\r\n",
        "<html>no head at all</html>", "HTTP/1.1 nonsense\r\n\r\n"}) {
    INFO(reply);
    Sink sink(reply);
    const auto carrier = carrier_with();
    CHECK(shown(send(*carrier, shipment_to(sink.url()))) ==
          "retry: what came is no reply of HTTP/1");
    CHECK(sink.requests().size() == 1);
  }
}

std::string closed_port_url(const std::string& path) {
  std::string url;
  {
    const LoopbackServer server([](Connection&) {});
    url = server.at("http", path);
  }
  return url;
}

TEST_CASE("The error of a refused connection names neither host nor secret") {
  const auto carrier = carrier_with();
  const std::string text = shown(send(*carrier, shipment_to(closed_port_url("/canary-token"))));
  CHECK(text == "retry: Couldn't connect to server: Connection refused");
}

TEST_CASE("A page that echoes the path shows no secret") {
  Sink sink(
      "HTTP/1.1 404 Not Found\r\nContent-Length: 41\r\n\r\nno page /hook/canary-token on this "
      "server");
  const auto carrier = carrier_with();
  CHECK(shown(send(*carrier, shipment_to(sink.url("/hook/canary-token")))) ==
        "rejected: HTTP 404: no page <secret> on this server");
}

TEST_CASE("Other protocols than http and https are refused") {
  const auto carrier = carrier_with();
  for (const char* url :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "not a url", ""}) {
    INFO(url);
    CHECK(shown(send(*carrier, shipment_to(url))) ==
          "rejected: the URL is not one of http or https");
  }
}

TEST_CASE("Link-local and metadata addresses are refused before anything is sent") {
  const auto carrier = carrier_with(impatient());
  for (const char* url : {"http://169.254.169.254/latest/meta-data", "http://0xA9FEA9FE/",
                          "http://2852039166/", "http://[fe80::1]/", "http://[fe80::1%251]/",
                          "http://[fd00:ec2::254]/", "http://[::ffff:169.254.169.254]/"}) {
    INFO(url);
    CHECK(shown(send(*carrier, shipment_to(url))).substr(0, 47) ==
          "rejected: a link-local or metadata address (all");
  }
}

TEST_CASE("The environment's proxies and netrc are not used") {
  Sink sink("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) {
    setenv(name, "http://127.0.0.1:1", 1);
  }
  const auto carrier = carrier_with();
  const std::string got = shown(send(*carrier, shipment_to(sink.url())));
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) {
    unsetenv(name);
  }
  CHECK(got == "delivered: HTTP 200");
}

TEST_CASE("The configured proxy is used") {
  Sink proxy("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  DeliveryOptions options;
  options.proxy = core::Secret(proxy.url(""));
  const auto carrier = carrier_with(options);
  CHECK(shown(send(*carrier, shipment_to("http://alerts.invalid/hook"))) == "delivered: HTTP 200");
  REQUIRE(proxy.requests().size() == 1);
  CHECK(proxy.requests()[0].first == "POST http://alerts.invalid/hook HTTP/1.1");
}

TEST_CASE("A hanging server delays no other delivery") {
  LoopbackServer dead([](Connection& connection) { connection.drain(); });
  Sink sink("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto carrier = carrier_with();
  Shipment first = shipment_to(dead.at("http"));
  first.delivery_id = "01DEAD";
  carrier->ship(first);
  CHECK(shown(send(*carrier, shipment_to(sink.url()))) == "delivered: HTTP 200");
}

TEST_CASE("wake() ends a wait from another thread, before or during it") {
  const auto carrier = carrier_with();
  carrier->wake();
  CHECK(carrier->wait(Millis(60'000)).empty());
  std::thread other([&] { carrier->wake(); });
  CHECK(carrier->wait(Millis(60'000)).empty());
  other.join();
  CHECK(carrier->wait(Millis(0)).empty());
}

TEST_CASE("A receiver is tried without a request") {
  std::promise<std::string> heard;
  {
    const LoopbackServer server(
        [&heard](Connection& connection) { heard.set_value(connection.line()); });
    const Receipt receipt =
        try_channel(shipment_to(server.at("http", "/canary-path")).channel, impatient());
    CHECK(std::holds_alternative<Delivered>(receipt));
    auto sent = heard.get_future();
    REQUIRE(sent.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    CHECK(sent.get().empty());  // connected, and gone again
  }
  const std::string nobody =
      shown(try_channel(shipment_to("http://127.0.0.1:1/canary-path").channel, impatient()));
  CHECK(nobody.substr(0, 6) == "retry:");
  CHECK(nobody.find("canary") == std::string::npos);
  CHECK(shown(try_channel(shipment_to("http://169.254.169.254/").channel, impatient()))
            .substr(0, 9) == "rejected:");
}

}  // namespace
}  // namespace rblwatch::alerts
