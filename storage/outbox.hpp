// SPDX-License-Identifier: Apache-2.0
//
// Notices and deliveries as rows: what Store's outbox side does inside a transaction. The states of
// a delivery and who may change them stand in docs/storage.md. Internal to storage; the writer's
// thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "alerts/delivery.hpp"
#include "alerts/notification.hpp"
#include "alerts/route.hpp"
#include "storage/sqlite.hpp"

namespace rblwatch::storage {

std::vector<alerts::Notice> read_unsealed(Transaction& transaction);
/// Fails when a notice is sealed, muted, held or unknown.
void write_delivery(Transaction& transaction, const alerts::Delivery& delivery,
                    std::span<const alerts::Notice> notices);
/// Ids of the events in a delivery, oldest first.
std::vector<std::int64_t> read_events_of(Transaction& transaction, const std::string& delivery);
/// The sentence of an event; "" when it is pruned.
std::string read_text_of(Transaction& transaction, std::int64_t event);
std::vector<alerts::Delivery> read_waiting(Transaction& transaction);
void settle_delivery(Transaction& transaction, const alerts::Delivery& delivery);
void resend_delivery(Transaction& transaction, const std::string& id, core::Timestamp now);
void drop_delivery(Transaction& transaction, const std::string& id);

/// Earlier events of the event's subject, newest first; none for events without a subject.
std::vector<lists::TimelineEntry> read_timeline(Transaction& transaction,
                                                const lists::Event& event);
/// Of the zones that are asked: the worst of each one's kinds.
alerts::Coverage read_coverage(Transaction& transaction);
/// All but delivery_id and created_at, which the courier gives.
alerts::Notification read_notification(Transaction& transaction,
                                       std::span<const alerts::Notice> notices);

}  // namespace rblwatch::storage
