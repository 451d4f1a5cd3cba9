// SPDX-License-Identifier: Apache-2.0
#include "lists/code_match.hpp"

#include <initializer_list>

#include <catch2/catch.hpp>

namespace rblwatch::lists {

namespace {

using Texts = std::vector<std::string>;

core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}

std::vector<core::IpAddress> ips(std::initializer_list<std::string_view> texts) {
  std::vector<core::IpAddress> all;
  for (const std::string_view text : texts) {
    all.push_back(ip(text));
  }
  return all;
}

CodeEntry entry(std::string_view pattern, std::string meaning, Purpose purpose = Purpose::block,
                MatchMode mode = MatchMode::exact) {
  return {CodePattern::parse(pattern, mode).value(), std::move(meaning), purpose};
}

CodeEntry bit(std::string_view pattern, std::string meaning, Purpose purpose = Purpose::block) {
  return entry(pattern, std::move(meaning), purpose, MatchMode::bitmask);
}

Code code(std::string name, std::initializer_list<std::string_view> addresses = {},
          Purpose purpose = Purpose::block) {
  return {std::move(name), "", purpose, ips(addresses)};
}

}  // namespace

TEST_CASE("a code pattern matches exactly what its form says") {
  struct Row {
    std::string pattern;
    std::string address;
    bool matches;
  };
  const auto row = GENERATE(
      Row{"127.0.0.2", "127.0.0.2", true}, Row{"127.0.0.2", "127.0.0.3", false},
      Row{"127.0.0.2", "127.0.1.2", false}, Row{"127.0.*.3", "127.0.0.3", true},
      Row{"127.0.*.3", "127.0.255.3", true}, Row{"127.0.*.3", "127.0.7.2", false},
      Row{"127.0.*.3", "127.1.7.3", false}, Row{"127.*.*.*", "127.255.0.9", true},
      Row{"127.0.4.0-127.0.4.79", "127.0.4.0", true},
      Row{"127.0.4.0-127.0.4.79", "127.0.4.79", true},
      Row{"127.0.4.0-127.0.4.79", "127.0.4.80", false},
      Row{"127.0.4.0-127.0.4.79", "127.0.3.255", false},
      Row{"127.0.4.250-127.0.5.3", "127.0.5.0", true},
      Row{"127.0.0.7-127.0.0.7", "127.0.0.7", true}, Row{"127.0.0.0/24", "127.0.0.255", true},
      Row{"127.0.0.0/24", "127.0.1.0", false}, Row{"127.0.0.8/29", "127.0.0.15", true},
      Row{"127.0.0.8/29", "127.0.0.16", false}, Row{"0.0.0.0/0", "192.0.2.1", true});
  CAPTURE(row.pattern, row.address);
  const CodePattern pattern = CodePattern::parse(row.pattern).value();
  CHECK(pattern.matches(ip(row.address)) == row.matches);
  CHECK(pattern.text() == row.pattern);
}

TEST_CASE("a bit pattern looks at the last octet alone") {
  const CodePattern pattern = CodePattern::parse("8", MatchMode::bitmask).value();
  CHECK(pattern.matches(ip("127.0.0.8")));
  CHECK(pattern.matches(ip("127.0.0.14")));
  CHECK(pattern.matches(ip("127.0.3.255")));
  CHECK_FALSE(pattern.matches(ip("127.0.8.4")));
  CHECK_FALSE(pattern.matches(ip("127.0.0.0")));
}

TEST_CASE("what is no code pattern is refused with what is allowed") {
  struct Row {
    std::string pattern;
    MatchMode mode;
    std::string says;
  };
  constexpr MatchMode kExact = MatchMode::exact;
  constexpr MatchMode kBitmask = MatchMode::bitmask;
  const auto row =
      GENERATE(Row{"", kExact, "expected one like 127.0.0.2"}, Row{"2", kExact, "127.0.*.3"},
               Row{"127.0.0", kExact, "is no code"}, Row{"127.0.0.256", kExact, "is no code"},
               Row{"127.0.0.02", kExact, "is no code"}, Row{"127.0.x.3", kExact, "is no code"},
               Row{"127.0.0.*.1", kExact, "is no code"}, Row{"127.0.**.1", kExact, "is no code"},
               Row{"::1", kExact, "is no code"}, Row{"::1/128", kExact, "is no code"},
               Row{"127.0.0.1/24", kExact, "127.0.0.0/24"}, Row{"127.0.0.0/33", kExact, "33"},
               Row{"127.0.0.9-127.0.0.2", kExact, "ends before it begins"},
               Row{"127.0.0.2-", kExact, "is no code"}, Row{"-127.0.0.2", kExact, "is no code"},
               Row{"127.0.0.*-127.0.0.9", kExact, "is no code"},
               Row{"127.0.0.1-127.0.0.2-127.0.0.3", kExact, "is no code"},
               Row{"127.0.0.2", kBitmask, "is no bit"}, Row{"3", kBitmask, "is no bit"},
               Row{"0", kBitmask, "is no bit"}, Row{"256", kBitmask, "is no bit"},
               Row{"-2", kBitmask, "is no bit"}, Row{"02", kBitmask, "is no bit"},
               Row{"", kBitmask, "1, 2, 4, 8, 16, 32, 64 or 128"});
  CAPTURE(row.pattern);
  const auto pattern = CodePattern::parse(row.pattern, row.mode);
  REQUIRE_FALSE(pattern);
  CHECK(pattern.error().kind == core::Error::Kind::invalid);
  CHECK_THAT(pattern.error().text, Catch::Contains(row.says));
}

