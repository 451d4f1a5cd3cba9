// SPDX-License-Identifier: Apache-2.0
#include "alerts/lane.hpp"

#include <algorithm>
#include <unordered_map>
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

bool has(const std::vector<std::string>& some, const std::string& one) {
  return std::find(some.begin(), some.end(), one) != some.end();
}

/// The deliveries in front that haven't arrived: whose subjects wait for everybody, and, of mails
/// that only some have, whose subjects wait for the others.
class Ahead {
 public:
  bool holds(const Waiting& waiting) const {
    return std::any_of(waiting.subjects.begin(), waiting.subjects.end(),
                       [this](const std::string& key) { return keys_.contains(key); });
  }
  bool holds(const Waiting& waiting, const std::string& recipient) const {
    return std::any_of(waiting.subjects.begin(), waiting.subjects.end(), [&](const auto& key) {
      const auto mails = partly_.find(key);
      return mails != partly_.end() &&
             std::any_of(mails->second.begin(), mails->second.end(),
                         [&](const Waiting* mail) { return has(mail->outstanding, recipient); });
    });
  }
  /// Whether all of these recipients have to wait.
  bool holds(const Waiting& waiting, const std::vector<std::string>& recipients) const {
    return holds(waiting) ||
           (!recipients.empty() &&
            std::all_of(recipients.begin(), recipients.end(),
                        [&](const std::string& one) { return holds(waiting, one); }));
  }
  void add(const Waiting& waiting) {
    for (const std::string& key : waiting.subjects) {
      if (waiting.outstanding.empty()) {
        keys_.insert(key);
      } else {
        partly_[key].push_back(&waiting);
      }
    }
  }

 private:
  std::unordered_set<std::string_view> keys_;
  std::unordered_map<std::string_view, std::vector<const Waiting*>> partly_;
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

void Lane::set_recipients(const std::vector<std::string>& recipients) {
  if (recipients_ != recipients) {
    recipients_ = recipients;
  }
}

/// Nobody who isn't written to any more.
std::vector<std::string> Lane::lacking(const Waiting& waiting) const {
  if (waiting.outstanding.empty()) {
    return recipients_;
  }
  std::vector<std::string> those = waiting.outstanding;
  std::erase_if(those, [this](const std::string& one) { return !has(recipients_, one); });
  return those;
}

std::vector<Waiting*> Lane::take_due(core::Tick now, ChannelType type) {
  std::vector<Waiting*> due;
  Ahead ahead;
  for (Waiting& waiting : queue_) {
    if (under_way_ >= kUnderWay || now < std::max(held_until_, paced_until_)) {
      break;
    }
    const std::vector<std::string> recipients = lacking(waiting);
    const bool may_go =
        !waiting.is_under_way && waiting.next_attempt <= now && !ahead.holds(waiting, recipients);
    if (may_go) {
      waiting.to.clear();
      waiting.left.clear();
      for (const std::string& one : recipients) {
        (ahead.holds(waiting, one) ? waiting.left : waiting.to).push_back(one);
      }
    }
    ahead.add(waiting);
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
    if (!waiting.is_under_way && !ahead.holds(waiting, lacking(waiting))) {
      soonest = std::min(soonest, waiting.next_attempt);
    }
    ahead.add(waiting);
  }
  return soonest == kNever ? kNever : std::max({soonest, held_until_, paced_until_});
}

}  // namespace rblwatch::alerts
