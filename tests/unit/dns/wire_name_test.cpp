// SPDX-License-Identifier: Apache-2.0
#include "dns/wire_name.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "message_builder.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;

namespace {

const Octets kHeader(12, 0);

std::optional<core::DnsName> read(const Octets& message, std::size_t& at) {
  NameBudget budget;
  return read_name(message, at, budget);
}

std::string text_of(const Octets& message, std::size_t at = 12) {
  const auto found = read(message, at);
  return found ? found->to_text() : "malformed";
}

Octets repeated(const Octets& part, std::size_t times) {
  Octets all;
  for (std::size_t i = 0; i < times; ++i)
    all = all + part;
  return all;
}

}  // namespace

TEST_CASE("a name is read in lower case, and the position moves behind it") {
  const Octets message = kHeader + name("WwW.Example.TEST") + raw("x");
  std::size_t at = 12;
  const auto found = read(message, at);
  REQUIRE(found);
  CHECK(at == message.size() - 1);
  CHECK(text_of(message) == "www.example.test");
  CHECK(text_of(kHeader + Octets{0}).empty());
}

TEST_CASE("a compressed name is put together, and the position moves behind its pointer") {
  const Octets message = kHeader + name("example.test") + string("www") + pointer(12) + raw("x");
  std::size_t at = 26;
  CHECK(text_of(message, at) == "www.example.test");
  REQUIRE(read(message, at));
  CHECK(at == message.size() - 1);
}

TEST_CASE("names that break the rules are malformed") {
  const auto [what, message, at] = GENERATE(table<const char*, Octets, std::size_t>({
      {"cut off in a label", kHeader + Octets{5, 'a', 'b'}, 12},
      {"cut off before the root", kHeader + string("ab"), 12},
      {"cut off in a pointer", kHeader + Octets{0xC0}, 12},
      {"nothing there", kHeader, 12},
      {"pointer to itself", kHeader + pointer(12), 12},
      {"pointer forward", kHeader + pointer(14) + name("a"), 12},
      {"pointer into the header", kHeader + name("a") + pointer(4), 15},
      {"pointer into the labels it continues", kHeader + string("a") + pointer(12), 12},
      {"two pointers round", kHeader + pointer(14) + pointer(12), 14},
      {"reserved label type 01", kHeader + Octets{0x41, 'a', 0}, 12},
      {"reserved label type 10", kHeader + Octets{0x81, 'a', 0}, 12},
      {"256 octets", kHeader + repeated({1, 'a'}, 127) + Octets{1, 'a', 0}, 12},
      {"256 octets by a pointer", kHeader + name("abc") + repeated({1, 'a'}, 126) + pointer(12),
       17},
  }));
  CAPTURE(what);
  std::size_t start = at;
  CHECK_FALSE(read(message, start));
  NameBudget budget;
  start = at;
  CHECK_FALSE(skip_name(message, start, budget));
}

TEST_CASE("a name of 255 octets is the longest") {
  CHECK(text_of(kHeader + repeated({1, 'a'}, 127) + Octets{0}).size() == 253);
  CHECK(text_of(kHeader + repeated(string(std::string(63, 'b')), 3) + string(std::string(61, 'c')) +
                Octets{0})
            .size() == 253);
}

TEST_CASE("a name follows 128 pointers and a message 4 096") {
  // A chain of pointers, each to the one before, that ends at a name.
  Octets message = kHeader + name("a");
  std::size_t last = 12;
  for (unsigned i = 0; i < 200; ++i) {
    message = message + pointer(static_cast<unsigned>(last));
    last = message.size() - 2;
  }
  const auto jumps = [](unsigned number) { return std::size_t{15} + 2 * (number - 1); };
  CHECK(text_of(message, jumps(128)) == "a");
  CHECK(text_of(message, jumps(129)) == "malformed");
  NameBudget budget;
  for (unsigned i = 0; i < 32; ++i) {
    std::size_t at = jumps(128);
    CHECK(skip_name(message, at, budget));
  }
  std::size_t at = jumps(1);
  CHECK_FALSE(skip_name(message, at, budget));
}

TEST_CASE("octets that names don't have are escaped, and come back the same") {
  const auto [label, text] = GENERATE(table<std::string, std::string>({
      {"a.b", "a\\.b"},
      {"a\\b", "a\\\\b"},
      {std::string("a\0b", 3), "a\\000b"},
      {"\x1b[31m", "\\027[31m"},
      {"a b", "a\\032b"},
      {"\xff", "\\255"},
      {"-_", "-_"},
  }));
  CAPTURE(text);
  const Octets message = kHeader + string(label) + name("test");
  CHECK(text_of(message) == text + ".test");
  std::size_t at = 12;
  const auto wire = read(message, at);
  REQUIRE(wire);
  core::DnsName again;
  REQUIRE(core::DnsName::assign(wire->to_text(), again));
  CHECK(again == *wire);
}

TEST_CASE("a name of octets that all need escapes comes back from its text") {
  const Octets message = kHeader + repeated(string(std::string(62, '\0')), 4) + Octets{0};
  std::size_t at = 12;
  const auto wire = read(message, at);
  REQUIRE(wire);
  const std::string text = wire->to_text();
  CHECK(text.size() == 4 * 62 * 4 + 3);
  core::DnsName again;
  REQUIRE(core::DnsName::assign(text, again));
  CHECK(again == *wire);
}
