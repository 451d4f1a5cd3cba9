// SPDX-License-Identifier: Apache-2.0
#include "lists/query_name.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::lists {

namespace {

using Texts = std::vector<std::string>;

Zone zone(std::string_view dns, DomainForm form = DomainForm::registrable) {
  Zone made;
  made.dns = ZoneDns::parse(dns).value();
  made.domain_form = form;
  return made;
}

Subject subject(std::string_view text) {
  return Subject::parse(text).value();
}

Texts asked(const Zone& of, const Subject& about) {
  Texts names;
  const std::vector<core::DnsName> asked_names = query_names(of, about).value();
  for (const core::DnsName& name : asked_names) {
    names.push_back(name.to_text());
  }
  return names;
}

}  // namespace

TEST_CASE("addresses are asked in reverse: octets or 32 nibbles") {
  struct Row {
    std::string address;
    std::string labels;
  };
  const auto row = GENERATE(
      Row{"127.0.0.2", "2.0.0.127"}, Row{"192.0.2.255", "255.2.0.192"}, Row{"0.0.0.0", "0.0.0.0"},
      Row{"10.20.100.109", "109.100.20.10"},
      Row{"2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"},
      Row{"::", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"},
      // A test entry of RFC 5782 section 5: mapped, yet asked as nibbles.
      Row{"::FFFF:7F00:2", "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"});
  CAPTURE(row.address);
  CHECK(reversed_labels(core::IpAddress::parse(row.address).value()) == row.labels);
}

TEST_CASE("an IPv4-mapped subject is asked as its IPv4 address") {
  CHECK(asked(zone("bl.test"), subject("::ffff:192.0.2.1")) == Texts{"1.2.0.192.bl.test"});
}

TEST_CASE("domains are asked in the form that the zone wants") {
  struct Row {
    DomainForm form;
    std::string domain;
    Texts labels;
  };
  const auto row =
      GENERATE(Row{DomainForm::exact, "www.example.co.uk", {"www.example.co.uk"}},
               Row{DomainForm::registrable, "www.example.co.uk", {"example.co.uk"}},
               Row{DomainForm::both, "www.example.co.uk", {"www.example.co.uk", "example.co.uk"}},
               Row{DomainForm::both, "example.co.uk", {"example.co.uk"}},
               Row{DomainForm::registrable, "co.uk", {"co.uk"}},
               Row{DomainForm::both, "localhost", {"localhost"}});
  CAPTURE(row.domain);
  const Zone of = zone("dbl.test", row.form);
  CHECK(subject_labels(of, subject(row.domain)) == row.labels);
  Texts names;
  for (const std::string& labels : row.labels) {
    names.push_back(labels + ".dbl.test");
  }
  CHECK(asked(of, subject(row.domain)) == names);
  CHECK(query_name(of, subject(row.domain)).value().to_text() == names.front());
}

TEST_CASE("keyed zones are asked with the key and shown without it") {
  Zone keyed = zone("{key}.{subject}.dnsbl.httpbl.org");
  REQUIRE(keyed.dns.set_key(core::Secret("abcdefghijkl")));
  CHECK(query_name(keyed, subject("192.0.2.1")).value().to_text() ==
        "abcdefghijkl.1.2.0.192.dnsbl.httpbl.org");
  CHECK(shown_name(keyed, "1.2.0.192") == "<key>.1.2.0.192.dnsbl.httpbl.org");
}

TEST_CASE("a name that gets too long is an error that names subject and zone, never the key") {
  const std::string label(60, 'a');
  const std::string longest = label + "." + label + "." + label + "." + label + ".example";
  Zone keyed = zone("{key}.zen.dq.spamhaus.net", DomainForm::exact);
  REQUIRE(keyed.dns.set_key(core::Secret("topsecret")));
  for (const bool one : {true, false}) {
    const core::Error error = one ? query_name(keyed, subject(longest)).error()
                                  : query_names(keyed, subject(longest)).error();
    CHECK(error.kind == core::Error::Kind::limit);
    CHECK_THAT(error.text, Catch::Contains(longest) &&
                               Catch::Contains("<key>.zen.dq.spamhaus.net") &&
                               !Catch::Contains("topsecret"));
  }
  CHECK(query_name(keyed, subject("example.com")));
}

TEST_CASE("the longest name that fits is asked") {
  const Zone of = zone("bl.test", DomainForm::exact);
  const std::string label(63, 'a');
  const std::string rest(53, 'b');
  const std::string longest = label + "." + label + "." + label + "." + rest;  // 245 and 8 more
  CHECK(query_name(of, subject(longest)).value().to_text().size() == core::DnsName::kMaxText);
  CHECK_FALSE(query_name(of, subject(longest + "b")));
}

}  // namespace rblwatch::lists
