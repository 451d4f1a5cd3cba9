// SPDX-License-Identifier: Apache-2.0
#include "lists/address_walk.hpp"

#include <catch2/catch.hpp>

#include "dns_story.hpp"

using namespace rblwatch;
using namespace rblwatch::lists;
using namespace rblwatch::lists::test;

namespace {

WalkStep mx_of(DnsStory& dns) {
  return dns.play(MxWalk(dns_name("example.com")));
}

std::vector<core::IpAddress> addresses(const std::vector<std::string>& texts) {
  std::vector<core::IpAddress> all;
  for (const std::string& text : texts) {
    all.push_back(*core::IpAddress::parse(text));
  }
  return all;
}

std::vector<core::Cidr> networks(const std::vector<std::string>& texts) {
  std::vector<core::Cidr> all;
  for (const std::string& text : texts) {
    all.push_back(*core::Cidr::parse(text));
  }
  return all;
}

}  // namespace

TEST_CASE("a host's addresses are those of both families") {
  DnsStory dns;
  dns.address("mail.example.com", "192.0.2.1");
  dns.address("mail.example.com", "2001:db8::1");
  CHECK(result_text(dns.play(HostWalk(dns_name("mail.example.com")))) == "192.0.2.1 2001:db8::1");
  CHECK(result_text(dns.play(HostWalk(dns_name("gone.example.com")))) == "failed: nxdomain");
  dns.fail("mail.example.com", dns::QType::aaaa);
  CHECK(result_text(dns.play(HostWalk(dns_name("mail.example.com")))) == "failed: servfail");
}

TEST_CASE("a domain is received for by the addresses of its mail exchangers") {
  DnsStory dns;
  dns.mx("example.com", 20, "mx2.example.net");
  dns.mx("example.com", 10, "mx1.example.net");
  dns.mx("example.com", 30, "mx1.example.net");
  dns.address("mx1.example.net", "192.0.2.1");
  dns.address("mx2.example.net", "192.0.2.2");
  dns.address("mx2.example.net", "2001:db8::2");
  const WalkStep step = mx_of(dns);
  CHECK(result_text(step) == "192.0.2.1 192.0.2.2 2001:db8::2");
  CHECK(notes_text(step).empty());
  CHECK(dns.asked == std::vector<std::string>{"MX example.com", "A mx1.example.net",
                                              "AAAA mx1.example.net", "A mx2.example.net",
                                              "AAAA mx2.example.net"});
}

TEST_CASE("without an MX the domain itself receives; under a null MX nobody does") {
  DnsStory dns;
  dns.address("example.com", "192.0.2.9");
  CHECK(result_text(mx_of(dns)) == "192.0.2.9");
  dns.mx("example.com", 0, "");
  const WalkStep null = mx_of(dns);
  CHECK(result_text(null).empty());
  CHECK(notes_text(null) == "example.com takes no mail (null MX)");
  dns.mx("example.com", 10, "mx.example.com");  // a null MX beside others is none
  dns.address("mx.example.com", "192.0.2.10");
  CHECK(result_text(mx_of(dns)) == "192.0.2.10");
}

TEST_CASE("what can't be found of the mail exchangers keeps what was known") {
  DnsStory dns;
  CHECK(result_text(mx_of(dns)) == "failed: nxdomain for MX of example.com");
  dns.mx("example.com", 10, "mx1.example.net");
  dns.mx("example.com", 20, "mx2.example.net");
  CHECK(result_text(mx_of(dns)) == "failed: no address for A of mx1.example.net");
  dns.address("mx1.example.net", "192.0.2.1");
  const WalkStep half = mx_of(dns);
  CHECK(result_text(half) == "≥ 192.0.2.1");
  CHECK(notes_text(half) == "the mail exchanger mx2.example.net of example.com has no address");
  dns.fail("mx2.example.net", dns::QType::a);
  CHECK(result_text(mx_of(dns)) == "failed: servfail for A of mx2.example.net");
  dns.fail("example.com", dns::QType::mx);
  CHECK(result_text(mx_of(dns)) == "failed: servfail for MX of example.com");
}

TEST_CASE("of more than ten mail exchangers the most preferred are followed") {
  DnsStory dns;
  for (int i = 1; i <= 11; ++i) {
    const std::string host = "mx" + std::to_string(i) + ".example.net";
    dns.mx("example.com", static_cast<std::uint16_t>(i), host);
    dns.address(host, "192.0.2." + std::to_string(i));
  }
  const WalkStep step = mx_of(dns);
  CHECK(std::get<WalkFound>(step).networks.size() == 10);
  CHECK(result_text(step).find("192.0.2.11") == std::string::npos);
  CHECK(notes_text(step) ==
        "example.com has 11 mail exchangers: only the 10 most preferred are followed");
}

TEST_CASE("networks become every address of them, each once, beside those that are there") {
  const Expanded all =
      expand(networks({"192.0.2.0/30", "192.0.2.1", "192.0.2.2/31", "2001:db8::/127"}),
             addresses({"192.0.2.1", "198.51.100.1"}), 100);
  CHECK(all.left_out.empty());
  CHECK(all.addresses == addresses({"192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3",
                                    "198.51.100.1", "2001:db8::", "2001:db8::1"}));
  CHECK(expand(networks({"255.255.255.254/31"}), {}, 2).addresses.size() == 2);
}

TEST_CASE("what there is no room for is left out, single addresses last") {
  const Expanded some = expand(networks({"192.0.2.0/24", "198.51.100.7", "203.0.113.0/30"}), {}, 5);
  CHECK(some.addresses.size() == 5);
  CHECK(some.left_out == networks({"192.0.2.0/24"}));
  const Expanded none = expand(networks({"198.51.100.7"}), addresses({"192.0.2.1"}), 0);
  CHECK(none.addresses == addresses({"192.0.2.1"}));
  CHECK(none.left_out.size() == 1);
  CHECK(expand(networks({"192.0.2.1"}), addresses({"192.0.2.1"}), 0).left_out.empty());
}

TEST_CASE("notes are kept few and without doubles") {
  std::vector<std::string> notes;
  for (int i = 0; i < 100; ++i) {
    add_note(notes, "note " + std::to_string(i));
    add_note(notes, "note 0");
  }
  CHECK(notes.size() == kMostNotes + 1);
  CHECK(notes.back() == "and more like these");
}
