// SPDX-License-Identifier: Apache-2.0
//
// A file of TOML without what the parser stops at: keys and tables that are given twice, and values
// that stand without quotes. Each is told of and mended in the text, so that parsing it again shows
// what else is wrong. One load's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conf/findings.hpp"

namespace rblwatch::conf {

class MendedText {
 public:
  MendedText(std::string_view text, std::uint32_t file) : text_(text), file_(file) {}

  /// To be parsed: as it was given, but for what was mended.
  const std::string& text() const { return text_; }

  /// The parser's error, in its words. True when it could be mended and another try is worth its
  /// time; it is among the findings then, and text() has changed.
  bool take(std::string_view error, std::uint32_t line, std::uint32_t column, Findings& findings);

  /// By its name in text().
  struct Renamed {
    std::string name;
    std::string unites_with;  // the table that it gives more of; "" = there is none: leave it out
  };
  /// Nothing when the name was given by the file.
  const Renamed* find(std::string_view name) const;

 private:
  bool take_twice(std::string_view error, std::uint32_t line, std::uint32_t column,
                  Findings& findings);
  bool take_unquoted(std::uint32_t line, std::uint32_t column, Findings& findings);
  // The name that it had; "" = nothing was found there.
  std::string rename_table(std::size_t at, std::string_view error, bool unites);
  std::string rename_key(std::size_t value_at, std::size_t& key_at);
  std::string path_to(std::size_t key_at) const;
  Place place_of(std::size_t at, std::uint32_t line) const;
  std::string add_name(std::string unites_with);

  std::string text_;
  std::uint32_t file_;
  std::uint64_t parsed_bytes_ = 0;
  std::size_t mended_ = 0;
  std::vector<Renamed> renamed_;
};

}  // namespace rblwatch::conf
