// SPDX-License-Identifier: Apache-2.0
//
// The one place that knows libldns. It builds each kind of query once, from which
// query_template.hpp makes all others by patching; and it reads replies a second, independent way,
// against which the engine's own decoder is tested. Received messages are never printed by ldns,
// and it never sees one that the walker has not passed (libldns 1.8.3 takes malformed records and
// can be made to allocate without bound). Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dns/decode.hpp"
#include "dns/outcome.hpp"
#include "dns/question.hpp"
#include "dns/wire_walk.hpp"

namespace rblwatch::dns {

/// What makes queries differ but for id and name.
struct QueryShape {
  QType type = QType::a;
  bool wants_recursion = true;  // RD
  bool has_edns = true;         // an OPT that offers kEdnsSize
  friend bool operator==(const QueryShape&, const QueryShape&) = default;
};

/// Fits every path without fragments (RFC 9715).
inline constexpr std::uint16_t kEdnsSize = 1232;

/// The whole message, id 0. Aborts when ldns has no memory.
std::vector<std::uint8_t> build_query(const core::DnsName& name, QueryShape shape);

/// The message as ldns reads it, brought to an Answer by the same rules as decode(). Nothing where
/// ldns refuses the message or a record stands under a foreign owner. Pre: as for decode(). Costs
/// a TXT record's length for each of its strings.
std::optional<Answer> decode_by_ldns(Bytes message, const Walk& walked, QType type);

/// Where ldns takes the record that begins at `at` to end; nothing where it refuses it. Pre: as for
/// decode().
std::optional<std::size_t> end_by_ldns(Bytes message, std::size_t at);

}  // namespace rblwatch::dns
