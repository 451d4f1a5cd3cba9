// SPDX-License-Identifier: Apache-2.0
//
// The same documents for people at a terminal: columns that fit its width, colour only where asked,
// no character beyond ASCII unless the locale has UTF-8, foreign text escaped. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "report/model.hpp"

namespace rblwatch::report {

struct TextStyle {
  unsigned width = 80;  // columns
  bool color = false;
  bool utf8 = false;
  bool quiet_clear = false;  // leave out what is fine
  bool utc = false;          // times in UTC, which their reader may not share with this machine
  bool each_single = false;  // also those that are told as one with their neighbours
};

std::string to_text(const StatusDoc& document, const TextStyle& style);
/// `check`: like status, with reasons, links and steps of each listing.
std::string check_to_text(const StatusDoc& document, const TextStyle& style);
std::string to_text(const HistoryDoc& document, const TextStyle& style);
std::string to_text(const WhyDoc& document, const TextStyle& style);
std::string to_text(const ZonesDoc& document, const TextStyle& style);
/// One zone in full.
std::string zone_to_text(const ZoneDetail& zone, const TextStyle& style, core::Timestamp now,
                         const std::optional<DaemonView>& daemon = {});
std::string to_text(const TargetsDoc& document, const TextStyle& style);
std::string to_text(const AlertsDoc& document, const TextStyle& style);
std::string to_text(const ConfigCheckDoc& document, const TextStyle& style);
/// `history --events`, from the events themselves.
std::string events_to_text(const std::vector<lists::Event>& events, bool more,
                           const TextStyle& style, core::Timestamp now);

}  // namespace rblwatch::report
