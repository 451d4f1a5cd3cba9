// SPDX-License-Identifier: Apache-2.0
#include "alerts/test_message.hpp"

#include <utility>

namespace rblwatch::alerts {

Notification test_notification(const std::string& delivery_id, core::Timestamp now) {
  constexpr const char* kAddress = "192.0.2.1";
  lists::Event event;
  event.type = lists::EventType::listed;
  event.at = now;
  event.severity = lists::Severity::low;
  event.target = lists::TargetRef{"test alert", kAddress, {}};
  event.targets = {"test alert"};
  event.subject = kAddress;
  event.kind = lists::Kind::ipv4;
  event.zone = lists::ZoneRef{"test-alert", "test-alert.invalid", "rblwatch", lists::Severity::low,
                              lists::Purpose::block};
  event.codes = {"127.0.0.2"};
  event.added = event.codes;
  event.meanings = {"this is a test, nothing is listed"};
  event.reason = core::Untrusted(
      "Sent by rblwatch alerts test, to show that alerts arrive here and what they "
      "look like.");
  event.listed_at = now;
  event.delist_steps = {"Nothing is to be done: this is a test."};
  Notification notification;
  notification.delivery_id = delivery_id;
  notification.created_at = now;
  notification.events.push_back({std::move(event), {}});
  notification.is_test = true;
  return notification;
}

}  // namespace rblwatch::alerts
