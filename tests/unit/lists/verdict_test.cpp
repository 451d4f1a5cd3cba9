// SPDX-License-Identifier: Apache-2.0
#include "lists/verdict.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::lists {

using dns::Rcode;
using dns::ServerRole;

namespace {

/// An answer as one line of a table; what isn't named is as a good resolver gives it.
struct Seen {
  Rcode rcode = Rcode::noerror;
  std::vector<std::string> a = {};
  std::vector<std::uint16_t> ede = {};
  bool aa = false;
  bool ra = true;
  bool referral = false;
  bool chain_closed = true;
};

dns::Answer answer(const Seen& seen) {
  dns::Answer made;
  made.rcode = seen.rcode;
  made.aa = seen.aa;
  made.ra = seen.ra;
  made.referral = seen.referral;
  made.chain_closed = seen.chain_closed;
  made.ede = seen.ede;
  for (const std::string& text : seen.a) {
    made.a.push_back(core::IpAddress::parse(text).value());
  }
  return made;
}

/// 127.0.0.1 is a refusal here, as on URIBL and SURBL.
Zone zone() {
  Zone made;
  made.codes = {{CodePattern::parse("127.0.0.2").value(), "SBL", Purpose::block},
                {CodePattern::parse("127.0.0.4").value(), "XBL", Purpose::block}};
  made.refusals = {CodePattern::parse("127.0.0.1").value()};
  return made;
}

std::string judged(const dns::Outcome& outcome, ServerRole role = ServerRole::resolver) {
  const Verdict verdict = judge(zone(), outcome, role);
  if (const auto* unknown = std::get_if<Unknown>(&verdict)) {
    return std::string(core::enum_word(unknown->cause));
  }
  return std::string(to_text(verdict));
}

constexpr Rcode rcode(unsigned number) {
  return static_cast<Rcode>(number);
}

}  // namespace

TEST_CASE("a resolver's answer is judged by the first cause that fits") {
  struct Row {
    Seen seen;
    std::string verdict;
  };
  const auto row = GENERATE(
      // listed
      Row{{.a = {"127.0.0.2"}}, "listed"}, Row{{.a = {"127.0.0.2", "127.0.0.4"}}, "listed"},
      Row{{.a = {"127.0.0.99"}}, "listed"}, Row{{.a = {"127.254.255.255"}}, "listed"},
      Row{{.a = {"127.0.0.2"}, .ra = false}, "listed"},
      Row{{.a = {"127.0.0.2"}, .ede = {0, 13}}, "listed"},
      // clear
      Row{{.rcode = Rcode::nxdomain}, "clear"}, Row{{}, "clear"},
      Row{{.rcode = Rcode::nxdomain, .aa = true}, "clear"}, Row{{.ede = {29}}, "clear"},
      // refused, alone or mixed, before everything else
      Row{{.a = {"127.255.255.254"}}, "refused"}, Row{{.a = {"127.0.0.1"}}, "refused"},
      Row{{.a = {"127.0.0.2", "127.0.0.1"}}, "refused"},
      Row{{.a = {"192.0.2.1", "127.255.255.255"}}, "refused"},
      Row{{.a = {"127.255.255.254"}, .ede = {3}}, "refused"},
      Row{{.rcode = Rcode::nxdomain, .a = {"127.255.255.254"}}, "refused"},
      Row{{.rcode = Rcode::servfail, .a = {"127.0.0.1"}}, "refused"},
      // stale
      Row{{.a = {"127.0.0.2"}, .ede = {3}}, "stale"},
      Row{{.rcode = Rcode::nxdomain, .ede = {19}}, "stale"}, Row{{.ede = {0, 3}}, "stale"},
      Row{{.a = {"192.0.2.1"}, .ede = {15, 3}}, "stale"},
      Row{{.rcode = Rcode::servfail, .ede = {19}}, "stale"},
      // rewritten
      Row{{.a = {"127.0.0.2"}, .ede = {4}}, "rewritten"}, Row{{.ede = {15}}, "rewritten"},
      Row{{.rcode = Rcode::nxdomain, .ede = {16}}, "rewritten"},
      Row{{.rcode = Rcode::refused, .ede = {17}}, "rewritten"},
      Row{{.a = {"192.0.2.1"}}, "rewritten"}, Row{{.a = {"127.0.0.2", "0.0.0.0"}}, "rewritten"},
      Row{{.a = {"128.0.0.1"}}, "rewritten"}, Row{{.a = {"126.255.255.255"}}, "rewritten"},
      Row{{.rcode = Rcode::servfail, .a = {"192.0.2.1"}}, "rewritten"},
      // rcodes
      Row{{.rcode = Rcode::servfail}, "servfail"}, Row{{.rcode = Rcode::refused}, "refused_rcode"},
      Row{{.rcode = Rcode::formerr}, "other_rcode"}, Row{{.rcode = Rcode::notimp}, "other_rcode"},
      Row{{.rcode = rcode(9)}, "other_rcode"}, Row{{.rcode = rcode(23)}, "other_rcode"},
      Row{{.rcode = Rcode::servfail, .ra = false, .referral = true}, "servfail"},
      Row{{.rcode = Rcode::servfail, .a = {"127.0.0.2"}}, "servfail"},
      // lame
      Row{{.referral = true}, "lame"}, Row{{.chain_closed = false}, "lame"},
      Row{{.rcode = Rcode::nxdomain, .ra = false}, "lame"}, Row{{.ra = false}, "lame"},
      Row{{.aa = true, .ra = false}, "lame"},
      Row{{.rcode = Rcode::nxdomain, .chain_closed = false}, "lame"},
      // an NXDOMAIN that bears an address contradicts itself
      Row{{.rcode = Rcode::nxdomain, .a = {"127.0.0.2"}}, "malformed"});
  CHECK(judged(answer(row.seen)) == row.verdict);
}

