// SPDX-License-Identifier: Apache-2.0
//
// The deliveries of one channel that wait, in the order of sealing, and which of them may go now:
// - one whose time has come, and that shares no subject with an earlier one still undelivered: the
//   order within channel and subject is kept, yet a message that a server can't digest holds up
//   only what follows it. A mailbox that defers a mail which the others took doesn't hold them up
//   either: who lacks a mail waits for it, and who has it gets the next;
// - at most kUnderWay at once; to Slack at most one a second (its limit);
// - none while the server's Retry-After runs: it speaks of the server, not of one message.
// Waits run on ticks, so a wall clock that is set neither rushes nor stalls them. Pure; the
// courier's.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "alerts/channel.hpp"
#include "alerts/delivery.hpp"
#include "alerts/notification.hpp"
#include "core/time.hpp"

namespace rblwatch::alerts {

inline constexpr core::Tick kNever = core::Tick::max();

/// A delivery in state waiting.
struct Waiting {
  Delivery delivery;
  std::vector<std::string> subjects;  // what its events are about, sorted: subject_keys()
  bool is_recorded = true;            // in the outbox; else in memory only
  bool is_under_way = false;
  bool is_withdrawn = false;  // dropped by the operator while under way
  core::Tick next_attempt{};
  core::Tick not_before{};  // its receiver asked for that: no success brings it forward past this
  core::Tick give_up{};
  core::Tick shipped_at{};
  /// Of a mail that is over with some of its recipients: those who still lack it. This process
  /// alone knows that: after a restart it goes to all again.
  std::vector<std::string> outstanding;
  bool has_taker = false;         // some recipient has it
  std::string refused;            // who refused it for good, as text
  std::vector<std::string> to;    // whom the attempt under way is for
  std::vector<std::string> left;  // and who lacks an earlier mail, and gets this one after it
};

/// What the events are about, for keeping the order: "s:192.0.2.10", "z:corp", "c:ops" …
std::vector<std::string> subject_keys(const std::vector<EventView>& events);
/// Whether these keys are of channel_failed events alone.
bool tells_failures_only(const std::vector<std::string>& keys);

class Lane {
 public:
  static constexpr std::size_t kUnderWay = 4;

  /// Behind all others. An id that is here already is left as it is.
  void add(Waiting waiting);
  Waiting* find(const std::string& id);
  void remove(const std::string& id);
  bool is_empty() const { return queue_.empty(); }
  std::list<Waiting>& all() { return queue_; }
  /// Whom the channel's mails are for; none when it sends no mails.
  void set_recipients(const std::vector<std::string>& recipients);

  /// Those that may go now, oldest first, marked as under way. They stay here until removed.
  std::vector<Waiting*> take_due(core::Tick now, ChannelType type);
  /// It is back and waits until `at` for its next attempt, until `not_before` whatever happens.
  void wait_again(Waiting& waiting, core::Tick at, core::Tick not_before = {});
  /// A success: whatever waits for its next attempt may go now, if its receiver didn't ask for the
  /// wait.
  void bring_forward(core::Tick now);
  /// Nothing goes before `until`.
  void hold(core::Tick until);
  /// The channel was changed: what an earlier server asked for is void.
  void release(core::Tick now);
  /// When take_due() has something to give by time alone; kNever when only an arrival can change
  /// that.
  core::Tick next_due() const;
  std::size_t under_way() const { return under_way_; }

 private:
  std::vector<std::string> lacking(const Waiting& waiting) const;

  std::list<Waiting> queue_;
  std::vector<std::string> recipients_;
  std::size_t under_way_ = 0;
  core::Tick held_until_{};   // Retry-After
  core::Tick paced_until_{};  // Slack's rate
};

}  // namespace rblwatch::alerts
