// SPDX-License-Identifier: Apache-2.0
#include "lists/zone_dns.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::lists {

namespace {

constexpr const char* kSecret = "s3cr3tKEY0123";

ZoneDns zone_dns(std::string_view pattern, const std::string& key = "") {
  ZoneDns dns = ZoneDns::parse(pattern).value();
  if (!key.empty()) {
    REQUIRE(dns.set_key(core::Secret(key)));
  }
  return dns;
}

}  // namespace

TEST_CASE("a zone's DNS name is asked and shown in its order, the key only asked") {
  struct Row {
    std::string pattern;
    std::string asked;
    std::string apex;
    std::string shown;
    std::string shown_with_subject;
  };
  const auto row = GENERATE(
      Row{"zen.spamhaus.org", "2.0.0.127.zen.spamhaus.org", "zen.spamhaus.org", "zen.spamhaus.org",
          "2.0.0.127.zen.spamhaus.org"},
      Row{"Zen.Spamhaus.ORG.", "2.0.0.127.zen.spamhaus.org", "zen.spamhaus.org", "zen.spamhaus.org",
          "2.0.0.127.zen.spamhaus.org"},
      Row{"localzone", "2.0.0.127.localzone", "localzone", "localzone", "2.0.0.127.localzone"},
      Row{"{key}.zen.dq.spamhaus.net", "2.0.0.127.s3cr3tkey0123.zen.dq.spamhaus.net",
          "zen.dq.spamhaus.net", "<key>.zen.dq.spamhaus.net",
          "2.0.0.127.<key>.zen.dq.spamhaus.net"},
      Row{"{key}.{subject}.dnsbl.httpbl.org", "s3cr3tkey0123.2.0.0.127.dnsbl.httpbl.org",
          "dnsbl.httpbl.org", "<key>.dnsbl.httpbl.org", "<key>.2.0.0.127.dnsbl.httpbl.org"},
      Row{"a.{subject}.b.{key}.c", "a.2.0.0.127.b.s3cr3tkey0123.c", "c", "a.b.<key>.c",
          "a.2.0.0.127.b.<key>.c"});
  CAPTURE(row.pattern);
  ZoneDns dns = ZoneDns::parse(row.pattern).value();
  if (dns.needs_key()) {
    CHECK_FALSE(dns.has_key());
    REQUIRE(dns.set_key(core::Secret(kSecret)));
    CHECK(dns.has_key());
  }
  CHECK(dns.ask("2.0.0.127").value().to_text() == row.asked);
  CHECK(dns.apex().to_text() == row.apex);
  CHECK(dns.shown() == row.shown);
  CHECK(dns.show("2.0.0.127") == row.shown_with_subject);
}

TEST_CASE("a zone's DNS name that can't be right is refused") {
  struct Row {
    std::string pattern;
    std::string says;
  };
  const auto row = GENERATE(
      Row{"", "empty"}, Row{".", "empty"}, Row{"a..b", "empty"}, Row{"bl corp.test", "character"},
      Row{"{key}", "must end in the zone's own name"},
      Row{"{key}.{subject}", "must end in the zone's own name"},
      Row{"bl.{key}", "must end in the zone's own name"},
      Row{"{keys}.example", "expected {key} or {subject}"},
      Row{"x{key}.example", "expected {key} or {subject}"},
      Row{"{key.example", "expected {key} or {subject}"}, Row{"{key}.{key}.example", "once each"},
      Row{"{subject}.a.{subject}.example", "once each"},
      Row{std::string(64, 'a') + ".example", "63"},
      Row{std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." +
              std::string(61, 'd'),
          "no room"});
  CAPTURE(row.pattern);
  const auto dns = ZoneDns::parse(row.pattern);
  REQUIRE_FALSE(dns);
  CHECK(dns.error().kind == core::Error::Kind::invalid);
  CHECK_THAT(dns.error().text, Catch::Contains(row.says));
}

