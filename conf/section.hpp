// SPDX-License-Identifier: Apache-2.0
//
// Typed access to one table of a configuration: each option is one call that reads it, checks it
// and marks its key as known; finish() then reports the keys that nobody knows. What is wrong goes
// to the findings, and the value keeps its default. One load's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/node.hpp"
#include "core/enum_text.hpp"
#include "core/time.hpp"
#include "dns/question.hpp"

namespace rblwatch::conf {

struct Context {
  Findings& findings;
  const Environment& environment;
  std::set<std::uint32_t> files_with_secrets;  // as they are, not by env: or from a file
};

template <class T>
struct Range {
  T low;
  T high;
};
using Durations = Range<core::Millis>;
inline constexpr Range<double> kQps{0, 1'000'000};
inline constexpr core::Millis kLongest{36'525LL * 24 * 3'600'000};  // what parse_duration takes
inline constexpr Durations kAnyDuration{core::Millis(0), kLongest};
inline constexpr Durations kFromOneSecond{core::Millis(1000), kLongest};

/// A key as it is written in a dotted path: quoted where TOML wants quotes.
std::string dotted(const std::string& path, const std::string& key);

class Section {
 public:
  /// `path` as errors show it, "zone[2]"; "" for the root. The table and the context outlive this.
  Section(const Table& table, Place place, std::string path, Context& context)
      : table_(table), place_(place), path_(std::move(path)), context_(context) {}

  const Place& place() const { return place_; }
  const std::string& path() const { return path_; }
  std::string key_path(const std::string& key) const { return dotted(path_, key); }
  Context& context() const { return context_; }
  Findings& findings() const { return context_.findings; }

  /// Whether the key is given; doesn't mark it as known.
  bool has(const std::string& key) const { return find_member(table_, key) != nullptr; }
  /// The member, and the key is known from now on.
  const Member* take(const std::string& key);

  // Each is true when the key is given and right; `out` is then set, else as it was.
  bool flag(const std::string& key, bool& out);
  bool number(const std::string& key, double& out, Range<double> range);
  bool duration(const std::string& key, core::Millis& out, Durations range = kAnyDuration);
  bool duration(const std::string& key, std::optional<core::Millis>& out, Durations range);
  bool text(const std::string& key, std::string& out);
  bool texts(const std::string& key, std::vector<PlacedText>& out);
  /// A string or an array of strings.
  bool text_or_texts(const std::string& key, std::vector<PlacedText>& out);
  /// { "key" = "text" }: the keys as values' keys.
  bool pairs(const std::string& key, std::vector<std::pair<PlacedText, PlacedText>>& out);
  bool servers(const std::string& key, std::vector<dns::Server>& out);

  template <class Int>
  bool whole(const std::string& key, Int& out, Range<std::int64_t> range) {
    std::int64_t value = 0;
    const bool is_right = whole_number(key, value, range);
    out = is_right ? static_cast<Int>(value) : out;
    return is_right;
  }
  template <class Enum>
  bool word(const std::string& key, Enum& out) {
    PlacedText text;
    return placed_text(key, text) && word_of(text, out);
  }
  /// An array of words; doubles are dropped.
  template <class Enum>
  bool words(const std::string& key, std::vector<Enum>& out);
  template <class Enum>
  bool word_of(const PlacedText& text, Enum& out);

  /// The string with its place.
  bool placed_text(const std::string& key, PlacedText& out);
  /// The key's value's place; the section's where it isn't given.
  Place place_of(const std::string& key) const;

  void error(const std::string& key, std::string text, std::string allowed = "") const;
  void warning(const std::string& key, std::string text, std::string allowed = "") const;
  /// The section lacks a key that it needs.
  void missing(const std::string& key, std::string allowed = "") const;
  /// Errors for all keys that nobody took.
  void finish() const;

 private:
  bool whole_number(const std::string& key, std::int64_t& out, Range<std::int64_t> range);
  bool strings_of(const Node& node, const std::string& path, std::vector<PlacedText>& out) const;
  void wrong_type(const Node& node, const std::string& path, std::string_view wanted) const;

  const Table& table_;
  Place place_;
  std::string path_;
  Context& context_;
  std::vector<std::string> known_;
};

template <class Enum>
std::vector<std::string> words_of() {
  std::vector<std::string> words;
  words.reserve(core::EnumWords<Enum>::table.size());
  for (const auto& entry : core::EnumWords<Enum>::table) {
    words.emplace_back(entry.second);
  }
  return words;
}

/// Reports a word that isn't among `known`.
void unknown_word(Findings& findings, const PlacedText& text,
                  const std::vector<std::string>& known);

template <class Enum>
bool Section::word_of(const PlacedText& text, Enum& out) {
  const std::optional<Enum> value = core::enum_from<Enum>(text.value);
  if (value) {
    out = *value;
  } else {
    unknown_word(findings(), text, words_of<Enum>());
  }
  return value.has_value();
}

template <class Enum>
bool Section::words(const std::string& key, std::vector<Enum>& out) {
  std::vector<PlacedText> given;
  if (!texts(key, given)) {
    return false;
  }
  std::vector<Enum> read;
  bool is_right = true;
  for (const PlacedText& text : given) {
    Enum value{};
    const bool is_known = word_of(text, value);
    is_right = is_right && is_known;
    if (is_known && std::find(read.begin(), read.end(), value) == read.end()) {
      read.push_back(value);
    }
  }
  out = std::move(read);
  return is_right;
}

}  // namespace rblwatch::conf
