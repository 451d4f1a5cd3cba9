// SPDX-License-Identifier: Apache-2.0
#include "alerts/lane.hpp"

#include <algorithm>
#include <unordered_set>

namespace rblwatch::alerts {
namespace {

constexpr core::Millis kSlackPause{1000};
constexpr std::string_view kChannelPrefix = "c:";

std::string key_of(const lists::Event& event) {
  if (!event.subject.empty()) {
    return "s:" + event.subject;
  }
  if (!event.channel.empty()) {
    return std::string(kChannelPrefix) + event.channel;
  }
  if (event.zone) {
    return "z:" + event.zone->id;
  }
  if (event.target) {
    return "t:" + event.target->value;
  }
  return event.resolver_servers.empty() ? "storage" : "resolver";
}

/// The subjects of deliveries that haven't arrived.
class Ahead {
 public:
  bool has_any(const std::vector<std::string>& keys) const {
    return std::any_of(keys.begin(), keys.end(),
                       [this](const std::string& key) { return keys_.contains(key); });
  }
  void add(const std::vector<std::string>& keys) { keys_.insert(keys.begin(), keys.end()); }

 private:
  std::unordered_set<std::string_view> keys_;
};

}  // namespace

std::vector<std::string> subject_keys(const std::vector<EventView>& events) {
  std::vector<std::string> keys;
  keys.reserve(events.size());
  for (const EventView& view : events) {
    keys.push_back(key_of(view.event));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

bool tells_failures_only(const std::vector<std::string>& keys) {
  return !keys.empty() && std::all_of(keys.begin(), keys.end(), [](const std::string& key) {
    return key.starts_with(kChannelPrefix);
  });
}

void Lane::add(Waiting waiting) {
  if (find(waiting.delivery.id) == nullptr) {
    queue_.push_back(std::move(waiting));
  }
}

Waiting* Lane::find(const std::string& id) {
  const auto found = std::find_if(queue_.begin(), queue_.end(),
                                  [&](const Waiting& w) { return w.delivery.id == id; });
  return found == queue_.end() ? nullptr : &*found;
}

void Lane::remove(const std::string& id) {
  const auto found = std::find_if(queue_.begin(), queue_.end(),
                                  [&](const Waiting& w) { return w.delivery.id == id; });
  if (found != queue_.end()) {
    under_way_ -= found->is_under_way ? 1 : 0;
    queue_.erase(found);
  }
}

std::vector<Waiting*> Lane::take_due(core::Tick now, ChannelType type) {
  std::vector<Waiting*> due;
  Ahead ahead;
  for (Waiting& waiting : queue_) {
    if (under_way_ >= kUnderWay || now < std::max(held_until_, paced_until_)) {
      break;
    }
    const bool may_go =
        !waiting.is_under_way && waiting.next_attempt <= now && !ahead.has_any(waiting.subjects);
    ahead.add(waiting.subjects);
    if (!may_go) {
      continue;
    }
    waiting.is_under_way = true;
    ++under_way_;
    due.push_back(&waiting);
    if (type == ChannelType::slack) {
      paced_until_ = now + kSlackPause;
    }
  }
  return due;
}

void Lane::wait_again(Waiting& waiting, core::Tick at, core::Tick not_before) {
  under_way_ -= waiting.is_under_way ? 1 : 0;
  waiting.is_under_way = false;
  waiting.next_attempt = at;
  waiting.not_before = not_before;
}

void Lane::bring_forward(core::Tick now) {
  for (Waiting& waiting : queue_) {
    waiting.next_attempt = std::min(waiting.next_attempt, std::max(now, waiting.not_before));
  }
}

void Lane::hold(core::Tick until) {
  held_until_ = std::max(held_until_, until);
}

void Lane::release(core::Tick now) {
  held_until_ = core::Tick{};
  for (Waiting& waiting : queue_) {
    waiting.not_before = core::Tick{};
  }
  bring_forward(now);
}

core::Tick Lane::next_due() const {
  if (under_way_ >= kUnderWay) {
    return kNever;
  }
  core::Tick soonest = kNever;
  Ahead ahead;
  for (const Waiting& waiting : queue_) {
    if (!waiting.is_under_way && !ahead.has_any(waiting.subjects)) {
      soonest = std::min(soonest, waiting.next_attempt);
    }
    ahead.add(waiting.subjects);
  }
  return soonest == kNever ? kNever : std::max({soonest, held_until_, paced_until_});
}

}  // namespace rblwatch::alerts
