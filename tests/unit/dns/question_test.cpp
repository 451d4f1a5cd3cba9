// SPDX-License-Identifier: Apache-2.0
#include "dns/question.hpp"

#include <catch2/catch.hpp>

#include "dns/outcome.hpp"
#include "dns/resolv_conf.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;

TEST_CASE("a server is an address with or without a port") {
  const auto [text, shown] = GENERATE(table<const char*, const char*>({
      {"127.0.0.1", "127.0.0.1:53"},
      {"127.0.0.1:5353", "127.0.0.1:5353"},
      {"::1", "[::1]:53"},
      {"[::1]", "[::1]:53"},
      {"[::1]:5353", "[::1]:5353"},
      {"[2001:DB8::1]:65535", "[2001:db8::1]:65535"},
      {"[::ffff:127.0.0.1]:5353", "127.0.0.1:5353"},
  }));
  CAPTURE(text);
  const auto server = Server::parse(text);
  REQUIRE(server);
  CHECK(server->to_text() == shown);
  CHECK(*Server::parse(server->to_text()) == *server);
}

TEST_CASE("what is no server is an error that names it") {
  const std::string text = GENERATE(
      "", "localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:5x", ":53",
      "[::1", "[::1]53", "[::1]:", "[127.0.0.1]:53", "127.0.0", "fe80::1%eth0", "127.0.0.1 ");
  CAPTURE(text);
  const auto server = Server::parse(text);
  REQUIRE_FALSE(server);
  CHECK(server.error().kind == core::Error::Kind::invalid);
  CHECK(server.error().text.find("\"" + text + "\"") != std::string::npos);
}

TEST_CASE("rcodes and types are spelt as in the RFCs") {
  CHECK(to_text(Rcode::nxdomain) == "NXDOMAIN");
  CHECK(to_text(static_cast<Rcode>(16)) == "RCODE16");
  CHECK(to_text(QType::aaaa) == "AAAA");
  CHECK(to_text(Transport::tcp) == "tcp");
}

TEST_CASE("resolv.conf: the first three readable nameservers count, comments never") {
  const auto [text, expected] = GENERATE(table<const char*, std::vector<const char*>>({
      {"", {}},
      {"nameserver 192.0.2.1\n", {"192.0.2.1:53"}},
      {"# nameserver 192.0.2.1\n;nameserver 192.0.2.2\n", {}},
      {"search a b\nnameserver\t::1 # mine\nnameserverx 192.0.2.1\n nameserver 192.0.2.3\n",
       {"[::1]:53"}},
      {"nameserver fe80::1%eth0\nnameserver what\nnameserver\nnameserver 192.0.2.9",
       {"192.0.2.9:53"}},
      {"nameserver 192.0.2.1\r\nnameserver 192.0.2.2\n", {"192.0.2.1:53", "192.0.2.2:53"}},
      {"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
       {"192.0.2.1:53", "192.0.2.2:53", "192.0.2.3:53"}},
  }));
  CAPTURE(text);
  std::vector<std::string> found;
  for (const Server& server : parse_resolv_conf(text))
    found.push_back(server.to_text());
  CHECK(found == std::vector<std::string>(expected.begin(), expected.end()));
}

TEST_CASE("without a resolv.conf the local resolver is asked") {
  const auto servers = system_servers("/nonexistent/resolv.conf");
  REQUIRE(servers.size() == 1);
  CHECK(servers[0].to_text() == "127.0.0.1:53");
}
