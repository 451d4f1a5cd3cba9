// SPDX-License-Identifier: Apache-2.0
//
// What `alerts test` sends: a message of the real form that says in every part of it that it is a
// test. Pure; any thread.
#pragma once

#include <string>

#include "alerts/notification.hpp"
#include "core/time.hpp"

namespace rblwatch::alerts {

/// One listing of an address that is kept for documentation (RFC 5737) on a zone that can't exist
/// (RFC 2606).
Notification test_notification(const std::string& delivery_id, core::Timestamp now);

}  // namespace rblwatch::alerts