TEST_CASE("a pattern knows whether it lies in 127.0.0.0/8") {
  struct Row {
    std::string pattern;
    bool is_within;
  };
  const auto row = GENERATE(Row{"127.0.0.2", true}, Row{"127.*.*.*", true}, Row{"*.0.0.2", false},
                            Row{"10.0.0.1", false}, Row{"127.0.0.0/8", true},
                            Row{"126.0.0.0/7", false}, Row{"127.0.0.1-127.9.0.1", true},
                            Row{"126.0.0.1-127.0.0.1", false}, Row{"127.0.0.1-128.0.0.1", false});
  CAPTURE(row.pattern);
  CHECK(CodePattern::parse(row.pattern).value().is_within_loopback() == row.is_within);
  CHECK(CodePattern::parse("4", MatchMode::bitmask).value().is_within_loopback());
}

TEST_CASE("each address counts, by every entry that it matches") {
  const std::vector<CodeEntry> table{entry("127.0.0.2", "SBL"), entry("127.0.0.4", "XBL"),
                                     entry("127.0.0.10-127.0.0.11", "PBL", Purpose::info),
                                     entry("127.0.1.0/24", "score")};
  SECTION("several entries") {
    const auto answers = ips({"127.0.0.10", "127.0.0.4", "127.0.0.2"});
    const CodeSet set = match_codes(answers, table, MatchMode::exact, Purpose::block);
    CHECK(set.entries() == Texts{"127.0.0.10-127.0.0.11", "127.0.0.2", "127.0.0.4"});
    CHECK(set.addresses() == Texts{"127.0.0.2", "127.0.0.4", "127.0.0.10"});
    CHECK(set.meanings() == Texts{"SBL", "XBL", "PBL"});
    CHECK(set.find("127.0.0.10-127.0.0.11")->purpose == Purpose::info);
  }
  SECTION("a score that moves inside its band is the same set") {
    const CodeSet before = match_codes(ips({"127.0.1.7"}), table, MatchMode::exact, Purpose::block);
    const CodeSet after = match_codes(ips({"127.0.1.9"}), table, MatchMode::exact, Purpose::block);
    CHECK(before == after);
    CHECK(before.addresses() != after.addresses());
  }
  SECTION("two addresses of one entry are one code") {
    const CodeSet set = match_codes(ips({"127.0.1.9", "127.0.1.7", "127.0.1.9"}), table,
                                    MatchMode::exact, Purpose::block);
    REQUIRE(set.size() == 1);
    CHECK(set.addresses() == Texts{"127.0.1.7", "127.0.1.9"});
  }
  SECTION("a code that the zone doesn't know takes the zone's purpose") {
    const CodeSet set =
        match_codes(ips({"127.0.0.99", "127.0.0.2"}), table, MatchMode::exact, Purpose::allow);
    REQUIRE(set.has("127.0.0.99"));
    CHECK(set.find("127.0.0.99")->meaning == "unrecognised code");
    CHECK(set.find("127.0.0.99")->purpose == Purpose::allow);
    CHECK(set.find("127.0.0.2")->purpose == Purpose::block);
  }
  SECTION("overlapping entries match together") {
    const std::vector<CodeEntry> both{entry("127.0.0.2", "spam"), entry("127.0.0.0/24", "any")};
    const CodeSet set = match_codes(ips({"127.0.0.2"}), both, MatchMode::exact, Purpose::block);
    CHECK(set.entries() == Texts{"127.0.0.0/24", "127.0.0.2"});
  }
}

