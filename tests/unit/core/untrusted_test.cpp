// SPDX-License-Identifier: Apache-2.0
#include "core/untrusted.hpp"

#include <algorithm>
#include <string>
#include <type_traits>

#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "core/secret.hpp"
#include "core/text.hpp"

namespace rblwatch::core {

namespace {

const std::string kFffd = "\xEF\xBF\xBD";

std::string times(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += kFffd;
  }
  return text;
}

/// What a mail reader shows: unfolded, 'encoded-word's decoded, blanks between them gone.
std::string read_mail_header(const std::string& value) {
  const std::string line = replace_all(value, "\r\n", "");
  std::string shown;
  bool after_word = false;
  for (const std::string_view part : split(line, ' ')) {
    if (part.starts_with("=?UTF-8?B?") && part.ends_with("?=")) {
      shown += base64_decode(part.substr(10, part.size() - 12)).value();
      after_word = true;
    } else {
      REQUIRE_FALSE(after_word);
      shown += (shown.empty() ? "" : " ") + std::string(part);
    }
  }
  return shown;
}

}  // namespace

TEST_CASE("bytes become valid UTF-8, one U+FFFD per maximal subpart") {
  struct Row {
    std::string given;
    std::string valid;
  };
  const auto row = GENERATE(values<Row>({
      {"", ""},
      {"plain", "plain"},
      {std::string("a\0b", 3), std::string("a\0b", 3)},
      {"\x7F", "\x7F"},
      {"\xC2\x80", "\xC2\x80"},                  // lowest of two bytes
      {"\xDF\xBF", "\xDF\xBF"},                  // highest
      {"\xE0\xA0\x80", "\xE0\xA0\x80"},          // lowest of three
      {"\xED\x9F\xBF", "\xED\x9F\xBF"},          // last before the surrogates
      {"\xEE\x80\x80", "\xEE\x80\x80"},          // first behind them
      {"\xEF\xBF\xBF", "\xEF\xBF\xBF"},          // U+FFFF
      {"\xF0\x90\x80\x80", "\xF0\x90\x80\x80"},  // lowest of four
      {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},  // U+10FFFF
      {"\x80", times(1)},                        // a tail alone
      {"\xBF\xBF", times(2)},
      {"\xC0\xAF", times(2)},  // overlong slash
      {"\xC1\xBF", times(2)},
      {"\xE0\x80\xAF", times(3)},  // overlong in three
      {"\xE0\x9F\xBF", times(3)},
      {"\xF0\x80\x80\xAF", times(4)},  // overlong in four
      {"\xF0\x8F\xBF\xBF", times(4)},
      {"\xED\xA0\x80", times(3)},  // lone surrogates
      {"\xED\xBF\xBF", times(3)},
      {"\xF4\x90\x80\x80", times(4)},  // U+110000
      {"\xF5\x80\x80\x80", times(4)},
      {"\xFE", times(1)},
      {"\xFF", times(1)},
      {"\xC3", times(1)},  // cut off
      {"\xE2\x82", times(1)},
      {"\xF0\x9F\x98", times(1)},
      {"\xE2\x82"
       "a",
       times(1) + "a"},
      {"\xF0\x9F\x98\xC3\xA4", times(1) + "\xC3\xA4"},
      // Unicode 15, table 3-8 and its neighbours
      {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
       "A",
       times(8) + "A"},
      {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF"
       "A",
       times(8) + "A"},
      {"\xF4\x91\x92\x93\xFF"
       "A\x80\xBF"
       "B",
       times(5) + "A" + times(2) + "B"},
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
       "A",
       times(4) + "A"},
  }));
  CAPTURE(row.given);
  CHECK(to_utf8(Untrusted(row.given)) == row.valid);
}

