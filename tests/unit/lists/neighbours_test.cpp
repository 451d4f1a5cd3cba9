// SPDX-License-Identifier: Apache-2.0
#include "lists/neighbours.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::lists {

namespace {

using Positions = std::vector<std::size_t>;

core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}

Network range(std::string_view cidr, std::uint64_t watched = 0) {
  const core::Cidr range = core::Cidr::parse(cidr).value();
  return {range, "", watched == 0 ? range.size() : watched};
}

Network slash64(std::string_view cidr, std::uint64_t watched, bool is_estimate = false) {
  return {core::Cidr::parse(cidr).value(), "", watched, Network::Origin::slash64, is_estimate};
}

std::string v4(std::size_t last, std::string_view net = "203.0.113.") {
  return std::string(net) + std::to_string(last);
}

/// So many addresses from `first` on, all alike.
std::vector<Neighbour> row(std::size_t count, std::string alike = "uceprotect-2 127.0.0.2",
                           std::size_t first = 0) {
  std::vector<Neighbour> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({ip(v4(first + i)), alike});
  }
  return all;
}

std::vector<Neighbour> of(std::initializer_list<std::string_view> addresses) {
  std::vector<Neighbour> all;
  for (const std::string_view address : addresses) {
    all.push_back({ip(address), "zen 127.0.0.3"});
  }
  return all;
}

std::vector<Neighbour> with(std::vector<Neighbour> all, std::vector<Neighbour> more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// Each group as its line.
std::vector<std::string> lines(const std::vector<Neighbour>& all,
                               const std::vector<Network>& networks) {
  std::vector<std::string> texts;
  for (const Neighbourhood& group : find_neighbours(all, networks)) {
    texts.push_back(count_text(group) + std::string(whole_text(group)));
  }
  return texts;
}

Target range_less(std::string_view value, std::string_view except) {
  Target made = parse_target_value(value).value();
  made.except.push_back(core::Cidr::parse(except).value());
  return made;
}

}  // namespace

TEST_CASE("So many alike of one range are one line, with how much of it that is") {
  struct Row {
    const char* what;
    std::vector<Neighbour> all;
    std::vector<Network> networks;
    std::vector<std::string> expected;
  };
  const Row rows[] = {
      {"nothing", {}, {range("203.0.113.0/24")}, {}},
      {"no range", row(200), {}, {}},
      {"a few", row(3), {range("203.0.113.0/24")}, {}},
      {"enough", row(4), {range("203.0.113.0/24")}, {"203.0.113.0/24: 4 of 256"}},
      {"most", row(191), {range("203.0.113.0/24")}, {"203.0.113.0/24: 191 of 256"}},
      {"three quarters",
       row(192),
       {range("203.0.113.0/24")},
       {"203.0.113.0/24: 192 of 256, dnsbl covers the whole network"}},
      {"the contract's own example",
       row(200),
       {range("203.0.113.0/24")},
       {"203.0.113.0/24: 200 of 256, dnsbl covers the whole network"}},
      {"all of what is watched",
       row(240),
       {range("203.0.113.0/24", 240)},
       {"203.0.113.0/24: 240 of 240 watched, dnsbl covers the whole network"}},
      {"a /30 in full",
       row(4),
       {range("203.0.113.0/30")},
       {"203.0.113.0/30: 4 of 4, dnsbl covers the whole network"}},
      {"too small a range to speak of", row(2), {range("203.0.113.0/31")}, {}},
      {"another range", row(200), {range("198.51.100.0/24")}, {}},
      {"an IPv6 range of the same bytes", row(200), {range("2001:db8::/120")}, {}},
  };
  for (const Row& r : rows) {
    INFO(r.what);
    CHECK(lines(r.all, r.networks) == r.expected);
  }
}

TEST_CASE("What is not alike is not counted together, and nothing is lost") {
  const auto all =
      with(row(5, "zen 127.0.0.2"), with(row(6, "zen 127.0.0.3", 5), row(2, "bl 127.0.0.2")));
  const auto groups = find_neighbours(all, std::vector{range("203.0.113.0/24")});
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].members == Positions{0, 1, 2, 3, 4});
  CHECK(groups[1].members == Positions{5, 6, 7, 8, 9, 10});
  CHECK(singles(all.size(), groups) == Positions{11, 12});
  CHECK(singles(2, {}) == Positions{0, 1});
}

TEST_CASE("An address that comes twice is counted once") {
  const auto all = with(row(4), row(2));
  const auto groups = find_neighbours(all, std::vector{range("203.0.113.0/24")});
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].members == Positions{0, 1, 2, 3});
  CHECK(singles(all.size(), groups) == Positions{4, 5});
}

TEST_CASE("The widest network that is whole takes all, else the narrowest that has enough") {
  const std::vector nested{range("203.0.113.0/24"), range("203.0.113.0/28")};
  CHECK(lines(row(16), nested) ==
        std::vector<std::string>{"203.0.113.0/28: 16 of 16, dnsbl covers the whole network"});
  CHECK(lines(row(200), nested) ==
        std::vector<std::string>{"203.0.113.0/24: 200 of 256, dnsbl covers the whole network"});
  CHECK(lines(with(row(5), row(7, "uceprotect-2 127.0.0.2", 100)), nested) ==
        std::vector<std::string>{"203.0.113.0/28: 5 of 16", "203.0.113.0/24: 7 of 256"});
  CHECK(find_neighbours(row(9), std::vector{range("203.0.113.0/24"), range("203.0.113.0/24")})
            .size() == 1);
}

