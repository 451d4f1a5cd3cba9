// SPDX-License-Identifier: Apache-2.0
#include "lists/subject.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace rblwatch::lists {

namespace {

Subject subject(std::string_view text) {
  return Subject::parse(text).value();
}

}  // namespace

TEST_CASE("a subject is an address or a name, in its canonical spelling") {
  struct Row {
    std::string text;
    Kind kind;
    std::string shown;
  };
  const auto row = GENERATE(
      Row{"192.0.2.10", Kind::ipv4, "192.0.2.10"}, Row{"2001:DB8:0::1", Kind::ipv6, "2001:db8::1"},
      Row{"::ffff:192.0.2.10", Kind::ipv4, "192.0.2.10"},
      Row{"::FFFF:7F00:2", Kind::ipv4, "127.0.0.2"}, Row{"::1", Kind::ipv6, "::1"},
      Row{"Example.COM.", Kind::domain, "example.com"}, Row{"localhost", Kind::domain, "localhost"},
      Row{"bücher.example", Kind::domain, "xn--bcher-kva.example"},
      Row{"_dmarc.example.com", Kind::domain, "_dmarc.example.com"},
      Row{"1.example", Kind::domain, "1.example"});
  CAPTURE(row.text);
  const Subject made = subject(row.text);
  CHECK(made.kind() == row.kind);
  CHECK(made.to_text() == row.shown);
  CHECK(made.is_domain() == (row.kind == Kind::domain));
  if (made.is_domain()) {
    CHECK(made.domain().to_text() == row.shown);
    CHECK(made == Subject::of(made.domain()));
  } else {
    CHECK(made == Subject::of(made.address()));
  }
}

TEST_CASE("what is neither an address nor a name is no subject") {
  const auto text =
      GENERATE(as<std::string>(), "", ".", "192.0.2.300", "192.0.2", "192.0.2.1.5", "2001:db8::g",
               "1:2:3", "a b", "192.0.2.0/24", "a..b", "http://example.com/", "42");
  CAPTURE(text);
  const auto made = Subject::parse(text);
  REQUIRE_FALSE(made);
  CHECK(made.error().kind == core::Error::Kind::invalid);
  CHECK_FALSE(made.error().text.empty());
}

TEST_CASE("subjects are ordered: IPv4 by number, then IPv6, then names") {
  std::vector<Subject> all;
  all.reserve(7);
  for (const char* text : {"b.example", "2001:db8::2", "192.0.2.10", "a.example", "192.0.2.9",
                           "2001:db8::10", "::1"}) {
    all.push_back(subject(text));
  }
  std::sort(all.begin(), all.end());
  std::vector<std::string> texts;
  texts.reserve(all.size());
  for (const Subject& one : all) {
    texts.push_back(one.to_text());
  }
  CHECK(texts == std::vector<std::string>{"192.0.2.9", "192.0.2.10", "::1", "2001:db8::2",
                                          "2001:db8::10", "a.example", "b.example"});
}

TEST_CASE("equal subjects have equal hashes") {
  const std::hash<Subject> hash;
  CHECK(hash(subject("::ffff:192.0.2.1")) == hash(subject("192.0.2.1")));
  CHECK(hash(subject("EXAMPLE.com")) == hash(subject("example.com.")));
  CHECK(hash(subject("192.0.2.1")) != hash(subject("192.0.2.2")));
}

}  // namespace rblwatch::lists