TEST_CASE("where a zone states no codes, each address is listed and a code of its own") {
  for (const MatchMode mode : {MatchMode::exact, MatchMode::bitmask}) {
    const CodeSet set = match_codes(ips({"127.0.0.2", "127.0.0.4"}), {}, mode, Purpose::info);
    CHECK(set.size() == 2);
    CHECK(set.meanings() == Texts{"listed"});
    CHECK(set.begin()->purpose == Purpose::info);
  }
}

TEST_CASE("a bitmask code matches each of its bits") {
  const std::vector<CodeEntry> table{bit("2", "black"), bit("4", "grey"),
                                     bit("16", "white", Purpose::allow)};
  struct Row {
    std::vector<core::IpAddress> answers;
    Texts entries;
    Texts meanings;
  };
  const auto row =
      GENERATE(Row{ips({"127.0.0.2"}), {"2"}, {"black"}},
               Row{ips({"127.0.0.22"}), {"16", "2", "4"}, {"black", "grey", "white"}},
               Row{ips({"127.0.0.2", "127.0.0.4"}), {"2", "4"}, {"black", "grey"}},
               Row{ips({"127.0.0.14"}), {"2", "4", "8"}, {"black", "grey", "unrecognised code"}},
               Row{ips({"127.0.0.136"}), {"128", "8"}, {"unrecognised code"}},
               Row{ips({"127.0.0.0"}), {"127.0.0.0"}, {"unrecognised code"}});
  const CodeSet set = match_codes(row.answers, table, MatchMode::bitmask, Purpose::block);
  CHECK(set.entries() == row.entries);
  CHECK(set.meanings() == row.meanings);
}

TEST_CASE("an unknown bit stays the same code whatever the other bits do") {
  const std::vector<CodeEntry> table{bit("2", "black")};
  const CodeSet with = match_codes(ips({"127.0.0.10"}), table, MatchMode::bitmask, Purpose::block);
  const CodeSet alone = match_codes(ips({"127.0.0.8"}), table, MatchMode::bitmask, Purpose::block);
  CHECK(with.without(alone).entries() == Texts{"2"});
  CHECK(alone.without(with).is_empty());
}

TEST_CASE("a code set is sorted, without doubles, and compared by its entries") {
  CodeSet set({code("b", {"127.0.0.3"}), code("a", {"127.0.0.9"}), code("b", {"127.0.0.2"})});
  CHECK(set.entries() == Texts{"a", "b"});
  CHECK(set.addresses() == Texts{"127.0.0.2", "127.0.0.3", "127.0.0.9"});
  CHECK(set == CodeSet({code("a"), code("b")}));
  CHECK_FALSE(set == CodeSet({code("a")}));
  CHECK_FALSE(set == CodeSet({code("a"), code("c")}));

  SECTION("insert puts in place, or replaces") {
    set.insert(code("aa", {"127.0.0.7", "127.0.0.5"}));
    set.insert(code("b", {"127.0.0.1"}));
    CHECK(set.entries() == Texts{"a", "aa", "b"});
    CHECK(set.addresses() == Texts{"127.0.0.1", "127.0.0.5", "127.0.0.7", "127.0.0.9"});
  }
  SECTION("erase takes out, and nothing when it isn't there") {
    set.erase("a");
    set.erase("zz");
    CHECK(set.entries() == Texts{"b"});
    set.erase("b");
    CHECK(set.is_empty());
  }
  SECTION("without leaves what the other lacks") {
    CHECK(set.without(CodeSet({code("b"), code("c")})).entries() == Texts{"a"});
    CHECK(set.without(set).is_empty());
    CHECK(set.without({}) == set);
  }
  SECTION("find") {
    REQUIRE(set.find("b") != nullptr);
    CHECK(set.find("b")->addresses.size() == 2);
    CHECK(set.find("c") == nullptr);
    CHECK(CodeSet().find("a") == nullptr);
  }
}

TEST_CASE("a mixed set is taken apart by purpose") {
  const CodeSet set({code("a", {}, Purpose::block), code("b", {}, Purpose::allow),
                     code("c", {}, Purpose::block), code("d", {}, Purpose::info)});
  CHECK(set.of_purpose(Purpose::block).entries() == Texts{"a", "c"});
  CHECK(set.of_purpose(Purpose::allow).entries() == Texts{"b"});
  CHECK(set.of_purpose(Purpose::info).entries() == Texts{"d"});
  CHECK(CodeSet().of_purpose(Purpose::info).is_empty());
}

}  // namespace rblwatch::lists