TEST_CASE("A /64 that is listed as far as it is watched shows as such") {
  struct Row {
    const char* what;
    std::vector<Neighbour> all;
    std::vector<Network> networks;
    std::vector<std::string> expected;
  };
  const auto three = of({"2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"});
  const Row rows[] = {
      {"all three",
       three,
       {slash64("2001:db8::/64", 3)},
       {"2001:db8::/64: 3 of 3 watched, dnsbl covers the whole network"}},
      {"both",
       of({"2001:db8::1", "2001:db8::2"}),
       {slash64("2001:db8::/64", 2)},
       {"2001:db8::/64: 2 of 2 watched, dnsbl covers the whole network"}},
      {"three of five", three, {slash64("2001:db8::/64", 5)}, {}},
      {"one alone", of({"2001:db8::1"}), {slash64("2001:db8::/64", 1)}, {}},
      {"two in different ones",
       of({"2001:db8::1", "2001:db8:0:1::1"}),
       {slash64("2001:db8::/64", 2), slash64("2001:db8:0:1::/64", 2)},
       {}},
      {"enough, but not all",
       of({"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"}),
       {slash64("2001:db8::/64", 9)},
       {"2001:db8::/64: 4 of 9 watched"}},
      {"a range in it and nothing else",
       of({"2001:db8::", "2001:db8::1", "2001:db8::2", "2001:db8::3"}),
       {range("2001:db8::/126"), slash64("2001:db8::/64", 4)},
       {"2001:db8::/64: 4 of 4 watched, dnsbl covers the whole network"}},
      {"a range in it, and somebody who is not listed",
       of({"2001:db8::", "2001:db8::1", "2001:db8::2", "2001:db8::3"}),
       {range("2001:db8::/126"), slash64("2001:db8::/64", 5)},
       {"2001:db8::/126: 4 of 4, dnsbl covers the whole network"}},
      {"as far as the caller could see",
       three,
       {slash64("2001:db8::/64", 3, true)},
       {"2001:db8::/64: 3 addresses"}},
      {"a range, as far as the caller could see",
       of({"2001:db8::", "2001:db8::1", "2001:db8::2", "2001:db8::3"}),
       {slash64("2001:db8::/64", 4, true)},
       {"2001:db8::/64: 4 addresses, dnsbl covers the whole network"}},
  };
  for (const Row& r : rows) {
    INFO(r.what);
    CHECK(lines(r.all, r.networks) == r.expected);
  }
}

TEST_CASE("The networks of what is watched: range targets, and each /64 with several subjects") {
  Target office = range_less("203.0.113.0/24", "203.0.113.0/28");
  office.name = "office";
  std::vector<Target> targets{office,
                              parse_target_value("::ffff:198.51.100.0/120").value(),
                              parse_target_value("2001:db8::1").value(),
                              parse_target_value("2001:db8::2").value(),
                              parse_target_value("2001:db8:0:1::1").value(),
                              parse_target_value("192.0.2.1").value(),
                              parse_target_value("example.com").value()};
  const auto subjects = SubjectTable::build(std::move(targets), {}, 100'000).value();
  const std::vector<Network> networks = networks_of(subjects);
  REQUIRE(networks.size() == 3);
  CHECK(networks[0] == Network{core::Cidr::parse("203.0.113.0/24").value(), "office", 240});
  CHECK(networks[1].range == core::Cidr::parse("198.51.100.0/24").value());
  CHECK(networks[2] == slash64("2001:db8::/64", 2));
}

TEST_CASE("What is watched of ranges with exceptions is counted by their names") {
  Target office = range_less("203.0.113.0/24", "203.0.113.0/28");
  office.name = "office";
  const std::vector<Target> targets{office, parse_target_value("198.51.100.0/24").value(),
                                    parse_target_value("192.0.2.1").value()};
  CHECK(watched_counts(targets) == WatchedCounts{{"office", 240}});
}

TEST_CASE("The network that a list's text names is found") {
  struct Row {
    std::string_view txt;
    std::string_view address;
    std::string_view expected;
  };
  const Row rows[] = {
      {"Net 203.0.113.0/24 is UCEPROTECT-Level2 listed", "203.0.113.7", "203.0.113.0/24"},
      {"see https://x.example/?q=203.0.113.0/24.", "203.0.113.7", "203.0.113.0/24"},
      {"(2001:db8::/64): CSS", "2001:db8::25", "2001:db8::/64"},
      {"203.0.113.0/28 of 203.0.112.0/20", "203.0.113.7", "203.0.112.0/20"},
      {"203.0.113.7/32", "203.0.113.7", ""},
      {"203.0.113.7", "203.0.113.7", ""},
      {"198.51.100.0/24 is listed", "203.0.113.7", ""},
      {"203.0.113.9/24 has host bits", "203.0.113.7", ""},
      {"everything: 0.0.0.0/0, and ::/0", "203.0.113.7", ""},
      {"::/0", "2001:db8::1", ""},
      {"2001:db8::/64", "203.0.113.7", ""},
      {"", "203.0.113.7", ""},
      {"////:::...", "203.0.113.7", ""},
      {"\xff\xfe 203.0.113.0/24\x1b[31m", "203.0.113.7", "203.0.113.0/24"},
  };
  for (const Row& r : rows) {
    INFO(r.txt);
    const auto named = network_named(r.txt, ip(r.address));
    CHECK((named ? named->to_text() : "") == r.expected);
  }
}

}  // namespace rblwatch::lists
