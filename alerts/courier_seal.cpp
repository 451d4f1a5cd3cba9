// SPDX-License-Identifier: Apache-2.0
// The courier's first half: from notices to sealed deliveries.
#include <algorithm>

#include "alerts/courier.hpp"
#include "alerts/render.hpp"
#include "core/log.hpp"
#include "core/ulid.hpp"

namespace rblwatch::alerts {
namespace {

using core::Millis;
using core::Tick;

constexpr std::int64_t oldest(const std::vector<Notice>& notices) {
  return notices.front().event_id;
}
constexpr std::int64_t newest(const std::vector<Notice>& notices) {
  return notices.back().event_id;
}

std::vector<std::int64_t> ids_of(const Notification& notification) {
  std::vector<std::int64_t> ids;
  ids.reserve(notification.events.size());
  for (const EventView& view : notification.events) {
    ids.push_back(view.event.id);
  }
  return ids;
}

/// A message for nobody: what a channel that is gone would have been told is still shown by
/// `alerts`.
Parcel render_for(const Channel* channel, const Notification& notification) {
  return channel != nullptr ? render(*channel, notification) : Parcel(render_webhook(notification));
}

}  // namespace

/// The groups whose time has come; those that wait stay in seal_at_.
std::map<Courier::Group, std::vector<Notice>> Courier::plan(std::vector<Notice> notices) {
  std::stable_sort(notices.begin(), notices.end(),
                   [](const Notice& a, const Notice& b) { return a.event_id < b.event_id; });
  const core::ClockPair clocks = core::read_clocks(clock_);
  std::map<Group, std::vector<Notice>> groups;
  std::map<Group, Tick> seal_at;
  for (Notice& notice : notices) {
    const Group group{notice.channel, notice.batch};
    const Channel* channel = find(notice.channel);
    const Millis most = channel != nullptr ? channel->group_wait : Millis(0);
    const Tick at = clocks.tick + std::clamp(notice.due_at - clocks.now, Millis(0), most);
    const auto known = seal_at_.find(group);
    Tick& soonest =
        seal_at.try_emplace(group, known != seal_at_.end() ? known->second : at).first->second;
    soonest = std::min(soonest, at);
    groups[group].push_back(std::move(notice));
  }
  for (const auto& [group, held] : groups) {
    const auto plain = groups.find(Group{group.first, ""});
    if (!group.second.empty() && seal_at[group] <= clocks.tick && plain != groups.end() &&
        oldest(plain->second) < newest(held)) {
      seal_at[plain->first] = clocks.tick;
    }
  }
  std::erase_if(groups, [&](const auto& entry) { return seal_at[entry.first] > clocks.tick; });
  seal_at_ = std::move(seal_at);
  return groups;
}

void Courier::seal_due() {
  const Tick now = clock_.tick();
  const bool is_time = std::any_of(seal_at_.begin(), seal_at_.end(),
                                   [&](const auto& entry) { return entry.second <= now; });
  if ((!look_again_ && !is_time) || now < outbox_again_) {
    return;
  }
  auto notices = outbox_.unsealed();
  if (!notices) {
    outbox_trouble("reading notices", notices.error());
    return;
  }
  look_again_ = false;
  const auto due = plan(std::move(*notices));
  std::vector<const std::pair<const Group, std::vector<Notice>>*> in_order;
  in_order.reserve(due.size());
  for (const auto& entry : due) {
    in_order.push_back(&entry);
  }
  std::stable_sort(in_order.begin(), in_order.end(), [](const auto* a, const auto* b) {
    return oldest(a->second) < oldest(b->second);
  });
  for (const auto* entry : in_order) {
    if (seal(entry->first, entry->second)) {
      seal_at_.erase(entry->first);
    }
  }
}

/// An event knows its target, and not what is excepted of it.
void Courier::note_watched(Notification& notification) const {
  for (EventView& view : notification.events) {
    const auto count = view.event.target ? watched_.find(view.event.target->name) : watched_.end();
    if (count != watched_.end()) {
      view.watched = count->second;
    }
  }
}

bool Courier::seal(const Group& group, std::span<const Notice> notices) {
  const Channel* channel = find(group.first);
  const auto parts =
      static_cast<std::uint32_t>((notices.size() + kLargestMessage - 1) / kLargestMessage);
  for (std::uint32_t part = 1; part <= parts; ++part) {
    const std::size_t begin = (part - 1) * kLargestMessage;
    const std::size_t count = std::min(kLargestMessage, notices.size() - begin);
    if (!seal_part(channel, notices.subspan(begin, count), part, parts)) {
      return false;
    }
  }
  return true;
}

bool Courier::seal_part(const Channel* channel, std::span<const Notice> notices, std::uint32_t part,
                        std::uint32_t parts) {
  auto notification = outbox_.compose(notices);
  if (!notification) {
    outbox_trouble("composing a message", notification.error());
    return false;
  }
  const core::ClockPair clocks = core::read_clocks(clock_);
  notification->delivery_id = core::make_ulid(clocks.now, random_);
  notification->created_at = clocks.now;
  notification->part = part;
  notification->parts = parts;
  note_watched(*notification);

  Waiting waiting;
  waiting.delivery.id = notification->delivery_id;
  waiting.delivery.channel = notices.front().channel;
  waiting.delivery.created_at = clocks.now;
  waiting.delivery.next_attempt_at = clocks.now;
  waiting.delivery.parcel = render_for(channel, *notification);
  waiting.delivery.events = ids_of(*notification);
  waiting.subjects = subject_keys(notification->events);
  waiting.next_attempt = clocks.tick;
  waiting.give_up = clocks.tick + options_.give_up_after;
  if (const auto sealed = outbox_.seal(waiting.delivery, notices); !sealed) {
    outbox_trouble("sealing a message", sealed.error());
    return false;
  }
  core::log_debug("delivery sealed", {{"channel", waiting.delivery.channel},
                                      {"delivery", waiting.delivery.id},
                                      {"events", std::uint64_t{waiting.delivery.events.size()}}});
  Lane& lane = lanes_[waiting.delivery.channel];
  lane.add(std::move(waiting));
  return true;
}

}  // namespace rblwatch::alerts
