// SPDX-License-Identifier: Apache-2.0
#include "core/untrusted.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "core/text.hpp"

namespace rblwatch::core {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kReplacementUtf8 = "\xEF\xBF\xBD";

/// One character of the input: its code point and the bytes it came from. What isn't UTF-8 is
/// U+FFFD, once per maximal subpart (Unicode 15, section 3.9, table 3-8).
struct Character {
  char32_t code = kReplacement;
  std::string_view utf8 = kReplacementUtf8;
  std::size_t taken = 1;
};

/// What may follow a lead byte: how many bytes, and the range of the first of them, which is where
/// overlong forms, surrogates and what lies beyond U+10FFFF are kept out (table 3-7).
struct Lead {
  std::size_t more = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
};

Lead lead_of(unsigned byte) {
  if (byte >= 0xC2 && byte <= 0xDF) {
    return {1, 0x80, 0xBF};
  }
  if (byte >= 0xE0 && byte <= 0xEF) {
    return {2, byte == 0xE0 ? 0xA0U : 0x80U, byte == 0xED ? 0x9FU : 0xBFU};
  }
  if (byte >= 0xF0 && byte <= 0xF4) {
    return {3, byte == 0xF0 ? 0x90U : 0x80U, byte == 0xF4 ? 0x8FU : 0xBFU};
  }
  return {};
}

/// The character at the start of `bytes`. Pre: not empty.
Character decode(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  if (first < 0x80) {
    return {first, bytes.substr(0, 1), 1};
  }
  Lead lead = lead_of(first);
  if (lead.more == 0) {
    return {};
  }
  char32_t code = first & (0x3FU >> lead.more);
  for (std::size_t i = 1; i <= lead.more; ++i) {
    if (i == bytes.size()) {
      return {kReplacement, kReplacementUtf8, i};
    }
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte < lead.low || byte > lead.high) {
      return {kReplacement, kReplacementUtf8, i};
    }
    code = (code << 6U) | (byte & 0x3FU);
    lead.low = 0x80;
    lead.high = 0xBF;
  }
  return {code, bytes.substr(0, lead.more + 1), lead.more + 1};
}

/// Calls `each` with every character of `bytes`.
template <class Each>
void for_each_character(std::string_view bytes, Each each) {
  while (!bytes.empty()) {
    const Character character = decode(bytes);
    each(character);
    bytes.remove_prefix(character.taken);
  }
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F);
}

/// Turns the direction of what follows, or breaks the line without a control character.
bool is_layout_control(char32_t code) {
  return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x200E || code == 0x200F || code == 0x061C || code == 0x2028 || code == 0x2029;
}

/// Not a character of XML 1.0, so a parser of our SVG would stop there.
bool is_forbidden_in_xml(char32_t code) {
  return code == 0xFFFE || code == 0xFFFF;
}

void append_hex(std::string& text, char32_t code, unsigned digits) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (unsigned shift = 4 * digits; shift > 0;) {
    shift -= 4;
    text += kHex[(code >> shift) & 15U];
  }
}

void append_for_terminal(std::string& text, const Character& character) {
  if (character.code == '\n') {
    text += "\\n";
  } else if (is_control(character.code)) {
    text += "\\x";
    append_hex(text, character.code, 2);
  } else if (is_layout_control(character.code)) {
    text += "\\u{";
    append_hex(text, character.code, 4);
    text += '}';
  } else {
    text += character.utf8;
  }
}

void append_for_log(std::string& text, const Character& character) {
  if (character.code == '"' || character.code == '\\') {
    text += '\\';
  }
  append_for_terminal(text, character);
}

void append_for_html(std::string& text, const Character& character) {
  switch (character.code) {
    case '&':
      text += "&amp;";
      return;
    case '<':
      text += "&lt;";
      return;
    case '>':
      text += "&gt;";
      return;
    case '"':
      text += "&quot;";
      return;
    case '\'':
      text += "&#39;";
      return;
    case '\n':
      text += '\n';
      return;
    case '\t':
      text += ' ';
      return;
    default:
      break;
  }
  const char32_t code = character.code;
  text += is_control(code) || is_layout_control(code) || is_forbidden_in_xml(code)
              ? kReplacementUtf8
              : character.utf8;
}

bool is_word_character(char32_t code) {
  return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
         (code >= '0' && code <= '9');
}

/// What stands for a character that Slack would take as formatting; empty for all others.
std::string_view slack_substitute(char32_t code, bool after_word, bool before_word) {
  const bool inside_word = after_word && before_word;
  switch (code) {
    case '*':
      return inside_word ? "" : "\u2217";
    case '_':
      return inside_word ? "" : "\uFF3F";
    case '~':
      return inside_word ? "" : "\u223C";
    case '`':
      return "\u02CB";
    case '@':
      return after_word ? "" : "\uFF20";
    default:
      return "";
  }
}

