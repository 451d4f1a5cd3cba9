// SPDX-License-Identifier: Apache-2.0
//
// The pieces that the page is made of. Whatever is put into HTML goes through here: texts are
// escaped, links are http(s) or no links, times bear their UTC for machines. All give HTML. Pure;
// any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "core/untrusted.hpp"
#include "report/shown.hpp"

namespace rblwatch::report::html {

using core::Timestamp;

/// Escaped; what is longer than any honest text is cut, which "…" says.
std::string text(std::string_view foreign);
std::string text(const core::Untrusted& foreign);
/// Texts of shown.hpp and wording.hpp, with the blanks that lines aren't broken at. Pre: shown.
std::string shown(std::string_view shown);
/// The same of sentences of our own, in which `so` is code.
std::string sentence(std::string_view own);

/// "bad", "doubtful", …: the class of the stylesheet.
std::string_view class_of(Ink ink);
/// A word in a small frame.
std::string badge(std::string_view foreign, Ink ink);
/// The codes, each as code, with commas.
std::string codes(const std::vector<std::string>& foreign);
/// A link with this label where the URL is http or https; else the URL as text.
std::string link(std::string_view url, std::string_view label);

/// "2026-11-23 09:10", or what `nothing` says without a time.
std::string time(const std::optional<Timestamp>& at, std::string_view nothing = "never");
/// "3 h ago"; the time itself shows where a pointer rests on it.
std::string ago(const std::optional<Timestamp>& at, Timestamp now,
                std::string_view nothing = "never");
/// "2026-11-23 09:10 (3 h ago)".
std::string time_and_ago(const std::optional<Timestamp>& at, Timestamp now);

/// A row of a <dl>; nothing for an empty value. Both are HTML.
std::string field(std::string_view label, const std::string& value);

}  // namespace rblwatch::report::html
