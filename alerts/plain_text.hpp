// SPDX-License-Identifier: Apache-2.0
//
// Foreign text as plain lines: cut at whole characters, without anything that moves a cursor.
// For replies that are shown, text mails and Slack. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/untrusted.hpp"

namespace rblwatch::alerts {

/// At most `most` bytes of UTF-8, cut at a character; a cut shows as "...". Pre: `text` is UTF-8.
std::string clip(std::string text, std::size_t most);
/// The first line that isn't blank, escaped as for a terminal, at most `most` bytes of it.
std::string first_line(std::string_view bytes, std::size_t most);
/// Its lines, each escaped as for a terminal; none for empty text.
std::vector<std::string> plain_lines(const core::Untrusted& text);
/// All of it on one line, escaped as for a terminal, line breaks as blanks.
std::string plain_line(std::string_view text);

}  // namespace rblwatch::alerts
