// SPDX-License-Identifier: Apache-2.0
#include "dns/wire_walk.hpp"

#include <chrono>
#include <ctime>

#include <catch2/catch.hpp>

#include "message_builder.hpp"

using namespace rblwatch::dns;
using namespace rblwatch::dns::test;

namespace {

std::string flaw_of(const Octets& message) {
  Walk walked;
  return std::string(to_text(walk(message, walked)));
}

Message with_answer(const Octets& one) {
  Message message;
  message.answers = {one};
  return message;
}
Message with_additional(std::vector<Octets> records) {
  Message message;
  message.additional = std::move(records);
  return message;
}

const Octets kListed{127, 0, 0, 2};
const Octets kQuestion = Message{}.question();
// libldns 1.8.3 takes an A record with 20 octets and reads its tail as the next record.
const Octets kSmuggled = Octets{8, 8, 8, 8} + a(kAsk, kListed);

Octets chain_of_pointers(unsigned hops) {
  Message message;
  const unsigned first = message.first_record() + 11;
  Octets chain = pointer(12);
  for (unsigned i = 0; i + 1 < hops; ++i)
    chain = chain + pointer(first + 2 * i);
  message.answers = {record({0}, 10, 5, chain), a(pointer(first + 2 * (hops - 1)), kListed)};
  return message.octets();
}

// Of this thread; a busy machine must not fail the test.
std::chrono::nanoseconds processor_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

TEST_CASE("a sound message passes with all its records in the table") {
  Message message;
  message.flags = 0x8580;
  message.answers = {a(kAsk, kListed, 60)};
  message.authority = {record(pointer(22), 2, 70, name("ns.zone.test"))};
  message.additional = {opt()};
  const Octets octets = message.octets();
  Walk walked;
  REQUIRE(walk(octets, walked) == Flaw::none);
  REQUIRE(walked.count == 3);
  CHECK(walked.header.aa());
  CHECK(walked.header.ra());
  CHECK(walked.question_end == message.first_record());
  CHECK(walked.records[0].type == RecordType::a);
  CHECK(walked.records[0].ttl == 60);
  CHECK(walked.records[0].rdlength == 4);
  CHECK(walked.records[1].section == Section::authority);
  CHECK(walked.edns.is_present);
}

TEST_CASE("a message that breaks the rules is refused for the right reason") {
  const auto [what, message, flaw] = GENERATE(table<const char*, Octets, const char*>({
      {"nothing at all", {}, "too_short"},
      {"eleven octets", Octets(11, 0), "too_short"},
      {"a header alone", counted(0, 0, 0, 0, {}), "question"},
      {"no question", counted(0, 1, 0, 0, a(name("zone.test"), kListed)), "question"},
      {"two questions", counted(2, 0, 0, 0, kQuestion + kQuestion), "question"},
      {"question cut off", counted(1, 0, 0, 0, name("zone.test") + u16(1)), "question"},
      {"question's name a pointer", counted(1, 0, 0, 0, pointer(0) + u16(1) + u16(1)), "question"},
      {"65 535 answers announced", counted(1, 65535, 0, 0, kQuestion), "counts"},
      {"all counts 65 535", counted(1, 65535, 65535, 65535, kQuestion), "counts"},
      {"one record more than there is", counted(1, 2, 0, 0, kQuestion + a(kAsk, kListed)),
       "counts"},
      {"257 records", counted(1, 257, 0, 0, kQuestion + Octets(257 * 11, 0)), "counts"},
      {"octets behind the end", counted(1, 0, 0, 0, kQuestion + Octets(30, 7)), "trailing"},
      {"RDATA cut off",
       counted(1, 1, 0, 0, kQuestion + kAsk + u16(1) + u16(1) + u32(5) + u16(4) + Octets{127}),
       "record"},
      {"A of 0 octets", with_answer(a(kAsk, {})).octets(), "rdata"},
      {"A of 2 octets", with_answer(a(kAsk, {127, 0})).octets(), "rdata"},
      {"A of 5 octets", with_answer(a(kAsk, {127, 0, 0, 2, 0})).octets(), "rdata"},
      {"A of 20 octets with a record in its tail", with_answer(a(kAsk, kSmuggled)).octets(),
       "rdata"},
      {"AAAA of 4 octets", with_answer(record(kAsk, 28, 5, kListed)).octets(), "rdata"},
      {"class CH", with_answer(record(kAsk, 1, 5, kListed, 3)).octets(), "record"},
      {"owner points to itself",
       with_answer(a(pointer(Message{}.first_record()), kListed)).octets(), "name"},
      {"owner points forward",
       with_answer(a(pointer(Message{}.first_record() + 16), kListed)).octets(), "name"},
      {"owner loops",
       with_answer(a(string("a") + pointer(Message{}.first_record()), kListed)).octets(), "name"},
      {"owner of 8 172 pointers", chain_of_pointers(8000), "name"},
  }));
  CAPTURE(what);
  CHECK(flaw_of(message) == flaw);
}

TEST_CASE(
    "records whose content their type can't have are refused, and so are wrong OPTs and TSIGs") {
  const auto [what, message, flaw] = GENERATE(table<const char*, Octets, const char*>({
      {"CNAME runs past its RDATA", with_answer(record(kAsk, 5, 5, string("abc"))).octets(),
       "rdata"},
      {"CNAME shorter than its RDATA",
       with_answer(record(kAsk, 5, 5, name("a") + Octets{0})).octets(), "rdata"},
      {"NS without RDATA", with_answer(record(kAsk, 2, 5, {})).octets(), "rdata"},
      {"MX without a name", with_answer(record(kAsk, 15, 5, u16(10))).octets(), "rdata"},
      {"SOA without numbers", with_answer(record(kAsk, 6, 5, name("a") + name("b"))).octets(),
       "rdata"},
      {"TXT without a string", with_answer(record(kAsk, 16, 5, {})).octets(), "rdata"},
      {"TXT string longer than its RDATA", with_answer(record(kAsk, 16, 5, {9, 'a'})).octets(),
       "rdata"},
      {"two OPTs", with_additional({opt(), opt()}).octets(), "opt"},
      {"OPT among the answers", with_answer(opt()).octets(), "opt"},
      {"OPT of another owner than the root",
       with_additional({record(name("a"), 41, 0, {}, 1232)}).octets(), "opt"},
      {"option longer than its OPT", with_additional({opt(u16(15) + u16(9) + u16(3))}).octets(),
       "opt"},
      {"half an option", with_additional({opt(u16(15))}).octets(), "opt"},
      {"EDE without a code", with_additional({opt(option(15, {0}))}).octets(), "opt"},
      {"a TSIG", with_additional({record(name("key"), 250, 0, Octets(16, 0), 255)}).octets(),
       "tsig"},
      {"two TSIGs",
       with_additional({record(name("k"), 250, 0, {}, 255), record(name("k"), 250, 0, {}, 255)})
           .octets(),
       "tsig"},
  }));
  CAPTURE(what);
  CHECK(flaw_of(message) == flaw);
}

TEST_CASE("every cut of a message is refused") {
  Message message;
  message.answers = {cname(kAsk, "other.zone.test"), a(name("other.zone.test"), kListed)};
  message.authority = {soa(name("zone.test"), 60, 300)};
  message.additional = {opt(option(15, u16(3)))};
  const Octets whole = message.octets();
  REQUIRE(flaw_of(whole) == "none");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(flaw_of(Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))) !=
          "none");
  }
}

