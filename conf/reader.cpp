// SPDX-License-Identifier: Apache-2.0
#include "conf/reader.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include <toml++/toml.h>

#include "conf/mended_text.hpp"

namespace rblwatch::conf {
namespace {

/// Our keys are three deep. toml++ nests a table per dot and frees them by recursion, so that a
/// long enough key would overflow the stack.
constexpr std::size_t kMostDots = 8;

Place place_of(const toml::source_region& region, std::uint32_t file) {
  return {file, region.begin.line, region.begin.column};
}

/// The place of the first key with too many dots. Quoted text is passed over; what stands in a
/// multi-line string may be taken for a key, but not with so many dots between two words.
class DotCounter {
 public:
  explicit DotCounter(std::uint32_t file) : at_{file, 1, 0} {}

  bool is_too_deep(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [this](char c) { return take(c); });
  }
  const Place& place() const { return at_; }

 private:
  bool take(char c) {
    const bool was_dot = std::exchange(is_dot_, c == '.');
    at_.column += 1;
    if (c == '\n') {
      at_ = {at_.file, at_.line + 1, 0};
      quote_ = 0;
      dots_ = 0;
      is_comment_ = false;
    } else if (is_comment_) {
      return false;
    } else if (quote_ != 0) {
      take_quoted(c);
    } else if (c == '"' || c == '\'') {
      quote_ = c;
    } else if (c == '.') {
      dots_ += was_dot ? 0 : 1;  // "..." is text
    } else if (std::string_view("=,{}[]#").find(c) != std::string_view::npos) {
      dots_ = 0;
      is_comment_ = c == '#';
    }
    return dots_ > kMostDots && quote_ == 0;
  }
  void take_quoted(char c) {
    const bool was_escape = std::exchange(is_escaped_, false);
    if (was_escape) {
      return;
    }
    is_escaped_ = c == '\\' && quote_ == '"';
    quote_ = c == quote_ ? '\0' : quote_;
  }

  Place at_;
  char quote_ = 0;
  bool is_escaped_ = false;
  bool is_comment_ = false;
  bool is_dot_ = false;
  std::size_t dots_ = 0;
};

/// toml++'s own words without what it read.
std::string without_values(std::string text) {
  constexpr std::string_view kPrefix = "Error while ";
  if (text.starts_with(kPrefix)) {
    text.erase(0, kPrefix.size());
  }
  const bool names_keys = text.find("cannot redefine") != std::string::npos ||
                          text.find("cannot insert") != std::string::npos;
  if (names_keys) {
    return text;
  }
  text = text.substr(0, text.find(", saw '"));
  const std::size_t start = text.find(": '");
  const std::size_t end = text.rfind('\'');
  if (start != std::string::npos && end > start + 2) {
    text.replace(start + 2, end - start - 1, "this");
  }
  return text;
}

/// toml++'s nodes as ours.
class Conversion {
 public:
  Conversion(std::uint32_t file, const MendedText& mended) : file_(file), mended_(mended) {}

  Table table(const toml::table& from) const {
    Table table;
    table.reserve(from.size());
    for (auto&& [key, node] : from) {
      const MendedText::Renamed* renamed = mended_.find(key.str());
      if (renamed == nullptr || !renamed->unites_with.empty()) {
        std::string name = renamed == nullptr ? std::string(key.str()) : renamed->unites_with;
        table.push_back({std::move(name), place_of(key.source(), file_), this->node(node)});
      }
    }
    // toml++ keeps them by name.
    std::stable_sort(table.begin(), table.end(), [](const Member& a, const Member& b) {
      return std::tuple(a.place.line, a.place.column) < std::tuple(b.place.line, b.place.column);
    });
    return table;
  }

 private:
  Array array(const toml::array& from) const {
    Array array;
    array.reserve(from.size());
    for (const toml::node& element : from) {
      array.push_back(node(element));
    }
    return array;
  }

  Node node(const toml::node& from) const {
    Node node{place_of(from.source(), file_), Moment{}};
    if (const auto* text = from.as_string()) {
      node.value = text->get();
    } else if (const auto* whole = from.as_integer()) {
      node.value = whole->get();
    } else if (const auto* number = from.as_floating_point()) {
      node.value = number->get();
    } else if (const auto* flag = from.as_boolean()) {
      node.value = flag->get();
    } else if (const auto* elements = from.as_array()) {
      node.value = array(*elements);
    } else if (const auto* members = from.as_table()) {
      node.value = table(*members);
    }
    return node;
  }

  std::uint32_t file_;
  const MendedText& mended_;
};

}  // namespace

std::optional<Table> read_toml(std::string_view text, std::uint32_t file, Findings& findings) {
  DotCounter dots(file);
  if (dots.is_too_deep(text)) {
    findings.error(dots.place(), "", "a key has more parts than any of ours",
                   "keys as in the example rblwatch.toml");
    return std::nullopt;
  }
  MendedText mended(text, file);
  for (;;) {
    try {
      return Conversion(file, mended).table(toml::parse(mended.text(), std::string_view{}));
    } catch (const toml::parse_error& error) {
      const Place place = place_of(error.source(), file);
      const std::string description(error.description());
      if (!mended.take(description, place.line, place.column, findings)) {
        findings.error(place, "",
                       "this is no TOML, and nothing else of this file was checked: " +
                           without_values(description));
        return std::nullopt;
      }
    }
  }
}

std::string type_name(const Node& node) {
  struct Name {
    std::string operator()(const Moment&) const { return "a date or time"; }
    std::string operator()(bool) const { return "true or false"; }
    std::string operator()(std::int64_t) const { return "an integer"; }
    std::string operator()(double) const { return "a number with a fraction"; }
    std::string operator()(const std::string&) const { return "a string"; }
    std::string operator()(const Array&) const { return "an array"; }
    std::string operator()(const Table&) const { return "a table"; }
  };
  return std::visit(Name{}, node.value);
}

const Member* find_member(const Table& table, const std::string& key) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&key](const Member& member) { return member.key == key; });
  return found != table.end() ? &*found : nullptr;
}

}  // namespace rblwatch::conf
