// SPDX-License-Identifier: Apache-2.0
#include "core/dns_name.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "core/idn.hpp"
#include "core/ip.hpp"

using rblwatch::core::DnsName;
using rblwatch::core::Error;
using rblwatch::core::IpAddress;
using rblwatch::core::to_a_labels;

namespace {

DnsName name(std::string_view text) {
  return DnsName::parse(text).value();
}

DnsName assigned(std::string_view text) {
  DnsName out;
  REQUIRE(DnsName::assign(text, out));
  return out;
}

/// A name of exactly `length` characters in labels of 63 and a rest.
std::string long_name(std::size_t length) {
  std::string text;
  while (text.size() < length) {
    text += text.size() % 64 == 63 ? '.' : 'a';
  }
  return text;
}

}  // namespace

TEST_CASE("names are folded and lose one trailing dot") {
  CHECK(name("ZEN.Example.ORG.").to_text() == "zen.example.org");
  CHECK(name("_dmarc.x-1.example").to_text() == "_dmarc.x-1.example");
  CHECK(name("2.0.0.127.zen.example").label_count() == 6);
  CHECK(name("a") == name("A."));
  CHECK(name("a") != name("b"));
}

TEST_CASE("a wrong name is refused and the label named") {
  struct Row {
    std::string text;
    std::string told;
  };
  const auto row = GENERATE(values<Row>({
      {"", "label 1 is empty"},
      {".", "label 1 is empty"},
      {".a", "label 1 is empty"},
      {"a..b", "label 2 is empty"},
      {"a.b..", "label 3 is empty"},
      {"a.b c.d", "label 2 \"b c\""},
      {"a.b\n", "label 2 \"b\\n\""},
      {"a.b/25", "label 2"},
      {"a.\xFF", "label 2"},
      {"b\xC3\xBC"
       "cher.example",
       "label 1"},
      {std::string("a\0b.c", 5), "label 1 \"a\\x00b\""},
      {"a\\.b", "label 1"},
      {"ok." + std::string(64, 'x'), "longer than 63"},
  }));
  const auto result = DnsName::parse(row.text);
  CAPTURE(row.text);
  REQUIRE_FALSE(result);
  CAPTURE(result.error().text);
  CHECK(result.error().kind == Error::Kind::invalid);
  CHECK(result.error().text.find(row.told) != std::string::npos);
  CHECK(result.error().text.find('\n') == std::string::npos);
}

TEST_CASE("names end at 253 characters and labels at 63") {
  CHECK(DnsName::parse(std::string(63, 'x')));
  CHECK_FALSE(DnsName::parse(std::string(64, 'x')));
  CHECK(DnsName::parse(long_name(253)));
  CHECK(DnsName::parse(long_name(253) + "."));
  CHECK_FALSE(DnsName::parse(long_name(254)));
  CHECK_FALSE(DnsName::parse(long_name(253) + ".."));
  CHECK_FALSE(DnsName::parse(std::string(1'000'000, 'x')));
}

