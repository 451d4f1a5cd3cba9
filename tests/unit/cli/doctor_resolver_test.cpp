// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_resolver.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace rblwatch;
using namespace rblwatch::cli;
using report::CheckState;
using report::CheckView;

namespace {

core::IpAddress ip(const std::string& text) {
  return core::IpAddress::parse(text).value();
}
core::DnsName name(const std::string& text) {
  return core::DnsName::parse(text).value();
}

dns::Answer answer(dns::Rcode rcode = dns::Rcode::noerror) {
  dns::Answer made;
  made.rcode = rcode;
  made.ra = true;
  return made;
}
dns::Answer address(const std::string& text) {
  dns::Answer made = answer();
  made.a = {ip(text)};
  return made;
}
dns::Answer txt(const std::string& text) {
  dns::Answer made = answer();
  made.txt.emplace_back(text);
  return made;
}
const dns::Outcome kSilence = dns::NoAnswer{dns::NoAnswer::Why::timeout, ""};

/// A healthy resolver, of which a test changes what it is about.
struct Resolver {
  std::string server = "127.0.0.1";
  dns::Outcome exists = address("192.0.2.80");
  dns::Outcome nxdomain = answer(dns::Rcode::nxdomain);
  dns::Outcome bogus = answer(dns::Rcode::servfail);
  dns::Outcome whoami = txt("ns198.51.100.53");
  std::vector<core::IpAddress> local{ip("198.51.100.53")};
  bool answers_for_zones = false;
  std::vector<core::Untrusted> refusals;

  void all(const dns::Outcome& outcome) { exists = nxdomain = bogus = whoami = outcome; }

  std::vector<CheckView> judge() const {
    ResolverFacts facts;
    facts.server = dns::Server::parse(server).value();
    facts.answers = {
        {{ProbeRole::exists, {name("example.com"), dns::QType::a}}, exists},
        {{ProbeRole::nxdomain, {name("abc.invalid"), dns::QType::a}}, nxdomain},
        {{ProbeRole::bogus, {name("dnssec-failed.org"), dns::QType::a}}, bogus},
        {{ProbeRole::whoami, {name("whoami.example"), dns::QType::txt}}, whoami},
    };
    facts.local = local;
    facts.answers_for_zones = answers_for_zones;
    facts.refusals = refusals;
    return judge_resolver(facts);
  }
};

/// The line about this aspect; "" = the resolver itself.
CheckView line(const Resolver& resolver, const std::string& aspect) {
  const std::vector<CheckView> checks = resolver.judge();
  const std::string wanted = "resolver " + dns::Server::parse(resolver.server)->to_text() +
                             (aspect.empty() ? "" : " " + aspect);
  const auto found = std::find_if(checks.begin(), checks.end(),
                                  [&](const CheckView& check) { return check.name == wanted; });
  INFO(wanted);
  REQUIRE(found != checks.end());
  return *found;
}

void check_line(const Resolver& resolver, const std::string& aspect, CheckState state,
                const std::string& words) {
  const CheckView found = line(resolver, aspect);
  INFO(found.name << ": " << found.text);
  CHECK(found.state == state);
  CHECK(found.text.find(words) != std::string::npos);
  CHECK(found.fix.empty() == (state == CheckState::ok));
}

}  // namespace

TEST_CASE("a healthy resolver is well in every line", "[doctor]") {
  const std::vector<CheckView> checks = Resolver().judge();
  CHECK(checks.size() == 5);
  for (const CheckView& check : checks) {
    INFO(check.name << ": " << check.text);
    CHECK(check.state == CheckState::ok);
    CHECK(check.fix.empty());
  }
}

