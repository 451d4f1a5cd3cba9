// SPDX-License-Identifier: Apache-2.0
//
// The courier: seals due notices into deliveries, hands deliveries to the carrier, settles what
// comes back. At least once, with one id and one body per delivery, in order within a channel and
// subject, no channel waiting for another. turn() does what is due and waits a little; the caller
// loops. One thread.
//
// - Sealing: a channel's notices without a batch go out together when the oldest has waited
// group_wait;
//   each batch is a message of its own. A batch that holds newer events takes what waits before it
//   along, as a message before its own. More than kLargestMessage events are split, and the
//   summaries say so.
// - Order: lane.hpp says which deliveries may go. Deliveries are loaded on the first turn, so one
// that was
//   under way at a kill -9 goes again with the same id and body.
// - A mail that some recipients took and others deferred waits for the others alone: nobody gets it
//   twice but by a restart. Who refuses for good what others took is named, and not asked again.
// - A delivery given up or rejected is failed, and a channel_failed event is recorded for the other
// channels,
//   in the same transaction. A delivery that itself only told of failed channels makes one more
//   only when none was made for its channel since its last success: two dead channels don't tell of
//   each other for ever.
// - Waits run on ticks; what is stored and shown is wall time (rule 13). A notice never waits
// longer than its
//   channel's group_wait, whatever the wall clock does.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "alerts/carrier.hpp"
#include "alerts/channel.hpp"
#include "alerts/lane.hpp"
#include "alerts/outbox.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "lists/neighbours.hpp"

namespace rblwatch::alerts {

class Courier {
 public:
  static constexpr std::size_t kLargestMessage = 1000;  // events

  /// All outlive the courier.
  Courier(Outbox& outbox, Carrier& carrier, const core::Clock& clock, core::Random& random,
          DeliveryOptions options);

  /// On start and reload. Waiting deliveries to a channel that is gone are dropped with that
  /// response; those to one that was changed are tried at once. `watched`: of range targets.
  void set_channels(std::vector<Channel> channels, lists::WatchedCounts watched = {});
  /// New notices may be there: look at the outbox in the next turn.
  void nudge();
  /// Waiting deliveries were changed by somebody else (sent again, dropped): read them again in the
  /// next turn.
  void reload();
  /// Tells an event that can't be stored (rule 14) to the channels that want it, from memory: tried
  /// again like any other, lost with the process.
  void tell_unrecorded(const lists::Event& event, const Coverage& coverage);
  /// Seals, ships, waits for arrivals at most so long, settles. Errors of the outbox are logged and
  /// the same step is tried again in a later turn.
  void turn(core::Millis at_most);
  /// When the next turn has something to do by time; a far future when nothing waits.
  core::Timestamp next_due() const;
  std::size_t under_way() const { return shipped_.size(); }

 private:
  using Group = std::pair<std::string, std::string>;  // channel, batch ("" = none)
  /// The end of a delivery that the outbox has yet to take.
  struct Settlement {
    Delivery delivery;
    std::vector<lists::Event> events;
    std::vector<Notice> notices;
  };

  void load();
  void add_loaded(const Delivery& delivery, std::vector<std::string> subjects);
  void withdraw_unless(const std::set<std::string>& known);
  void seal_due();
  std::map<Group, std::vector<Notice>> plan(std::vector<Notice> notices);
  void note_watched(Notification& notification) const;
  bool seal(const Group& group, std::span<const Notice> notices);
  bool seal_part(const Channel* channel, std::span<const Notice> notices, std::uint32_t part,
                 std::uint32_t parts);
  void ship_due();
  void ship(Lane& lane, Waiting& waiting, const Channel& channel);
  void drop_all(Lane& lane);
  void drop(Lane& lane, Waiting& waiting, const std::string& response);
  void settle(const Arrival& arrival);
  void note_attempt(Waiting& waiting) const;
  void delivered(Lane& lane, Waiting& waiting, const Delivered& receipt);
  void retry(Lane& lane, Waiting& waiting, const Retry& receipt);
  void rejected(Lane& lane, Waiting& waiting, const Rejected& receipt);
  void note_taken(Lane& lane, Waiting& waiting);
  void hand_on(Lane& lane, Waiting& waiting, const std::string& response);
  void wait_again(Lane& lane, Waiting& waiting, core::Millis pause, core::Millis asked);
  void conclude(Lane& lane, Waiting& waiting, const std::string& response);
  void fail(Lane& lane, Waiting& waiting, const std::string& response);
  void finish(Lane& lane, Waiting& waiting, Settlement settlement);
  void settle_again();
  void outbox_trouble(std::string_view step, const core::Error& error);
  core::Tick due_tick() const;
  const Channel* find(const std::string& name) const;

  Outbox& outbox_;
  Carrier& carrier_;
  const core::Clock& clock_;
  core::Random& random_;
  DeliveryOptions options_;
  std::vector<Channel> channels_;
  lists::WatchedCounts watched_;
  std::map<std::string, Lane> lanes_;                     // by channel
  std::unordered_map<std::string, std::string> shipped_;  // delivery with the carrier → its channel
  std::map<Group, core::Tick> seal_at_;                   // notices that wait for their group
  std::vector<Settlement> unsettled_;
  std::set<std::string> failing_;  // channels whose failure was recorded since their last success
  bool is_loaded_ = false;
  bool look_again_ = true;
  core::Tick outbox_again_{};  // not before, after an error of the outbox
};

}  // namespace rblwatch::alerts
