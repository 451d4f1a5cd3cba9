// SPDX-License-Identifier: Apache-2.0
//
// Port: the durable outbox (rule 12). Events, notices and deliveries are three tables: the monitor
// commits events with their notices; the courier seals due notices into deliveries and settles
// attempts. What isn't committed did not happen: a delivery is sent only after seal() returned.
// Called from the courier's thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "alerts/delivery.hpp"
#include "alerts/notification.hpp"
#include "alerts/route.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "lists/event.hpp"

namespace rblwatch::alerts {

class Outbox {
 public:
  Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  virtual ~Outbox() = default;

  /// Unsealed, unmuted notices, oldest first, batches that are held left out.
  virtual core::Result<std::vector<Notice>> unsealed() = 0;
  /// What a message about these notices, all of one channel, is made of: their events in order,
  /// timelines, the mails that they follow, coverage now.
  virtual core::Result<Notification> compose(std::span<const Notice> notices) = 0;
  /// Stores the delivery with its parcel and ties the notices to it, in one transaction flushed to
  /// disk.
  virtual core::Result<void> seal(const Delivery& delivery, std::span<const Notice> notices) = 0;
  /// Deliveries in state waiting, in the order of sealing.
  virtual core::Result<std::vector<Delivery>> waiting() = 0;
  /// Stores what an attempt came to (state, attempts, times, response). `events` (channel_failed)
  /// and their `notices` go in the same transaction.
  virtual core::Result<void> settle(const Delivery& delivery, std::span<const lists::Event> events,
                                    std::span<const Notice> notices) = 0;
};

}  // namespace rblwatch::alerts