TEST_CASE("the terminal sees no control character") {
  struct Row {
    std::string given;
    std::string shown;
  };
  const auto row = GENERATE(values<Row>({
      {"listed, see https://x.example/?a=1&b=2", "listed, see https://x.example/?a=1&b=2"},
      {"\x1b]0;owned\x07", "\\x1b]0;owned\\x07"},
      {"\x1b[31mred", "\\x1b[31mred"},
      {"\xC2\x9B"
       "31m",
       "\\x9b31m"},  // C1 CSI
      {"\xC2\x85", "\\x85"},
      {"\x9B"
       "31m",
       kFffd + "31m"},  // C1 as a lone byte is no UTF-8
      {"a\nb\r\tc", "a\\nb\\x0d\\x09c"},
      {std::string("a\0b", 3), "a\\x00b"},
      {"\x7F", "\\x7f"},
      {"\xC2\xA0", "\xC2\xA0"},  // first behind C1
      {"\xE2\x80\xAA", "\\u{202a}"},
      {"\xE2\x80\xAE"
       "gpj",
       "\\u{202e}gpj"},
      {"\xE2\x80\xAF", "\xE2\x80\xAF"},
      {"\xE2\x81\xA6\xE2\x81\xA9", "\\u{2066}\\u{2069}"},
      {"\xE2\x80\x8E\xE2\x80\x8F", "\\u{200e}\\u{200f}"},
      {"\xE2\x80\xA8\xE2\x80\xA9", "\\u{2028}\\u{2029}"},
      {"\xD8\x9C", "\\u{061c}"},
      {"C:\\x \"q\"", "C:\\x \"q\""},
      {"\xF0\x9F\x98\x80 \xC3\xA4", "\xF0\x9F\x98\x80 \xC3\xA4"},
  }));
  CAPTURE(row.given);
  CHECK(for_terminal(Untrusted(row.given)) == row.shown);
}

TEST_CASE("HTML and SVG get text, whatever came") {
  struct Row {
    std::string given;
    std::string html;
  };
  const auto row = GENERATE(values<Row>({
      {"</script><img src=x onerror='a(\"b\")'>",
       "&lt;/script&gt;&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;"},
      {"&lt;", "&amp;lt;"},
      {"a\tb\nc\r", "a b\nc" + kFffd},
      {std::string("\0\x1b", 2), kFffd + kFffd},
      {"\xC2\x80\x7F", kFffd + kFffd},
      {"\xE2\x80\xAE", kFffd},
      {"\xEF\xBF\xBE\xEF\xBF\xBF", kFffd + kFffd},  // not XML characters
      {"\xFF", kFffd},
      {"\xC3\xA4", "\xC3\xA4"},
  }));
  CAPTURE(row.given);
  CHECK(for_html(Untrusted(row.given)) == row.html);
}

TEST_CASE("Slack takes nothing for a link, a mention or formatting") {
  struct Row {
    std::string given;
    std::string mrkdwn;
  };
  const auto row = GENERATE(values<Row>({
      {"plain text, 100%", "plain text, 100%"},
      {"https://x.example/a_b?c=1&d=2", "https://x.example/a_b?c=1&amp;d=2"},
      {"<!channel>", "&lt;!channel&gt;"},
      {"<http://evil.example|bank>", "&lt;http://evil.example|bank&gt;"},
      {"&lt;!here&gt;", "&amp;lt;!here&amp;gt;"},
      {"*bold*", "\u2217bold\u2217"},
      {"2*3", "2*3"},
      {"_it_ ~no~", "\uFF3Fit\uFF3F \u223Cno\u223C"},
      {"_dmarc.a_b.example", "\uFF3Fdmarc.a_b.example"},
      {"```code``` `x`", "\u02CB\u02CB\u02CBcode\u02CB\u02CB\u02CB \u02CBx\u02CB"},
      {"@here and x@example.com", "\uFF20here and x@example.com"},
      {"x @channel", "x \uFF20channel"},
      {"> quoted\n>too > not", "\u200B&gt; quoted\n\u200B&gt;too &gt; not"},
      {"a\r\nb\tc\x1b"
       "d",
       "a\nb cd"},
      {"\x01> q", "\u200B&gt; q"},  // the dropped control hides no line start
      {"a\xE2\x80\xAE*b", "a*b"},
      {"\xFF*", kFffd + "\u2217"},
      {std::string("\0", 1), ""},
  }));
  CAPTURE(row.given);
  CHECK(for_mrkdwn(Untrusted(row.given)) == row.mrkdwn);
}

TEST_CASE("a mail header value is one field, whatever came") {
  struct Row {
    std::string given;
    std::string value;
  };
  const auto row = GENERATE(values<Row>({
      {"", ""},
      {"listed on zen", "listed on zen"},
      {"x\r\nBcc: victim@example.com", "x Bcc: victim@example.com"},
      {"x\r\n.\r\n", "x ."},
      {"  a \t  b\x1b  ", "a b"},
      {std::string("a\0b", 3), "a b"},
      {"b\xC3\xBC"
       "cher",
       "=?UTF-8?B?YsO8Y2hlcg==?="},
      {"\xFF", "=?UTF-8?B?77+9?="},
      {"=?UTF-8?Q?spoofed?=", "=?UTF-8?B?PT9VVEYtOD9RP3Nwb29mZWQ/PQ==?="},
      {"\xE2\x80\xAE"
       "a\xE2\x80\xA8"
       "b",
       "a b"},
      {"\xC2\x85"
       "a",
       "a"},
  }));
  CAPTURE(row.given);
  CHECK(for_mail_header(Untrusted(row.given)) == row.value);
}

