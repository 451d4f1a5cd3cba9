// SPDX-License-Identifier: Apache-2.0
#include "report/shown.hpp"

#include <algorithm>
#include <array>

#include "core/check.hpp"
#include "core/text.hpp"

namespace rblwatch::report {
namespace {

struct Span {
  char32_t first;
  char32_t last;
};

// The blocks of Unicode's EastAsianWidth.txt that are wide, and those of marks and joiners without
// a width. wcwidth(3) would depend on the process's locale.
constexpr std::array<Span, 15> kWide{{{0x1100, 0x115F},
                                      {0x231A, 0x231B},
                                      {0x23E9, 0x23EC},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x33FF},
                                      {0x3400, 0x4DBF},
                                      {0x4E00, 0xA4CF},
                                      {0xA960, 0xA97F},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};
constexpr std::array<Span, 12> kNoWidth{{{0x0300, 0x036F},
                                         {0x0483, 0x0489},
                                         {0x0591, 0x05BD},
                                         {0x064B, 0x065F},
                                         {0x0E31, 0x0E31},
                                         {0x0E34, 0x0E3A},
                                         {0x1AB0, 0x1AFF},
                                         {0x1DC0, 0x1DFF},
                                         {0x200B, 0x200D},
                                         {0x20D0, 0x20FF},
                                         {0xFE00, 0xFE0F},
                                         {0xFE20, 0xFE2F}}};

template <std::size_t N>
bool is_in(char32_t code, const std::array<Span, N>& spans) {
  return std::any_of(spans.begin(), spans.end(),
                     [code](const Span& span) { return code >= span.first && code <= span.last; });
}

std::size_t character_columns(char32_t code) {
  if (is_in(code, kNoWidth)) {
    return 0;
  }
  return is_in(code, kWide) ? 2 : 1;
}

/// A character of valid UTF-8.
struct Character {
  char32_t code = 0;
  std::size_t length = 1;
};

/// The first one. Pre: `utf8` is not empty, and valid.
Character first_of(std::string_view utf8) {
  const auto lead = static_cast<unsigned char>(utf8.front());
  if (lead < 0x80) {
    return {lead, 1};
  }
  std::size_t length = 2;
  if (lead >= 0xF0) {
    length = 4;
  } else if (lead >= 0xE0) {
    length = 3;
  }
  length = std::min(length, utf8.size());
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    code = (code << 6U) | (static_cast<unsigned char>(utf8[i]) & 0x3FU);
  }
  return {code, length};
}

std::string to_ascii(std::string_view utf8) {
  std::string ascii;
  while (!utf8.empty()) {
    const Character character = first_of(utf8);
    if (character.code < 0x80) {
      ascii += utf8.front();
    } else if (character.code == 0xFFFD) {
      ascii += '?';
    } else {
      constexpr std::string_view kHex = "0123456789abcdef";
      ascii += "\\u{";
      for (unsigned shift = character.code > 0xFFFF ? 24 : 16; shift > 0;) {
        shift -= 4;
        ascii += kHex[(character.code >> shift) & 15U];
      }
      ascii += '}';
    }
    utf8.remove_prefix(character.length);
  }
  return ascii;
}

std::string_view code_of(Ink ink) {
  switch (ink) {
    case Ink::plain:
      return "";
    case Ink::bold:
      return "\x1b[1m";
    case Ink::faint:
      return "\x1b[2m";
    case Ink::good:
      return "\x1b[32m";
    case Ink::doubtful:
      return "\x1b[33m";
    case Ink::bad:
      return "\x1b[31m";
  }
  RBL_CHECK(false);
}

/// As much of the front as fits into so many columns.
std::string_view front(std::string_view shown, std::size_t columns) {
  std::size_t taken = 0;
  std::size_t used = 0;
  while (taken < shown.size()) {
    const Character character = first_of(shown.substr(taken));
    used += character_columns(character.code);
    if (used > columns) {
      break;
    }
    taken += character.length;
  }
  return shown.substr(0, taken);
}

/// Stands for a blank that isn't broken at. What was shown has no controls, so it means nothing
/// else.
constexpr char kNoBreak = '\x1f';

/// Longer links are nobody's to copy.
constexpr std::size_t kLongestLink = 400;

bool is_link(std::string_view word) {
  return word.find("://") != std::string_view::npos && columns_of(word) <= kLongestLink;
}

/// Text being broken into lines.
class Lines {
 public:
  explicit Lines(std::size_t columns) : columns_(std::max<std::size_t>(columns, 2)) {}

