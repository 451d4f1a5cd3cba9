// SPDX-License-Identifier: Apache-2.0
//
// What the terminal's texts and the page for people say in the same words: the answer in a
// sentence, how much of the world it stands on, the daemon, and what a listing or an event counts
// as. Texts are shown (shown.hpp) already. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "lists/event.hpp"
#include "report/model.hpp"
#include "report/shown.hpp"

namespace rblwatch::report {

/// "516", "65 536".
std::string number(std::uint64_t value);

/// "2 listed, 1 pending"; where it is neither, whether nothing is listed or nothing is known to be.
std::string findings(const Summary& summary);
/// The findings, and how many pairs are unknown: a sentence.
std::string headline(const Summary& summary);
/// Good only where nothing is open or unknown.
Ink headline_ink(const Summary& summary);
/// Subjects, targets, and how many zones are seeing, blind, quarantined, untested: a sentence.
std::string coverage(const StatusDoc& document);

/// A daemon was there, and runs no more. Of `check` there is none.
bool has_stopped(const StatusDoc& document);
/// What is shown is as old as this: of a daemon that doesn't run.
std::string stopped_line(const DaemonView& daemon, Timestamp now, const TextStyle& style);
/// Version, since when it runs, its last sweep; or the stopped line.
std::string daemon_line(const DaemonView& daemon, Timestamp now, const TextStyle& style);

/// Which part of `status` a listing belongs to, the gravest first.
enum class Section { listed, lost, pending, info, allowed };
inline constexpr std::array kSections{Section::listed, Section::lost, Section::pending,
                                      Section::info, Section::allowed};
Section section_of(const ListingView& view);
std::string_view title_of(Section section);
/// When it began to stand as it does: of a lost allow listing, when it was lost.
std::optional<Timestamp> began(const ListingView& view);

/// Why there is nothing to tell; "" where pairs are asked.
struct Nothing {
  std::string why;
  Ink ink = Ink::doubtful;
  bool wants_target = false;  // kExampleTarget and kAfterExample help
};
Nothing nothing_to_tell(const StatusDoc& document);
/// "Nothing was asked: the zones in use have no data for this (4 pairs unsupported)."
std::string no_data(const std::string& nothing, const Summary& summary);
inline constexpr std::string_view kExampleTarget =
    "    [[target]]\n"
    "    address = \"192.0.2.10\"\n"
    "    name    = \"mx1\"\n";
inline constexpr std::string_view kAfterExample =
    "and reload rblwatchd, or ask once without it: rblwatch check 192.0.2.10";

Ink ink_of_event(const lists::Event& event);

}  // namespace rblwatch::report
