// SPDX-License-Identifier: Apache-2.0
#include "alerts/mail_thread.hpp"

#include <algorithm>

#include "alerts/mime.hpp"
#include "core/check.hpp"

namespace rblwatch::alerts {
namespace {

using lists::EventType;

constexpr std::size_t kLongestReferences = 50;  // of a message with a thousand delistings

}  // namespace

MailThread mail_thread(const Channel& channel, const Notification& notification) {
  MailThread thread;
  thread.message_id = "<" + notification.delivery_id + "@" + mail_domain(channel.from) + ">";
  std::vector<std::string>& known = thread.references;
  for (const EventView& view : notification.events) {
    const std::string& id = view.follows;
    if (!id.empty() && known.size() < kLongestReferences &&
        std::find(known.begin(), known.end(), id) == known.end()) {
      known.push_back(id);
    }
  }
  thread.in_reply_to = known.empty() ? "" : known.front();
  return thread;
}

std::string message_id_of(std::string_view message) {
  constexpr std::string_view kName = "\r\nMessage-ID: ";
  const std::string_view head = message.substr(0, message.find("\r\n\r\n"));
  const std::size_t at = head.find(kName);
  if (at == std::string_view::npos) {
    return "";
  }
  const std::string_view rest = head.substr(at + kName.size());
  return std::string(rest.substr(0, rest.find("\r\n")));
}

std::optional<EventType> begun_by(EventType type) {
  switch (type) {
    case EventType::changed:
    case EventType::delisted:
    case EventType::overdue:
    case EventType::retired:
      return EventType::listed;
    case EventType::zone_seeing:
      return EventType::zone_blind;
    case EventType::zone_released:
      return EventType::zone_quarantined;
    case EventType::resolver_seeing:
      return EventType::resolver_blind;
    case EventType::target_resolved:
      return EventType::target_unresolved;
    case EventType::listed:
    case EventType::zone_blind:
    case EventType::zone_quarantined:
    case EventType::resolver_blind:
    case EventType::target_unresolved:
    case EventType::channel_failed:
    case EventType::storage_failed:
      return std::nullopt;
  }
  RBL_CHECK(false);
}

}  // namespace rblwatch::alerts
