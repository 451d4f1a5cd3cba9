// SPDX-License-Identifier: Apache-2.0
#include "dns/decode.hpp"

#include <catch2/catch.hpp>

#include "dns/packet.hpp"
#include "message_builder.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;
using core::Seconds;

namespace {

const Octets kListed{127, 0, 0, 2};
const Octets kOther{127, 0, 0, 4};

Flaw decode_octets(const Octets& octets, QType type, Answer& answer) {
  Walk walked;
  const Flaw flaw = walk(octets, walked);
  return flaw == Flaw::none ? decode(octets, walked, type, answer) : flaw;
}

// Decodes, and holds it against what ldns makes of the same message.
Answer answer_of(const Message& message) {
  const Octets octets = message.octets();
  Walk walked;
  REQUIRE(walk(octets, walked) == Flaw::none);
  Answer answer;
  const auto type = static_cast<QType>(message.qtype);
  REQUIRE(decode(octets, walked, type, answer) == Flaw::none);
  const auto by_ldns = decode_by_ldns(octets, walked, type);
  REQUIRE(by_ldns);
  CHECK(*by_ldns == answer);
  return answer;
}

Message denial(unsigned rcode) {
  Message message;
  message.flags = 0x8400U | rcode;
  message.authority = {soa(pointer(22), 3600, 300)};
  return message;
}

}  // namespace

TEST_CASE("A records at the question's name are the answer, all of them") {
  Message message;
  message.flags = 0x8580;
  message.answers = {a(kAsk, kListed, 60), a(name("2.0.0.127.ZONE.test"), kOther, 50)};
  const Answer answer = answer_of(message);
  CHECK(answer.rcode == Rcode::noerror);
  CHECK(answer.aa);
  CHECK(answer.ra);
  REQUIRE(answer.a.size() == 2);
  CHECK(answer.a[0].to_text() == "127.0.0.2");
  CHECK(answer.a[1].to_text() == "127.0.0.4");
  CHECK(answer.ttl == Seconds{50});
  CHECK(answer.chain_closed);
  CHECK_FALSE(answer.referral);
}

TEST_CASE("a denial's TTL is the lower of the SOA's own and its MINIMUM") {
  const auto [rcode, ttl, minimum, expected] =
      GENERATE(table<unsigned, std::uint32_t, std::uint32_t, int>({{3U, 3600U, 300U, 300},
                                                                   {3U, 60U, 300U, 60},
                                                                   {0U, 3600U, 300U, 300},
                                                                   {0U, 0x80000000U, 300U, 0},
                                                                   {3U, 300U, 0xFFFFFFFFU, 0}}));
  Message message = denial(rcode);
  message.authority = {soa(pointer(22), ttl, minimum)};
  const Answer answer = answer_of(message);
  CHECK(answer.a.empty());
  CHECK(answer.ttl == Seconds{expected});
  CHECK_FALSE(answer.referral);
}

TEST_CASE("a denial without a SOA is one without a TTL") {
  Message message = denial(3);
  message.authority.clear();
  const Answer answer = answer_of(message);
  CHECK(answer.rcode == Rcode::nxdomain);
  CHECK_FALSE(answer.ttl);
}

TEST_CASE("a SOA of a name that isn't above the question's says nothing") {
  Message message = denial(3);
  message.authority = {soa(name("elsewhere.test"), 60, 60)};
  CHECK_FALSE(answer_of(message).ttl);
}

TEST_CASE("a chain of CNAMEs is followed to its end, in any order") {
  Message message;
  message.answers = {a(name("c.zone.test"), kListed, 60),
                     cname(name("b.zone.test"), "c.zone.test", 20), cname(kAsk, "b.zone.test", 40)};
  const Answer answer = answer_of(message);
  REQUIRE(answer.a.size() == 1);
  CHECK(answer.chain_closed);
  CHECK(answer.ttl == Seconds{20});
}

