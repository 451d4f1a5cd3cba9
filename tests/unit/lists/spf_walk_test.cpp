// SPDX-License-Identifier: Apache-2.0
#include "lists/spf_walk.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "dns_story.hpp"

using namespace rblwatch;
using namespace rblwatch::lists;
using namespace rblwatch::lists::test;

namespace {

/// The names of RFC 7208 appendix A.
DnsStory appendix_a() {
  DnsStory dns;
  dns.mx("example.com", 10, "mail-a.example.com");
  dns.mx("example.com", 20, "mail-b.example.com");
  dns.address("example.com", "192.0.2.10");
  dns.address("example.com", "192.0.2.11");
  dns.address("amy.example.com", "192.0.2.65");
  dns.address("bob.example.com", "192.0.2.66");
  dns.address("mail-a.example.com", "192.0.2.129");
  dns.address("mail-b.example.com", "192.0.2.130");
  dns.mx("example.org", 10, "mail-c.example.org");
  dns.address("mail-c.example.org", "192.0.2.140");
  return dns;
}

WalkStep walk(DnsStory& dns, const std::string& record) {
  if (!record.empty()) {
    dns.txt("example.com", record);
  }
  return dns.play(SpfWalk(dns_name("example.com")));
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the examples of RFC 7208 appendix A name these senders") {
  const auto [record, senders] = GENERATE(table<std::string, std::string>({
      {"v=spf1 a -all", "192.0.2.10 192.0.2.11"},
      {"v=spf1 a:example.org -all", "≥ "},
      {"v=spf1 mx -all", "192.0.2.129 192.0.2.130"},
      {"v=spf1 mx:example.org -all", "192.0.2.140"},
      {"v=spf1 mx mx:example.org -all", "192.0.2.129 192.0.2.130 192.0.2.140"},
      {"v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.128/30 192.0.2.140/30"},
      {"v=spf1 ptr -all", ""},
      {"v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.128/28"},
      {"v=spf1 -all", ""},
      {"v=spf1", ""},
  }));
  DnsStory dns = appendix_a();
  CHECK(result_text(walk(dns, record)) == senders);
}

TEST_CASE("both families are found, with the prefix of each; mapped addresses are IPv4") {
  DnsStory dns;
  dns.address("m.test", "192.0.2.77");
  dns.address("m.test", "2001:db8::ff");
  CHECK(result_text(walk(dns,
                         "v=spf1 a:m.test/30//126 ip6:2001:db8:1::1 ip6:::ffff:198.51.100.7 "
                         "ip6:::ffff:203.0.113.0/124 -all")) ==
        "192.0.2.76/30 198.51.100.7 2001:db8:1::1 2001:db8::fc/126 203.0.113.0/28");
}

TEST_CASE("includes are followed, of them only what may pass; a minus never counts") {
  DnsStory dns;
  dns.txt("inner.test", "v=spf1 ip4:192.0.2.1 ?ip4:192.0.2.2 ~ip4:192.0.2.3 -ip4:192.0.2.4 -all");
  dns.txt("bad.test", "v=spf1 ip4:203.0.113.1 -all");
  CHECK(result_text(walk(dns,
                         "v=spf1 include:inner.test ?ip4:198.51.100.2 ~ip4:198.51.100.3 "
                         "-ip4:198.51.100.4 -include:bad.test ~all")) ==
        "192.0.2.1 198.51.100.2 198.51.100.3");
  CHECK(std::count(dns.asked.begin(), dns.asked.end(), "TXT bad.test") == 0);
}

TEST_CASE("an include without a redirect of its own goes back to the record that named it") {
  DnsStory dns;
  dns.txt("one.test", "v=spf1 redirect=two.test");
  dns.txt("two.test", "v=spf1 ip4:192.0.2.2 -all ip4:192.0.2.9");
  dns.txt("three.test", "v=spf1 ?ip4:192.0.2.4");
  CHECK(result_text(walk(dns, "v=spf1 include:one.test ip4:192.0.2.3 redirect=three.test")) ==
        "192.0.2.2 192.0.2.3 192.0.2.4");
}

TEST_CASE("a redirect beside an all is ignored, and so is what stands behind the all") {
  DnsStory dns;
  CHECK(result_text(walk(dns, "v=spf1 ip4:192.0.2.1 ~all ip4:192.0.2.2 redirect=two.test")) ==
        "192.0.2.1");
  CHECK(dns.asked == std::vector<std::string>{"TXT example.com"});
}

TEST_CASE("what depends on the sender is named and not followed") {
  const std::string term =
      GENERATE(as<std::string>(), "exists:%{ir}._spf.example.com", "ptr", "include:%{d}.x.test",
               "a:%{l}.x.test", "mx:%{d2}.x.test", "exists:x.test");
  DnsStory dns;
  const WalkStep step = walk(dns, "v=spf1 " + term + " ip4:192.0.2.1 -all");
  CHECK(result_text(step) == "192.0.2.1");
  CHECK(has(notes_text(step), "SPF of example.com: \"" + term + "\" can't be followed"));
  CHECK(dns.asked.size() == 1);
}

TEST_CASE("a redirect with a macro and +all are named too") {
  DnsStory dns;
  CHECK(has(notes_text(walk(dns, "v=spf1 redirect=%{d}._spf.test")), "redirect=%{d}._spf.test"));
  DnsStory open;
  const WalkStep step = walk(open, "v=spf1 ip4:192.0.2.1 +all");
  CHECK(result_text(step) == "192.0.2.1");
  CHECK(has(notes_text(step), "+all"));
}

TEST_CASE("networks of more than 65 536 addresses are too large to watch") {
  const auto [term, found] =
      GENERATE(table<std::string, std::string>({{"ip4:10.0.0.0/8", ""},
                                                {"ip4:10.0.0.0/15", ""},
                                                {"ip4:10.1.0.0/16", "10.1.0.0/16"},
                                                {"ip6:2001:db8::/111", ""},
                                                {"ip6:2001:db8::/112", "2001:db8::/112"},
                                                {"ip6:::ffff:10.0.0.0/104", ""},
                                                {"ip6:::/0", ""},
                                                {"a:m.test/8", ""}}));
  DnsStory dns;
  dns.address("m.test", "192.0.2.1");
  const WalkStep step = walk(dns, "v=spf1 " + term + " -all");
  CHECK(result_text(step) == found);
  CHECK(has(notes_text(step), "\"" + term + "\" is too large to watch") == found.empty());
}

TEST_CASE("no SPF record, or no domain, fails: nothing is known to have left") {
  DnsStory dns;
  CHECK(result_text(walk(dns, "")) == "failed: nxdomain for TXT of example.com");
  dns.txt("example.com", "google-site-verification=x");
  CHECK(result_text(walk(dns, "")) == "failed: no SPF record for TXT of example.com");
}

TEST_CASE("of several SPF records receivers take none; other texts don't count") {
  DnsStory dns;
  dns.txt("example.com", "v=spf10 ip4:192.0.2.7");
  CHECK(result_text(walk(dns, "v=spf1 ip4:192.0.2.1")) == "192.0.2.1");
  const WalkStep step = walk(dns, "v=spf1 ip4:192.0.2.2");
  CHECK(result_text(step) == "≥ ");
  CHECK(has(notes_text(step), "SPF of example.com: there are 2 of them"));
}

TEST_CASE("a record that can't be read is named; the rest of the tree is followed") {
  DnsStory dns;
  dns.txt("bad.test", "v=spf1 ip4:192.0.2.300");
  const WalkStep step = walk(dns, "v=spf1 include:bad.test ip4:192.0.2.1 -all");
  CHECK(result_text(step) == "≥ 192.0.2.1");
  CHECK(has(notes_text(step), "SPF of bad.test: \"ip4:192.0.2.300\" is no term of SPF"));
}

TEST_CASE("an include or redirect without a record is named") {
  const std::string term = GENERATE(as<std::string>(), "include:gone.test", "redirect=gone.test");
  DnsStory dns;
  const WalkStep step = walk(dns, "v=spf1 ip4:192.0.2.1 " + term);
  CHECK(result_text(step) == "≥ 192.0.2.1");
  CHECK(has(notes_text(step), "SPF of gone.test: there is none, though that of example.com"));
}

TEST_CASE("a failure anywhere in the tree fails the whole") {
  DnsStory dns;
  dns.txt("inner.test", "v=spf1 a:host.test -all");
  dns.address("host.test", "192.0.2.1");
  SECTION("of a record") {
    dns.fail("late.test", dns::QType::txt);
    CHECK(result_text(walk(dns, "v=spf1 include:inner.test include:late.test -all")) ==
          "failed: servfail for TXT of late.test");
  }
  SECTION("of an address") {
    dns.fail("host.test", dns::QType::aaaa);
    CHECK(result_text(walk(dns, "v=spf1 ip4:192.0.2.7 include:inner.test -all")) ==
          "failed: servfail for AAAA of host.test");
  }
  SECTION("of a mail exchanger") {
    dns.fail("x.test", dns::QType::mx);
    CHECK(result_text(walk(dns, "v=spf1 mx:x.test -all")) == "failed: servfail for MX of x.test");
  }
  SECTION("of the first record") {
    dns.fail("example.com", dns::QType::txt);
    CHECK(result_text(walk(dns, "")) == "failed: servfail for TXT of example.com");
  }
}

TEST_CASE("ten lookups are made and no eleventh; the first record is none of them") {
  const unsigned count = GENERATE(10U, 11U);
  DnsStory dns;
  std::string record = "v=spf1";
  std::string senders;
  for (unsigned i = 1; i <= count; ++i) {
    const std::string host = "h" + std::to_string(i + 10) + ".test";
    dns.address(host, "192.0.2." + std::to_string(i + 10));
    record += " a:" + host;
    senders += (i == 1 ? "" : " ") + ("192.0.2." + std::to_string(i + 10));
  }
  const WalkStep step = walk(dns, record + " ip4:192.0.2.99 -all");
  if (count == 10) {
    CHECK(result_text(step) == senders + " 192.0.2.99");
    CHECK(notes_text(step).empty());
  } else {
    CHECK(result_text(step) == "≥ " + senders.substr(0, senders.rfind(' ')));
    CHECK(has(notes_text(step),
              "needs more than 10 lookups, where receivers give up: nothing from "
              "\"a:h21.test\" of example.com on"));
  }
}

TEST_CASE("terms that aren't followed count as lookups all the same") {
  DnsStory dns;
  std::string record = "v=spf1 -a:x.test";
  for (int i = 0; i < 4; ++i) {
    record += " exists:%{i}.e" + std::to_string(i) + ".test ?ptr";
  }
  CHECK(notes_text(walk(dns, record + " include:%{d}.test ip4:192.0.2.1")).find("more than 10") ==
        std::string::npos);
  DnsStory one_more;
  const WalkStep step = walk(one_more, record + " include:%{d}.test ptr ip4:192.0.2.1");
  CHECK(has(notes_text(step), "more than 10 lookups"));
  CHECK(result_text(step) == "≥ ");
}

TEST_CASE("loops end at the limit") {
  const std::string term = GENERATE(as<std::string>(), "include:example.com",
                                    "redirect=example.com", "include:b.test", "redirect=b.test");
  DnsStory dns;
  dns.txt("b.test", "v=spf1 ip4:192.0.2.2 " + std::string("include:example.com"));
  const WalkStep step = walk(dns, "v=spf1 ip4:192.0.2.1 " + term);
  CHECK(has(notes_text(step), "more than 10 lookups"));
  CHECK(has(result_text(step), "≥ 192.0.2.1"));
  CHECK(dns.asked.size() == 11);
}

TEST_CASE("two lookups may find nothing, not three") {
  DnsStory dns;
  const WalkStep two = walk(dns, "v=spf1 a:one.test mx:two.test ip4:192.0.2.1 -all");
  CHECK(result_text(two) == "≥ 192.0.2.1");
  CHECK(notes_text(two).find("more than 2") == std::string::npos);
  DnsStory again;
  const WalkStep three =
      walk(again, "v=spf1 a:one.test mx:two.test include:three.test ip4:192.0.2.1 -all");
  CHECK(result_text(three) == "≥ ");
  CHECK(has(notes_text(three), "more than 2 of its lookups find nothing"));
}

TEST_CASE("an mx term has no implicit MX, no null one and at most ten hosts") {
  DnsStory dns;
  dns.address("plain.test", "192.0.2.9");
  CHECK(result_text(walk(dns, "v=spf1 mx:plain.test -all")) == "≥ ");
  DnsStory null;
  null.mx("null.test", 0, "");
  const WalkStep none = walk(null, "v=spf1 mx:null.test ip4:192.0.2.1 -all");
  CHECK(result_text(none) == "192.0.2.1");
  DnsStory many;
  for (int i = 0; i < 11; ++i) {
    const std::string host = "m" + std::to_string(i) + ".test";
    many.mx("many.test", 10, host);
    many.address(host, "192.0.2.1");
  }
  const WalkStep step = walk(many, "v=spf1 mx:many.test ip4:192.0.2.7 -all");
  CHECK(result_text(step) == "≥ ");
  CHECK(has(notes_text(step), "\"mx:many.test\" finds more than 10 mail exchangers"));
}
