// SPDX-License-Identifier: Apache-2.0
//
// The contract's JSON of an event: the one spelling for webhooks, `history --events` and the HTTP
// API. Any thread.
#pragma once

#include <string>

#include "alerts/notification.hpp"

namespace rblwatch::alerts {

/// One JSON object, every key of the contract present, times in RFC 3339, foreign bytes as U+FFFD.
std::string event_json(const EventView& view);

}  // namespace rblwatch::alerts