TEST_CASE("a chain closes with data, NXDOMAIN or a SOA, and is open otherwise") {
  Message message;
  message.answers = {cname(kAsk, "b.zone.test", 40)};
  SECTION("open") {
    const Answer answer = answer_of(message);
    CHECK_FALSE(answer.chain_closed);
    CHECK(answer.a.empty());
  }
  SECTION("NXDOMAIN") {
    message.flags |= 3U;
    CHECK(answer_of(message).chain_closed);
  }
  SECTION("SOA above its end") {
    message.authority = {soa(name("zone.test"), 60, 30)};
    const Answer answer = answer_of(message);
    CHECK(answer.chain_closed);
    CHECK(answer.ttl == Seconds{30});
  }
  SECTION("SOA of another zone") {
    message.authority = {soa(name("elsewhere.test"), 60, 30)};
    CHECK_FALSE(answer_of(message).chain_closed);
  }
  SECTION("a loop never closes") {
    message.answers.push_back(cname(name("b.zone.test"), "2.0.0.127.zone.test"));
    message.authority = {soa(name("zone.test"), 60, 30)};
    CHECK_FALSE(answer_of(message).chain_closed);
  }
}

TEST_CASE("a chain of 32 is followed, a longer one is open") {
  const unsigned length = GENERATE(20U, 32U, 33U, 60U);
  Message message;
  Octets owner = kAsk;
  for (unsigned i = 0; i < length; ++i) {
    const std::string target = "c" + std::to_string(i) + ".zone.test";
    message.answers.push_back(cname(owner, target));
    owner = name(target);
  }
  message.authority = {soa(name("zone.test"), 60, 30)};
  CHECK(answer_of(message).chain_closed == (length <= kMaxChain));
}

TEST_CASE("an A record under a foreign owner is no answer to this question") {
  const auto [what, records] = GENERATE(table<const char*, std::vector<Octets>>({
      {"stray alone", {a(name("stray.zone.test"), kListed)}},
      {"stray beside a true one", {a(kAsk, kListed), a(name("stray.zone.test"), kListed)}},
      {"parent of the question's name", {a(pointer(22), kListed)}},
      {"the root, by a pointer to the end of the question's name", {a(pointer(32), kListed)}},
      {"beside a chain", {cname(kAsk, "b.zone.test"), a(name("c.zone.test"), kListed)}},
  }));
  CAPTURE(what);
  Message message;
  message.answers = records;
  Answer answer;
  const Octets octets = message.octets();
  CHECK(decode_octets(octets, QType::a, answer) == Flaw::owner);
  Walk walked;
  REQUIRE(walk(octets, walked) == Flaw::none);
  CHECK_FALSE(decode_by_ldns(octets, walked, QType::a));
}

TEST_CASE("name servers without a SOA are a referral, wherever they point") {
  const auto [owner, kept] = GENERATE(table<Octets, std::size_t>(
      {{pointer(22), 1U}, {Octets{0}, 1U}, {name("elsewhere.test"), 0U}}));
  Message message;
  message.flags = 0x8000;
  message.authority = {record(owner, 2, 60, name("ns.up.test"))};
  message.additional = {a(name("ns.up.test"), {192, 0, 2, 1}), a(name("other.test"), kListed),
                        record(name("NS.up.test"), 28, 60, Octets(16, 1))};
  const Answer answer = answer_of(message);
  CHECK(answer.referral);
  REQUIRE(answer.ns.size() == kept);
  if (kept == 1) {
    CHECK(answer.ns[0].name.to_text() == "ns.up.test");
    CHECK(answer.ns[0].glue.size() == 2);
  }
}

TEST_CASE("name servers beside a SOA or an answer are no referral") {
  Message message = denial(0);
  message.authority.push_back(record(pointer(22), 2, 60, name("ns.zone.test")));
  CHECK_FALSE(answer_of(message).referral);
  message.answers = {a(kAsk, kListed)};
  message.authority.erase(message.authority.begin());
  CHECK_FALSE(answer_of(message).referral);
}

TEST_CASE("an NS answer holds its servers with their glue") {
  Message message;
  message.qtype = 2;
  message.qname = "zone.test";
  message.answers = {record(kAsk, 2, 60, name("ns1.zone.test")),
                     record(kAsk, 2, 60, name("ns2.zone.test"))};
  message.additional = {a(name("ns2.zone.test"), {192, 0, 2, 2})};
  const Answer answer = answer_of(message);
  REQUIRE(answer.ns.size() == 2);
  CHECK(answer.ns[0].glue.empty());
  CHECK(answer.ns[1].glue.size() == 1);
  CHECK_FALSE(answer.referral);
}

