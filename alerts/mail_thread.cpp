// SPDX-License-Identifier: Apache-2.0
#include "alerts/mail_thread.hpp"

#include <algorithm>
#include <optional>

#include "alerts/mime.hpp"
#include "alerts/signature.hpp"

namespace rblwatch::alerts {
namespace {

using lists::Event;
using lists::EventType;

constexpr std::size_t kLongestReferences = 20;

class Ids {
 public:
  explicit Ids(const Channel& channel)
      : channel_(channel.name), domain_(mail_domain(channel.from)) {}

  std::string of_delivery(const std::string& id) const { return "<" + id + "@" + domain_ + ">"; }

  /// Whole seconds: nothing between believing and storing may change it.
  std::optional<std::string> of_listing(const Event& event) const {
    if (!event.zone || !event.listed_at || event.subject.empty()) {
      return std::nullopt;
    }
    const auto began = std::chrono::floor<core::Seconds>(*event.listed_at).time_since_epoch();
    return "<listing-" +
           fingerprint(about(event) + std::string(core::enum_word(event.zone->purpose)) + '\n' +
                       std::to_string(began.count())) +
           "@" + domain_ + ">";
  }

  std::string of_root(const Event& event) const {
    return "<thread-" + fingerprint(about(event)) + "@" + domain_ + ">";
  }

 private:
  /// What the event is about, whatever has happened to it.
  std::string about(const Event& event) const {
    std::string text = channel_ + '\n' + event.subject + '\n';
    text += (event.zone ? event.zone->id : "") + '\n' + event.channel + '\n';
    if (event.subject.empty() && event.target) {
      text += event.target->value;
    }
    return text + '\n';
  }

  std::string channel_;
  std::string domain_;
};

void add_once(std::vector<std::string>& ids, const std::string& id, const std::string& own) {
  if (id != own && ids.size() < kLongestReferences &&
      std::find(ids.begin(), ids.end(), id) == ids.end()) {
    ids.push_back(id);
  }
}

}  // namespace

MailThread mail_thread(const Channel& channel, const Notification& notification) {
  const Ids ids(channel);
  MailThread thread;
  const auto& events = notification.events;
  const auto first = std::find_if(events.begin(), events.end(), [&](const EventView& view) {
    return view.event.type == EventType::listed && ids.of_listing(view.event);
  });
  thread.message_id = first != events.end() ? *ids.of_listing(first->event)
                                            : ids.of_delivery(notification.delivery_id);
  for (const EventView& view : events) {
    const auto listing = ids.of_listing(view.event);
    add_once(thread.references, ids.of_root(view.event), thread.message_id);
    if (!listing) {
      continue;
    }
    add_once(thread.references, *listing, thread.message_id);
    if (thread.in_reply_to.empty() && view.event.type != EventType::listed &&
        *listing != thread.message_id) {
      thread.in_reply_to = *listing;
    }
  }
  return thread;
}

}  // namespace rblwatch::alerts