  void add(std::string_view word) {
    const std::size_t width = columns_of(word);
    if (used_ > 0 && used_ + 1 + width > columns_) {
      lines_.emplace_back();
      used_ = 0;
    }
    if (used_ > 0) {
      lines_.back() += ' ';
      ++used_;
    }
    if (width > columns_ && !is_link(word)) {
      add_broken(word);
    } else {
      lines_.back() += word;
      used_ += width;
    }
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  /// Pre: the last line is empty.
  void add_broken(std::string_view word) {
    while (columns_of(word) > columns_) {
      const std::string_view part = front(word, columns_);
      lines_.back() += part;
      lines_.emplace_back();
      word.remove_prefix(part.size());
    }
    lines_.back() += word;
    used_ = columns_of(word);
  }

  std::size_t columns_;
  std::size_t used_ = 0;
  std::vector<std::string> lines_ = std::vector<std::string>(1);
};

constexpr std::size_t kLabelIndent = 2;
constexpr std::size_t kLabelWidth = 10;

}  // namespace

std::string show(std::string_view foreign, const TextStyle& style) {
  return show(core::Untrusted(std::string(foreign)), style);
}

std::string show(const core::Untrusted& foreign, const TextStyle& style) {
  std::string shown = core::for_terminal(foreign);
  return style.utf8 ? shown : to_ascii(shown);
}

std::string show_list(const std::vector<std::string>& parts, const TextStyle& style,
                      std::string_view separator) {
  return show(core::join(parts, separator), style);
}

std::size_t columns_of(std::string_view shown) {
  std::size_t columns = 0;
  while (!shown.empty()) {
    const Character character = first_of(shown);
    columns += character_columns(character.code);
    shown.remove_prefix(character.length);
  }
  return columns;
}

std::string cut(std::string_view shown, std::size_t columns, const TextStyle& style) {
  if (columns_of(shown) <= columns) {
    return std::string(shown);
  }
  const std::string_view mark = style.utf8 ? "…" : "...";
  const std::size_t mark_columns = columns_of(mark);
  if (columns <= mark_columns) {
    return std::string(front(shown, columns));
  }
  return std::string(front(shown, columns - mark_columns)) + std::string(mark);
}

std::vector<std::string> wrap(std::string_view shown, std::size_t columns) {
  Lines lines(columns);
  for (const std::string_view word : core::split_blanks(shown)) {
    lines.add(word);
  }
  std::vector<std::string> wrapped = lines.take();
  for (std::string& line : wrapped) {
    std::replace(line.begin(), line.end(), kNoBreak, ' ');
  }
  return wrapped;
}

std::string unbroken(std::string_view shown) {
  std::string text(shown);
  std::replace(text.begin(), text.end(), ' ', kNoBreak);
  return text;
}

std::string paint(std::string_view shown, Ink ink, const TextStyle& style) {
  if (!style.color || ink == Ink::plain || shown.empty()) {
    return std::string(shown);
  }
  return std::string(code_of(ink)) + std::string(shown) + "\x1b[0m";
}

std::size_t width_of(const TextStyle& style) {
  return std::clamp(style.width, 60U, 200U);
}

void add_wrapped(std::string& text, std::string_view first, std::size_t indent,
                 std::string_view shown, const TextStyle& style) {
  const std::size_t room = width_of(style) - std::min(indent, width_of(style) / 2);
  bool is_first = true;
  for (const std::string& line : wrap(shown, room)) {
    text += is_first ? std::string(first) : std::string(indent, ' ');
    text += line + "\n";
    is_first = false;
  }
}

void add_line(std::string& text, std::string_view shown, Ink ink, const TextStyle& style) {
  for (const std::string& line : wrap(shown, width_of(style))) {
    text += paint(line, ink, style) + "\n";
  }
}

void add_field(std::string& text, std::string_view label, std::string_view shown,
               const TextStyle& style) {
  if (shown.empty()) {
    return;
  }
  const std::size_t padding = kLabelWidth - std::min(kLabelWidth - 1, label.size());
  const std::string first =
      std::string(kLabelIndent, ' ') + paint(label, Ink::faint, style) + std::string(padding, ' ');
  add_wrapped(text, first, kLabelIndent + label.size() + padding, shown, style);
}

std::string show_moment(Timestamp at, const TextStyle& style) {
  if (!style.utc) {
    return core::to_local(at);
  }
  constexpr std::size_t kDate = 10;  // "2026-11-23T09:10"
  constexpr std::size_t kMinute = 16;
  std::string text = core::to_rfc3339(at).substr(0, kMinute);
  text[kDate] = ' ';
  return text;
}

std::string show_time(const std::optional<Timestamp>& at, Timestamp now, const TextStyle& style) {
  return at ? show_moment(*at, style) + " " + unbroken("(" + core::to_ago(*at, now) + ")")
            : "never";
}

}  // namespace rblwatch::report