TEST_CASE("a server asked directly may deny with AA, and a resolver with RA, never the other way") {
  struct Row {
    ServerRole role;
    bool aa;
    bool ra;
    std::string verdict;
  };
  const auto row = GENERATE(Row{ServerRole::authoritative, true, false, "clear"},
                            Row{ServerRole::authoritative, true, true, "clear"},
                            Row{ServerRole::authoritative, false, true, "lame"},
                            Row{ServerRole::authoritative, false, false, "lame"},
                            Row{ServerRole::resolver, false, true, "clear"},
                            Row{ServerRole::resolver, true, true, "clear"},
                            Row{ServerRole::resolver, true, false, "lame"},
                            Row{ServerRole::resolver, false, false, "lame"});
  const Rcode denial = GENERATE(Rcode::nxdomain, Rcode::noerror);
  CHECK(judged(answer({.rcode = denial, .aa = row.aa, .ra = row.ra}), row.role) == row.verdict);
}

TEST_CASE("a listing needs no bit of authority") {
  const ServerRole role = GENERATE(ServerRole::resolver, ServerRole::authoritative);
  CHECK(judged(answer({.a = {"127.0.0.2"}, .aa = false, .ra = false}), role) == "listed");
}

TEST_CASE("silence has its own causes") {
  using Why = dns::NoAnswer::Why;
  CHECK(judged(dns::NoAnswer{Why::timeout, ""}) == "timeout");
  CHECK(judged(dns::NoAnswer{Why::network, "connection refused"}) == "network");
  CHECK(judged(dns::NoAnswer{Why::malformed, ""}) == "malformed");
}

TEST_CASE("a listing bears the entries it matches") {
  const Verdict verdict =
      judge(zone(), answer({.a = {"127.0.0.4", "127.0.0.2"}}), ServerRole::resolver);
  REQUIRE(std::holds_alternative<Listed>(verdict));
  const CodeSet& codes = std::get<Listed>(verdict).codes;
  CHECK(codes.meanings() == std::vector<std::string>{"SBL", "XBL"});
}

TEST_CASE("127.0.0.1 is data where the zone doesn't say otherwise") {
  Zone hostkarma;
  hostkarma.codes = {{CodePattern::parse("127.0.0.1").value(), "white", Purpose::allow}};
  const Verdict verdict = judge(hostkarma, answer({.a = {"127.0.0.1"}}), ServerRole::resolver);
  REQUIRE(std::holds_alternative<Listed>(verdict));
  CHECK(std::get<Listed>(verdict).codes.begin()->purpose == Purpose::allow);
}

TEST_CASE("verdicts of several names of one subject are combined") {
  const auto listed = [](const char* entry) {
    return Verdict{Listed{CodeSet({Code{entry, entry, Purpose::block, {}}})}};
  };
  const Verdict clear = Clear{};
  const Verdict timeout = Unknown{Cause::timeout};
  const Verdict refused = Unknown{Cause::refused};
  const Verdict both =
      Listed{CodeSet({Code{"1", "1", Purpose::block, {}}, Code{"2", "2", Purpose::block, {}}})};

  CHECK(combine(listed("1"), listed("2")) == both);
  CHECK(combine(listed("1"), listed("1")) == listed("1"));
  CHECK(combine(clear, clear) == clear);
  struct Row {
    Verdict a;
    Verdict b;
    Verdict combined;
    bool is_partial = false;
  };
  const auto row = GENERATE_COPY(
      Row{listed("1"), clear, listed("1")}, Row{listed("1"), timeout, listed("1"), true},
      Row{clear, timeout, timeout}, Row{timeout, refused, refused}, Row{refused, clear, refused});
  CHECK(combine(row.a, row.b) == row.combined);
  CHECK(combine(row.b, row.a) == row.combined);
  CHECK(is_partial(row.a, row.b) == row.is_partial);
  CHECK(is_partial(row.b, row.a) == row.is_partial);
}

}  // namespace rblwatch::lists
