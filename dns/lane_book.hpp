// SPDX-License-Identifier: Apache-2.0
//
// The lanes (one per zone): each one's pace, the pace over all, and how many of the places in
// flight a lane may take, so that a dead or slow one leaves room for the others. Time is passed in.
// One object belongs to one thread.
//
// A packet is first promised (it waits for its server's window), then sent or withdrawn; the pace
// counts what was sent, and gives out no more promises than it has packets, so what is promised can
// always be sent.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/time.hpp"
#include "dns/options.hpp"
#include "dns/question.hpp"
#include "dns/rate_limit.hpp"
#include "dns/resolver.hpp"
#include "dns/rtt_estimate.hpp"

namespace rblwatch::dns {

class LaneBook {
 public:
  LaneBook(const ResolverOptions& options, core::Tick now);

  /// New limits; what is in flight stays counted.
  void set_limits(std::span<const LaneLimit> limits, core::Tick now);
  bool is_paced(Lane lane) const;
  bool can_submit(Lane lane, core::Tick now) const;
  /// When the paces next allow a packet of this lane; whole ticks of 50 ms where the pace is a fast
  /// one, for a wake-up costs more than a question. The end of time where the lane has no place:
  /// what frees one is no matter of time.
  core::Tick next_slot(Lane lane, core::Tick now) const;

  /// A lookup that is to go to a server of this role takes a place. False when its first packet
  /// has to wait for a pace after all: can_submit() goes by the role of the lane's last lookup.
  bool enter(Lane lane, ServerRole role, core::Tick now);
  void leave(Lane lane);
  std::size_t in_flight() const { return in_flight_; }
  std::size_t places() const { return places_; }

  /// A packet to a server of this role.
  bool can_promise(Lane lane, ServerRole role, core::Tick now) const;
  core::Tick when_promisable(Lane lane, ServerRole role, core::Tick now) const;
  void promise(Lane lane, ServerRole role);
  void withdraw(Lane lane, ServerRole role);
  void send_promised(Lane lane, ServerRole role, core::Tick now);
  /// A promised packet is held until a place of its lane is free: others may have its token, but it
  /// still counts among what waits of the lane. It is promised anew after release().
  void hold(Lane lane, ServerRole role);
  void release(Lane lane) { --at(lane).held; }
  /// What could go has gone: whether packets to resolvers are promised still.
  void note_flushed() { is_stuck_ = overall_.is_limited() && overall_promised_ > 0; }
  /// A packet sent without a promise (TCP). Pre: can_promise() now.
  void send_at_once(Lane lane, ServerRole role, core::Tick now);
  /// So many retries wait for the pace: new lookups of their lane stand behind them, and those of
  /// all lanes where only the pace over all keeps them back. For how many that is so;
  /// dequeue_retries() wants to know.
  std::uint32_t queue_retries(Lane lane, ServerRole role, std::uint32_t count, core::Tick now);
  void dequeue_retries(Lane lane, std::uint32_t count, std::uint32_t for_all);

  /// What came of a question. A lane whose questions stay unanswered gets fewer places.
  void note_reply(Lane lane, core::Micros rtt, bool is_exact);
  void note_silence(Lane lane);
  /// Replies come later than expected, and after a resend: see RttEstimate.
  void back_off(Lane lane) { at(lane).rtt.back_off(); }
  /// A question of the lane, sent then, was answered.
  void note_answered(Lane lane, core::Tick sent_at);
  /// Whether one sent then or later has been answered: else the lane may be slow or dead, and what
  /// is overdue isn't lost.
  bool has_answered_since(Lane lane, core::Tick sent_at) const {
    return at(lane).newest_answered >= sent_at;
  }
  bool is_silent(Lane lane) const { return is_silent(at(lane)); }
  /// Whether its last question over TCP to come to an end kept a connection waiting in vain: the
  /// next ones must not hold up those of other lanes.
  bool is_silent_over_tcp(Lane lane) const { return at(lane).is_silent_over_tcp; }
  void note_silence_over_tcp(Lane lane) { at(lane).is_silent_over_tcp = true; }
  void note_reply_over_tcp(Lane lane) { at(lane).is_silent_over_tcp = false; }
  /// Questions on their way that still hold a place in a server's window. A lane that doesn't
  /// answer, or has not yet, may hold only a few: it must not fill the windows of servers that
  /// others need.
  void enter_window(Lane lane, bool is_laggard);
  void leave_window(Lane lane, bool was_laggard);
  bool is_in_window(Lane lane) const { return at(lane).in_window > 0; }
  bool has_window(Lane lane) const;
  /// The same for a lane that is far slower than others of its server: a quarter of the window, and
  /// even parts of a half where there are several.
  bool has_laggards_window(Lane lane, double window) const;
  bool is_alone() const { return busy_lanes_ <= 1; }
  bool is_proven(Lane lane) const { return at(lane).is_heard && !is_silent(lane); }
  const RttEstimate& rtt(Lane lane) const { return at(lane).rtt; }

 private:
  static constexpr std::uint32_t kSilent = 8;
  static constexpr std::uint32_t kUnprovenWindow = 12;

  struct State {
    RateLimit pace;
    std::uint32_t in_flight = 0;
    std::uint32_t promised = 0;
    std::uint32_t promised_to_resolvers = 0;  // of these
    std::uint32_t held = 0;
    std::uint32_t waiting_retries = 0;
    std::uint32_t waiting_for_all = 0;  // of these, for the pace over all
    std::uint32_t silent_run = 0;       // counted up to where it is silent
    std::uint32_t silent_places = 0;    // what it may have then
    std::uint32_t in_window = 0;
    std::uint32_t laggards = 0;  // of these, that entered as such
    bool is_heard = false;       // a reply came, ever
    bool is_silent_over_tcp = false;
    ServerRole last_role = ServerRole::resolver;
    core::Tick newest_answered{};  // when the latest question that got a reply was sent
    RttEstimate rtt;
  };

  State& at(Lane lane) {
    if (lane.value >= lanes_.size()) lanes_.resize(lane.value + 1U);
    return lanes_.data()[lane.value];
  }
  const State& at(Lane lane) const {
    return lane.value < lanes_.size() ? lanes_.data()[lane.value] : kFresh;
  }
  static bool is_silent(const State& state) { return state.silent_run == kSilent; }
  std::uint32_t places_when_silent(const State& state) const;
  bool has_place(const State& state) const;
  bool has_queue(const State& state) const;
  bool has_part_of_burst(const State& state) const;
  void share_out(std::size_t busy_lanes);

  static const State kFresh;

  std::vector<State> lanes_;
  double packets_a_place_;  // a second at most, of a lane that doesn't answer
  std::size_t places_;
  std::size_t in_flight_ = 0;
  std::size_t silent_in_flight_ = 0;  // of these, of lanes that don't answer
  std::size_t busy_lanes_ = 0;
  std::size_t laggard_lanes_ = 0;  // with such questions on their way
  // What each busy lane may always have (more places while half of them are free), kept since
  // dividing for each lookup shows.
  std::size_t share_ = 0;
  std::size_t queue_share_ = 0;
  std::size_t burst_share_ = 0;  // of half a burst, while that is stuck
  bool is_stuck_ = false;
  RateLimit overall_;  // towards resolvers
  std::uint32_t overall_promised_ = 0;
  std::uint32_t overall_waiting_ = 0;
};

}  // namespace rblwatch::dns
