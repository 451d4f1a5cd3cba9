// SPDX-License-Identifier: Apache-2.0
#include "dns/packet.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "dns/query_template.hpp"
#include "message_builder.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;

namespace {

core::DnsName named(std::string_view text) {
  return text.empty() ? core::DnsName{} : core::DnsName::parse(text).value();
}

Octets from_template(const char* text, QueryShape shape, std::uint16_t id,
                     const Octets& cookie = {}) {
  const QueryTemplate query(shape);
  std::array<std::uint8_t, kMaxQuery> buffer;
  const core::DnsName asked = named(text);
  const QueryLayout layout = query.write(id, asked.wire(), cookie, buffer);
  CHECK(layout.question_end == 12U + asked.wire().size() + 4U);
  return {buffer.begin(), buffer.begin() + layout.size};
}

}  // namespace

TEST_CASE("a query from a template is the one that ldns builds, but for its id") {
  const QType type = GENERATE(QType::a, QType::ns, QType::soa, QType::mx, QType::txt, QType::aaaa);
  const bool recursion = GENERATE(true, false);
  const bool edns = GENERATE(true, false);
  const char* text = GENERATE("2.0.0.127.zen.spamhaus.test", "a", "test", "");
  const QueryShape shape{.type = type, .wants_recursion = recursion, .has_edns = edns};
  Octets expected = build_query(named(text), shape);
  expected[0] = 0xAB;
  expected[1] = 0xCD;
  CHECK(from_template(text, shape, 0xABCD) == expected);
}

TEST_CASE("a query asks what it should, octet by octet") {
  const Octets with = from_template("a.test", {.type = QType::txt}, 0x0102);
  CHECK(with == u16(0x0102) + u16(0x0100) + u16(1) + u16(0) + u16(0) + u16(1) + name("a.test") +
                    u16(16) + u16(1) + record({0}, 41, 0, {}, kEdnsSize));
  const Octets without =
      from_template("a.test", {.type = QType::a, .wants_recursion = false, .has_edns = false}, 1);
  CHECK(without ==
        u16(1) + u16(0) + u16(1) + u16(0) + u16(0) + u16(0) + name("a.test") + u16(1) + u16(1));
}

TEST_CASE("a cookie goes into the OPT, and nowhere without one") {
  const Octets cookie{1, 2, 3, 4, 5, 6, 7, 8};
  const Octets with = from_template("a.test", {}, 1, cookie);
  Octets as_reply = with;
  as_reply[2] |= 0x80;
  Walk walked;
  REQUIRE(walk(as_reply, walked) == Flaw::none);
  REQUIRE(walked.edns.cookie_length == 8);
  CHECK(with[walked.edns.cookie] == 1);
  CHECK(from_template("a.test", {.has_edns = false}, 1, cookie) ==
        from_template("a.test", {.has_edns = false}, 1));
}

TEST_CASE("mixed case changes letters and nothing else, by chance") {
  Octets wire = name("zz.127.abcdefghijklmnopqrstuvwxyz.test");
  const Octets before = wire;
  SECTION("all bits set") {
    CHECK(mix_case(std::span<std::uint8_t>(wire), [] { return ~std::uint64_t{0}; }));
    CHECK(wire == name("ZZ.127.ABCDEFGHIJKLMNOPQRSTUVWXYZ.TEST"));
  }
  SECTION("no bit set") {
    mix_case(std::span<std::uint8_t>(wire), [] { return std::uint64_t{0}; });
    CHECK(wire == before);
  }
  SECTION("chance is drawn anew every 64 octets, and each bit is used once") {
    Octets longer = name(std::string(63, 'a') + "." + std::string(55, 'b'));
    REQUIRE(longer.size() == 121);
    std::vector<std::uint64_t> draws{0x0123456789ABCDEF, 0xFEDCBA9876543210};
    std::size_t drawn = 0;
    CHECK(mix_case(std::span<std::uint8_t>(longer), [&] { return draws.at(drawn++); }));
    CHECK(drawn == draws.size());
    // As many letters in upper case as bits that are set, of those that stand for letters.
    const auto upper = std::count_if(longer.begin(), longer.end(), [](std::uint8_t octet) {
      return octet >= 'A' && octet <= 'Z';
    });
    CHECK(upper > 40);
    CHECK(upper < 80);
  }
  SECTION("a name shorter than eight octets, and one without letters") {
    Octets shorter = name("ab.c");
    CHECK(mix_case(std::span<std::uint8_t>(shorter), [] { return ~std::uint64_t{0}; }));
    CHECK(shorter == name("AB.C"));
    Octets digits = name("2.0.0.127");
    CHECK_FALSE(mix_case(std::span<std::uint8_t>(digits), [] { return ~std::uint64_t{0}; }));
    CHECK(digits == name("2.0.0.127"));
  }
}

TEST_CASE("ldns says where it takes a record to end, which need not be there") {
  const auto [what, one, end] = GENERATE(table<const char*, Octets, std::optional<int>>({
      {"an address", a(kAsk, {127, 0, 0, 2}), 0},
      {"of a type that nobody knows", record(kAsk, 65280, 300, {1, 2, 3}), 0},
      {"SRV, whose name reaches into the next", record(kAsk, 33, 300, Octets(6) + Octets{1}), 2},
      {"SINK, of which one octet is read", record(kAsk, 40, 300, {1, 2, 3}), -2},
      {"HINFO, whose string is too long", record(kAsk, 13, 300, {4, 'a'}), std::nullopt},
  }));
  CAPTURE(what);
  Message message;
  message.answers = {one, record({0}, 1, 300, {127, 0, 0, 2})};
  const Octets octets = message.octets();
  Walk walked;
  REQUIRE(walk(octets, walked) == Flaw::none);
  const Record& first = walked.records[0];
  const auto theirs = end_by_ldns(octets, first.owner);
  REQUIRE(theirs.has_value() == end.has_value());
  if (end) CHECK(static_cast<int>(*theirs) == first.rdata + first.rdlength + *end);
}
