// SPDX-License-Identifier: Apache-2.0
//
// Small text tools used everywhere, so that nobody writes them twice. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rblwatch::core {

/// Without blanks (and line breaks) at both ends.
std::string_view trim(std::string_view text);
/// Always at least one part; empty parts are kept.
std::vector<std::string_view> split(std::string_view text, char separator);
/// Runs of blanks count as one separator.
std::vector<std::string_view> split_blanks(std::string_view text);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string to_lower(std::string_view ascii);
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string replace_all(std::string text, std::string_view from, std::string_view to);
/// Whole text, base 10, in range; nothing otherwise.
std::optional<std::int64_t> parse_int(std::string_view text);
/// "1 pair", "2 pairs"; thousands in groups of three from 10 000 on, with a blank: "65 536 pairs".
std::string count_of(std::uint64_t number, std::string_view singular, std::string_view plural);
/// The candidate nearest to `word` by edit distance, when near enough to be meant (≤ 2, or a third
/// of it, and something of it stands still). A swap of neighbours counts one. The first of equals.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);
/// RFC 3986 percent-encoding of everything but unreserved characters.
std::string percent_encode(std::string_view text);
/// RFC 4648 section 4, padded. Decoding is strict: no blanks, full padding, unused bits zero.
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace rblwatch::core
