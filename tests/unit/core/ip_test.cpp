// SPDX-License-Identifier: Apache-2.0
#include "core/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <vector>

#include <catch2/catch.hpp>

#include "core/random.hpp"

using rblwatch::core::Cidr;
using rblwatch::core::Error;
using rblwatch::core::IpAddress;
using rblwatch::core::SeededRandom;

namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}
Cidr cidr(std::string_view text) {
  return Cidr::parse(text).value();
}

}  // namespace

TEST_CASE("addresses are shown in their canonical form") {
  struct Row {
    std::string given;
    std::string shown;
  };
  const auto row = GENERATE(values<Row>({
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"192.0.2.10", "192.0.2.10"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"::1:0", "::1:0"},
      {"::1.2.3.4", "::102:304"},
      {"2001:DB8::ABCD", "2001:db8::abcd"},
      {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group is not shortened
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of equal runs
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
      {"::ffff:7f00:2", "::ffff:127.0.0.2"},  // mapped stays IPv6
      {"::FFFF:192.0.2.1", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  }));
  CAPTURE(row.given);
  CHECK(ip(row.given).to_text() == row.shown);
  CHECK(ip(row.shown) == ip(row.given));
}

TEST_CASE("text that is no address is refused with the text and an example") {
  const auto text =
      GENERATE(values<std::string>({"",
                                    " ",
                                    "1.2.3",
                                    "1.2.3.4.5",
                                    "256.0.0.1",
                                    "01.2.3.4",
                                    "1.2.3.04",
                                    "1.2.3.4 ",
                                    " 1.2.3.4",
                                    "0x7f.0.0.1",
                                    "2130706433",
                                    "127.1",
                                    "+1.2.3.4",
                                    "1.2.3.-4",
                                    "::1%eth0",
                                    "[::1]",
                                    "1::2::3",
                                    "12345::",
                                    ":::",
                                    "1:2:3:4:5:6:7",
                                    "1:2:3:4:5:6:7:8:9",
                                    "::ffff:1.2.3",
                                    "g::",
                                    "1.2.3.4/32",
                                    std::string("1.2.3.4\0", 8),
                                    std::string("::1\0x", 5),
                                    std::string(100'000, '1'),
                                    "1111:2222:3333:4444:5555:6666:255.255.255.2555"}));
  const auto address = IpAddress::parse(text);
  CAPTURE(text.substr(0, 80));
  REQUIRE_FALSE(address);
  CHECK(address.error().kind == Error::Kind::invalid);
  CHECK(address.error().text.find("192.0.2.10") != std::string::npos);
  CHECK(address.error().text.size() < 200);
}

TEST_CASE("random IPv6 addresses are shown as inet_ntop shows them, and read back") {
  SeededRandom random(1);
  for (int i = 0; i < 20'000; ++i) {
    IpAddress::V6Bytes bytes{};
    for (auto& byte : bytes) {
      byte = random.below(3) == 0 ? static_cast<std::uint8_t>(random.below(256)) : std::uint8_t{0};
    }
    bytes[0] = 0x20;  // outside ::/96, where inet_ntop differs on purpose
    std::array<char, INET6_ADDRSTRLEN> expected{};
    REQUIRE(inet_ntop(AF_INET6, bytes.data(), expected.data(), expected.size()) != nullptr);
    const IpAddress address = IpAddress::v6(bytes);
    REQUIRE(address.to_text() == expected.data());
    REQUIRE(ip(address.to_text()) == address);
  }
}

TEST_CASE("a mapped address knows its IPv4 address and stays IPv6") {
  const IpAddress mapped = ip("::ffff:192.0.2.1");
  CHECK(mapped.is_v6());
  CHECK(mapped.is_v4_mapped());
  CHECK(mapped != ip("192.0.2.1"));
  CHECK(mapped.unmapped() == ip("192.0.2.1"));
  CHECK(ip("192.0.2.1").unmapped() == ip("192.0.2.1"));
  CHECK_FALSE(ip("192.0.2.1").is_v4_mapped());
  CHECK_FALSE(ip("::fffe:192.0.2.1").is_v4_mapped());
  CHECK_FALSE(ip("1::ffff:192.0.2.1").is_v4_mapped());
}

TEST_CASE("loopback is 127/8, ::1 and the mapped form") {
  struct Row {
    std::string text;
    bool is_loopback;
  };
  const auto row = GENERATE(values<Row>({{"127.0.0.1", true},
                                         {"127.255.255.255", true},
                                         {"126.255.255.255", false},
                                         {"128.0.0.0", false},
                                         {"::1", true},
                                         {"::", false},
                                         {"::2", false},
                                         {"100::1", false},
                                         {"::ffff:127.0.0.1", true},
                                         {"::ffff:128.0.0.1", false},
                                         {"7f00::", false}}));
  CAPTURE(row.text);
  CHECK(ip(row.text).is_loopback() == row.is_loopback);
}

TEST_CASE("IPv4 goes to and from a number in host order") {
  CHECK(IpAddress::v4(0x7F000002U) == ip("127.0.0.2"));
  CHECK(ip("255.254.253.252").v4_host_order() == 0xFFFEFDFCU);
  CHECK(ip("127.0.0.2").bytes().size() == 4);
  CHECK(ip("::1").bytes().size() == 16);
  CHECK(IpAddress() == ip("0.0.0.0"));
}

TEST_CASE("next carries over octets and ends with the family") {
  CHECK(ip("192.0.2.255").next() == ip("192.0.3.0"));
  CHECK(ip("0.255.255.255").next() == ip("1.0.0.0"));
  CHECK(ip("255.255.255.255").next() == std::nullopt);
  CHECK(ip("2001:db8::ffff").next() == ip("2001:db8::1:0"));
  CHECK(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").next() == std::nullopt);
}

TEST_CASE("addresses are ordered: IPv4 first, then by number") {
  std::vector<IpAddress> addresses{ip("2001::"), ip("::"), ip("10.0.0.1"), ip("9.255.0.0")};
  std::sort(addresses.begin(), addresses.end());
  CHECK(addresses ==
        std::vector<IpAddress>{ip("9.255.0.0"), ip("10.0.0.1"), ip("::"), ip("2001::")});
}

TEST_CASE("hashes of neighbours are spread over small tables") {
  constexpr std::size_t kBuckets = 4096;
  for (const auto& start : {ip("198.51.0.0"), ip("2001:db8::")}) {
    std::vector<std::size_t> load(kBuckets);
    std::unordered_set<std::size_t> hashes;
    IpAddress address = start;
    for (int i = 0; i < 65'536; ++i, address = *address.next()) {
      const std::size_t hash = std::hash<IpAddress>{}(address);
      hashes.insert(hash);
      ++load[hash % kBuckets];
    }
    CHECK(hashes.size() == 65'536);
    CHECK(*std::max_element(load.begin(), load.end()) < 64);  // 16 on average
  }
  CHECK(std::hash<IpAddress>{}(ip("0.0.0.0")) != std::hash<IpAddress>{}(ip("::")));
}

TEST_CASE("a range knows its ends, its size and what is in it") {
  struct Row {
    std::string text;
    std::string first;
    std::string last;
    std::uint64_t size;
  };
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  const auto row = GENERATE_COPY(values<Row>({
      {"198.51.100.0/24", "198.51.100.0", "198.51.100.255", 256},
      {"198.51.100.128/28", "198.51.100.128", "198.51.100.143", 16},
      {"198.51.100.7/32", "198.51.100.7", "198.51.100.7", 1},
      {"198.51.100.6/31", "198.51.100.6", "198.51.100.7", 2},
      {"0.0.0.0/0", "0.0.0.0", "255.255.255.255", std::uint64_t{1} << 32U},
      {"2001:db8::/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", kLargest},
      {"2001:db8::/65", "2001:db8::", "2001:db8::7fff:ffff:ffff:ffff", kLargest},
      {"2001:db8::/66", "2001:db8::", "2001:db8::3fff:ffff:ffff:ffff", std::uint64_t{1} << 62U},
      {"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kLargest},
      {"2001:db8::1/128", "2001:db8::1", "2001:db8::1", 1},
  }));
  CAPTURE(row.text);
  const Cidr range = cidr(row.text);
  CHECK(range.to_text() == row.text);
  CHECK(range.first() == ip(row.first));
  CHECK(range.last() == ip(row.last));
  CHECK(range.size() == row.size);
  CHECK(range.contains(ip(row.first)));
  CHECK(range.contains(ip(row.last)));
  const auto behind = ip(row.last).next();
  CHECK((!behind || !range.contains(*behind)));
}

TEST_CASE("ranges of one family hold no address of the other") {
  CHECK_FALSE(cidr("0.0.0.0/0").contains(ip("::")));
  CHECK_FALSE(cidr("::/0").contains(ip("0.0.0.0")));
}

TEST_CASE("a lone address is a range of one") {
  CHECK(cidr("192.0.2.1").to_text() == "192.0.2.1/32");
  CHECK(cidr("2001:db8::1").to_text() == "2001:db8::1/128");
}

TEST_CASE("a range of mapped addresses stands for one of IPv4, any other for itself") {
  CHECK(cidr("::ffff:192.0.2.0/120").unmapped() == cidr("192.0.2.0/24"));
  CHECK(cidr("::ffff:0:0/96").unmapped() == cidr("0.0.0.0/0"));
  for (const char* text : {"::/0", "::fffe:0:0/95", "2001:db8::/32", "192.0.2.0/24"}) {
    CHECK(cidr(text).unmapped() == cidr(text));
  }
}

TEST_CASE("a range with host bits is refused and told what it should be") {
  const auto range = Cidr::parse("198.51.100.7/24");
  REQUIRE_FALSE(range);
  CHECK(range.error().text.find("198.51.100.0/24") != std::string::npos);
  CHECK(Cidr(ip("198.51.100.7"), 24) == cidr("198.51.100.0/24"));
  CHECK(Cidr(ip("2001:db8::ffff"), 113) == cidr("2001:db8::8000/113"));
}

TEST_CASE("text that is no range is refused") {
  const auto text = GENERATE(values<std::string>(
      {"", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/08",
       "192.0.2.0/24/24", "192.0.2.0/2 ", "192.0.2.0/a", "192.0.2/24", "::/129",
       "::/99999999999999999999", "192.0.2.0/255.255.255.0"}));
  CAPTURE(text);
  CHECK_FALSE(Cidr::parse(text));
}