TEST_CASE("a resolver that doesn't serve is told of in one line", "[doctor]") {
  dns::Answer no_recursion = answer();
  no_recursion.ra = false;
  struct Case {
    dns::Outcome outcome;
    const char* words;
  };
  for (const Case& c : {Case{kSilence, "does not answer (no answer in time)"},
                        Case{dns::NoAnswer{dns::NoAnswer::Why::network, "connection refused"},
                             "connection refused"},
                        Case{answer(dns::Rcode::refused), "refuses to answer this machine"},
                        Case{no_recursion, "offers no recursion"}}) {
    Resolver resolver;
    resolver.all(c.outcome);
    CHECK(resolver.judge().size() == 1);
    check_line(resolver, "", CheckState::fail, c.words);
  }
}

TEST_CASE("a resolver that answers for zones alone is warned of", "[doctor]") {
  Resolver resolver;
  resolver.all(answer(dns::Rcode::refused));
  resolver.answers_for_zones = true;
  check_line(resolver, "", CheckState::warn, "does not find example.com (REFUSED)");
  check_line(resolver, "NXDOMAIN", CheckState::warn, "can't be said");
  check_line(resolver, "DNSSEC", CheckState::warn, "can't be said");
  check_line(resolver, "egress", CheckState::warn, "isn't known");
  check_line(resolver, "open", CheckState::ok, "loopback");
}

TEST_CASE("an address for a name that doesn't exist is a rewritten NXDOMAIN", "[doctor]") {
  Resolver resolver;
  resolver.nxdomain = address("203.0.113.9");
  check_line(resolver, "NXDOMAIN", CheckState::fail,
             "rewrites NXDOMAIN: abc.invalid, which does not exist, gets the address 203.0.113.9");
  resolver.nxdomain = answer();  // a denial in another form
  check_line(resolver, "NXDOMAIN", CheckState::ok, "does not rewrite");
}

TEST_CASE("validation shows in what is broken on purpose", "[doctor]") {
  Resolver resolver;
  check_line(resolver, "DNSSEC", CheckState::ok, "validates");
  resolver.bogus = address("192.0.2.1");
  check_line(resolver, "DNSSEC", CheckState::warn, "does not validate");
  resolver.bogus = answer(dns::Rcode::servfail);
  resolver.exists = answer(dns::Rcode::servfail);  // it fails for everything
  check_line(resolver, "DNSSEC", CheckState::warn, "can't be said");
}

TEST_CASE("the address that lists see tells a forwarder, as far as it can", "[doctor]") {
  struct Case {
    const char* what;
    const char* server;
    const char* local;
    const char* seen;
    CheckState state;
    const char* words;
  };
  const std::vector<Case> cases{
      {"this machine's own", "127.0.0.1", "198.51.100.53", "198.51.100.53", CheckState::ok,
       "its own: it recurses"},
      {"the server's own", "198.51.100.1", "10.0.0.5", "198.51.100.1", CheckState::ok,
       "its own: it recurses"},
      {"another one of a machine on the Internet", "127.0.0.1", "198.51.100.53", "203.0.113.7",
       CheckState::warn, "forwards"},
      {"another one of a server on the Internet", "198.51.100.1", "10.0.0.5", "203.0.113.7",
       CheckState::warn, "forwards"},
      {"translated, perhaps", "127.0.0.1", "192.168.1.5", "203.0.113.7", CheckState::ok,
       "can't be told apart"},
      {"translated, perhaps, from a server near by", "192.168.1.1", "192.168.1.5", "203.0.113.7",
       CheckState::ok, "can't be told apart"},
      {"a farm", "192.168.1.1", "192.168.1.5", "203.0.113.7 and 203.0.113.8", CheckState::warn,
       "203.0.113.7, 203.0.113.8: it forwards"},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    Resolver resolver;
    resolver.server = c.server;
    resolver.local = {ip(c.local)};
    resolver.whoami = txt(c.seen);
    check_line(resolver, "egress", c.state, c.words);
  }
}

TEST_CASE("a zone that refuses may tell the address, too", "[doctor]") {
  Resolver resolver;
  resolver.whoami = answer(dns::Rcode::nxdomain);
  resolver.refusals = {
      core::Untrusted("127.0.0.1 -> Query Refused. See http://uribl.com/refused.shtml for more "
                      "information [Your DNS IP: 198.51.100.53]")};
  check_line(resolver, "egress", CheckState::ok, "lists see 198.51.100.53");
}

