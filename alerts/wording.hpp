// SPDX-License-Identifier: Apache-2.0
//
// What an alert says of an event to people, whatever the channel: facts in order, what it means,
// what to do, what happened before. Values that hold foreign text are Untrusted: the renderer
// escapes them for its own format. Times are UTC, for the readers of one message may sit anywhere.
// Any thread.
#pragma once

#include <string>
#include <vector>

#include "alerts/event_group.hpp"
#include "alerts/notification.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::alerts {

struct Fact {
  std::string label;     // "Why"
  core::Untrusted text;  // may have several lines
  bool is_link = false;  // text is a URL
};

/// "2026-11-23 09:10 UTC".
std::string utc_text(core::Timestamp at);
/// What, where, since when, why, and the links.
std::vector<Fact> facts_of(const lists::Event& event);
/// Those of a single event; or of the network, then "For example" and what is known of its first
/// address. Last, where else the subject is listed without anybody seeing whether it still is.
std::vector<Fact> facts_of(const EventGroup& group);
/// What can't be seen now, and what follows from it; "" for listings, which speak for themselves.
std::string meaning_of(const EventView& view, const Coverage& coverage);
/// What to do about it, a line each: the zone's own steps for listings. None for good news.
std::vector<std::string> steps_of(const lists::Event& event);
/// "2026-11-20 09:10 delisted spamhaus-zen", newest first, times in UTC.
std::vector<std::string> timeline_lines(const EventView& view);
/// "9 of 12 zones can be seen; blind: corp; quarantined: uceprotect-2; 1 not tested yet"; parts
/// that are empty are left out, and all of it where the coverage isn't known (no zones).
std::string coverage_line(const Coverage& coverage);
/// "listed: 192.0.2.10 (mx1) on zen.spamhaus.org"; of several events their summary and the first
/// subject: "2 listed, 1 delisted: 192.0.2.10 (mx1) and 2 more", or the networks that the summary
/// names. Foreign text in it is not escaped.
std::string subject_line(const Notification& notification);

}  // namespace rblwatch::alerts