TEST_CASE("options are read once, the first 32 of them") {
  Octets options = option(13, {}) + option(15, u16(3) + raw("stale")) + option(10, Octets(16, 7));
  for (unsigned i = 0; i < 40; ++i)
    options = options + option(15, u16(100 + i));
  const Octets octets = with_additional({opt(options, 1)}).octets();
  Walk walked;
  REQUIRE(walk(octets, walked) == Flaw::none);
  CHECK(walked.edns.ede_count == 30);
  CHECK(walked.edns.ede[0] == 3);
  CHECK(walked.edns.cookie_length == 16);
  CHECK(octets[walked.edns.cookie] == 7);
  CHECK(walked.rcode() == 16);
}

TEST_CASE("a TTL with its top bit set counts as zero") {
  const Octets octets = with_answer(a(kAsk, kListed, 0x80000001)).octets();
  Walk walked;
  REQUIRE(walk(octets, walked) == Flaw::none);
  CHECK(walked.records[0].ttl == 0);
}

TEST_CASE("the costliest messages of 65 535 octets take less than 5 ms") {
  std::vector<Octets> messages{chain_of_pointers(8000)};
  Message strings;
  strings.answers = {record(kAsk, 16, 5, Octets(65000, 0))};
  messages.push_back(strings.octets());
  messages.push_back(counted(1, 5459, 0, 0, kQuestion + Octets(65000, 0)));
  Message jumps;  // 256 records whose names need many pointers each
  jumps.answers.push_back(record({0}, 10, 5, Octets(2, 0)));
  for (unsigned i = 1; i < 256; ++i)
    jumps.answers.push_back(cname(kAsk, "a.b.c.d.e.f.g.h"));
  messages.push_back(jumps.octets());
  for (const Octets& message : messages) {
    const auto start = processor_time();
    constexpr int kTimes = 20;
    for (int i = 0; i < kTimes; ++i)
      flaw_of(message);
    CHECK((processor_time() - start) / kTimes < std::chrono::milliseconds(5));
  }
}
