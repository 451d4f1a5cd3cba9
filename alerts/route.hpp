// SPDX-License-Identifier: Apache-2.0
//
// Who is told of an event. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "alerts/channel.hpp"
#include "core/time.hpp"
#include "lists/event.hpp"

namespace rblwatch::alerts {

/// An event for a channel, on its way into a delivery. Notices with the same non-empty `batch` go
/// out as one message when the batch is released; the others when the oldest has waited group_wait.
struct Notice {
  std::int64_t id = 0;        // given by the store
  std::int64_t event_id = 0;  // given by the store: events and notices are committed together
  std::size_t event_offset =
      0;  // which event of the batch being committed; unused once event_id is known
  std::string channel;
  core::Timestamp due_at{};  // when it may be sealed; meaningless while its batch is held
  std::string batch;         // "" = none
  std::string muted_by;      // "" = to be told; else why not
  friend bool operator==(const Notice&, const Notice&) = default;
};

/// Whether the channel wants this event: its type, purpose, severity, tags (events without a target
/// go to channels without tags). channel_failed is never told to the channel that failed.
bool is_wanted(const Channel& channel, const lists::Event& event);

/// One notice per channel that wants the event, due after its group_wait.
std::vector<Notice> route(const lists::Event& event, std::span<const Channel> channels,
                          core::Timestamp now);

}  // namespace rblwatch::alerts
