// SPDX-License-Identifier: Apache-2.0
#include "conf/findings.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::conf {
namespace {

/// More known names than this help nobody.
constexpr std::size_t kMostNamed = 40;

std::string for_people(const std::string& text) {
  return core::for_terminal(core::Untrusted(text));
}

/// Texts from other folders say what is allowed at their end: it goes where it belongs.
void split_advice(Diagnostic& diagnostic) {
  for (const std::string_view mark : {": expected ", ": did you mean ", ": swap "}) {
    const std::size_t at = diagnostic.text.rfind(mark);
    if (at != std::string::npos) {
      diagnostic.allowed = diagnostic.text.substr(at + 2);
      diagnostic.text.resize(at);
    }
  }
}

auto order_of(const Place& place) {
  return std::tuple(place.file, place.line, place.column);
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic) {
  std::string text = for_people(diagnostic.file);
  if (diagnostic.line != 0) {
    text += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
  }
  for (const std::string& part : {diagnostic.key, diagnostic.text}) {
    if (!part.empty()) {
      text += (text.empty() ? "" : ": ") + for_people(part);
    }
  }
  if (!diagnostic.allowed.empty()) {
    text += " (" + for_people(diagnostic.allowed) + ")";
  }
  return text;
}

std::uint32_t Findings::add_file(const std::filesystem::path& path) {
  files_.push_back(path);
  return static_cast<std::uint32_t>(files_.size() - 1);
}

std::filesystem::path Findings::resolve(const Place& place, const std::string& path) const {
  std::error_code ignored;  // without a current folder the path stays relative
  const std::filesystem::path shown = resolve_shown(place, path);
  std::filesystem::path full = std::filesystem::absolute(shown, ignored);
  return ignored ? shown : full;
}

std::filesystem::path Findings::resolve_shown(const Place& place, const std::string& path) const {
  return files_[place.file].parent_path() / path;
}

std::string Findings::place_text(const Place& place) const {
  return for_people(files_[place.file].native()) + ":" + std::to_string(place.line) + ":" +
         std::to_string(place.column);
}

void Findings::add(Sort& sort, const Place& place, Diagnostic diagnostic) const {
  sort.total += 1;
  if (sort.kept.size() < kMost) {
    diagnostic.file = files_[place.file].native();
    diagnostic.line = place.line;
    diagnostic.column = place.column;
    split_advice(diagnostic);
    sort.kept.push_back({place, std::move(diagnostic)});
  } else if (sort.total == kMost + 1) {
    sort.first_dropped = place;
  }
}

void Findings::error(const Place& place, std::string_view key, std::string text,
                     std::string allowed) {
  add(errors_, place, {"", 0, 0, std::string(key), std::move(text), std::move(allowed)});
}

void Findings::warning(const Place& place, std::string_view key, std::string text,
                       std::string allowed) {
  add(warnings_, place, {"", 0, 0, std::string(key), std::move(text), std::move(allowed)});
}

void Findings::later(std::string_view key) {
  if (std::find(later_.begin(), later_.end(), key) == later_.end()) {
    later_.emplace_back(key);
  }
}

std::vector<Diagnostic> Findings::ordered(Sort& sort, std::string_view plural) const {
  std::stable_sort(sort.kept.begin(), sort.kept.end(), [](const Found& a, const Found& b) {
    return order_of(a.place) < order_of(b.place);
  });
  std::vector<Diagnostic> all;
  all.reserve(sort.kept.size() + 1);
  for (Found& found : sort.kept) {
    all.push_back(std::move(found.diagnostic));
  }
  if (sort.total > kMost) {
    const Place& place = sort.first_dropped;
    all.push_back({files_[place.file].native(), place.line, place.column, "",
                   core::count_of(sort.total - kMost, "more is", "more are") +
                       " not shown, from here on; in all " +
                       core::count_of(sort.total, plural, plural),
                   ""});
  }
  return all;
}

void Findings::take(Loaded& into) {
  if (!later_.empty()) {
    warning({}, "", "read and checked, but not acted on yet: " + core::join(later_, ", "),
            "a later version of rblwatch will; nothing depends on them until then");
  }
  into.errors = ordered(errors_, "errors");
  into.warnings = ordered(warnings_, "warnings");
}

std::string either_of(const std::vector<std::string>& words) {
  if (words.size() < 2) {
    return words.empty() ? "" : words.front();
  }
  return core::join(std::span(words).first(words.size() - 1), ", ") + " or " + words.back();
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::optional<std::string> near = core::nearest(word, known);
  return near ? "did you mean " + *near + "?" : "";
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known,
                       const std::string& otherwise) {
  std::string near = did_you_mean(word, known);
  if (!near.empty()) {
    return near;
  }
  const bool is_list = !known.empty() && known.size() <= kMostNamed;
  return is_list ? "expected " + either_of(known) : otherwise;
}

}  // namespace rblwatch::conf
