// SPDX-License-Identifier: Apache-2.0
//
// Columns that hold several values as text a person can read: one item per line, the parts of an
// item separated by a tab, lists of addresses or numbers by a blank. A backslash, newline or tab
// inside a part is written \\, \n, \t; an empty item \e. What can't be read back is nothing: the
// caller takes it for a damaged database. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ip.hpp"
#include "lists/code_match.hpp"
#include "lists/listing.hpp"

namespace rblwatch::storage {

std::string encode_list(const std::vector<std::string>& items);
std::optional<std::vector<std::string>> decode_list(std::string_view text);

std::string encode_addresses(const std::vector<core::IpAddress>& addresses);
std::optional<std::vector<core::IpAddress>> decode_addresses(std::string_view text);

std::string encode_numbers(const std::vector<std::uint16_t>& numbers);
std::optional<std::vector<std::uint16_t>> decode_numbers(std::string_view text);

/// A code per line: entry, purpose, meaning, addresses.
std::string encode_codes(const lists::CodeSet& codes);
std::optional<lists::CodeSet> decode_codes(std::string_view text);
std::string encode_code(const lists::Code& code);
std::optional<lists::Code> decode_code(std::string_view text);

/// A mark per line: server, tick in microseconds.
std::string encode_marks(const std::vector<lists::CacheMark>& marks);
std::optional<std::vector<lists::CacheMark>> decode_marks(std::string_view text);

/// A vote per line: tick in microseconds, wall time in milliseconds.
std::string encode_cast(const std::vector<lists::CastVote>& cast);
std::optional<std::vector<lists::CastVote>> decode_cast(std::string_view text);
std::string encode_votes(const std::vector<lists::Vote>& votes);
std::optional<std::vector<lists::Vote>> decode_votes(std::string_view text);

}  // namespace rblwatch::storage
