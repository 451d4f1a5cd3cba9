// SPDX-License-Identifier: Apache-2.0
#include "alerts/courier.hpp"

#include <algorithm>

#include "alerts/render.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "core/ulid.hpp"

namespace rblwatch::alerts {
namespace {

using core::Millis;
using core::Tick;

constexpr Millis kOutboxPause{5000};
constexpr Millis kFarFuture{365LL * 24 * 3'600'000};
const std::vector<std::string> kNobody;

/// The channel's type may have been changed under a message that was sealed for another one.
bool fits(const Parcel& parcel, ChannelType type) {
  return std::holds_alternative<MailMessage>(parcel) == (type == ChannelType::email);
}

void add_refused(Waiting& waiting, const std::string& refused) {
  waiting.refused += waiting.refused.empty() || refused.empty() ? refused : ", " + refused;
}

std::string response_of(const Receipt& receipt) {
  return std::visit([](const auto& any) { return any.response; }, receipt);
}

}  // namespace

Courier::Courier(Outbox& outbox, Carrier& carrier, const core::Clock& clock, core::Random& random,
                 DeliveryOptions options)
    : outbox_(outbox),
      carrier_(carrier),
      clock_(clock),
      random_(random),
      options_(std::move(options)) {}

void Courier::set_channels(std::vector<Channel> channels, lists::WatchedCounts watched) {
  for (const Channel& channel : channels) {
    const Channel* before = find(channel.name);
    const auto lane = lanes_.find(channel.name);
    if (lane != lanes_.end() && before != nullptr && !(*before == channel)) {
      lane->second.release(clock_.tick());
    }
  }
  channels_ = std::move(channels);
  watched_ = std::move(watched);
  look_again_ = true;
}

void Courier::nudge() {
  look_again_ = true;
}

void Courier::reload() {
  is_loaded_ = false;
}

const Channel* Courier::find(const std::string& name) const {
  const auto found = std::find_if(channels_.begin(), channels_.end(),
                                  [&](const Channel& channel) { return channel.name == name; });
  return found == channels_.end() ? nullptr : &*found;
}

void Courier::outbox_trouble(std::string_view step, const core::Error& error) {
  core::log_error(std::string(step) + " failed; it is tried again", {{"error", error.text}});
  outbox_again_ = clock_.tick() + kOutboxPause;
  look_again_ = true;
}

void Courier::turn(Millis at_most) {
  if (!is_loaded_ && clock_.tick() >= outbox_again_) {
    load();
  }
  settle_again();
  if (is_loaded_) {  // so that what was sealed before stays in front
    seal_due();
  }
  ship_due();
  const Tick now = clock_.tick();
  const Tick due = due_tick();
  if (due <= now) {
    at_most = Millis(0);
  } else if (due != kNever) {
    at_most = std::min(at_most, std::chrono::ceil<Millis>(due - now));
  }
  for (const Arrival& arrival : carrier_.wait(at_most)) {
    settle(arrival);
  }
}

/// kNever when only an arrival or a nudge can bring work.
Tick Courier::due_tick() const {
  Tick soonest = kNever;
  for (const auto& [group, at] : seal_at_) {
    soonest = std::min(soonest, std::max(at, outbox_again_));
  }
  for (const auto& [name, lane] : lanes_) {
    soonest = std::min(soonest, lane.next_due());
  }
  if (look_again_ || !is_loaded_ || !unsettled_.empty()) {
    soonest = std::min(soonest, outbox_again_);
  }
  return soonest;
}

core::Timestamp Courier::next_due() const {
  const core::ClockPair clocks = core::read_clocks(clock_);
  const Tick due = due_tick();
  if (due == kNever || due - clocks.tick > kFarFuture) {
    return clocks.now + kFarFuture;
  }
  return due <= clocks.tick ? clocks.now
                            : clocks.now + std::chrono::ceil<Millis>(due - clocks.tick);
}

// --- deliveries of earlier days ---

void Courier::load() {
  auto waiting = outbox_.waiting();
  if (!waiting) {
    outbox_trouble("reading waiting deliveries", waiting.error());
    return;
  }
  std::set<std::string> known;
  for (const Settlement& settlement : unsettled_) {
    known.insert(settlement.delivery.id);
  }
  for (const Delivery& delivery : *waiting) {
    const bool is_new =
        known.insert(delivery.id).second && lanes_[delivery.channel].find(delivery.id) == nullptr;
    if (!is_new) {
      continue;
    }
    std::vector<Notice> notices;  // only their events matter here
    for (const std::int64_t event : delivery.events) {
      Notice notice;
      notice.event_id = event;
      notice.channel = delivery.channel;
      notices.push_back(std::move(notice));
    }
    const auto notification = outbox_.compose(notices);
    if (!notification) {
      outbox_trouble("reading the events of a delivery", notification.error());
      return;
    }
    add_loaded(delivery, subject_keys(notification->events));
  }
  withdraw_unless(known);
  is_loaded_ = true;
}

/// What somebody else has dropped goes no more; what is under way is over with its answer.
void Courier::withdraw_unless(const std::set<std::string>& known) {
  for (auto& [name, lane] : lanes_) {
    std::vector<std::string> gone;
    for (Waiting& waiting : lane.all()) {
      const bool is_gone = waiting.is_recorded && !known.contains(waiting.delivery.id);
      waiting.is_withdrawn = is_gone;
      if (is_gone && !waiting.is_under_way) {
        gone.push_back(waiting.delivery.id);
      }
    }
    for (const std::string& id : gone) {
      lane.remove(id);
    }
  }
}

void Courier::add_loaded(const Delivery& delivery, std::vector<std::string> subjects) {
  const core::ClockPair clocks = core::read_clocks(clock_);
  Waiting waiting;
  waiting.delivery = delivery;
  waiting.subjects = std::move(subjects);
  const Resumption remains = resume(delivery, clocks.now, options_);
  waiting.next_attempt = clocks.tick + remains.next_attempt;
  waiting.not_before = clocks.tick + remains.asked;
  waiting.give_up = clocks.tick + remains.give_up;
  Lane& lane = lanes_[delivery.channel];
  lane.add(std::move(waiting));
  lane.hold(clocks.tick + remains.hold);
}

void Courier::tell_unrecorded(const lists::Event& event, const Coverage& coverage) {
  const core::ClockPair clocks = core::read_clocks(clock_);
  for (const Channel& channel : channels_) {
    if (!is_wanted(channel, event)) {
      continue;
    }
    Notification notification;
    notification.delivery_id = core::make_ulid(clocks.now, random_);
    notification.created_at = clocks.now;
    notification.events.push_back({event, {}});
    notification.coverage = coverage;
    Waiting waiting;
    waiting.is_recorded = false;
    waiting.delivery.id = notification.delivery_id;
    waiting.delivery.channel = channel.name;
    waiting.delivery.created_at = clocks.now;
    waiting.delivery.parcel = render(channel, notification);
    waiting.subjects = subject_keys(notification.events);
    waiting.next_attempt = clocks.tick;
    waiting.give_up = clocks.tick + options_.give_up_after;
    lanes_[channel.name].add(std::move(waiting));
  }
}

// --- shipping ---

void Courier::ship_due() {
  for (auto& [name, lane] : lanes_) {
    const Channel* channel = find(name);
    if (channel == nullptr) {
      drop_all(lane);
      continue;
    }
    lane.set_recipients(channel->type == ChannelType::email ? channel->to : kNobody);
    for (Waiting* waiting : lane.take_due(clock_.tick(), channel->type)) {
      ship(lane, *waiting, *channel);
    }
  }
  std::erase_if(lanes_, [this](const auto& entry) {
    return entry.second.is_empty() && find(entry.first) == nullptr;
  });
}

void Courier::ship(Lane& lane, Waiting& waiting, const Channel& channel) {
  const core::ClockPair clocks = core::read_clocks(clock_);
  waiting.shipped_at = clocks.tick;
  if (!fits(waiting.delivery.parcel, channel.type)) {
    fail(lane, waiting, "this was sealed for another type of channel");
    return;
  }
  if (waiting.to.empty() && !waiting.outstanding.empty()) {
    conclude(lane, waiting, "nobody is left who lacks it");
    return;
  }
  shipped_.emplace(waiting.delivery.id, channel.name);
  carrier_.ship({waiting.delivery.id, channel, waiting.delivery.parcel, clocks.now, waiting.to});
}

void Courier::drop_all(Lane& lane) {
  std::vector<Waiting*> gone;
  for (Waiting& waiting : lane.all()) {
    if (!waiting.is_under_way) {
      gone.push_back(&waiting);
    }
  }
  for (Waiting* waiting : gone) {
    drop(lane, *waiting, "the channel is not configured any more");
  }
}

void Courier::drop(Lane& lane, Waiting& waiting, const std::string& response) {
  Delivery delivery = waiting.delivery;
  delivery.state = DeliveryState::dropped;
  delivery.next_attempt_at.reset();
  delivery.response = response;
  core::log_warn(
      "delivery dropped",
      {{"channel", delivery.channel}, {"delivery", delivery.id}, {"response", delivery.response}});
  finish(lane, waiting, {std::move(delivery), {}, {}});
}

// --- settling ---

void Courier::settle(const Arrival& arrival) {
  const auto shipped = shipped_.find(arrival.delivery_id);
  if (shipped == shipped_.end()) {
    return;
  }
  const std::string channel = shipped->second;
  shipped_.erase(shipped);
  Lane& lane = lanes_[channel];
  Waiting* waiting = lane.find(arrival.delivery_id);
  if (waiting == nullptr) {
    return;
  }
  note_attempt(*waiting);
  if (const auto* good = std::get_if<Delivered>(&arrival.receipt)) {
    delivered(lane, *waiting, *good);
  } else if (waiting->is_withdrawn) {
    drop(lane, *waiting, response_of(arrival.receipt));
  } else if (const auto* later = std::get_if<Retry>(&arrival.receipt)) {
    retry(lane, *waiting, *later);
  } else {
    rejected(lane, *waiting, std::get<Rejected>(arrival.receipt));
  }
}

/// By one reading of the clocks with what is stored beside it, so that their differences are true
/// even when the wall clock was set during the attempt.
void Courier::note_attempt(Waiting& waiting) const {
  Delivery& delivery = waiting.delivery;
  ++delivery.attempts;
  delivery.last_attempt_at = core::read_clocks(clock_).wall(waiting.shipped_at);
  delivery.tried_for =
      options_.give_up_after - std::chrono::floor<Millis>(waiting.give_up - waiting.shipped_at);
}

void Courier::delivered(Lane& lane, Waiting& waiting, const Delivered& receipt) {
  note_taken(lane, waiting);
  add_refused(waiting, receipt.refused);
  if (!waiting.left.empty() && !waiting.is_withdrawn) {
    hand_on(lane, waiting, receipt.response);
  } else {
    conclude(lane, waiting, receipt.response);
  }
}

/// A success of the channel, if of a part of a mail's recipients only.
void Courier::note_taken(Lane& lane, Waiting& waiting) {
  waiting.has_taker = true;
  failing_.erase(waiting.delivery.channel);
  lane.bring_forward(clock_.tick());
}

/// The attempt is over with all that it was for; the others are behind an earlier mail.
void Courier::hand_on(Lane& lane, Waiting& waiting, const std::string& response) {
  waiting.outstanding = waiting.left;
  waiting.delivery.response =
      response + "; behind an earlier mail: " + core::join(waiting.left, ", ");
  wait_again(lane, waiting, Millis(0), Millis(0));
}

void Courier::conclude(Lane& lane, Waiting& waiting, const std::string& response) {
  Delivery delivery = waiting.delivery;
  delivery.state = DeliveryState::delivered;
  delivery.next_attempt_at.reset();
  delivery.response = response + (waiting.refused.empty() ? "" : "; refused: " + waiting.refused);
  core::log_info("delivered", {{"channel", delivery.channel},
                               {"delivery", delivery.id},
                               {"attempts", delivery.attempts},
                               {"response", delivery.response}});
  finish(lane, waiting, {std::move(delivery), {}, {}});
}

void Courier::retry(Lane& lane, Waiting& waiting, const Retry& receipt) {
  const core::Tick now = clock_.tick();
  Delivery& delivery = waiting.delivery;
  const bool is_partly_taken = !receipt.outstanding.empty();
  if (is_partly_taken) {
    note_taken(lane, waiting);
    add_refused(waiting, receipt.refused);
    waiting.outstanding = receipt.outstanding;
    waiting.outstanding.insert(waiting.outstanding.end(), waiting.left.begin(), waiting.left.end());
  }
  const Channel* channel = find(delivery.channel);
  const ChannelType type = channel != nullptr ? channel->type : ChannelType::webhook;
  // Its age by the clock that only goes forward: a wall clock set ahead gives nothing up.
  const auto left = std::chrono::floor<Millis>(waiting.give_up - now);
  const core::Timestamp virtual_now = delivery.created_at + (options_.give_up_after - left);
  const auto next = next_attempt(delivery, type, receipt, virtual_now, options_, random_.unit());
  if (!next) {
    fail(lane, waiting, receipt.response);
    return;
  }
  const Millis pause = *next - virtual_now;
  const Millis asked = asked_pause(type, receipt, options_);
  if (receipt.retry_after) {
    lane.hold(now + asked);
  }
  delivery.response = receipt.response;
  core::log(delivery.attempts == 1 ? core::LogLevel::warn : core::LogLevel::info,
            is_partly_taken ? "mail not taken by all; it is tried again for the others"
                            : "delivery not taken; it is tried again",
            {{"channel", delivery.channel},
             {"delivery", delivery.id},
             {"attempts", delivery.attempts},
             {"response", delivery.response},
             {"in", core::to_human(pause)}});
  wait_again(lane, waiting, pause, asked);
}

/// Back in its lane, and what the attempt came to stored.
void Courier::wait_again(Lane& lane, Waiting& waiting, Millis pause, Millis asked) {
  const core::ClockPair clocks = core::read_clocks(clock_);
  Delivery& delivery = waiting.delivery;
  delivery.next_attempt_at = clocks.now + pause;
  lane.wait_again(waiting, clocks.tick + pause, clocks.tick + asked);
  if (waiting.is_recorded) {
    if (const auto stored = outbox_.settle(delivery, {}, {}); !stored) {
      // Not tried again: the next attempt stores its own outcome.
      core::log_error("storing an attempt failed", {{"error", stored.error().text}});
    }
  }
}

/// For good, by all that the attempt was for: a failure, unless it was a mail that others took or
/// may take. Then it is as if all had been asked at once.
void Courier::rejected(Lane& lane, Waiting& waiting, const Rejected& receipt) {
  const std::string& response = receipt.response;
  const bool has_others = waiting.has_taker || !waiting.left.empty();
  if (!receipt.is_of_recipients || !has_others) {
    fail(lane, waiting, response);
    return;
  }
  core::log_warn("a mail was refused by some recipients", {{"channel", waiting.delivery.channel},
                                                           {"delivery", waiting.delivery.id},
                                                           {"response", response}});
  add_refused(waiting, response);
  if (!waiting.left.empty()) {
    hand_on(lane, waiting, response);
  } else {
    conclude(lane, waiting, "taken by the others");
  }
}

void Courier::fail(Lane& lane, Waiting& waiting, const std::string& response) {
  Settlement settlement{waiting.delivery, {}, {}};
  Delivery& delivery = settlement.delivery;
  delivery.state = DeliveryState::failed;
  delivery.next_attempt_at.reset();
  delivery.response = response;
  core::log_error("delivery failed for good", {{"channel", delivery.channel},
                                               {"delivery", delivery.id},
                                               {"attempts", delivery.attempts},
                                               {"response", delivery.response}});
  const bool is_told = failing_.contains(delivery.channel);
  if (waiting.is_recorded && !(is_told && tells_failures_only(waiting.subjects))) {
    lists::Event event;
    event.type = lists::EventType::channel_failed;
    event.at = clock_.now();
    event.severity = lists::event_severity(event.type, lists::Severity::high);
    event.channel = delivery.channel;
    event.cause = response;
    event.since = delivery.created_at;
    settlement.notices = route(event, channels_, event.at);
    settlement.events.push_back(std::move(event));
    failing_.insert(delivery.channel);
  }
  finish(lane, waiting, std::move(settlement));
}

/// Takes it out of its lane and records its end.
void Courier::finish(Lane& lane, Waiting& waiting, Settlement settlement) {
  const bool is_recorded = waiting.is_recorded;
  lane.remove(std::string(waiting.delivery.id));
  if (!is_recorded) {
    return;
  }
  unsettled_.push_back(std::move(settlement));
  settle_again();
}

void Courier::settle_again() {
  while (!unsettled_.empty() && clock_.tick() >= outbox_again_) {
    const Settlement& first = unsettled_.front();
    const auto stored = outbox_.settle(first.delivery, first.events, first.notices);
    if (!stored) {
      outbox_trouble("storing the end of a delivery", stored.error());
      return;
    }
    look_again_ = look_again_ || !first.notices.empty();
    unsettled_.erase(unsettled_.begin());
  }
}

}  // namespace rblwatch::alerts
