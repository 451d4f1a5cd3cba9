// SPDX-License-Identifier: Apache-2.0
#include "daemon/http_guard.hpp"

#include <catch2/catch.hpp>

#include "core/text.hpp"

namespace rblwatch::daemon {
namespace {

HttpGate gate_at(const std::string& address, std::uint16_t port = 8025) {
  HttpGate gate;
  gate.address = *core::IpAddress::parse(address);
  gate.port = port;
  gate.token = core::Secret("s3cret");
  gate.hostname = "mon1.example.com";
  return gate;
}

HttpRequest request_to(const std::string& host, const std::string& arrived_at) {
  HttpRequest request;
  request.method = "GET";
  request.path = "/healthz";
  request.hosts = {host};
  request.arrived_at = *core::IpAddress::parse(arrived_at);
  return request;
}

struct HostCase {
  const char* host;
  bool is_ours;
};

unsigned status_of(const HttpGate& gate, const HttpRequest& request) {
  const auto refusal = refuse(gate, request);
  return refusal ? refusal->status : 200;
}

}  // namespace

TEST_CASE("on a loopback address the host is the address or localhost, with the port") {
  const HttpGate gate = gate_at("127.0.0.1");
  for (const HostCase& each : {HostCase{"127.0.0.1:8025", true},
                               HostCase{"localhost:8025", true},
                               HostCase{"LocalHost:8025", true},
                               HostCase{" 127.0.0.1:8025 ", true},
                               HostCase{"127.0.0.1", false},
                               HostCase{"127.0.0.1:80", false},
                               HostCase{"localhost", false},
                               HostCase{"localhost:80250", false},
                               HostCase{"127.0.0.2:8025", false},
                               HostCase{"[::1]:8025", false},
                               HostCase{"evil.example:8025", false},
                               HostCase{"mon1:8025", false},
                               HostCase{"mon1.example.com:8025", false},
                               HostCase{"localhost.evil.example:8025", false},
                               HostCase{"127.0.0.1:8025.evil.example", false},
                               HostCase{"127.0.0.1:8025@evil", false},
                               HostCase{"", false},
                               HostCase{":8025", false},
                               HostCase{"127.0.0.1:", false},
                               HostCase{"127.0.0.1:-8025", false},
                               HostCase{"127.0.0.1:08025", true},
                               HostCase{"[127.0.0.1:8025", false},
                               HostCase{"[", false},
                               HostCase{"[]", false},
                               HostCase{"127.0.0.1:8025, evil.example", false},
                               HostCase{"2130706433:8025", false},
                               HostCase{"0x7f.1:8025", false},
                               HostCase{"127.1:8025", false}}) {
    CAPTURE(each.host);
    CHECK(is_our_host(gate, request_to(each.host, "127.0.0.1")) == each.is_ours);
  }
}

TEST_CASE("one Host header there must be, and one only") {
  const HttpGate gate = gate_at("127.0.0.1");
  HttpRequest request = request_to("127.0.0.1:8025", "127.0.0.1");
  request.hosts.emplace_back("127.0.0.1:8025");
  CHECK_FALSE(is_our_host(gate, request));
  request.hosts.clear();
  CHECK_FALSE(is_our_host(gate, request));
  CHECK(status_of(gate, request) == 421);
}

TEST_CASE("port 80 may be left out, and IPv6 stands in brackets") {
  CHECK(is_our_host(gate_at("127.0.0.1", 80), request_to("127.0.0.1", "127.0.0.1")));
  CHECK(is_our_host(gate_at("::1"), request_to("[::1]:8025", "::1")));
  CHECK(is_our_host(gate_at("::1"), request_to("localhost:8025", "::1")));
  CHECK_FALSE(is_our_host(gate_at("::1"), request_to("::1:8025", "::1")));
}

TEST_CASE("on every address the host is the one that it came in at, or the machine's name") {
  const HttpGate gate = gate_at("0.0.0.0");
  for (const HostCase& each :
       {HostCase{"192.0.2.7:8025", true}, HostCase{"mon1.example.com:8025", true},
        HostCase{"MON1:8025", true}, HostCase{"192.0.2.8:8025", false},
        HostCase{"localhost:8025", false}, HostCase{"mon1.evil.example:8025", false},
        HostCase{"mon2:8025", false}}) {
    CAPTURE(each.host);
    CHECK(is_our_host(gate, request_to(each.host, "192.0.2.7")) == each.is_ours);
  }
  CHECK(is_our_host(gate, request_to("localhost:8025", "127.0.0.1")));
}

TEST_CASE("the token comes as a Bearer token, or as a password under any name") {
  const HttpGate gate = gate_at("192.0.2.7");
  CHECK(has_token(gate, "Bearer s3cret"));
  CHECK(has_token(gate, "bearer   s3cret "));
  CHECK(has_token(gate, "Basic " + core::base64_encode("anybody:s3cret")));
  CHECK(has_token(gate, "Basic " + core::base64_encode(":s3cret")));
  for (const std::string& wrong :
       {std::string("Bearer s3cre"), std::string("Bearer s3crets"), std::string("Bearer"),
        std::string("Bearer "), std::string("s3cret"), std::string("Digest s3cret"),
        std::string("Basic s3cret"), std::string("Basic !!"), std::string(),
        "Basic " + core::base64_encode("s3cret"), "Basic " + core::base64_encode("s3cret:x")}) {
    CAPTURE(wrong);
    CHECK_FALSE(has_token(gate, wrong));
  }
  CHECK_FALSE(has_token(gate, std::nullopt));
}

TEST_CASE("without a token in the configuration nobody gets in from outside") {
  HttpGate gate = gate_at("192.0.2.7");
  gate.token = core::Secret();
  HttpRequest request = request_to("192.0.2.7:8025", "192.0.2.7");
  for (const char* tried : {"Bearer ", "Bearer x", "Basic Og=="}) {
    request.authorization = tried;
    CHECK(status_of(gate, request) == 401);
  }
}

TEST_CASE("who may not ask is told in this order: the host, the token, the method") {
  const HttpGate outside = gate_at("192.0.2.7");
  HttpRequest request = request_to("evil.example:8025", "192.0.2.7");
  request.method = "POST";
  CHECK(status_of(outside, request) == 421);
  request.hosts = {"192.0.2.7:8025"};
  const auto refusal = refuse(outside, request);
  REQUIRE(refusal);
  CHECK(refusal->status == 401);
  CHECK(refusal->headers.front().first == "WWW-Authenticate");
  CHECK(refusal->body.find("s3cret") == std::string::npos);
  request.authorization = "Bearer s3cret";
  CHECK(status_of(outside, request) == 405);
  CHECK(refuse(outside, request)->headers.front() ==
        std::pair<std::string, std::string>{"Allow", "GET, HEAD"});
  for (const char* method : {"GET", "HEAD"}) {
    request.method = method;
    CHECK(status_of(outside, request) == 200);
  }
  for (const char* method : {"PUT", "DELETE", "OPTIONS", "TRACE", "get", ""}) {
    request.method = method;
    CHECK(status_of(outside, request) == 405);
  }
}

TEST_CASE("on a loopback address reading needs no token, whatever is configured") {
  CHECK(status_of(gate_at("127.0.0.1"), request_to("127.0.0.1:8025", "127.0.0.1")) == 200);
  CHECK(status_of(gate_at("127.9.9.9"), request_to("127.9.9.9:8025", "127.9.9.9")) == 200);
  CHECK(status_of(gate_at("0.0.0.0"), request_to("127.0.0.1:8025", "127.0.0.1")) == 401);
}

}  // namespace rblwatch::daemon
