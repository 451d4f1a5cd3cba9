// SPDX-License-Identifier: Apache-2.0
//
// The page for people: what is listed, what can't be seen, what is clear, in one HTML document that
// needs no script. It says what `status` says, in the same words; all of its times are UTC. Its
// length is bounded, whatever is watched. It works under the Content-Security-Policy
// `default-src 'none'; style-src 'self'; img-src 'self' data:`. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lists/event.hpp"
#include "report/model.hpp"

namespace rblwatch::report {

/// Where the page expects page_style().
inline constexpr std::string_view kStylePath = "/style.css";
/// The query with which the page is asked for that stays as it is: PageDoc::reloads is false then.
inline constexpr std::string_view kStillQuery = "still";
/// As many events as the page shows.
inline constexpr std::size_t kPageEvents = 20;

struct PageDoc {
  StatusDoc status;
  std::vector<lists::Event> events;  // newest first; those above kPageEvents are left out
  bool reloads = true;               // by itself, each minute
  /// Why the daemon doesn't do its work though it runs, as /healthz says it; "" where it does.
  std::string ailment;
};

/// The whole document.
std::string to_page(const PageDoc& document);
/// Its stylesheet (text/css).
std::string_view page_style();

}  // namespace rblwatch::report