TEST_CASE("what the catalogue names no probe for is said to be unknown, and why", "[doctor]") {
  const dns::Server server = dns::Server::parse("127.0.0.1").value();
  ResolverFacts facts;
  facts.server = server;
  for (const bool answers : {true, false}) {
    facts.answers_for_zones = answers;
    const std::vector<CheckView> checks = judge_resolver(facts);
    REQUIRE(checks.size() == 5);
    CHECK(checks[0].state == (answers ? CheckState::ok : CheckState::warn));
    for (std::size_t i = 1; i < 4; ++i) {
      INFO(checks[i].name << ": " << checks[i].text);
      CHECK(checks[i].state == CheckState::warn);
      CHECK(checks[i].text.find("the catalogue's [probes] name no ") != std::string::npos);
      CHECK_FALSE(checks[i].fix.empty());
    }
    CHECK(checks[3].name == "resolver 127.0.0.1:53 egress");
    CHECK(checks[3].text.find("not whether it recurses or forwards") != std::string::npos);
    CHECK(checks[4].name == "resolver 127.0.0.1:53 open");
  }
  facts.refusals = {core::Untrusted("Query Refused [Your DNS IP: 198.51.100.53]")};
  CHECK(judge_resolver(facts)[3].text.find("lists see 198.51.100.53") != std::string::npos);
}

TEST_CASE("openness is said as far as it can be seen from here", "[doctor]") {
  Resolver resolver;
  for (const char* inner : {"127.0.0.53", "::1", "10.1.2.3", "192.168.0.1", "fd00::1"}) {
    resolver.server = std::string(inner).find(':') != std::string::npos
                          ? "[" + std::string(inner) + "]:53"
                          : inner;
    check_line(resolver, "open", CheckState::ok, "from here");
  }
  resolver.server = "198.51.100.1";
  check_line(resolver, "open", CheckState::warn, "can't be seen from this machine");
  resolver.server = "9.9.9.9";
  check_line(resolver, "open", CheckState::warn, "public resolver (Quad9)");
}

TEST_CASE("addresses are found in texts of all sorts", "[doctor]") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"ns192.0.2.1", "192.0.2.1"},
      {"[Your DNS IP: 192.0.2.1]", "192.0.2.1"},
      {"https://x.test/returnc/pub/192.0.2.1/", "192.0.2.1"},
      {"It was 192.0.2.1.", "192.0.2.1"},
      {"2001:db8::53", "2001:db8::53"},
      {"your IP:2001:db8::53", "2001:db8::53"},
      {"edns0-client-subnet 192.0.2.0/24", ""},
      {"127.0.0.2 is listed", ""},
      {"a::b, face, 1.2.3, ::, dead::beef", ""},
      {"192.0.2.1 192.0.2.1", "192.0.2.1"},
      {"", ""},
      {"\x1b[31m192.0.2.1\xff", "192.0.2.1"},
  };
  for (const auto& [text, wanted] : cases) {
    INFO(text);
    const auto found = addresses_in(core::Untrusted(text));
    CHECK((found.empty() ? "" : found.front().to_text()) == wanted);
    CHECK(found.size() <= 1);
  }
}

TEST_CASE("probes are what the catalogue names, below random labels", "[doctor]") {
  core::SeededRandom random(1);
  lists::Probes probes;
  CHECK(probe_questions(probes, random).empty());
  probes.exists = name("example.com");
  probes.bogus = name("bogus.example");
  probes.nxdomain = {name("invalid"), name("example.com")};
  probes.whoami = {name("whoami.example")};
  const auto questions = probe_questions(probes, random);
  REQUIRE(questions.size() == 5);
  CHECK(questions[1].question.name.is_within(name("invalid")));
  CHECK(questions[1].question.name.label_count() == 2);
  CHECK(questions[4].question.type == dns::QType::txt);
  CHECK(probe_questions(probes, random)[1].question.name != questions[1].question.name);
}
