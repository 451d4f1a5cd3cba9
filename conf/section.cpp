// SPDX-License-Identifier: Apache-2.0
#include "conf/section.hpp"

#include <cmath>
#include <limits>

#include "conf/url.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::conf {
namespace {

bool is_bare(const std::string& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string between(const std::string& low, const std::string& high) {
  return "expected " + low + " to " + high;
}

std::string between(const Durations& range, const std::string& word) {
  if (range.high == kLongest) {
    return "expected a duration" +
           (range.low.count() == 0 ? word
                                   : " of at least " + core::to_duration_text(range.low) + word);
  }
  return "expected a duration from " + core::to_duration_text(range.low) + " to " +
         core::to_duration_text(range.high) + word;
}

/// 0.5, not 0.500000.
std::string number_text(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) {
    text.pop_back();
  }
  return text;
}

}  // namespace

std::string dotted(const std::string& path, const std::string& key) {
  const std::string shown = is_bare(key) ? key : core::quoted(key);
  return path.empty() ? shown : path + "." + shown;
}

void unknown_word(Findings& findings, const PlacedText& text,
                  const std::vector<std::string>& known) {
  const std::string near = did_you_mean(text.value, known);
  findings.error(text.place, text.key, core::quoted(text.value) + " is not one of its words",
                 (near.empty() ? "" : near + " ") + "expected " + either_of(known));
}

const Member* Section::take(const std::string& key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
    known_.push_back(key);
  }
  return find_member(table_, key);
}

void Section::wrong_type(const Node& node, const std::string& path, std::string_view wanted) const {
  findings().error(node.place, path, "is " + type_name(node), "expected " + std::string(wanted));
}

bool Section::flag(const std::string& key, bool& out) {
  const Member* member = take(key);
  if (member == nullptr) {
    return false;
  }
  const bool* value = std::get_if<bool>(&member->node.value);
  if (value == nullptr) {
    wrong_type(member->node, key_path(key), "true or false");
    return false;
  }
  out = *value;
  return true;
}

bool Section::whole_number(const std::string& key, std::int64_t& out, Range<std::int64_t> range) {
  const Member* member = take(key);
  if (member == nullptr) {
    return false;
  }
  const std::string wanted = range.high == std::numeric_limits<std::int64_t>::max()
                                 ? "a whole number of at least " + std::to_string(range.low)
                                 : "a whole number from " + std::to_string(range.low) + " to " +
                                       std::to_string(range.high);
  const auto* value = std::get_if<std::int64_t>(&member->node.value);
  if (value == nullptr) {
    wrong_type(member->node, key_path(key), wanted);
    return false;
  }
  if (*value < range.low || *value > range.high) {
    error(key, std::to_string(*value) + " is out of range", "expected " + wanted);
    return false;
  }
  out = *value;
  return true;
}

bool Section::number(const std::string& key, double& out, Range<double> range) {
  const Member* member = take(key);
  if (member == nullptr) {
    return false;
  }
  double value = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&member->node.value)) {
    value = static_cast<double>(*whole);
  } else if (const auto* fraction = std::get_if<double>(&member->node.value)) {
    value = *fraction;
  } else {
    wrong_type(member->node, key_path(key),
               "a number from " + number_text(range.low) + " to " + number_text(range.high));
    return false;
  }
  if (!std::isfinite(value) || value < range.low || value > range.high) {
    error(key, (std::isfinite(value) ? number_text(value) + " " : "") + "is out of range",
          between(number_text(range.low), number_text(range.high)));
    return false;
  }
  out = value;
  return true;
}

bool Section::duration(const std::string& key, core::Millis& out, Durations range) {
  PlacedText text;
  const Member* member = take(key);
  if (member == nullptr) {
    return false;
  }
  const auto* value = std::get_if<std::string>(&member->node.value);
  if (value == nullptr) {
    wrong_type(member->node, key_path(key), "a duration in quotes, as \"30s\", \"5m\" or \"2h\"");
    return false;
  }
  const core::Result<core::Millis> duration = core::parse_duration(*value);
  if (!duration) {
    error(key, core::quoted(*value) + " is no duration",
          between(range, ": a whole number with ms, s, m, h, d or w, as \"30s\""));
    return false;
  }
  if (*duration < range.low || *duration > range.high) {
    error(key, core::quoted(*value) + " is out of range", between(range, ""));
    return false;
  }
  out = *duration;
  return true;
}

bool Section::duration(const std::string& key, std::optional<core::Millis>& out, Durations range) {
  core::Millis value{};
  const bool is_right = duration(key, value, range);
  out = is_right ? std::optional(value) : out;
  return is_right;
}