TEST_CASE("assign takes any octets, and leaves what it had when it refuses") {
  struct Row {
    std::string text;
    bool is_taken;
  };
  const auto row = GENERATE(values<Row>({
      {"", true},
      {".", true},
      {"a", true},
      {"a.", true},
      {"..", false},
      {"a..", false},
      {".a", false},
      {"a..b", false},
      {std::string("\0\xFF *.x", 6), true},
      {std::string(63, 'x') + ".y", true},
      {std::string(64, 'x') + ".y", false},
      {long_name(253), true},
      {long_name(253) + ".", true},
      {long_name(254), false},
      {long_name(255), false},
      {std::string(100'000, 'a'), false},
      {"a\\.b.c", true},
      {"a\\046b.c", true},
      {"a\\", false},
      {"a\\04", false},
      {"a\\0x6", false},
      {"a\\256", false},
      {"a\\255", true},
      {"\\..a", true},
      // An escaped octet counts once: 63 of them are a label, however long their text.
      {std::string(62, 'x') + "\\.", true},
      {std::string(63, 'x') + "\\.", false},
      {std::string(60, 'x') + "\\001\\002\\003.y", true},
  }));
  CAPTURE(row.text.substr(0, 300));
  DnsName out = name("before.example");
  CHECK(DnsName::assign(row.text, out) == row.is_taken);
  if (!row.is_taken) {
    CHECK(out.to_text() == "before.example");
  }
}

TEST_CASE("assign folds ASCII only and forgets a longer name before it") {
  DnsName out = name("a.much.longer.name.example");
  REQUIRE(DnsName::assign("ZeN.\xC3\x84.", out));
  CHECK(out.to_text() == "zen.\\195\\132");
  REQUIRE(DnsName::assign(out.to_text(), out));  // its own text
  CHECK(out.to_text() == "zen.\\195\\132");
  REQUIRE(DnsName::assign("", out));
  CHECK(out.is_root());
  CHECK(out == DnsName());
  CHECK(std::hash<DnsName>{}(out) == std::hash<DnsName>{}(DnsName()));
}

TEST_CASE("labels are counted without being fooled by escaped dots") {
  CHECK(DnsName().label_count() == 0);
  CHECK(assigned("a").label_count() == 1);
  CHECK(assigned("a.b.c").label_count() == 3);
  CHECK(assigned("a\\.b.c").label_count() == 2);
  CHECK(assigned("a\\\\.c").label_count() == 2);
}

TEST_CASE("a name is within itself, its parents and the root") {
  struct Row {
    std::string inner;
    std::string outer;
    bool is_within;
  };
  const auto row = GENERATE(values<Row>({
      {"a.example", "a.example", true},
      {"b.a.example", "a.example", true},
      {"ba.example", "a.example", false},
      {"example", "a.example", false},
      {"a.example", "", true},
      {"", "", true},
      {"", "example", false},
      {"x\\.a.example", "a.example", false},   // a dot inside a label
      {"x\\\\.a.example", "a.example", true},  // a backslash at a label's end
  }));
  CAPTURE(row.inner, row.outer);
  CHECK(assigned(row.inner).is_within(assigned(row.outer)) == row.is_within);
}

TEST_CASE("a name's parent is the name without its first label") {
  CHECK(name("a.b.example").parent() == name("b.example"));
  CHECK(assigned("a\\.b.example").parent() == name("example"));
  CHECK(name("example").parent().is_root());
  CHECK(DnsName().parent().is_root());
}

TEST_CASE("a name is what stands in a packet") {
  const std::vector<std::uint8_t> octets{1, 'A', 7, 'e', 'X', 'a', 'm', 'p', 'l', 'e', 0};
  const DnsName made = DnsName::of_wire(octets);
  CHECK(made == name("a.example"));
  CHECK(std::string(made.wire().begin(), made.wire().end()) == std::string("\1a\7example\0", 11));
  CHECK(DnsName().wire().size() == 1);
  const DnsName copy = name(long_name(253));  // one that doesn't fit into a cache line
  CHECK(copy.to_text() == long_name(253));
}

TEST_CASE("an address becomes a name octet by octet, or nibble by nibble, from behind") {
  const std::vector<std::pair<std::string, std::string>> names{
      {"127.0.0.2", "2.0.0.127"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.199.100.99", "99.100.199.255"},
      {"10.9.1.200", "200.1.9.10"},
      {"2001:db8::f0", "0.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"},
  };
  for (const auto& [address, name] : names)
    CHECK(DnsName::reversed(IpAddress::parse(address).value()).to_text() == name);
  // Each octet, for each has its own text.
  for (unsigned octet = 0; octet < 256; ++octet) {
    const auto value = static_cast<std::uint8_t>(octet);
    const std::string text = std::to_string(octet);
    CHECK(DnsName::reversed(IpAddress::v4({value, 1, 2, value})).to_text() ==
          text + ".2.1." + text);
  }
}

TEST_CASE("a name goes under another up to the limit") {
  CHECK(name("2.0.0.127").under(name("zen.example")).value().to_text() == "2.0.0.127.zen.example");
  CHECK(DnsName().under(name("zen.example")).value().to_text() == "zen.example");
  CHECK(name("a").under(DnsName()).value().to_text() == "a");
  CHECK(name("a").under(name(long_name(251))).value().to_text().size() == 253);
  const auto too_long = name("aa").under(name(long_name(251)));
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().kind == Error::Kind::limit);
  CHECK_FALSE(name(long_name(253)).under(name(long_name(253))));
}

TEST_CASE("internationalised names become A-labels") {
  struct Row {
    std::string given;
    std::string asked;
  };
  const auto row = GENERATE(values<Row>({
      {"b\xC3\xBC"
       "cher.example",
       "xn--bcher-kva.example"},
      {"B\xC3\x9C"
       "CHER.Example.",
       "xn--bcher-kva.example"},  // mapped to lower case
      {"bu\xCC\x88"
       "cher.example",
       "xn--bcher-kva.example"},                     // composed
      {"fa\xC3\x9F.example", "xn--fa-hia.example"},  // nontransitional
      {"b\xC3\xBC"
       "cher\xE3\x80\x82"
       "example",
       "xn--bcher-kva.example"},  // ideographic stop
      {"\xE4\xBE\x8B\xE5\xAD\x90.xn--bcher-kva", "xn--fsqu00a.xn--bcher-kva"},
      {"Plain.Example", "plain.example"},
      {"r3---sn.example", "r3---sn.example"},
      {"_dmarc.example", "_dmarc.example"},
  }));
  const auto result = to_a_labels(row.given);
  CAPTURE(row.given, result ? std::string() : result.error().text);
  REQUIRE(result);
  CHECK(result->to_text() == row.asked);
}

TEST_CASE("what can't become A-labels is refused with the place") {
  struct Row {
    std::string given;
    std::string told;
  };
  std::string many_labels;
  for (int i = 0; i < 60; ++i) {
    many_labels += "b\xC3\xBC.";
  }
  std::string long_label;
  for (int i = 0; i < 80; ++i) {
    long_label += "\xC3\xBC";
  }
  const auto row = GENERATE_COPY(values<Row>({
      {"", "empty"},
      {"ok.\xFF\xFE.example", "UTF-8"},
      {"ok.\xED\xA0\x80.example", "UTF-8"},
      {std::string("b\xC3\xBC\0.example", 12), "zero byte"},
      {"ok..b\xC3\xBC.example", "label 2"},
      {"ok.\xE2\x80\xAE"
       "b\xC3\xBC.example",
       "label 2"},  // right-to-left override
      {"ok.\xCC\x88"
       "b.example",
       "label 2"},  // begins with a combining mark
      {"ok." + long_label, "label 2"},
      {many_labels + "example", "name"},
      {"b\xC3\xBC c.example", "label 1"},
      {std::string(500'000, '\xC3'), "too long"},
  }));
  const auto result = to_a_labels(row.given);
  CAPTURE(row.given.substr(0, 100));
  REQUIRE_FALSE(result);
  CAPTURE(result.error().text);
  CHECK(result.error().text.find(row.told) != std::string::npos);
}
