// SPDX-License-Identifier: Apache-2.0
//
// Queries made by patching. libldns builds one message per kind of query (type, RD, EDNS); what
// differs from query to query, which is id, name, letter case and cookie, is written over a copy.
// 10 ns instead of the 5 µs that ldns_pkt_query_new costs. One object belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dns/packet.hpp"

namespace rblwatch::dns {

/// Room for the largest query: header, name, type and class, OPT with the longest cookie.
inline constexpr std::size_t kMaxCookie = 40;
inline constexpr std::size_t kMaxQuery = kHeaderSize + WireName::kMax + 4 + 11 + 4 + kMaxCookie;

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
/// is a wire name, `chance` is asked for 64 bits at a time. Returns how many letters there were.
template <class Chance>
unsigned mix_case(std::span<std::uint8_t> name, Chance chance) {
  std::uint64_t bits = 0;
  unsigned letters = 0;
  for (std::uint8_t& octet : name) {
    if (octet < 'a' || octet > 'z') continue;  // length octets are below 64
    if (letters++ % 64 == 0) bits = chance();
    octet = static_cast<std::uint8_t>(octet - ((bits & 1U) != 0 ? 32 : 0));
    bits >>= 1U;
  }
  return letters;
}

}  // namespace rblwatch::dns