bool Section::placed_text(const std::string& key, PlacedText& out) {
  const Member* member = take(key);
  if (member == nullptr) {
    return false;
  }
  const auto* value = std::get_if<std::string>(&member->node.value);
  if (value == nullptr) {
    wrong_type(member->node, key_path(key), "a string");
    return false;
  }
  if (value->find('\0') != std::string::npos) {
    error(key, "holds a zero byte", "expected text");
    return false;
  }
  out = {*value, member->node.place, key_path(key)};
  return true;
}

bool Section::text(const std::string& key, std::string& out) {
  PlacedText text;
  const bool is_right = placed_text(key, text);
  out = is_right ? std::move(text.value) : out;
  return is_right;
}

bool Section::strings_of(const Node& node, const std::string& path,
                         std::vector<PlacedText>& out) const {
  const auto* array = std::get_if<Array>(&node.value);
  if (array == nullptr) {
    wrong_type(node, path, "an array of strings");
    return false;
  }
  std::vector<PlacedText> read;
  bool is_right = true;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string item = path + "[" + std::to_string(i) + "]";
    const auto* value = std::get_if<std::string>(&(*array)[i].value);
    is_right = is_right && value != nullptr;
    if (value == nullptr) {
      wrong_type((*array)[i], item, "a string");
    } else {
      read.push_back({*value, (*array)[i].place, item});
    }
  }
  out = std::move(read);
  return is_right;
}

bool Section::texts(const std::string& key, std::vector<PlacedText>& out) {
  const Member* member = take(key);
  return member != nullptr && strings_of(member->node, key_path(key), out);
}

bool Section::text_or_texts(const std::string& key, std::vector<PlacedText>& out) {
  const Member* member = take(key);
  if (member == nullptr) {
    return false;
  }
  if (const auto* value = std::get_if<std::string>(&member->node.value)) {
    out = {{*value, member->node.place, key_path(key)}};
    return true;
  }
  if (!std::holds_alternative<Array>(member->node.value)) {
    wrong_type(member->node, key_path(key), "a string or an array of strings");
    return false;
  }
  return strings_of(member->node, key_path(key), out);
}

bool Section::pairs(const std::string& key, std::vector<std::pair<PlacedText, PlacedText>>& out) {
  const Member* member = take(key);
  if (member == nullptr) {
    return false;
  }
  const auto* table = std::get_if<Table>(&member->node.value);
  if (table == nullptr) {
    wrong_type(member->node, key_path(key), "a table, as { \"127.0.0.2\" = \"spam source\" }");
    return false;
  }
  std::vector<std::pair<PlacedText, PlacedText>> read;
  bool is_right = true;
  for (const Member& entry : *table) {
    const std::string path = dotted(key_path(key), entry.key);
    const auto* value = std::get_if<std::string>(&entry.node.value);
    is_right = is_right && value != nullptr;
    if (value == nullptr) {
      wrong_type(entry.node, path, "a string");
    } else {
      read.push_back({{entry.key, entry.place, path}, {*value, entry.node.place, path}});
    }
  }
  out = std::move(read);
  return is_right;
}

bool Section::servers(const std::string& key, std::vector<dns::Server>& out) {
  std::vector<PlacedText> given;
  if (!texts(key, given)) {
    return false;
  }
  std::vector<dns::Server> read;
  bool is_right = true;
  for (const PlacedText& text : given) {
    const core::Result<dns::Server> server = dns::Server::parse(text.value);
    is_right = is_right && server.has_value();
    if (!server) {
      findings().error(text.place, text.key, quoted_without_secret(text.value) + " names no server",
                       "expected an address, with a port of 1 to 65535 where it isn't 53, as "
                       "127.0.0.1, 127.0.0.1:5353 or [::1]:53");
    } else if (std::find(read.begin(), read.end(), *server) == read.end()) {
      read.push_back(*server);
    }
  }
  out = std::move(read);
  return is_right;
}

Place Section::place_of(const std::string& key) const {
  const Member* member = find_member(table_, key);
  return member != nullptr ? member->node.place : place_;
}

void Section::error(const std::string& key, std::string text, std::string allowed) const {
  findings().error(place_of(key), key_path(key), std::move(text), std::move(allowed));
}

void Section::warning(const std::string& key, std::string text, std::string allowed) const {
  findings().warning(place_of(key), key_path(key), std::move(text), std::move(allowed));
}

void Section::missing(const std::string& key, std::string allowed) const {
  findings().error(place_, key_path(key), "is missing",
                   allowed.empty() ? "give " + key : std::move(allowed));
}

void Section::finish() const {
  for (const Member& member : table_) {
    if (std::find(known_.begin(), known_.end(), member.key) == known_.end()) {
      findings().error(member.place, key_path(member.key), "unknown key",
                       suggestion(member.key, known_, "expected another key"));
    }
  }
}

}  // namespace rblwatch::conf