void append_for_mrkdwn(std::string& text, const Character& character, char32_t before,
                       char32_t after) {
  const std::string_view substitute =
      slack_substitute(character.code, is_word_character(before), is_word_character(after));
  if (!substitute.empty()) {
    text += substitute;
  } else if (character.code == '&') {
    text += "&amp;";
  } else if (character.code == '<') {
    text += "&lt;";
  } else if (character.code == '>') {
    text += before == '\n' ? "\u200B&gt;" : "&gt;";
  } else {
    text += character.utf8;
  }
}

constexpr std::size_t kHeaderLine = 76;  // RFC 2047 section 2, for lines with an encoded-word
constexpr std::size_t kNameColumns = 20;
constexpr std::string_view kFold = "\r\n ";

/// Characters of a header value: blanks and controls made one blank, none at the ends.
std::string header_text(std::string_view bytes) {
  std::string text;
  for_each_character(bytes, [&text](const Character& character) {
    const char32_t code = character.code;
    if (code == ' ' || is_control(code) || is_layout_control(code)) {
      if (!text.empty() && text.back() != ' ') {
        text += ' ';
      }
    } else {
      text += character.utf8;
    }
  });
  if (text.ends_with(' ')) {
    text.pop_back();
  }
  return text;
}

/// Breaks at blanks; nothing when a word alone is too long for a line, or could be taken for
/// encoded.
bool fold_ascii(const std::string& text, std::string& folded) {
  const bool is_ascii = std::all_of(text.begin(), text.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!is_ascii || text.find("=?") != std::string::npos) {
    return false;
  }
  std::size_t column = kNameColumns;
  for (const std::string_view word : split_blanks(text)) {
    if (word.size() + 1 > kHeaderLine || (folded.empty() && column + word.size() > kHeaderLine)) {
      return false;
    }
    if (!folded.empty()) {
      const bool fits = column + 1 + word.size() <= kHeaderLine;
      folded += fits ? " " : kFold;
      column = fits ? column + 1 : 1;
    }
    folded += word;
    column += word.size();
  }
  return true;
}

/// Whole characters per word: RFC 2047 section 5 forbids to part one.
std::string encoded_words(std::string_view text) {
  constexpr std::string_view kStart = "=?UTF-8?B?";
  constexpr std::string_view kEnd = "?=";
  constexpr std::size_t kFrame = kStart.size() + kEnd.size();
  constexpr std::size_t kFirstBytes = (kHeaderLine - kNameColumns - kFrame) / 4 * 3;
  constexpr std::size_t kMoreBytes = (kHeaderLine - 1 - kFrame) / 4 * 3;
  std::string words;
  std::size_t room = kFirstBytes;
  while (!text.empty()) {
    std::size_t length = 0;
    while (length < text.size()) {
      const std::size_t more = decode(text.substr(length)).taken;
      if (length + more > room) {
        break;
      }
      length += more;
    }
    words += words.empty() ? "" : kFold;
    words += kStart;
    words += base64_encode(text.substr(0, length));
    words += kEnd;
    text.remove_prefix(length);
    room = kMoreBytes;
  }
  return words;
}

}  // namespace

std::string to_utf8(const Untrusted& text) {
  std::string valid;
  valid.reserve(text.raw().size());
  for_each_character(text.raw(), [&](const Character& character) { valid += character.utf8; });
  return valid;
}

std::string for_terminal(const Untrusted& text) {
  std::string shown;
  shown.reserve(text.raw().size());
  for_each_character(text.raw(),
                     [&](const Character& character) { append_for_terminal(shown, character); });
  return shown;
}

std::string for_html(const Untrusted& text) {
  std::string html;
  html.reserve(text.raw().size());
  for_each_character(text.raw(),
                     [&](const Character& character) { append_for_html(html, character); });
  return html;
}

std::string for_mrkdwn(const Untrusted& text) {
  std::vector<Character> characters;
  for_each_character(text.raw(), [&](Character character) {
    const bool is_blank = character.code == '\t';
    if (is_blank) {
      character = Character{' ', " ", 1};
    }
    const bool is_kept = character.code == '\n' ||
                         (!is_control(character.code) && !is_layout_control(character.code));
    if (is_kept) {
      characters.push_back(character);
    }
  });
  std::string mrkdwn;
  mrkdwn.reserve(text.raw().size());
  char32_t before = '\n';
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const char32_t after = i + 1 < characters.size() ? characters[i + 1].code : U'\n';
    append_for_mrkdwn(mrkdwn, characters[i], before, after);
    before = characters[i].code;
  }
  return mrkdwn;
}

std::string for_mail_header(const Untrusted& text) {
  const std::string value = header_text(text.raw());
  std::string folded;
  return fold_ascii(value, folded) ? folded : encoded_words(value);
}

std::string for_log(const Untrusted& text) {
  std::string line;
  line.reserve(text.raw().size());
  for_each_character(text.raw(),
                     [&](const Character& character) { append_for_log(line, character); });
  return line;
}

std::string quoted(std::string_view foreign) {
  constexpr std::size_t kShown = 64;
  std::string text = "\"";
  std::size_t count = 0;
  for_each_character(foreign, [&](const Character& character) {
    if (count < kShown) {
      append_for_log(text, character);
    } else if (count == kShown) {
      text += "...";
    }
    ++count;
  });
  return text += '"';
}

}  // namespace rblwatch::core