TEST_CASE("MX and AAAA answers are read") {
  Message message;
  message.qtype = 15;
  message.answers = {record(kAsk, 15, 60, u16(10) + name("mx.zone.test")),
                     record(kAsk, 15, 60, u16(0) + Octets{0})};
  const Answer mx = answer_of(message);
  REQUIRE(mx.mx.size() == 2);
  CHECK(mx.mx[0].preference == 10);
  CHECK(mx.mx[0].exchange.to_text() == "mx.zone.test");
  CHECK(mx.mx[1].exchange.is_root());
  message.qtype = 28;
  message.answers = {record(kAsk, 28, 60, Octets(15, 0) + Octets{1})};
  CHECK(answer_of(message).aaaa.at(0).to_text() == "::1");
}

TEST_CASE("the strings of a TXT record are joined without a separator, bytes as they are") {
  Message message;
  message.qtype = 16;
  const std::string odd("\x1b]0;x\x07\xff\0<b>", 11);
  message.answers = {record(kAsk, 16, 60, string("one ") + string("two") + string("")),
                     record(kAsk, 16, 60, string(odd))};
  const Answer answer = answer_of(message);
  REQUIRE(answer.txt.size() == 2);
  CHECK(answer.txt[0].raw() == "one two");
  CHECK(answer.txt[1].raw() == odd);
}

TEST_CASE("TXT is whole, whatever stands before it: a cut SPF record would name fewer senders") {
  Message message;
  message.qtype = 16;
  SECTION("octets") {
    Octets rdata;
    for (unsigned i = 0; i < 20; ++i)
      rdata = rdata + string(std::string(250, 'x'));
    message.answers = {record(kAsk, 16, 60, rdata), record(kAsk, 16, 60, string("v=spf1 -all"))};
    Answer answer;
    REQUIRE(decode_octets(message.octets(), QType::txt, answer) == Flaw::none);
    REQUIRE(answer.txt.size() == 2);
    CHECK(answer.txt[0].raw() == std::string(5000, 'x'));
    CHECK(answer.txt[1].raw() == "v=spf1 -all");
  }
  SECTION("strings") {
    Octets rdata;
    for (unsigned i = 0; i < 70; ++i)
      rdata = rdata + string("ab");
    message.answers = {record(kAsk, 16, 60, rdata)};
    Answer answer;
    REQUIRE(decode_octets(message.octets(), QType::txt, answer) == Flaw::none);
    CHECK(answer.txt.at(0).raw().size() == 140);
  }
  SECTION("65 000 empty strings") {
    message.answers = {record(kAsk, 16, 60, Octets(65000, 0))};
    Answer answer;
    REQUIRE(decode_octets(message.octets(), QType::txt, answer) == Flaw::none);
    CHECK(answer.txt.at(0).is_empty());
  }
}

TEST_CASE("rcodes come with their upper bits, Extended DNS Errors in order") {
  Message message;
  message.flags = 0x8407;
  message.additional = {opt(option(15, u16(19)) + option(15, u16(3) + raw("x")), 1)};
  const Answer answer = answer_of(message);
  CHECK(to_text(answer.rcode) == "RCODE23");
  CHECK(answer.ede == std::vector<std::uint16_t>{19, 3});
}

TEST_CASE("a failure has no TTL") {
  Message message = denial(2);
  const Answer answer = answer_of(message);
  CHECK(answer.rcode == Rcode::servfail);
  CHECK_FALSE(answer.ttl);
}

TEST_CASE("an Answer used again keeps nothing of the one before") {
  Message message;
  message.answers = {a(kAsk, kListed)};
  message.additional = {opt(option(15, u16(3)))};
  Answer answer;
  REQUIRE(decode_octets(message.octets(), QType::a, answer) == Flaw::none);
  REQUIRE(decode_octets(denial(3).octets(), QType::a, answer) == Flaw::none);
  CHECK(answer == answer_of(denial(3)));
}
