// SPDX-License-Identifier: Apache-2.0
#include "conf/mended_text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace rblwatch::conf {
namespace {

/// Each costs one more parsing of the whole text.
constexpr std::size_t kMostMended = 100;
constexpr std::uint64_t kMostParsed = std::uint64_t{64} * 1024 * 1024;

constexpr std::string_view kTwice = "cannot redefine existing ";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool is_of_bare_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

/// A byte that begins a character: what the parser counts as a column.
bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
}

/// Where a line begins; the end of the text for one that isn't there.
std::size_t line_begin(std::string_view text, std::uint32_t line) {
  std::size_t at = 0;
  for (std::uint32_t i = 1; i < line && at < text.size(); ++i) {
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  }
  return at;
}

std::size_t offset_of(std::string_view text, std::uint32_t line, std::uint32_t column) {
  std::size_t at = line_begin(text, line);
  for (std::uint32_t i = 1; i < column && at < text.size(); ++i) {
    ++at;
    while (at < text.size() && !begins_character(text[at])) {
      ++at;
    }
  }
  return at;
}

std::string without_blanks(std::string_view text) {
  std::string kept;
  std::copy_if(text.begin(), text.end(), std::back_inserter(kept),
               [](char c) { return !is_blank(c); });
  return kept;
}

/// "cannot redefine existing string 'log_level'": what stands between the quotes.
std::string key_in(std::string_view error) {
  const std::size_t begin = error.find('\'');
  const std::size_t end = error.rfind('\'');
  return begin < end ? std::string(error.substr(begin + 1, end - begin - 1)) : "";
}

/// Back over blanks. `at` is one past what is looked at.
std::size_t skip_back(std::string_view text, std::size_t at) {
  while (at > 0 && is_blank(text[at - 1])) {
    --at;
  }
  return at;
}

/// Where the last part of a key begins that ends there; `end` where there is none.
std::size_t part_begin(std::string_view text, std::size_t end) {
  const char quote = end > 1 ? text[end - 1] : ' ';
  if (quote != '"' && quote != '\'') {
    while (end > 0 && is_of_bare_key(text[end - 1])) {
      --end;
    }
    return end;
  }
  std::size_t at = end - 1;
  do {
    at = text.find_last_of(std::string{quote, '\n'}, at - 1);
  } while (at != std::string_view::npos && at > 0 && quote == '"' && text[at - 1] == '\\');
  return at == std::string_view::npos || text[at] != quote ? end : at;
}

/// Where a key begins that ends there: "a", "a.b", " 'a b' . c".
std::size_t key_begin(std::string_view text, std::size_t end) {
  std::size_t begin = part_begin(text, end);
  for (;;) {
    const std::size_t dot = skip_back(text, begin);
    if (begin == end || dot == 0 || text[dot - 1] != '.') {
      return begin;
    }
    end = skip_back(text, dot - 1);
    const std::size_t before = part_begin(text, end);
    if (before == end) {
      return begin;
    }
    begin = before;
  }
}

/// What stands in the brackets of a header's line, with them: "[daemon]", "[[zone]]". "" where it
/// is none, or one whose name isn't plain: such a line may as well be of an array.
std::string header_in(std::string_view line) {
  std::string header = without_blanks(line.substr(0, line.find('#')));
  const std::size_t depth = header.starts_with("[[") ? 2 : 1;
  const std::string brackets(depth, ']');
  if (!header.starts_with('[') || header.size() <= 2 * depth || !header.ends_with(brackets)) {
    return "";
  }
  const std::string_view name = std::string_view(header).substr(depth, header.size() - 2 * depth);
  const auto is_of_name = [](char c) { return is_of_bare_key(c) || c == '.'; };
  const bool is_number = name.find_first_not_of("0123456789.") == std::string_view::npos;
  return std::all_of(name.begin(), name.end(), is_of_name) && !is_number ? header : "";
}

/// Where key and value of a plain `key = value` stand in its line, the value without quotes,
/// brackets or escapes of any kind.
struct PlainPair {
  std::size_t key;
  std::size_t key_end;
  std::size_t value;
  std::size_t value_end;
};
std::optional<PlainPair> find_plain_pair(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  line = line.substr(0, line.find('#'));
  const std::size_t sign = line.find('=');
  const std::size_t key = line.find_first_not_of(kBlanks);
  if (sign == std::string_view::npos || key == sign) {
    return std::nullopt;
  }
  const PlainPair pair{key, line.find_last_not_of(kBlanks, sign - 1) + 1,
                       line.find_first_not_of(kBlanks, sign + 1),
                       line.find_last_not_of(kBlanks) + 1};
  const auto is_of_key = [](char c) { return is_of_bare_key(c) || c == '.'; };
  const auto is_of_text = [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f &&
           std::string_view("\"'[]{}\\=").find(c) == std::string_view::npos;
  };
  const std::string_view name = line.substr(key, pair.key_end - key);
  const bool is_plain =
      pair.value != std::string_view::npos && std::all_of(name.begin(), name.end(), is_of_key) &&
      std::all_of(line.begin() + static_cast<std::ptrdiff_t>(pair.value),
                  line.begin() + static_cast<std::ptrdiff_t>(pair.value_end), is_of_text);
  return is_plain ? std::optional(pair) : std::nullopt;
}

/// Nobody meant a number: it has letters, or is an address.
bool is_text(std::string_view value) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ':' || c == '/';
  };
  return std::any_of(value.begin(), value.end(), is_letter) ||
         std::count(value.begin(), value.end(), '.') > 1;
}

}  // namespace

const MendedText::Renamed* MendedText::find(std::string_view name) const {
  const auto found = std::find_if(renamed_.begin(), renamed_.end(),
                                  [name](const Renamed& known) { return known.name == name; });
  return found == renamed_.end() ? nullptr : &*found;
}

