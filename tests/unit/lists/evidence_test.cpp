// SPDX-License-Identifier: Apache-2.0
#include "lists/evidence.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::lists {

TEST_CASE("the dig line repeats the question, safe to paste into a shell") {
  struct Row {
    std::string question;
    std::string qtype;
    std::string server;
    dns::Transport transport;
    std::string line;
    dns::ServerRole role = dns::ServerRole::resolver;
  };
  constexpr auto kUdp = dns::Transport::udp;
  constexpr auto kOwn = dns::ServerRole::authoritative;
  const auto row = GENERATE(
      Row{"10.2.0.192.zen.spamhaus.org", "A", "127.0.0.1:53", kUdp,
          "dig +noall +answer +comments A 10.2.0.192.zen.spamhaus.org @127.0.0.1 -p 53"},
      Row{"example.com.dbl.test", "TXT", "[::1]:5353", dns::Transport::tcp,
          "dig +noall +answer +comments +tcp TXT example.com.dbl.test @::1 -p 5353"},
      Row{"10.2.0.192.<key>.zen.dq.spamhaus.net", "A", "192.0.2.53:53", kUdp,
          "dig +noall +answer +comments A '10.2.0.192.<key>.zen.dq.spamhaus.net' @192.0.2.53 "
          "-p 53"},
      Row{"10.2.0.192.bl.test", "A", "", kUdp, "dig +noall +answer +comments A 10.2.0.192.bl.test"},
      Row{"-x.example.bl.test", "A", "127.0.0.1:53", kUdp,
          "dig +noall +answer +comments A -q -x.example.bl.test @127.0.0.1 -p 53"},
      Row{"a'b;rm -rf.test", "A", "", kUdp,
          R"(dig +noall +answer +comments A 'a'\''b;rm -rf.test')"},
      Row{"10.2.0.192.bl.test", "A", "127.0.0.1:53", kUdp,
          "dig +noall +answer +comments +norecurse A 10.2.0.192.bl.test @127.0.0.1 -p 53", kOwn},
      Row{"10.2.0.192.bl.test", "A", "127.0.0.1:53", dns::Transport::tcp,
          "dig +noall +answer +comments +norecurse +tcp A 10.2.0.192.bl.test @127.0.0.1 -p 53",
          kOwn});
  Evidence evidence;
  evidence.question = row.question;
  evidence.qtype = row.qtype;
  evidence.server = row.server;
  evidence.transport = row.transport;
  evidence.role = row.role;
  CHECK(dig_line(evidence) == row.line);
}

TEST_CASE("the dig line of a question that wasn't asked is of the first of those that would be") {
  Evidence evidence;
  evidence.question = "10.2.0.192.bl.test";
  const dns::ServerGroup own{{*dns::Server::parse("192.0.2.53"), *dns::Server::parse("::1")},
                             dns::ServerRole::authoritative};
  CHECK(dig_line(evidence, own) ==
        "dig +noall +answer +comments +norecurse A 10.2.0.192.bl.test @192.0.2.53 -p 53");
  CHECK(dig_line(evidence, dns::ServerGroup{}) ==
        "dig +noall +answer +comments A 10.2.0.192.bl.test");
}

TEST_CASE("what is kept of a zone's text is 4 KiB without the key, a cut one neither") {
  ZoneDns dns = ZoneDns::parse("{key}.zen.test").value();
  REQUIRE(dns.set_key(core::Secret("sekretkey")));
  const auto text = [&](const std::vector<std::string>& records) {
    std::vector<core::Untrusted> all;
    for (const std::string& record : records) {
      all.emplace_back(record);
    }
    return reason_text(dns, all).raw();
  };
  CHECK(text({}).empty());
  CHECK(text({"see https://x.test/SekretKey/1", "10.2.0.192.sekretkey.zen.test"}) ==
        "see https://x.test/<key>/1\n10.2.0.192.<key>.zen.test");
  const std::string cut = text({std::string(4092, '.') + "sekretkey"});
  CHECK(cut == std::string(4092, '.') + "<key");
}

}  // namespace rblwatch::lists
