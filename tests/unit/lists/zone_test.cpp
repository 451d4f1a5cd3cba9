// SPDX-License-Identifier: Apache-2.0
#include "lists/zone.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::lists {

namespace {

CodePattern pattern(std::string_view text) {
  return CodePattern::parse(text).value();
}

core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}

}  // namespace

TEST_CASE("the test entries are those of RFC 5782 where nothing else is said") {
  CHECK(default_test_entries(Kind::ipv4) == TestEntries{"127.0.0.2", "127.0.0.1"});
  CHECK(default_test_entries(Kind::ipv6) == TestEntries{"::FFFF:7F00:2", "::FFFF:7F00:1"});
  CHECK(default_test_entries(Kind::domain) == TestEntries{"TEST", "INVALID"});
}

TEST_CASE("a zone keeps its test entries by kind") {
  Zone zone;
  zone.tests[2].listed = "dbltest.com";
  CHECK(zone.test_of(Kind::domain).listed == "dbltest.com");
  CHECK_FALSE(zone.test_of(Kind::ipv4).listed);
}

TEST_CASE("refusals are 127.255.0.0/16 everywhere and what the zone names") {
  struct Row {
    std::vector<std::string> refusals;
    std::string code;
    bool is_refusal;
  };
  const auto row = GENERATE(
      Row{{}, "127.255.255.254", true}, Row{{}, "127.255.0.0", true}, Row{{}, "127.0.0.1", false},
      Row{{}, "127.254.255.255", false}, Row{{}, "127.0.0.255", false},
      Row{{"127.0.0.1"}, "127.0.0.1", true}, Row{{"127.0.0.1"}, "127.0.0.2", false},
      Row{{"127.0.0.1"}, "127.255.255.252", true}, Row{{"127.0.1.255"}, "127.0.1.255", true},
      Row{{"127.0.0.1", "127.0.0.252/30"}, "127.0.0.255", true},
      Row{{"146.112.61.0/24"}, "146.112.61.104", true});
  Zone zone;
  for (const std::string& text : row.refusals) {
    zone.refusals.push_back(pattern(text));
  }
  CAPTURE(row.refusals, row.code);
  CHECK(is_refusal(zone, ip(row.code)) == row.is_refusal);
}

TEST_CASE("refusals compare the whole address, on bitmask zones too") {
  Zone zone;
  zone.match = MatchMode::bitmask;
  zone.refusals.push_back(pattern("127.0.0.1"));
  CHECK(is_refusal(zone, ip("127.0.0.1")));
  CHECK_FALSE(is_refusal(zone, ip("127.0.0.3")));
}

TEST_CASE("a zone's purposes are its own and those of its codes, each once") {
  Zone zone;
  zone.purpose = Purpose::info;
  CHECK(zone.purposes() == std::vector{Purpose::info});
  zone.codes = {{pattern("127.0.0.1"), "white", Purpose::allow},
                {pattern("127.0.0.2"), "black", Purpose::block},
                {pattern("127.0.0.4"), "brown", Purpose::block}};
  CHECK(zone.purposes() == std::vector{Purpose::info, Purpose::allow, Purpose::block});
}

TEST_CASE("a zone with servers of its own is asked directly, by configuration") {
  Zone zone;
  CHECK(zone.role() == dns::ServerRole::resolver);
  zone.servers.push_back({ip("127.0.0.1"), 5353});
  CHECK(zone.role() == dns::ServerRole::authoritative);
}

TEST_CASE("terms are told with where they stand, as far as they are known") {
  Zone zone;
  CHECK(terms_text(zone).empty());
  zone.terms_url = "https://lists.example/terms";
  CHECK(terms_text(zone) == "https://lists.example/terms");
  zone.policy = "Free for small users.";
  CHECK(terms_text(zone) == "Free for small users. https://lists.example/terms");
}

TEST_CASE("a link is filled with the subject, percent-encoded") {
  struct Row {
    std::string url;
    std::string subject;
    std::string filled;
  };
  const auto row = GENERATE(
      Row{"https://lists.example/q/{subject}", "192.0.2.10", "https://lists.example/q/192.0.2.10"},
      Row{"https://l.example/?a={subject}&b={subject}", "x.example",
          "https://l.example/?a=x.example&b=x.example"},
      Row{"https://l.example/?ip={subject}", "2001:db8::1",
          "https://l.example/?ip=2001%3Adb8%3A%3A1"},
      Row{"https://l.example/", "192.0.2.10", "https://l.example/"}, Row{"", "192.0.2.10", ""});
  CHECK(fill_url(row.url, row.subject) == row.filled);
}

}  // namespace rblwatch::lists
