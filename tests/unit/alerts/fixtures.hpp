// SPDX-License-Identifier: Apache-2.0
//
// What the tests of alerts share: times that read well, events as the monitor makes them, channels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alerts/channel.hpp"
#include "alerts/notification.hpp"
#include "core/time.hpp"

namespace rblwatch::alerts::test {

/// RFC 3339; a broken one fails the test.
core::Timestamp at(std::string_view rfc3339);

/// A listing on zen.spamhaus.org, complete: target, codes, TXT, links, steps, evidence.
lists::Event listed(std::string subject = "192.0.2.10",
                    std::string_view listed_at = "2026-11-23T09:08:00Z");
/// The end of the listing above.
lists::Event delisted(std::string subject = "192.0.2.10",
                      std::string_view listed_at = "2026-11-23T09:08:00Z");
/// The first so many addresses of the range target "office-net", listed alike on uceprotect-2.
std::vector<lists::Event> of_range(std::size_t count, const std::string& range = "203.0.113.0/24");
lists::Event zone_blind(std::string cause = "refused");
lists::Event resolver_blind();
lists::Event channel_failed(std::string channel);

/// Three earlier events of a subject, newest first.
std::vector<lists::TimelineEntry> timeline();
Coverage coverage();
/// A message of these events, delivery 01JDCVX5P0000000000000000A, with the timeline for each
/// subject.
Notification notification(std::vector<lists::Event> events);

Channel webhook(std::string name = "ops");
Channel slack(std::string name = "chat");
Channel email(std::string name = "mail");

}  // namespace rblwatch::alerts::test
