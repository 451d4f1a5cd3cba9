// SPDX-License-Identifier: Apache-2.0
//
// SPF records (RFC 7208) as text: which terms one has, not what they mean for a message. Strict, as
// the RFC asks: one term that can't be read makes the whole record an error. Asking for what the
// terms name is spf_walk's affair. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ip.hpp"
#include "core/result.hpp"

namespace rblwatch::lists {

enum class SpfQualifier : std::uint8_t { pass, fail, softfail, neutral };
enum class SpfMechanism : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

/// The domain that a term names.
struct SpfDomain {
  std::string text;        // a name that can be asked, or with macros as written; "" = the record's
  bool has_macro = false;  // holds a '%': depends on who sends, so that nobody can follow it
};

struct SpfTerm {
  SpfQualifier qualifier = SpfQualifier::pass;
  SpfMechanism mechanism = SpfMechanism::all;
  std::string text;            // as written; visible ASCII
  SpfDomain domain;            // include, a, mx, ptr, exists
  std::uint8_t prefix4 = 32;   // a and mx: of the addresses found
  std::uint8_t prefix6 = 128;  // likewise
  core::Cidr network;          // ip4 and ip6
};

struct SpfRecord {
  std::vector<SpfTerm> terms;         // in order; `all` and what stands behind it included
  std::optional<SpfDomain> redirect;  // never with an `all` among the terms (section 6.1)
};

/// Whether a TXT record (its strings joined, section 3.3) is an SPF record: "v=spf1" alone or with
/// a blank behind it (section 4.5).
bool is_spf(std::string_view txt);

/// Pre: is_spf(text). Kind::invalid where section 4.6 demands a permerror; the text names the term.
core::Result<SpfRecord> parse_spf(std::string_view text);

}  // namespace rblwatch::lists