TEST_CASE("a key is one DNS label, and no error repeats it") {
  struct Row {
    std::string key;
    bool is_good;
  };
  const auto row =
      GENERATE(Row{"abc123", true}, Row{"A-b-9", true}, Row{std::string(63, 'k'), true},
               Row{std::string(64, 'k'), false}, Row{"", false}, Row{"two.labels", false},
               Row{"with blank", false}, Row{"under_score", false}, Row{"new\nline", false});
  ZoneDns dns = ZoneDns::parse("{key}.zen.dq.spamhaus.net").value();
  const auto set = dns.set_key(core::Secret(row.key));
  CAPTURE(row.key);
  REQUIRE(set.has_value() == row.is_good);
  CHECK(dns.has_key() == row.is_good);
  if (!row.is_good) {
    CHECK_THAT(set.error().text, Catch::Contains("<key>.zen.dq.spamhaus.net"));
    CHECK((row.key.empty() || set.error().text.find(row.key) == std::string::npos));
  }
}

TEST_CASE("text of a zone's servers is without the key, however it is spelt there") {
  struct Row {
    std::string text;
    std::string hidden;
  };
  const auto row =
      GENERATE(Row{"", ""}, Row{"nothing of it", "nothing of it"},
               Row{"10.2.0.192.s3cr3tkey0123.zen.test", "10.2.0.192.<key>.zen.test"},
               Row{"https://x.test/S3CR3TKEY0123/?q", "https://x.test/<key>/?q"},
               Row{"s3cr3tKEY0123S3cr3tKEY0123", "<key><key>"}, Row{"s3cr3tKEY012", "s3cr3tKEY012"},
               Row{std::string("\xff\0s3cr3tKEY0123\n", 16), std::string("\xff\0<key>\n", 8)});
  CHECK(zone_dns("{key}.zen.test", kSecret).hide_key(row.text) == row.hidden);
  CHECK(zone_dns("zen.test").hide_key(row.text) == row.text);
  CHECK(zone_dns("{key}.zen.test").hide_key(row.text) == row.text);
}

TEST_CASE("a key for a zone that has no place for one is refused") {
  ZoneDns dns = ZoneDns::parse("zen.spamhaus.org").value();
  const auto set = dns.set_key(core::Secret(kSecret));
  REQUIRE_FALSE(set);
  CHECK_THAT(set.error().text, Catch::Contains("no {key}") && !Catch::Contains(kSecret));
}

TEST_CASE("a keyed zone without its key can't be asked, but shown") {
  const ZoneDns dns = ZoneDns::parse("{key}.zen.dq.spamhaus.net").value();
  const auto asked = dns.ask("2.0.0.127");
  REQUIRE_FALSE(asked);
  CHECK(asked.error().kind == core::Error::Kind::invalid);
  CHECK_THAT(asked.error().text, Catch::Contains("key"));
  CHECK(dns.show("2.0.0.127") == "2.0.0.127.<key>.zen.dq.spamhaus.net");
}

TEST_CASE("a name too long for DNS is an error of kind limit, without the key") {
  const std::string label(50, 'a');
  const std::string subject = label + "." + label + "." + label + "." + label;  // 203
  struct Row {
    std::string pattern;
    std::string key;
    bool fits;
  };
  const auto row =
      GENERATE(Row{"bl.example", "", true}, Row{std::string(49, 'z'), "", true},
               Row{std::string(50, 'z'), "", false}, Row{"{key}.zen.dq.spamhaus.net", "k", true},
               Row{"{key}.zen.dq.spamhaus.net", std::string(29, 'q'), true},
               Row{"{key}.zen.dq.spamhaus.net", std::string(30, 'q'), false},
               Row{"{key}.{subject}.httpbl.org", std::string(63, 'q'), false});
  CAPTURE(row.pattern, row.key);
  const auto asked = zone_dns(row.pattern, row.key).ask(subject);
  REQUIRE(asked.has_value() == row.fits);
  if (!row.fits) {
    CHECK(asked.error().kind == core::Error::Kind::limit);
    CHECK((row.key.empty() || asked.error().text.find(row.key) == std::string::npos));
  }
}

TEST_CASE("zone names are equal by pattern and key") {
  CHECK(zone_dns("bl.corp.test") == zone_dns("BL.corp.test."));
  CHECK_FALSE(zone_dns("bl.corp.test") == zone_dns("bl2.corp.test"));
  CHECK_FALSE(zone_dns("{key}.corp.test", "a") == zone_dns("{key}.corp.test", "b"));
  CHECK(zone_dns("{key}.corp.test", "a").pattern() == "{key}.corp.test");
}

}  // namespace rblwatch::lists
