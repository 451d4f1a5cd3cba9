// SPDX-License-Identifier: Apache-2.0
#include "report/shown.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::report {
namespace {

TextStyle with_utf8() {
  TextStyle style;
  style.utf8 = true;
  return style;
}

TEST_CASE("without UTF-8 other characters are spelled out") {
  const TextStyle ascii;
  CHECK(show("plain", ascii) == "plain");
  CHECK(show("caf\u00e9", ascii) == "caf\\u{00e9}");
  CHECK(show("\U0001F4A9", ascii) == "\\u{01f4a9}");
  CHECK(show("\xff", ascii) == "?");
  CHECK(show("\x1b[31m", ascii) == "\\x1b[31m");
  CHECK(show("caf\u00e9", with_utf8()) == "caf\u00e9");
}

TEST_CASE("columns are what a terminal takes") {
  CHECK(columns_of("") == 0);
  CHECK(columns_of("abc") == 3);
  CHECK(columns_of("\u65e5\u672c") == 4);
  CHECK(columns_of("e\u0301") == 1);
  CHECK(columns_of("\U0001F4A9") == 2);
  CHECK(columns_of("\u2026") == 1);
}

TEST_CASE("a text that is cut says so and fits") {
  struct Case {
    std::string text;
    std::size_t columns;
    std::string ascii;
    std::string utf8;
  };
  const std::vector<Case> cases{
      {"spamhaus-zen", 12, "spamhaus-zen", "spamhaus-zen"},
      {"spamhaus-zen", 11, "spamhaus...", "spamhaus-z\u2026"},
      {"spamhaus-zen", 4, "s...", "spa\u2026"},
      {"spamhaus-zen", 3, "spa", "sp\u2026"},
      {"spamhaus-zen", 0, "", ""},
      {"\u65e5\u672c\u8a9e", 5, "\u65e5...",
       "\u65e5\u672c\u2026"},  // a wide character is not halved
      {"\u65e5\u672c\u8a9e", 4, "...", "\u65e5\u2026"},
  };
  for (const Case& c : cases) {
    INFO(c.text << " to " << c.columns);
    CHECK(cut(c.text, c.columns, TextStyle{}) == c.ascii);
    CHECK(cut(c.text, c.columns, with_utf8()) == c.utf8);
    CHECK(columns_of(cut(c.text, c.columns, with_utf8())) <= c.columns);
  }
}

TEST_CASE("text is wrapped at blanks") {
  using Lines = std::vector<std::string>;
  CHECK(wrap("", 10) == Lines{""});
  CHECK(wrap("one two three", 7) == Lines{"one two", "three"});
  CHECK(wrap("one  two", 20) == Lines{"one two"});
  CHECK(wrap("abcdefghij", 4) == Lines{"abcd", "efgh", "ij"});
  CHECK(wrap("x abcdefgh y", 4) == Lines{"x", "abcd", "efgh", "y"});
  CHECK(wrap("\u65e5\u672c\u8a9e", 5) == Lines{"\u65e5\u672c", "\u8a9e"});
}

TEST_CASE("a link stays whole however narrow the terminal") {
  const std::string link = "https://check.example/remove/192.0.2.10";
  CHECK(wrap("see " + link, 10) == std::vector<std::string>{"see", link});
  // But nobody copies a link of a thousand characters.
  CHECK(wrap("https://" + std::string(1000, 'x'), 100).size() > 10);
}

TEST_CASE("a number and its unit stay together") {
  CHECK(wrap("there are " + unbroken("15 096 pairs"), 15) ==
        std::vector<std::string>{"there are", "15 096 pairs"});
}

TEST_CASE("only a style with colour is painted") {
  CHECK(paint("text", Ink::bad, TextStyle{}) == "text");
  TextStyle style;
  style.color = true;
  CHECK(paint("text", Ink::bad, style) == "\x1b[31mtext\x1b[0m");
  CHECK(paint("text", Ink::plain, style) == "text");
  CHECK(paint("", Ink::bad, style).empty());
}

TEST_CASE("fields stand in one line with their values") {
  std::string text;
  add_field(text, "codes", "127.0.0.2", TextStyle{});
  add_field(text, "nothing", "", TextStyle{});
  add_field(text, "severity", "high", TextStyle{});
  CHECK(text == "  codes     127.0.0.2\n  severity  high\n");
}

}  // namespace
}  // namespace rblwatch::report
