// SPDX-License-Identifier: Apache-2.0
//
// The hunt for a zone's own servers, question by question, against a made-up DNS tree.
#include "dns/delegation.hpp"

#include <functional>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "support.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;

namespace {

core::IpAddress ip(const std::string& text) {
  return *core::IpAddress::parse(text);
}

NsRecord ns(const std::string& name, const std::vector<std::string>& glue = {}) {
  NsRecord record{*core::DnsName::parse(name), {}};
  for (const std::string& address : glue) {
    record.glue.push_back(ip(address));
  }
  return record;
}

Answer with_ns(std::vector<NsRecord> records) {
  Answer answer;
  answer.ns = std::move(records);
  return answer;
}

Answer referral(std::vector<NsRecord> records) {
  Answer answer = with_ns(std::move(records));
  answer.referral = true;
  return answer;
}

Answer authoritative(Answer answer) {
  answer.aa = true;
  return answer;
}

Answer with_address(const std::string& text) {
  Answer answer;
  (ip(text).is_v4() ? answer.a : answer.aaaa).push_back(ip(text));
  return answer;
}

/// "TYPE NAME" asked of the resolver, "TYPE NAME @ADDRESS" asked directly → the outcome; what isn't
/// there times out.
using Tree = std::map<std::string, Outcome>;

std::string key_of(const DelegationHunt::Ask& ask) {
  std::string key = std::string(to_text(ask.question.type)) + " " + ask.question.name.to_text();
  return ask.servers.empty() ? key : key + " @" + ask.servers.front().address.to_text();
}

std::string servers_of(const std::string& zone, const Tree& tree,
                       std::size_t* questions = nullptr) {
  DelegationHunt hunt(*core::DnsName::parse(zone));
  std::size_t asked = 0;
  for (; hunt.next() && asked < 1000; ++asked) {
    CHECK(hunt.servers().empty());
    const auto found = tree.find(key_of(*hunt.next()));
    hunt.take(found != tree.end() ? found->second
                                  : Outcome(NoAnswer{NoAnswer::Why::timeout, "no reply"}));
  }
  if (questions != nullptr) {
    *questions = asked;
  }
  std::string servers;
  for (const Server& server : hunt.servers()) {
    servers += (servers.empty() ? "" : " ") + server.to_text();
  }
  return servers;
}

}  // namespace

TEST_CASE("A zone's own servers are those that its NS records name") {
  SECTION("with glue nothing more is asked") {
    std::size_t questions = 0;
    CHECK(servers_of("bl.test",
                     {{"NS bl.test", with_ns({ns("a.test", {"192.0.2.1", "2001:db8::1"}),
                                              ns("b.test", {"192.0.2.2"})})}},
                     &questions) == "192.0.2.1:53 192.0.2.2:53");
    CHECK(questions == 1);
  }
  SECTION("without it each name's A records are") {
    CHECK(servers_of("bl.test", {{"NS bl.test", with_ns({ns("a.test"), ns("b.test")})},
                                 {"A a.test", with_address("192.0.2.1")},
                                 {"A b.test", with_rcode(Rcode::servfail)}}) == "192.0.2.1:53");
  }
  SECTION("AAAA only where no name has an A record") {
    CHECK(servers_of("bl.test", {{"NS bl.test", with_ns({ns("a.test"), ns("b.test")})},
                                 {"A a.test", Answer{}},
                                 {"A b.test", Answer{}},
                                 {"AAAA a.test", with_address("2001:db8::1")}}) ==
          "[2001:db8::1]:53");
    CHECK(servers_of("bl.test", {{"NS bl.test", with_ns({ns("a.test", {"2001:db8::7"})})}}) ==
          "[2001:db8::7]:53");
  }
}

TEST_CASE("A zone that names no servers is found by its parent's delegation") {
  const Tree parent{{"NS bl.test", Answer{}}, {"NS test", with_ns({ns("ns.test", {"192.0.2.1"})})}};
  const auto with = [&parent](const Tree& more) {
    Tree tree = parent;
    tree.insert(more.begin(), more.end());
    return tree;
  };
  SECTION("a referral with glue, whose servers say no more") {
    CHECK(servers_of("bl.test",
                     with({{"NS bl.test @192.0.2.1", referral({ns("x.bl.test", {"192.0.2.9"})})},
                           {"NS bl.test @192.0.2.9", authoritative(Answer{})}})) == "192.0.2.9:53");
    CHECK(servers_of("bl.test", with({{"NS bl.test @192.0.2.1",
                                       referral({ns("x.bl.test", {"192.0.2.9"})})}})) ==
          "192.0.2.9:53");
  }
  SECTION("through a zone between") {
    CHECK(servers_of("bl.test",
                     with({{"NS bl.test @192.0.2.1", referral({ns("x.test", {"192.0.2.8"})})},
                           {"NS bl.test @192.0.2.8", referral({ns("y.test")})},
                           {"A y.test", with_address("192.0.2.9")},
                           {"NS bl.test @192.0.2.9",
                            authoritative(with_ns({ns("z.test", {"192.0.2.10"})}))}})) ==
          "192.0.2.10:53");
  }
  SECTION("the parent's servers hold it themselves") {
    CHECK(servers_of("bl.test", with({{"NS bl.test @192.0.2.1", authoritative(Answer{})}})) ==
          "192.0.2.1:53");
  }
  SECTION("servers that can't speak for it are none") {
    CHECK(servers_of("bl.test", with({{"NS bl.test @192.0.2.1", Answer{}}})).empty());
    CHECK(servers_of("bl.test", with({{"NS bl.test @192.0.2.1", with_rcode(Rcode::refused)}}))
              .empty());
    CHECK(servers_of("bl.test", parent).empty());
  }
}

TEST_CASE("A hunt ends") {
  SECTION("where nothing answers") {
    std::size_t questions = 0;
    CHECK(servers_of("a.b.c.test", {}, &questions).empty());
    CHECK(questions == 4);  // the zone and what is above it, but not the root
  }
  SECTION("where referrals go round in circles") {
    std::size_t questions = 0;
    CHECK(servers_of("bl.test",
                     {{"NS test", with_ns({ns("ns.test", {"192.0.2.1"})})},
                      {"NS bl.test @192.0.2.1", referral({ns("x.test", {"192.0.2.1"})})}},
                     &questions)
              .empty());
    CHECK(questions <= 32);
  }
  SECTION("where there are too many names and addresses") {
    std::vector<NsRecord> names;
    for (int i = 0; i < 100; ++i) {
      names.push_back(ns("n" + std::to_string(i) + ".test",
                         {"192.0.2." + std::to_string(i), "198.51.100." + std::to_string(i)}));
    }
    const std::string servers = servers_of("bl.test", {{"NS bl.test", with_ns(names)}});
    CHECK(std::count(servers.begin(), servers.end(), ' ') == 7);
  }
}
