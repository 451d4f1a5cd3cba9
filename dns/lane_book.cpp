// SPDX-License-Identifier: Apache-2.0
#include "dns/lane_book.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "dns/wake_budget.hpp"

namespace rblwatch::dns {
namespace {

constexpr std::size_t kLeastShare = 64;
constexpr std::size_t kSilentShare = 64;
// Questions that wait for a window, all lanes together: enough for the next flush, and few enough
// that what is known of them stays in the processor's own cache until they go.
constexpr std::size_t kQueue = 768;
constexpr std::size_t kLeastQueue = 8;
constexpr double kFewestOfSilent = 2;   // places, so that a zone's test soon fails, and passes
constexpr double kLaggardsPart = 4;     // of a window: one far slower than others
constexpr double kAllLaggardsPart = 2;  // and all of these
constexpr double kFewestOfLaggard = 2;
constexpr double kFastPace = 100;  // packets a second from which ticks are collected
constexpr core::Micros kTick = WakeBudget::kTick;

core::Tick round_up(core::Tick at) {
  const auto past = at.time_since_epoch() % kTick;
  return past.count() == 0 ? at : at + (kTick - past);
}

core::Tick wait_for(const RateLimit& pace, double packets, core::Tick now) {
  const core::Tick at = pace.when_available(packets, now);
  return at > now && pace.per_second() >= kFastPace ? round_up(at) : at;
}

}  // namespace

LaneBook::LaneBook(const ResolverOptions& options, core::Tick now)
    : lanes_(1),
      packets_a_place_(options.attempts / std::chrono::duration<double>(options.timeout).count()),
      places_(std::max<std::size_t>(options.in_flight, 1)),
      overall_(options.qps, now) {
  share_out(0);
}

void LaneBook::set_limits(std::span<const LaneLimit> limits, core::Tick now) {
  // Never fewer than before: lookups in flight still name their lanes, and keep to their pace.
  if (limits.size() > lanes_.size()) lanes_.resize(limits.size());
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const double qps = std::max(limits[i].qps, 0.0);
    if (lanes_[i].pace.per_second() != qps) lanes_[i].pace.set_rate(qps, now);
  }
}

const LaneBook::State LaneBook::kFresh;

bool LaneBook::is_paced(Lane lane) const {
  const State& state = at(lane);
  return state.pace.is_limited() ||
         (state.last_role == ServerRole::resolver && overall_.is_limited());
}

void LaneBook::share_out(std::size_t busy_lanes) {
  busy_lanes_ = busy_lanes;
  const std::size_t parts = std::max<std::size_t>(busy_lanes + 1, 4);
  share_ = std::max<std::size_t>(places_ / parts, 1);
  queue_share_ = std::max(kQueue / parts, kLeastQueue);
  const auto shared = static_cast<std::size_t>(overall_.burst() / 2);
  burst_share_ = std::max<std::size_t>(shared / std::max<std::size_t>(busy_lanes, 1), 1);
}

bool LaneBook::has_place(const State& state) const {
  if (in_flight_ >= places_) return false;
  if (is_silent(state)) {
    // Half of all is for those that answer, and a quarter whatever happens; each gets its turn.
    const std::size_t most = state.in_flight == 0 ? places_ * 3 / 4 : places_ / 2;
    return state.in_flight < state.silent_places &&
           silent_in_flight_ < std::max<std::size_t>(most, 1);
  }
  if (state.in_flight < share_ || places_ - in_flight_ > places_ / 2) return true;
  // More than an even part, but of slow ones not all that there is.
  return state.in_flight < kLeastShare && (in_flight_ - silent_in_flight_) * 4 < places_ * 3;
}

// Each of its lookups takes several packets, and retries go before the others' new lookups: with
// too many it would take of the pace over all what the others need.
std::uint32_t LaneBook::places_when_silent(const State& state) const {
  const std::size_t most = std::max<std::size_t>(std::min(kSilentShare, places_ / 8), 1);
  if (!overall_.is_limited() || state.last_role != ServerRole::resolver)
    return static_cast<std::uint32_t>(most);
  const auto sharing = std::count_if(lanes_.begin(), lanes_.end(), [](const State& lane) {
    return lane.last_role == ServerRole::resolver;
  });
  const double even = overall_.per_second() / static_cast<double>(sharing);
  const double served = std::max(even / packets_a_place_, kFewestOfSilent);
  return static_cast<std::uint32_t>(std::min(served, static_cast<double>(most)));
}

bool LaneBook::has_queue(const State& state) const {
  return state.promised + state.held < queue_share_;
}

// While windows are full, or servers dead, what was promised stays: no lane may then take the
// tokens that others could use, not even for a question that looks past a full window.
bool LaneBook::has_part_of_burst(const State& state) const {
  if (!is_stuck_ || state.last_role != ServerRole::resolver) return true;
  return state.promised_to_resolvers < burst_share_;
}

bool LaneBook::can_submit(Lane lane, core::Tick now) const {
  const State& state = at(lane);
  if (!has_place(state) || !has_queue(state) || !has_part_of_burst(state)) return false;
  if (state.pace.available(now) < 1.0 + state.promised + state.waiting_retries) return false;
  return state.last_role != ServerRole::resolver ||
         overall_.available(now) >= 1.0 + overall_promised_ + overall_waiting_;
}

