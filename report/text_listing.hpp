// SPDX-License-Identifier: Apache-2.0
//
// How one listing is told in the terminal's texts: what it is called, its remarks, and in full with
// reason and links. For the text_*.cpp files of this folder. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "report/model.hpp"
#include "report/shown.hpp"
#include "report/table.hpp"

namespace rblwatch::report {

/// How it stands, in a word: "listed", "lost" (an allow listing that is gone),
/// "allowed", "info", "pending", "delisted", "retired".
std::string state_word(const ListingView& view);
Ink ink_of(const ListingView& view);

/// The meanings, or the codes where there are none; in short, what stands before the explanation:
/// "SBL, XBL".
Cell what_cell(const ListingView& view, const TextStyle& style);
/// "127.0.0.2, 127.0.0.4", in short "127.0.0.2, .4".
Cell codes_cell(const ListingView& view, const TextStyle& style);

/// What else is to be known, a line each: doubt, votes on the way, held, muted, delisting asked
/// for.
std::vector<std::string> remarks_on(const ListingView& view, Timestamp now, const TextStyle& style);

/// "in doubt (timeout): last seen 3 h ago"; "" of what is fresh.
std::string doubt_remark(const ListingView& view, Timestamp now, const TextStyle& style);
/// That the list's own text names the network around the address: lists that take networks often
/// say so, and then one address speaks for its neighbours. "" where it doesn't.
std::string network_remark(const ListingView& view);

/// A cell with the local time; its short form leaves out the year where it is this one, else the
/// time of day.
Cell time_cell(const std::optional<Timestamp>& at, Timestamp now, Ink ink = Ink::plain);

/// "zen.spamhaus.org (spamhaus-zen, Spamhaus)".
std::string zone_text(const ListingView& view, const TextStyle& style);
/// What the list says, beside the label "reason": each TXT record begins a line.
void add_reason(std::string& text, const core::Untrusted& reason, const TextStyle& style);
/// The steps of a removal, numbered, beside the label "steps".
void add_steps(std::string& text, const std::vector<std::string>& steps, const TextStyle& style);

/// A headline and fields, for people who have to act: codes, reason, links, steps.
std::string listing_in_full(const ListingView& view, Timestamp now, const TextStyle& style);

}  // namespace rblwatch::report
