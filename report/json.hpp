// SPDX-License-Identifier: Apache-2.0
//
// The contract's JSON documents: every key always there, null or [] where it doesn't apply, times
// in RFC 3339 with Z, foreign bytes as U+FFFD. One document per call, ending in a newline. Any
// thread.
#pragma once

#include <string>

#include "core/result.hpp"
#include "report/model.hpp"

namespace rblwatch::report {

std::string to_json(const StatusDoc& document);
std::string to_json(const HistoryDoc& document);
std::string to_json(const EventsDoc& document);
std::string to_json(const WhyDoc& document);
std::string to_json(const ZonesDoc& document);
std::string to_json(const TargetsDoc& document);
std::string to_json(const AlertsDoc& document);
std::string to_json(const ConfigCheckDoc& document);

/// {"error": TEXT}: what a program gets over HTTP in place of a document.
std::string error_json(const std::string& error, Timestamp now);

/// Reads back what to_json(WhyDoc) wrote: how the command line takes `why` from a running daemon.
core::Result<WhyDoc> why_from_json(const std::string& json);

}  // namespace rblwatch::report
