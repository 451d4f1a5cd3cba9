// SPDX-License-Identifier: Apache-2.0
#include "conf/sources.hpp"

#include <glob.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "conf/reader.hpp"
#include "conf/section.hpp"
#include "core/file.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::conf {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 1000;

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

/// The folder of a relative pattern is no part of the pattern.
std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) {
      text += '\\';
    }
    text += c;
  }
  return text;
}

/// What the pattern matches, in the order of bytes whatever the locale. False when a folder can't
/// be read.
bool expand(const std::string& pattern, std::vector<fs::path>& out) {
  glob_t found{};
  // GLOB_ERR would also stop at what merely isn't a folder.
  const int result = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> paths;
  for (std::size_t i = 0; result == 0 && i < found.gl_pathc; ++i) {
    paths.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  std::sort(paths.begin(), paths.end());
  out.assign(paths.begin(), paths.end());
  return result == 0 || result == GLOB_NOMATCH;
}

class Sources {
 public:
  explicit Sources(Findings& findings) : findings_(findings) {}

  bool add_file(const fs::path& path) {
    const core::Result<std::string> text = core::read_file(path, kMaxTomlBytes);
    const std::uint32_t number = findings_.add_file(path);
    if (!text) {
      const bool is_missing = text.error().kind == core::Error::Kind::not_found;
      findings_.error({number, 0, 0}, "", text.error().text,
                      is_missing ? "give the path of a file that is there, or write this one"
                                 : "expected a file of TOML that may be read");
      return false;
    }
    return add_text(*text, number, path);
  }

  bool add_text(std::string_view text, std::uint32_t number, const fs::path& path) {
    std::optional<Table> table = read_toml(text, number, findings_);
    if (!table) {
      return false;
    }
    remember(path);
    const auto include = std::find_if(table->begin(), table->end(),
                                      [](const Member& member) { return member.key == "include"; });
    if (include != table->end()) {
      const Member member = std::move(*include);
      table->erase(include);
      add_includes(member);
    }
    unite(root_, std::move(*table), "");
    return true;
  }

  Table take() { return std::move(root_); }

 private:
  bool remember(const fs::path& path) {
    std::error_code ignored;
    const fs::path canonical = fs::weakly_canonical(path, ignored);
    return seen_.insert(ignored ? path : canonical).second;
  }

  void add_includes(const Member& include) {
    const auto* array = std::get_if<Array>(&include.node.value);
    if (array == nullptr) {
      findings_.error(include.node.place, "include", "is " + type_name(include.node),
                      "expected an array of strings, as [\"conf.d/*.toml\"]");
      return;
    }
    for (std::size_t i = 0; i < array->size(); ++i) {
      const PlacedText item{"", (*array)[i].place, "include[" + std::to_string(i) + "]"};
      if (const auto* pattern = std::get_if<std::string>(&(*array)[i].value)) {
        add_matches({*pattern, item.place, item.key});
      } else {
        findings_.error(item.place, item.key, "is " + type_name((*array)[i]), "expected a string");
      }
    }
  }

  void add_matches(const PlacedText& pattern) {
    if (pattern.value.empty() || pattern.value.find('\0') != std::string::npos) {
      findings_.error(pattern.place, pattern.key, "names no file", "expected a path or a pattern");
      return;
    }
    if (!has_wildcard(pattern.value)) {
      add_match(findings_.resolve_shown(pattern.place, pattern.value), pattern);
      return;
    }
    const bool is_absolute = fs::path(pattern.value).is_absolute();
    const fs::path folder = findings_.resolve_shown(pattern.place, "");
    std::vector<fs::path> paths;
    if (!expand((is_absolute ? "" : escaped(folder.native())) + pattern.value, paths)) {
      findings_.error(pattern.place, pattern.key, "can't be looked up: a folder can't be read",
                      "expected files that can be read");
    }
    for (const fs::path& path : paths) {
      add_match(path, pattern);
    }
  }

  void add_match(const fs::path& path, const PlacedText& pattern) {
    const std::string shown = core::for_terminal(core::Untrusted(path.native()));
    if (seen_.size() >= kMostFiles) {
      findings_.error(pattern.place, pattern.key,
                      "more files than the " + std::to_string(kMostFiles) + " that are read",
                      "fewer files");
      return;
    }
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      findings_.error(pattern.place, pattern.key, shown + " doesn't exist",
                      "a pattern with a wildcard may match nothing");
    } else if (!remember(path)) {
      findings_.error(pattern.place, pattern.key, shown + " is included twice, or includes itself",
                      "each file once");
    } else {
      add_file(path);
    }
  }

  /// Members of `from` into `into`. Sections are united, arrays strung together.
  void unite(Table& into, Table from, const std::string& path) {
    for (Member& member : from) {
      const auto known = std::find_if(into.begin(), into.end(), [&member](const Member& other) {
        return other.key == member.key;
      });
      if (known == into.end()) {
        into.push_back(std::move(member));
      } else if (!path.empty() || !unite_section(known->node, member)) {
        findings_.error(member.place, dotted(path, member.key),
                        "is given twice; the other one is at " + findings_.place_text(known->place),
                        "give it once");
      }
    }
  }

  bool unite_section(Node& into, Member& member) {
    auto* table = std::get_if<Table>(&into.value);
    auto* more_table = std::get_if<Table>(&member.node.value);
    if (table != nullptr && more_table != nullptr) {
      unite(*table, std::move(*more_table), dotted("", member.key));
      return true;
    }
    auto* array = std::get_if<Array>(&into.value);
    auto* more_array = std::get_if<Array>(&member.node.value);
    if (array != nullptr && more_array != nullptr) {
      std::move(more_array->begin(), more_array->end(), std::back_inserter(*array));
      return true;
    }
    return false;
  }

  Findings& findings_;
  Table root_;
  std::set<fs::path> seen_;
};

}  // namespace

std::optional<Table> read_sources(const fs::path& file, Findings& findings) {
  Sources sources(findings);
  return sources.add_file(file) ? std::optional(sources.take()) : std::nullopt;
}

std::optional<Table> read_sources(std::string_view text, const fs::path& file, Findings& findings) {
  Sources sources(findings);
  const std::uint32_t number = findings.add_file(file);
  return sources.add_text(text, number, file) ? std::optional(sources.take()) : std::nullopt;
}

}  // namespace rblwatch::conf