/// A name that nobody gives by accident, as TOML writes it.
std::string MendedText::add_name(std::string unites_with) {
  const std::string number = std::to_string(renamed_.size());
  renamed_.push_back({"\x01" + number, std::move(unites_with)});
  return "\"\\u0001" + number + "\"";
}

/// A header stands alone on its line. "" where there is none of the table that the error names: the
/// parser may have gone on already.
std::string MendedText::rename_table(std::size_t at, std::string_view error, bool unites) {
  const std::size_t end = std::min(text_.find('\n', at), text_.size());
  const std::string header = without_blanks(std::string_view(text_).substr(at, end - at));
  std::string wanted = without_blanks(key_in(error));
  if (!header.starts_with("[" + wanted + "]") && !header.starts_with("[[" + wanted + "]]")) {
    return "";
  }
  const bool is_plain = wanted.find_first_of(".\"'") == std::string::npos;
  text_.replace(at, end - at, "[" + add_name(unites && is_plain ? wanted : "") + "]");
  return wanted;
}

/// The key ends before the '=' before its value; "" where there is none.
std::string MendedText::rename_key(std::size_t value_at, std::size_t& key_at) {
  const std::size_t sign = skip_back(text_, value_at);
  if (sign == 0 || text_[sign - 1] != '=') {
    return "";
  }
  const std::size_t end = skip_back(text_, sign - 1);
  key_at = key_begin(text_, end);
  std::string key = text_.substr(key_at, end - key_at);
  if (!key.empty()) {
    text_.replace(key_at, key.size(), add_name(""));
  }
  return key;
}

/// "daemon." for a key below [daemon], "zone[1]." below the second [[zone]], "zone[1].codes."
/// inside of a table on one line there.
std::string MendedText::path_to(std::size_t key_at) const {
  std::string table;
  std::map<std::string, std::size_t> elements;  // by header: how many of an array so far
  std::size_t at = 0;
  for (std::size_t end = text_.find('\n'); end < key_at; end = text_.find('\n', at)) {
    const std::string header = header_in(std::string_view(text_).substr(at, end - at));
    at = end + 1;
    if (header.starts_with("[[")) {
      const std::string name = header.substr(2, header.size() - 4);
      table = name + "[" + std::to_string(elements[name]++) + "].";
    } else if (!header.empty()) {
      const std::string name = header.substr(1, header.size() - 2);
      const std::size_t dot = name.find('.');
      const auto element = elements.find(name.substr(0, dot));
      table = element == elements.end() || dot == std::string::npos
                  ? name + "."
                  : element->first + "[" + std::to_string(element->second - 1) + "]" +
                        name.substr(dot) + ".";
    }
  }
  const std::string before = without_blanks(std::string_view(text_).substr(at, key_at - at));
  const std::size_t brace = before.find("={");
  return table + (brace == std::string::npos ? "" : before.substr(0, brace) + ".");
}

Place MendedText::place_of(std::size_t at, std::uint32_t line) const {
  const std::size_t begin = line_begin(text_, line);
  const auto characters =
      std::count_if(text_.begin() + static_cast<std::ptrdiff_t>(begin),
                    text_.begin() + static_cast<std::ptrdiff_t>(at), begins_character);
  return {file_, line, static_cast<std::uint32_t>(characters) + 1};
}

bool MendedText::take(std::string_view error, std::uint32_t line, std::uint32_t column,
                      Findings& findings) {
  parsed_bytes_ += text_.size();
  if (parsed_bytes_ > kMostParsed || ++mended_ > kMostMended) {
    return false;
  }
  if (error.find(kTwice) != std::string_view::npos) {
    return take_twice(error, line, column, findings);
  }
  const bool is_in_quotes = error.find("parsing string") != std::string_view::npos;
  return !is_in_quotes && take_unquoted(line, column, findings);
}

bool MendedText::take_unquoted(std::uint32_t line, std::uint32_t column, Findings& findings) {
  const std::size_t begin = line_begin(text_, line);
  const std::string row = text_.substr(begin, text_.find('\n', begin) - begin);
  const std::optional<PlainPair> pair = find_plain_pair(row);
  const std::size_t at = offset_of(text_, line, column) - begin;
  const bool is_of_value = pair && at >= pair->value && at <= pair->value_end;
  if (!is_of_value) {
    return false;
  }
  const std::string key = row.substr(pair->key, pair->key_end - pair->key);
  findings.error(place_of(begin + pair->value, line), path_to(begin + pair->key) + key,
                 "is no value of TOML",
                 "expected text in quotes (\"...\"), numbers and true or false as they are");
  if (is_text(std::string_view(row).substr(pair->value, pair->value_end - pair->value))) {
    text_.insert(begin + pair->value_end, 1, '"');
    text_.insert(begin + pair->value, 1, '"');
  } else {
    text_.replace(begin + pair->key, pair->value_end - pair->key, add_name("") + " = 0");
  }
  return true;
}

bool MendedText::take_twice(std::string_view error, std::uint32_t line, std::uint32_t column,
                            Findings& findings) {
  const std::size_t mark = error.find(kTwice);
  std::size_t at = offset_of(text_, line, column);
  const std::string_view what = error.substr(mark + kTwice.size());
  const bool is_header = error.find("table header") < mark;
  const std::string key =
      is_header ? rename_table(at, what, what.starts_with("table")) : rename_key(at, at);
  if (key.empty()) {
    return false;
  }
  findings.error(place_of(at, line), is_header ? key : path_to(at) + key, "is given twice",
                 "give it once");
  return true;
}

}  // namespace rblwatch::conf
