// SPDX-License-Identifier: Apache-2.0
//
// Return codes: the patterns of the catalogue's one grammar, and the set of entries that an answer
// matches. What is compared is the set of matched entries, not of addresses: a score that moves
// inside its band has not changed. Values; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ip.hpp"
#include "core/result.hpp"
#include "lists/words.hpp"

namespace rblwatch::lists {

/// One of: exact "127.0.0.2", wildcard octets "127.0.*.3", range "127.0.4.0-127.0.4.79", CIDR
/// "127.0.0.0/24"; under MatchMode::bitmask a decimal bit value "1" to "128" of the last octet.
class CodePattern {
 public:
  static core::Result<CodePattern> parse(std::string_view text, MatchMode mode = MatchMode::exact);
  /// Pre: address is IPv4.
  bool matches(const core::IpAddress& address) const;
  /// Whether all it matches lies in 127.0.0.0/8. A code that doesn't can never be answered by a
  /// list that works; refusals may.
  bool is_within_loopback() const;
  const std::string& text() const { return text_; }
  friend bool operator==(const CodePattern&, const CodePattern&) = default;

 private:
  enum class Form : std::uint8_t { masked, range, bit };
  Form form_ = Form::masked;
  std::uint32_t low_ = 0;   // masked: value; range: first; bit: the bit
  std::uint32_t high_ = 0;  // masked: mask; range: last
  std::string text_;        // as written: the entry's identity
};

/// An entry of a zone's code table.
struct CodeEntry {
  CodePattern pattern;
  std::string meaning;
  Purpose purpose = Purpose::block;
  friend bool operator==(const CodeEntry&, const CodeEntry&) = default;
};

/// A matched entry with the addresses that matched it.
struct Code {
  std::string entry;  // the pattern's text; for a code the zone doesn't state, the address itself
  std::string meaning;
  Purpose purpose = Purpose::block;
  std::vector<core::IpAddress> addresses;  // sorted

  friend bool operator==(const Code& a, const Code& b) { return a.entry == b.entry; }
};

/// Sorted by entry, without doubles.
class CodeSet {
 public:
  CodeSet() = default;
  explicit CodeSet(std::vector<Code> codes);

  bool is_empty() const { return codes_.empty(); }
  std::size_t size() const { return codes_.size(); }
  auto begin() const { return codes_.begin(); }
  auto end() const { return codes_.end(); }
  const Code* find(std::string_view entry) const;
  bool has(std::string_view entry) const { return find(entry) != nullptr; }
  void insert(Code code);  // replaces an equal entry
  void erase(std::string_view entry);
  CodeSet of_purpose(Purpose purpose) const;
  /// Entries of this set that `other` lacks.
  CodeSet without(const CodeSet& other) const;
  /// All addresses as text, sorted by value, without doubles.
  std::vector<std::string> addresses() const;
  std::vector<std::string> entries() const;
  /// The entries' words in the order of addresses(), each once.
  std::vector<std::string> meanings() const;

  friend bool operator==(const CodeSet& a, const CodeSet& b) = default;

 private:
  std::vector<Code> codes_;
};

inline constexpr std::string_view kUnrecognisedMeaning = "unrecognised code";
inline constexpr std::string_view kListedMeaning = "listed";

/// What these A records say under this table: every entry that matches one of them. A bitmask code
/// matches each of its set bits; a code (or bit) that the table lacks is an entry of its own (the
/// address, or the bit's number) and gets `zone_purpose` and "unrecognised code" ("listed" where
/// the table is empty). Pre: every address is IPv4 in 127.0.0.0/8 and no refusal.
CodeSet match_codes(std::span<const core::IpAddress> answers, std::span<const CodeEntry> table,
                    MatchMode mode, Purpose zone_purpose);

}  // namespace rblwatch::lists