core::Tick LaneBook::next_slot(Lane lane, core::Tick now) const {
  const State& state = at(lane);
  if (!has_place(state) || !has_queue(state)) return core::Tick::max();
  if (!has_part_of_burst(state)) return round_up(now + core::Micros(1));
  core::Tick at_tick = wait_for(state.pace, 1.0 + state.promised + state.waiting_retries, now);
  if (state.last_role == ServerRole::resolver) {
    const double before = 1.0 + overall_promised_ + overall_waiting_;
    at_tick = std::max(at_tick, wait_for(overall_, before, now));
  }
  return at_tick;
}

bool LaneBook::enter(Lane lane, ServerRole role, core::Tick now) {
  State& state = at(lane);
  ++in_flight_;
  if (is_silent(state)) ++silent_in_flight_;
  if (state.in_flight++ == 0) share_out(busy_lanes_ + 1);
  const bool was_foreseen = state.last_role == role;
  state.last_role = role;
  return was_foreseen || can_promise(lane, role, now);
}

void LaneBook::leave(Lane lane) {
  State& state = at(lane);
  RBL_CHECK(state.in_flight > 0);
  --in_flight_;
  if (is_silent(state)) --silent_in_flight_;
  if (--state.in_flight == 0) share_out(busy_lanes_ - 1);
}

bool LaneBook::can_promise(Lane lane, ServerRole role, core::Tick now) const {
  const State& state = at(lane);
  if (state.pace.is_limited() && state.pace.available(now) < 1.0 + state.promised) return false;
  return role != ServerRole::resolver || !overall_.is_limited() ||
         overall_.available(now) >= 1.0 + overall_promised_;
}

core::Tick LaneBook::when_promisable(Lane lane, ServerRole role, core::Tick now) const {
  const State& state = at(lane);
  const core::Tick by_lane = wait_for(state.pace, 1.0 + state.promised, now);
  if (role != ServerRole::resolver) return by_lane;
  return std::max(by_lane, wait_for(overall_, 1.0 + overall_promised_, now));
}

void LaneBook::promise(Lane lane, ServerRole role) {
  State& state = at(lane);
  ++state.promised;
  if (role != ServerRole::resolver) return;
  ++state.promised_to_resolvers;
  ++overall_promised_;
}

void LaneBook::withdraw(Lane lane, ServerRole role) {
  State& state = at(lane);
  RBL_CHECK(state.promised > 0);
  --state.promised;
  if (role != ServerRole::resolver) return;
  --state.promised_to_resolvers;
  --overall_promised_;
}

void LaneBook::hold(Lane lane, ServerRole role) {
  withdraw(lane, role);
  ++at(lane).held;
}

void LaneBook::send_promised(Lane lane, ServerRole role, core::Tick now) {
  withdraw(lane, role);
  send_at_once(lane, role, now);
}

void LaneBook::send_at_once(Lane lane, ServerRole role, core::Tick now) {
  at(lane).pace.take(now);
  if (role == ServerRole::resolver) overall_.take(now);
}

// What its own lane keeps back takes no token of the others'.
std::uint32_t LaneBook::queue_retries(Lane lane, ServerRole role, std::uint32_t count,
                                      core::Tick now) {
  State& state = at(lane);
  state.waiting_retries += count;
  if (role != ServerRole::resolver) return 0;
  const double by_lane = state.pace.available(now) - state.promised - state.waiting_for_all;
  const auto for_all =
      static_cast<std::uint32_t>(std::clamp(by_lane, 0.0, static_cast<double>(count)));
  state.waiting_for_all += for_all;
  overall_waiting_ += for_all;
  return for_all;
}

void LaneBook::dequeue_retries(Lane lane, std::uint32_t count, std::uint32_t for_all) {
  State& state = at(lane);
  RBL_CHECK(state.waiting_retries >= count && state.waiting_for_all >= for_all);
  state.waiting_retries -= count;
  state.waiting_for_all -= for_all;
  overall_waiting_ -= for_all;
}

void LaneBook::note_reply(Lane lane, core::Micros rtt, bool is_exact) {
  State& state = at(lane);
  if (is_silent(state)) silent_in_flight_ -= state.in_flight;
  state.silent_run = 0;
  state.is_heard = true;
  if (is_exact) state.rtt.add(rtt);
}

void LaneBook::note_answered(Lane lane, core::Tick sent_at) {
  State& state = at(lane);
  state.newest_answered = std::max(state.newest_answered, sent_at);
}

void LaneBook::enter_window(Lane lane, bool is_laggard) {
  State& state = at(lane);
  ++state.in_window;
  if (is_laggard && state.laggards++ == 0) ++laggard_lanes_;
}

void LaneBook::leave_window(Lane lane, bool was_laggard) {
  State& state = at(lane);
  RBL_CHECK(state.in_window > 0);
  --state.in_window;
  if (was_laggard && --state.laggards == 0) --laggard_lanes_;
}

bool LaneBook::has_laggards_window(Lane lane, double window) const {
  const State& state = at(lane);
  const auto sharing = static_cast<double>(laggard_lanes_ + (state.laggards == 0 ? 1 : 0));
  const double part = std::min(window / kLaggardsPart, window / kAllLaggardsPart / sharing);
  return state.in_window < std::max(part, kFewestOfLaggard);
}

bool LaneBook::has_window(Lane lane) const {
  return is_proven(lane) || at(lane).in_window < kUnprovenWindow;
}

void LaneBook::note_silence(Lane lane) {
  State& state = at(lane);
  if (is_silent(state) || ++state.silent_run < kSilent) return;
  silent_in_flight_ += state.in_flight;
  state.silent_places = places_when_silent(state);
}

}  // namespace rblwatch::dns
