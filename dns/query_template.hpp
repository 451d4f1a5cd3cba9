// SPDX-License-Identifier: Apache-2.0
//
// Queries made by patching. libldns builds one message per kind of query (type, RD, EDNS); what
// differs from query to query, which is id, name, letter case and cookie, is written over a copy.
// 10 ns instead of the 5 µs that ldns_pkt_query_new costs. One object belongs to one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "dns/packet.hpp"

namespace rblwatch::dns {

/// Room for the largest query: header, name, type and class, OPT with the longest cookie.
inline constexpr std::size_t kMaxCookie = 40;
/// Behind the question: the OPT's own eleven octets, then its one option's code and length.
inline constexpr std::size_t kCookieInTail = 11 + 4;
inline constexpr std::size_t kMaxQuery =
    kHeaderSize + core::DnsName::kMaxWire + 4 + kCookieInTail + kMaxCookie;

struct QueryLayout {
  std::uint16_t size = 0;
  std::uint16_t question_end = 0;  // the question is [kHeaderSize, question_end)
};

class QueryTemplate {
 public:
  explicit QueryTemplate(QueryShape shape);

  /// Writes the query. `cookie` is an option's data (client, or client and server cookie) or empty;
  /// it is left out where the template has no OPT. `into` holds kMaxQuery octets at least.
  QueryLayout write(std::uint16_t id, Bytes name, Bytes cookie, std::span<std::uint8_t> into) const;

 private:
  std::array<std::uint8_t, kHeaderSize> header_{};
  std::vector<std::uint8_t> tail_;  // type, class, OPT
  bool has_opt_ = false;
};

/// All templates, each built when first needed.
class QueryTemplates {
 public:
  const QueryTemplate& get(QueryShape shape);

 private:
  struct Known {
    QueryShape shape;
    QueryTemplate query;
  };
  std::vector<std::unique_ptr<Known>> known_;
};

/// Letters of the name in mixed case, one bit of `chance` each (draft-vixie-dnsext-dns0x20); `name`
/// is a wire name, `chance` is asked for 64 bits at a time. Whether there were letters.
/// Eight octets at a time; the last eight may hold some for the second time, which are mixed anew.
/// The sums set the top bit of letters: length octets are below 64, and no letter in any case.
template <class Chance>
bool mix_case(std::span<std::uint8_t> name, Chance chance) {
  constexpr std::uint64_t kEach = 0x0101010101010101U;
  constexpr std::uint64_t kTop = kEach * 0x80U;
  constexpr std::uint64_t kLower = kEach * 0x20U;
  std::uint64_t bits = 0;
  std::uint64_t letters = 0;
  unsigned drawn = 0;  // words so far: each takes every eighth bit of what was drawn
  const auto mix = [&](std::uint8_t* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t low = (word & ~kTop) | kLower;
    const std::uint64_t from_a = low + kEach * (0x80U - 'a');
    const std::uint64_t past_z = low + kEach * (0x7FU - 'z');
    const std::uint64_t is_letter = from_a & ~past_z & ~word & kTop;
    letters |= is_letter;
    if (drawn % 8 == 0) bits = chance();
    const std::uint64_t case_bits = is_letter >> 2U;
    word = (word | case_bits) ^ (case_bits & (((bits >> (drawn++ % 8)) & kEach) << 5U));
    std::memcpy(at, &word, sizeof word);
  };
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (name.size() < kWord) {
    std::array<std::uint8_t, kWord> padded{};
    std::copy(name.begin(), name.end(), padded.begin());
    mix(padded.data());
    std::copy_n(padded.begin(), name.size(), name.begin());
  } else {
    const std::size_t last = name.size() - kWord;
    for (std::size_t at = 0; at < last; at += kWord)
      mix(name.data() + at);
    mix(name.data() + last);
  }
  return letters != 0;
}

}  // namespace rblwatch::dns
