// SPDX-License-Identifier: Apache-2.0
//
// The parts of the page, each a <section> with its heading; "" where there is nothing to show. For
// the page*.cpp files of this folder. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/model.hpp"
#include "report/text.hpp"
#include "report/wording.hpp"

namespace rblwatch::report::page_parts {

/// Texts that terminal and page share are told to the page so.
inline constexpr TextStyle kPageText{.utf8 = true, .utc = true};

/// "<section …><h2>Title</h2>body</section>"; nothing without a body, which is HTML.
std::string section(std::string_view id, std::string_view title, const std::string& body);
/// "And 412 more: `rblwatch status` shows them."; nothing where all are shown.
std::string left_out(std::size_t all, std::size_t shown, std::string_view command);

/// One section of listings, those that are alike in a network together.
std::string listings(const StatusDoc& document, Section which);
/// Zones, pairs and targets that aren't known, and what to do.
std::string unseen(const StatusDoc& document);
std::string zones(const StatusDoc& document);
std::string resolvers(const StatusDoc& document);

}  // namespace rblwatch::report::page_parts