TEST_CASE("long mail headers are folded within their limits and read back whole") {
  std::string ascii_words;
  std::string umlauts;
  std::string emoji;
  for (int i = 0; i < 300; ++i) {
    ascii_words += "word" + std::to_string(i) + " ";
    umlauts += "\xC3\xBC";
    emoji += "\xF0\x9F\x98\x80 x";
  }
  const std::string word56(56, 'x');
  const std::string word57(57, 'x');
  const auto given = GENERATE_COPY(values<std::string>(
      {ascii_words, umlauts, emoji, word56, word57, std::string(75, 'y'), std::string(76, 'y'),
       std::string(2000, 'z'), "a " + std::string(75, 'w'), "a " + std::string(76, 'w'),
       "a\xC3\xBC " + std::string(3000, 'q')}));
  const std::string value = for_mail_header(Untrusted(given));
  CAPTURE(given, value);
  std::size_t line_start = 0;
  for (const std::string_view line : split(value, '\n')) {
    const std::string_view text = line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
    CHECK(text.size() <= (line_start == 0 ? 56U : 76U));
    CHECK(text.find('\r') == std::string_view::npos);
    CHECK_FALSE(trim(text).empty());
    CHECK(text.starts_with(' ') == (line_start > 0));
    for (const std::string_view word : split_blanks(text)) {
      CHECK(word.size() <= 75);
      if (word.starts_with("=?")) {  // whole characters in each
        const std::string bytes = base64_decode(word.substr(10, word.size() - 12)).value();
        CHECK(to_utf8(Untrusted(bytes)) == bytes);
      }
    }
    line_start += line.size() + 1;
  }
  CHECK(read_mail_header(value) == trim(given));
}

TEST_CASE("a log value can't end its quotes") {
  CHECK(for_log(Untrusted("a\" level=error b=\"")) == "a\\\" level=error b=\\\"");
  CHECK(for_log(Untrusted("end\\")) == "end\\\\");
  CHECK(for_log(Untrusted("a\nb\x1b")) == "a\\nb\\x1b");
}

TEST_CASE("error texts quote foreign text and cut it") {
  CHECK(quoted("x\"\n") == "\"x\\\"\\n\"");
  CHECK(quoted("") == "\"\"");
  CHECK(core::quoted(std::string(64, 'x')) == '"' + std::string(64, 'x') + '"');
  CHECK(core::quoted(std::string(65, 'x')) == '"' + std::string(64, 'x') + "...\"");
}

TEST_CASE("random bytes leave every escape as valid UTF-8 without controls") {
  SeededRandom random(7);
  const std::string alphabet =
      "\x1b\x9b\xc2\x85\xe2\x80\xae\xed\xa0\xf0\x9f\x98\x80\xff\r\n\t\"\\&<>'*_~`@=?a ";
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (std::uint64_t length = random.below(40); length > 0; --length) {
      bytes += random.below(2) == 0 ? static_cast<char>(random.below(256))
                                    : alphabet[random.below(alphabet.size())];
    }
    const Untrusted text(bytes);
    for (const std::string& shown :
         {for_terminal(text), for_html(text), for_mrkdwn(text), for_log(text),
          replace_all(for_mail_header(text), "\r\n ", " "), core::quoted(bytes)}) {
      const bool has_control = std::any_of(shown.begin(), shown.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F;
      });
      REQUIRE_FALSE(has_control);
      REQUIRE(to_utf8(Untrusted(shown)) == shown);
      REQUIRE(shown.find("\xE2\x80\xAE") == std::string::npos);
    }
    for (const std::string& line : {for_terminal(text), for_log(text), core::quoted(bytes)}) {
      REQUIRE(line.find('\n') == std::string::npos);
    }
    for (const std::string& markup : {for_html(text), for_mrkdwn(text)}) {
      REQUIRE(markup.find_first_of("<>") == std::string::npos);
    }
  }
}

TEST_CASE("a secret shows only when it is asked to") {
  const Secret secret("hunter2");
  CHECK(secret.reveal() == "hunter2");
  CHECK_FALSE(secret.is_empty());
  CHECK(Secret().is_empty());
  CHECK(secret == Secret("hunter2"));
  CHECK_FALSE(std::is_convertible_v<Secret, std::string>);
  CHECK_FALSE(std::is_constructible_v<std::string, Secret>);
  CHECK_FALSE(std::is_convertible_v<Untrusted, std::string>);
}

}  // namespace rblwatch::core
