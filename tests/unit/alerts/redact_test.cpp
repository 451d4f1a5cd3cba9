// SPDX-License-Identifier: Apache-2.0
#include "alerts/redact.hpp"

#include <catch2/catch.hpp>

#include "alerts/address_guard.hpp"
#include "core/text.hpp"
#include "fixtures.hpp"

namespace rblwatch::alerts {
namespace {

Channel secretive() {
  Channel channel = test::webhook();
  channel.url = core::Secret(
      "https://joe:opensesame@hooks.example/services/T0canary/B0canary/"
      "x%2Fcanary?token=canary12345");
  channel.secret = core::Secret("0123456789canary0123456789");
  channel.user = "joe";
  channel.password = core::Secret("canary-password");
  return channel;
}

TEST_CASE("What a server echoes of a channel's secrets is taken out") {
  const Channel channel = secretive();
  for (const std::string& echo :
       {std::string("no such page: /services/T0canary/B0canary/x%2Fcanary?token=canary12345"),
        std::string("no such page: services/T0canary/B0canary/x/canary"),
        std::string("unknown team T0canary"), channel.url.reveal(),
        std::string("token canary12345 has expired"), std::string("bad user opensesame"),
        std::string("535 canary-password is wrong"),
        "535 " + core::base64_encode(std::string("\0joe\0canary-password", 20)),
        "535 " + core::base64_encode("canary-password"),
        "signed with " + core::base64_encode(channel.secret.reveal())}) {
    INFO(echo);
    const std::string shown = redact(echo, channel, core::Secret());
    CHECK(shown.find("canary") == std::string::npos);
    CHECK(shown.find("opensesame") == std::string::npos);
    CHECK(shown.find("<secret>") != std::string::npos);
  }
}

TEST_CASE("The proxy's credentials are secrets too") {
  CHECK(redact("407 proxyuser:proxypass", test::webhook(),
               core::Secret("http://proxyuser:proxypass@proxy.example:3128")) == "407 <secret>");
}

TEST_CASE("Plain words of a reply stay") {
  CHECK(redact("invalid_payload at hooks.example", secretive(), core::Secret()) ==
        "invalid_payload at hooks.example");
  Channel bare;
  CHECK(redact("anything", bare, core::Secret()) == "anything");
}

TEST_CASE("Link-local and metadata addresses are guarded, loopback and private ones are not") {
  struct Row {
    const char* address;
    bool expected;
  };
  for (const Row& row : std::initializer_list<Row>{{"169.254.0.1", true},
                                                   {"169.254.169.254", true},
                                                   {"169.255.0.1", false},
                                                   {"169.253.255.255", false},
                                                   {"100.100.100.200", true},
                                                   {"192.0.0.192", true},
                                                   {"168.63.129.16", true},
                                                   {"127.0.0.1", false},
                                                   {"10.0.0.1", false},
                                                   {"192.168.1.1", false},
                                                   {"203.0.113.5", false},
                                                   {"fe80::1", true},
                                                   {"febf::1", true},
                                                   {"fec0::1", false},
                                                   {"fd00:ec2::254", true},
                                                   {"fd00:ec2::253", false},
                                                   {"::1", false},
                                                   {"2001:db8::1", false},
                                                   {"::ffff:169.254.169.254", true},
                                                   {"::ffff:127.0.0.1", false},
                                                   {"64:ff9b::a9fe:a9fe", true},
                                                   {"64:ff9b::7f00:1", false}}) {
    INFO(row.address);
    CHECK(is_guarded(core::IpAddress::parse(row.address).value()) == row.expected);
  }
}

}  // namespace
}  // namespace rblwatch::alerts
