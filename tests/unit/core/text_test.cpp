// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"

#include <cstdint>
#include <limits>
#include <type_traits>

#include <catch2/catch.hpp>

#include "core/enum_text.hpp"
#include "core/random.hpp"
#include "core/strong.hpp"

namespace rblwatch::core {
using Views = std::vector<std::string_view>;

namespace {
enum class Fruit { apple, pear };
struct ZoneTag {};
using ZoneIndex = StrongId<ZoneTag>;
}  // namespace

template <>
struct EnumWords<Fruit> {
  static constexpr std::array table{std::pair{Fruit::apple, std::string_view("apple")},
                                    std::pair{Fruit::pear, std::string_view("pear")}};
};

TEST_CASE("blanks and line breaks at both ends are trimmed") {
  CHECK(trim("  a b\t\r\n") == "a b");
  CHECK(trim(" \t\n").empty());
  CHECK(trim("").empty());
  CHECK(trim("a") == "a");
}

TEST_CASE("split keeps empty parts, split_blanks has none") {
  CHECK(split("", ',') == Views{""});
  CHECK(split("a", ',') == Views{"a"});
  CHECK(split(",a,,b,", ',') == Views{"", "a", "", "b", ""});
  CHECK(split_blanks("").empty());
  CHECK(split_blanks(" \t ").empty());
  CHECK(split_blanks("  a \t b\n") == Views{"a", "b"});
  CHECK(split_blanks("a") == Views{"a"});
}

TEST_CASE("join puts the separator between only") {
  CHECK(join({}, ", ").empty());
  CHECK(join(std::vector<std::string>{"a"}, ", ") == "a");
  CHECK(join(std::vector<std::string>{"a", "", "b"}, ", ") == "a, , b");
}

TEST_CASE("case is folded for ASCII only") {
  CHECK(to_lower("AZ@[az09\xC3\x84") == "az@[az09\xC3\x84");
  CHECK(equals_ignoring_case("Content-Type", "content-type"));
  CHECK_FALSE(equals_ignoring_case("a", "ab"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));
  CHECK(equals_ignoring_case("", ""));
}

TEST_CASE("replace_all doesn't look at what it has put in") {
  CHECK(replace_all("a.b.c", ".", "..") == "a..b..c");
  CHECK(replace_all("aaa", "aa", "b") == "ba");
  CHECK(replace_all("abc", "", "x") == "abc");
  CHECK(replace_all("", "a", "b").empty());
}

TEST_CASE("parse_int takes the whole text or nothing") {
  CHECK(parse_int("0") == 0);
  CHECK(parse_int("-7") == -7);
  CHECK(parse_int("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_int("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  for (const std::string_view text :
       {"", "-", "+1", " 1", "1 ", "1x", "0x10", "1.0", "9223372036854775808", "1e3"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_int(text));
  }
}

TEST_CASE("counts are grouped from ten thousand on") {
  struct Row {
    std::uint64_t number;
    std::string text;
  };
  const auto row = GENERATE(values<Row>(
      {{0, "0 pairs"},
       {1, "1 pair"},
       {2, "2 pairs"},
       {9'999, "9999 pairs"},
       {10'000, "10 000 pairs"},
       {65'536, "65 536 pairs"},
       {100'000, "100 000 pairs"},
       {1'234'567, "1 234 567 pairs"},
       {std::numeric_limits<std::uint64_t>::max(), "18 446 744 073 709 551 615 pairs"}}));
  CHECK(count_of(row.number, "pair", "pairs") == row.text);
}

TEST_CASE("the nearest word is found when it was meant") {
  const std::vector<std::string> keys{"interval", "confirm_after", "confirm_within", "qps",
                                      "health_interval"};
  struct Row {
    std::string word;
    std::optional<std::string> found;
  };
  const auto row = GENERATE(values<Row>({{"intervall", "interval"},
                                         {"intreval", "interval"},
                                         {"confirm-after", "confirm_after"},
                                         {"confirm_wihtin", "confirm_within"},
                                         {"health_intvl", "health_interval"},
                                         {"qsp", "qps"},
                                         {"interval", "interval"},
                                         {"x", std::nullopt},
                                         {"", std::nullopt},
                                         {"ab", std::nullopt},
                                         {"webhook", std::nullopt},
                                         {std::string(100'000, 'q'), std::nullopt}}));
  CAPTURE(row.word.substr(0, 50));
  CHECK(nearest(row.word, keys) == row.found);
  CHECK(nearest(row.word, {}) == std::nullopt);
}

TEST_CASE("percent-encoding leaves the unreserved characters only") {
  CHECK(percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encode("a/b c?d=%&\n") == "a%2Fb%20c%3Fd%3D%25%26%0A");
  CHECK(percent_encode(std::string("\0\xFF", 2)) == "%00%FF");
}

TEST_CASE("base64 follows RFC 4648's examples both ways") {
  struct Row {
    std::string bytes;
    std::string text;
  };
  const auto row = GENERATE(values<Row>({{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"},
                                         {"\xFB\xFF\xBF", "+/+/"}}));
  CHECK(base64_encode(row.bytes) == row.text);
  CHECK(base64_decode(row.text) == row.bytes);
}

TEST_CASE("base64 that isn't exact is refused") {
  const auto text = GENERATE(
      values<std::string>({"Z", "Zg", "Zg=", "=", "====", "Z===", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n",
                           "Zg==Zg==", "-_-_", "Zm9\xFF", "=Zm9", std::string("Zm9\0", 4)}));
  CAPTURE(text);
  CHECK(base64_decode(text) == std::nullopt);
}

TEST_CASE("base64 gives random bytes back") {
  SeededRandom random(3);
  for (std::size_t length = 0; length < 300; ++length) {
    std::string bytes;
    while (bytes.size() < length) {
      bytes += static_cast<char>(random.below(256));
    }
    REQUIRE(base64_decode(base64_encode(bytes)) == bytes);
  }
}

TEST_CASE("an enumerator and its word lead to each other") {
  CHECK(enum_word(Fruit::pear) == "pear");
  CHECK(enum_from<Fruit>("apple") == Fruit::apple);
  CHECK(enum_from<Fruit>("Apple") == std::nullopt);
  CHECK(enum_from<Fruit>("") == std::nullopt);
}

TEST_CASE("strong ids compare and hash by value and mix with nothing") {
  CHECK(ZoneIndex{1} < ZoneIndex{2});
  CHECK(std::hash<ZoneIndex>{}(ZoneIndex{5}) == std::hash<std::uint32_t>{}(5));
  CHECK_FALSE(std::is_convertible_v<ZoneIndex, std::uint32_t>);
}

}  // namespace rblwatch::core
