// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a mail: addresses that can do no harm in a header or on the wire, quoted-printable
// bodies, header lines. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rblwatch::alerts {

/// "ops@example.com" out of that, or of "Ops <ops@example.com>": printable ASCII without blanks,
/// brackets, commas, quotes or backslashes, one @ with something on both sides, at most 254 bytes.
/// Nothing for anything else: what isn't this plain could end a header or an SMTP command.
std::optional<std::string> mail_address(std::string_view text);
/// What follows the @, when it is a host name; else "rblwatch.invalid".
std::string mail_domain(std::string_view address);
/// RFC 2045 section 6.7, lines of at most 76 characters that end in CRLF. Lone dots and "From " at
/// the start of a line are encoded too, for servers that take them for something. "\n" ends a line.
std::string quoted_printable(std::string_view text);

}  // namespace rblwatch::alerts
