// SPDX-License-Identifier: Apache-2.0
//
// Documents as an operator might meet them, for the tests of report/: a day with trouble, a quiet
// one, none at all, and one whose every text is hostile. All times are around kNow. For the test
// thread.
#pragma once

#include <string>

#include "report/model.hpp"

namespace rblwatch::report::samples {

/// 2026-11-23T12:30:00Z
extern const Timestamp kNow;
/// So long before kNow.
Timestamp ago(core::Millis distance);

ListingView listing();         // mx1 on spamhaus-zen, open
ListingView pending();         // collecting votes
ListingView lost_allow();      // dnswl has dropped it
ListingView doubted();         // listed, not seen for hours
ListingView ended();           // delisted
ListingView of_ipv6();         // a long address
ListingView of_long_domain();  // a name of 200 characters

StatusDoc trouble();         // listings of all sorts, blind and quarantined zones
StatusDoc quiet();           // all seen, nothing listed
StatusDoc stopped();         // the daemon is down
StatusDoc unresolved();      // targets whose addresses aren't known
StatusDoc nothing();         // no target
StatusDoc checked();         // `check`: no daemon
StatusDoc crowd();           // forty listings, long names
StatusDoc neighbours();      // whole networks listed alike, in parts doubted or pending
StatusDoc few_neighbours();  // five of each, as `check` has them
HistoryDoc history();
WhyDoc why();
ZonesDoc zones();
TargetsDoc targets();
AlertsDoc alerts();
ConfigCheckDoc config_check();
std::vector<lists::Event> events();

/// Escape codes, markup, broken UTF-8, wide and combining characters, a formula, quotes.
extern const std::string kHostile;
/// Every text of the document is kHostile.
StatusDoc hostile_status();
StatusDoc hostile_neighbours();
HistoryDoc hostile_history();
WhyDoc hostile_why();
ZonesDoc hostile_zones();
TargetsDoc hostile_targets();
AlertsDoc hostile_alerts();
ConfigCheckDoc hostile_config_check();
std::vector<lists::Event> hostile_events();

}  // namespace rblwatch::report::samples
