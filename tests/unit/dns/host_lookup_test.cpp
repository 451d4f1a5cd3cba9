// SPDX-License-Identifier: Apache-2.0
#include "dns/host_lookup.hpp"

#include <catch2/catch.hpp>

#include "support.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;

namespace {

core::IpAddress ip(const char* text) {
  return *core::IpAddress::parse(text);
}

Answer with_a(std::vector<core::IpAddress> addresses) {
  Answer answer;
  answer.a = std::move(addresses);
  return answer;
}
Answer with_aaaa(std::vector<core::IpAddress> addresses) {
  Answer answer;
  answer.aaaa = std::move(addresses);
  return answer;
}

std::string cause_of(const Outcome& a, const Outcome& aaaa) {
  const HostOutcome outcome = host_addresses(a, aaaa);
  const auto* unresolved = std::get_if<HostUnresolved>(&outcome);
  return unresolved != nullptr ? unresolved->cause : "resolved";
}

const NoAnswer kTimeout{NoAnswer::Why::timeout, ""};

}  // namespace

TEST_CASE("a host's addresses are those of both families, sorted, mapped ones as IPv4, each once") {
  const HostOutcome outcome =
      host_addresses(with_a({ip("192.0.2.2"), ip("192.0.2.1"), ip("192.0.2.1")}),
                     with_aaaa({ip("2001:db8::1"), ip("::ffff:192.0.2.2")}));
  const auto* found = std::get_if<HostAddresses>(&outcome);
  REQUIRE(found != nullptr);
  std::vector<core::IpAddress> expected{ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1")};
  std::sort(expected.begin(), expected.end());
  CHECK(found->addresses == expected);
}

TEST_CASE("one family without addresses is no failure, one that failed is") {
  CHECK(cause_of(with_a({ip("192.0.2.1")}), Answer{}) == "resolved");
  CHECK(cause_of(with_a({ip("192.0.2.1")}), with_rcode(Rcode::nxdomain)) == "resolved");
  CHECK(cause_of(with_a({ip("192.0.2.1")}), kTimeout) == "timeout");
  CHECK(cause_of(with_rcode(Rcode::servfail), with_aaaa({ip("::1")})) == "servfail");
}

TEST_CASE("why a host is unresolved is said in the contract's words") {
  Answer open_chain;
  open_chain.chain_closed = false;
  Answer forged = with_a({ip("192.0.2.1")});
  forged.ede = {4};
  const auto [outcome, cause] = GENERATE_COPY(table<Outcome, const char*>({
      {Outcome(with_rcode(Rcode::nxdomain)), "nxdomain"},
      {Outcome(Answer{}), "no address"},
      {Outcome(with_rcode(Rcode::refused)), "refused_rcode"},
      {Outcome(with_rcode(Rcode::notimp)), "other_rcode"},
      {Outcome(open_chain), "lame"},
      {Outcome(forged), "rewritten"},
      {Outcome(NoAnswer{NoAnswer::Why::network, ""}), "network"},
      {Outcome(NoAnswer{NoAnswer::Why::malformed, ""}), "malformed"},
  }));
  CHECK(cause_of(outcome, Answer{}) == cause);
}
