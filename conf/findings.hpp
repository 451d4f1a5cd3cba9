// SPDX-License-Identifier: Apache-2.0
//
// What reading a configuration finds: errors, warnings and keys whose function is to come, each
// with its place. Everything is collected, so that one run names it all. One object per load, in
// its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"

namespace rblwatch::conf {

/// Where something stands: a file by its number in Findings, line and column from 1 on (0 = none).
struct Place {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// A value with its place and the dotted key to name it by.
template <class T>
struct Placed {
  T value{};
  Place place;
  std::string key;
};
using PlacedText = Placed<std::string>;

class Findings {
 public:
  /// Of each sort, so many are kept; the rest are counted.
  static constexpr std::size_t kMost = 1000;

  /// A file that places may name, shown as `path`; relative paths in it are relative to its folder.
  /// Files are numbered, and findings ordered, as they come.
  std::uint32_t add_file(const std::filesystem::path& path);
  std::filesystem::path resolve(const Place& place, const std::string& path) const;
  /// The same for showing: relative where the file was named so.
  std::filesystem::path resolve_shown(const Place& place, const std::string& path) const;
  /// "conf.d/a.toml:3:1"
  std::string place_text(const Place& place) const;
  const std::filesystem::path& shown(std::uint32_t file) const { return files_[file]; }

  /// A text that ends in ": expected …" or ": did you mean …" says itself what is allowed.
  void error(const Place& place, std::string_view key, std::string text, std::string allowed = "");
  void warning(const Place& place, std::string_view key, std::string text,
               std::string allowed = "");
  /// `key` is read and checked, but not acted on yet: one warning names all of these. It is dotted
  /// and without indexes; named once however often it is given.
  void later(std::string_view key);

  bool has_errors() const { return errors_.total > 0; }
  std::uint64_t error_count() const { return errors_.total; }
  /// Hands over everything in the order of files and lines; the last of too many counts the others.
  void take(Loaded& into);

 private:
  struct Found {
    Place place;
    Diagnostic diagnostic;
  };
  struct Sort {
    std::vector<Found> kept;
    std::uint64_t total = 0;
    Place first_dropped;
  };
  void add(Sort& sort, const Place& place, Diagnostic diagnostic) const;
  std::vector<Diagnostic> ordered(Sort& sort, std::string_view plural) const;

  std::vector<std::filesystem::path> files_;
  Sort errors_;
  Sort warnings_;
  std::vector<std::string> later_;
};

/// "did you mean interval?", or "" when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);
/// The same; where nothing is near "expected a, b or c"; where there are none or too many,
/// `otherwise`.
std::string suggestion(std::string_view word, const std::vector<std::string>& known,
                       const std::string& otherwise);
/// "a, b or c"
std::string either_of(const std::vector<std::string>& words);

}  // namespace rblwatch::conf
