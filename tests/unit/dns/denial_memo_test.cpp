// SPDX-License-Identifier: Apache-2.0
#include "dns/denial_memo.hpp"

#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "dns/decode.hpp"
#include "message_builder.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;

namespace {

constexpr unsigned kZone = 12 + 10;  // behind "2.0.0.127."

Octets soa_by_pointers(unsigned owner = kZone, std::uint32_t ttl = 300) {
  const Octets numbers = u32(1) + u32(2) + u32(3) + u32(4) + u32(ttl);
  return record(pointer(owner), 6, ttl, string("ns") + pointer(kZone) + pointer(kZone) + numbers);
}

Message denial(const std::string& qname = "2.0.0.127.zone.test") {
  Message message;
  message.flags = 0x8403;
  message.qname = qname;
  message.authority = {soa_by_pointers()};
  message.additional = {opt()};
  return message;
}

struct MemoFixture {
  DenialMemo memo;
  std::unique_ptr<Walk> walked = std::make_unique<Walk>();

  static core::DnsName asked_name(const Message& message) {
    std::size_t at = kHeaderSize;
    NameBudget budget;
    return read_name(message.octets(), at, budget).value();
  }
  Answer read(const Message& message, QType type = QType::a) {
    Answer answer;
    const Octets octets = message.octets();
    REQUIRE(walk(octets, *walked) == Flaw::none);
    REQUIRE(decode(octets, *walked, type, answer) == Flaw::none);
    return answer;
  }
  void keep(const Message& message, QType type = QType::a, std::uint16_t lane = 0) {
    const Answer answer = read(message, type);
    memo.keep({asked_name(message), type, Lane{lane}}, message.octets(), *walked, answer);
  }
  bool finds(const Message& message, QType type = QType::a, std::uint16_t lane = 0) {
    Answer answer;
    answer.a.push_back(core::IpAddress::v4({127, 0, 0, 2}));  // of the lookup before
    if (!memo.find({asked_name(message), type, Lane{lane}}, message.octets(), answer)) return false;
    CHECK(answer == read(message, type));
    return true;
  }
};

}  // namespace

TEST_CASE_METHOD(MemoFixture, "what was read of a denial holds for the next name of the zone") {
  CHECK_FALSE(finds(denial()));
  keep(denial());
  CHECK(finds(denial()));
  for (const char* other : {"9.0.0.127.zone.test", "20.0.0.27.zone.test", "2.0.0.127.ZONE.tEst"})
    CHECK(finds(denial(other)));
  Message of_other_id = denial();
  of_other_id.id = 7;
  CHECK(finds(of_other_id));
}

TEST_CASE_METHOD(MemoFixture, "one octet that differs is read anew") {
  keep(denial());
  const std::string of = GENERATE("flags", "ttl", "zone", "length", "labels", "type", "lane",
                                  "shorter", "longer", "no soa");
  Message other = denial();
  QType type = QType::a;
  std::uint16_t lane = 0;
  if (of == "flags") other.flags = 0x8400;
  if (of == "ttl") other.authority = {soa_by_pointers(kZone, 299)};
  if (of == "zone") other.qname = "2.0.0.127.zine.test";
  if (of == "length") other = denial("12.0.0.127.zone.test");
  if (of == "labels") other.qname = "2.0.0.xyz\004zone.test";  // the zone within a label
  if (of == "type") type = QType::txt;
  if (of == "type") other.qtype = 16;
  if (of == "lane") lane = 1;
  if (of == "shorter") other.additional.clear();
  if (of == "longer") other.additional.push_back(a(kAsk, {1, 2, 3, 4}));
  if (of == "no soa") other.authority.clear();
  INFO(of);
  Answer out;
  CHECK_FALSE(memo.find({asked_name(other), type, Lane{lane}}, other.octets(), out));
}

TEST_CASE_METHOD(MemoFixture,
                 "what depends on all of the name, or says more than no, is not kept") {
  const std::string what =
      GENERATE("owner spelled out", "owner within a label", "owner behind the question", "answer",
               "EDE", "cookie", "referral", "failure", "too long");
  Message message = denial();
  if (what == "owner spelled out") message.authority = {soa(name("zone.test"), 300, 300)};
  if (what == "owner within a label") {
    message.qname = "2.0.0.127.z\001t.test";
    message.authority = {soa_by_pointers(kZone + 2)};
  }
  if (what == "owner behind the question") {
    const unsigned spelled_out = message.first_record() + 12;
    message.authority = {record(pointer(kZone), 2, 60, name("zone.test")),
                         soa_by_pointers(spelled_out)};
  }
  if (what == "answer") message.answers = {a(kAsk, {127, 0, 0, 2})};
  if (what == "EDE") message.additional = {opt(option(15, u16(3)))};
  if (what == "cookie") message.additional = {opt(option(10, Octets(16, 1)))};
  if (what == "referral") message.flags = 0x8000;
  if (what == "referral") message.authority = {record(pointer(kZone), 2, 60, name("ns.test"))};
  if (what == "failure") message.flags = 0x8402;
  if (what == "too long")
    message.additional.push_back(record({0}, 16, 5, string(std::string(200, 'x'))));
  const Octets octets = message.octets();
  INFO(what);
  keep(message);
  Answer out;
  CHECK_FALSE(memo.find({asked_name(message), QType::a, Lane{0}}, octets, out));
}

TEST_CASE_METHOD(MemoFixture, "a pointer into the labels before the zone binds these too") {
  Message message = denial();
  message.authority = {soa_by_pointers(kHeaderSize + 2)};  // "0.0.127.zone.test" denies it
  keep(message);
  CHECK(finds(message));
  Message same = message;
  same.qname = "9.0.0.127.zone.test";
  CHECK(finds(same));
  Message other = message;
  other.qname = "2.1.0.127.zone.test";
  Answer out;
  CHECK_FALSE(memo.find({asked_name(other), QType::a, Lane{0}}, other.octets(), out));
}
