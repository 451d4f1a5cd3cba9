// SPDX-License-Identifier: Apache-2.0
#include "dns/server_book.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>

#include "core/log.hpp"

namespace rblwatch::dns {
namespace {

using core::Micros;

constexpr std::uint32_t kSilentRun = 8;  // unanswered in a row, nothing else answered meanwhile
constexpr std::uint32_t kSilentRunOfFew = 64;
constexpr std::uint32_t kUnreachableRun =
    3;  // the same for errors of the network, which are certain
constexpr Micros kFirstPause = core::Millis(250);
// Pauses between probes grow to a third of what a lookup waits in all, so that one that waits sees
// the server come back; but to one a second at least, and to no more than two.
constexpr Micros kSteadyPause = core::Millis(1000);
constexpr Micros kLongestPause = core::Millis(2000);
constexpr std::uint64_t kExploreOneIn = 50;
constexpr std::uint64_t kExploreTroubledOneIn = 10;  // so that it soon is known to do well again
constexpr std::size_t kMaxGroup = 32;                // bits of a `tried` mask
constexpr std::size_t kKeepGroups = 64;
constexpr std::size_t kKeepServers = 1024;
constexpr Micros kDistressPeriod = core::Millis(1000);
constexpr std::uint32_t kDistressSamples = 20;
constexpr double kLeastPace = 10;
// What a lane got so long ago still speaks for the server: at a slow pace zones take turns.
constexpr Micros kOfLate = core::Seconds(10);
constexpr Micros kLongAgo = std::chrono::hours(1);  // it may be asked no more
constexpr Micros kFadeStep = core::Millis(100);
constexpr Micros kTellAgain = std::chrono::minutes(10);  // one that comes and goes

void set_address(ServerState& state) {
  const auto bytes = state.server.address.bytes();
  if (state.is_v6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(state.server.port);
    std::memcpy(&v6.sin6_addr, bytes.data(), sizeof v6.sin6_addr);
    std::memcpy(&state.address, &v6, sizeof v6);
    state.address_length = sizeof v6;
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(state.server.port);
    std::memcpy(&v4.sin_addr, bytes.data(), sizeof v4.sin_addr);
    std::memcpy(&state.address, &v4, sizeof v4);
    state.address_length = sizeof v4;
  }
}

void clear(Distress& distress, core::Tick now) {
  for (std::size_t i = 0; i < kFoldedLanes; ++i) {
    if (distress.lanes[i].bad > distress.lanes[i].good) distress.good_at[i] = core::Tick{};
  }
  distress.lanes.fill({});
  distress.samples = 0;
  distress.period_end = now + kDistressPeriod;
}

bool is_of_late(core::Tick at, core::Tick now) {
  return at != core::Tick{} && now - at < kOfLate;
}

// More than three quarters of both.
bool is_most(std::size_t these, std::size_t others) {
  return these > others * 3;
}

// More than three quarters of the lanes got failures for most of their questions. Fewer are dead
// zones, which must not slow the others; one alone slows nobody by being asked less itself.
bool is_failing(const Distress& distress, core::Tick now) {
  std::size_t well = 0;
  std::size_t failing = 0;
  for (std::size_t i = 0; i < kFoldedLanes; ++i) {
    const Distress::Tally& lane = distress.lanes[i];
    if (lane.bad > lane.good) {
      ++failing;
    } else if (lane.good > 0 || is_of_late(distress.good_at[i], now)) {
      ++well;
    }
  }
  return is_most(failing, well);
}

void ask_less(ServerState& state, core::Tick now) {
  Distress& distress = state.distress;
  distress.wants_relief = true;
  if (!distress.pace.is_limited()) {
    distress.full_rate = std::max<double>(distress.samples, kLeastPace);
    if (state.told_less_at == core::Tick{} || now - state.told_less_at >= kTellAgain) {
      core::log_warn("the server fails most of what it is asked and is asked less from now on",
                     {{"server", state.server.to_text()}});
      state.told_less_at = now;
      state.is_told = true;
    }
  }
  const double rate = distress.pace.is_limited() ? distress.pace.per_second() : distress.full_rate;
  const double least = std::max(kLeastPace, distress.full_rate / 16);
  distress.pace.set_rate(std::max(least, rate / 2), now);
}

void ask_more(ServerState& state, core::Tick now) {
  Distress& distress = state.distress;
  const double rate = distress.pace.per_second() + distress.full_rate / 10;
  if (rate < distress.full_rate) {
    distress.pace.set_rate(rate, now);
    return;
  }
  distress.pace = RateLimit();
  if (!std::exchange(state.is_told, false)) return;
  core::log_info("the server does well again and is asked at full pace",
                 {{"server", state.server.to_text()}});
}

// So many unanswered in a row make it one that doesn't answer. Not while a good part of a
// resolver's lanes got replies of late: the zones of the others may be dead, and whose turn is next
// will tell. Where few are asked, of many, that is to be found out more carefully.
std::uint32_t silent_limit(const ServerState& state, core::Tick now) {
  if (state.is_unreachable) return kUnreachableRun;
  if (state.role != ServerRole::resolver) return kSilentRun;
  std::size_t heard = 0;
  std::size_t of_late = 0;
  for (std::size_t i = 0; i < kFoldedLanes; ++i) {
    const bool is_silent = ((state.silent_lanes >> i) & 1U) != 0;
    const bool is_heard =
        state.replied_at[i] != core::Tick{} && now - state.replied_at[i] < kLongAgo;
    if (is_silent || !is_heard) continue;
    ++heard;
    of_late += is_of_late(state.replied_at[i], now) ? 1 : 0;
  }
  const auto silent = static_cast<std::size_t>(std::popcount(state.silent_lanes));
  if (!is_most(silent, of_late)) return UINT32_MAX;
  return silent > 1 && is_most(silent, heard) ? kSilentRun : kSilentRunOfFew;
}

void count(ServerState& state, Lane lane, bool is_failure, core::Tick now) {
  Distress& distress = state.distress;
  Distress::Tally& tally = distress.lanes[lane.value % kFoldedLanes];
  ++(is_failure ? tally.bad : tally.good);
  if (!is_failure) distress.good_at[lane.value % kFoldedLanes] = now;
  ++distress.samples;
  if (now < distress.period_end || distress.samples < kDistressSamples) return;
  if (distress.period_end != core::Tick{}) {
    if (is_failing(distress, now)) {
      ask_less(state, now);
    } else if (distress.pace.is_limited()) {
      ask_more(state, now);
    }
  }
  clear(distress, now);
}

}  // namespace

ServerState::ServerState(const Server& which, ServerRole its_role, double most)
    : server(which), role(its_role), is_v6(which.address.is_v6()), window(most) {
  set_address(*this);
}

// The shortest, which fades while only longer ones come: by time, for however many of a slow lane
// come meanwhile, they say nothing of the others.
void ServerState::note_quickness(core::Micros took, core::Tick now) {
  const bool is_first = quickest == core::Micros{0};
  if (!is_first && took > quickest && now - quickest_at < kFadeStep) return;
  const core::Micros aged = std::min(now - quickest_at, kOfLate);
  quickest = is_first || took <= quickest
                 ? took
                 : quickest + (took - quickest) * aged.count() / kOfLate.count();
  quickest_at = now;
}

bool ServerState::is_from(const sockaddr_storage& from) const {
  if (from.ss_family != address.ss_family) return false;
  if (is_v6) {
    sockaddr_in6 ours{};
    sockaddr_in6 theirs{};
    std::memcpy(&ours, &address, sizeof ours);
    std::memcpy(&theirs, &from, sizeof theirs);
    return ours.sin6_port == theirs.sin6_port &&
           std::memcmp(&ours.sin6_addr, &theirs.sin6_addr, sizeof ours.sin6_addr) == 0;
  }
  sockaddr_in ours{};
  sockaddr_in theirs{};
  std::memcpy(&ours, &address, sizeof ours);
  std::memcpy(&theirs, &from, sizeof theirs);
  return ours.sin_port == theirs.sin_port && ours.sin_addr.s_addr == theirs.sin_addr.s_addr;
}

ServerBook::ServerBook(const ResolverOptions& options, core::Random& random)
    : options_(options), random_(random) {}

std::uint32_t ServerBook::find_server(const Server& server, ServerRole role) {
  const auto known = by_address_.find({server, role});
  if (known != by_address_.end()) return known->second;
  if (free_servers_.empty()) {
    free_servers_.push_back(static_cast<std::uint32_t>(servers_.size()));
    servers_.emplace_back();
  }
  const std::uint32_t index = free_servers_.back();
  free_servers_.pop_back();
  servers_[index] =
      std::make_unique<ServerState>(server, role, static_cast<double>(options_.in_flight));
  servers_[index]->serial = ++last_serial_;
  by_address_.emplace(std::pair(server, role), index);
  return index;
}

std::uint32_t ServerBook::use_group(const ServerGroupPtr& group) {
  if (group.get() != last_group_) {
    const auto known = by_group_.find(group.get());
    if (known != by_group_.end()) {
      last_index_ = known->second;
    } else {
      if (by_group_.size() >= kKeepGroups) prune_groups();
      if (free_groups_.empty()) {
        free_groups_.push_back(static_cast<std::uint32_t>(groups_.size()));
        groups_.emplace_back();
      }
      last_index_ = free_groups_.back();
      free_groups_.pop_back();
      GroupState& state = groups_[last_index_];
      state = {.group = group, .servers = {}, .in_use = 0};
      for (const Server& server : group->servers) {
        if (state.servers.size() == kMaxGroup) break;
        state.servers.push_back(find_server(server, group->role));
      }
      by_group_.emplace(group.get(), last_index_);
    }
    last_group_ = group.get();
  }
  ++groups_[last_index_].in_use;
  return last_index_;
}

// We hold the groups that we know, so that no other can come to stand at the same address.
void ServerBook::prune_groups() {
  for (std::uint32_t i = 0; i < groups_.size(); ++i) {
    GroupState& state = groups_[i];
    if (state.group == nullptr || state.in_use > 0) continue;
    by_group_.erase(state.group.get());
    state.group.reset();
    state.servers.clear();
    free_groups_.push_back(i);
  }
  last_group_ = nullptr;
  if (by_address_.size() >= kKeepServers) prune_servers();
}

// Those that no group names; many, for most will be named again, and what is known of them is worth
// keeping.
void ServerBook::prune_servers() {
  std::vector<bool> is_named(servers_.size());
  for (const GroupState& state : groups_) {
    for (const std::uint32_t server : state.servers)
      is_named[server] = true;
  }
  for (std::uint32_t i = 0; i < servers_.size(); ++i) {
    ServerState& state = *servers_[i];
    if (is_named[i] || state.is_let_go || !state.queue.empty()) continue;
    state.is_let_go = true;
    by_address_.erase({state.server, state.role});
    free_servers_.push_back(i);
  }
}

bool ServerBook::is_same_group(std::uint32_t index, const ServerGroupPtr& group) const {
  const ServerGroupPtr& ours = groups_[index].group;
  return ours == group || *ours == *group;
}

bool ServerBook::share_server(std::uint32_t a, std::uint32_t b) const {
  const auto& theirs = groups_[b].servers;
  return std::any_of(groups_[a].servers.begin(), groups_[a].servers.end(), [&](std::uint32_t ours) {
    return std::any_of(theirs.begin(), theirs.end(), [&](std::uint32_t other) {
      return servers_[ours]->server == servers_[other]->server;
    });
  });
}

std::size_t ServerBook::best_of(const GroupState& group, std::uint32_t tried) const {
  const auto rank = [&](std::size_t place) {
    const ServerState& state = *servers_[group.servers[place]];
    // Better the same one again than one that doesn't answer. An unknown server ranks first of its
    // kind, so that it becomes known.
    return std::tuple(!state.is_answering, (tried >> place) & 1U, state.is_in_trouble(),
                      state.rtt.smoothed(), state.window.outstanding() + state.queue.size());
  };
  std::size_t best = 0;
  for (std::size_t place = 1; place < group.servers.size(); ++place) {
    if (rank(place) < rank(best)) best = place;
  }
  return best;
}

// When the best is full: one with room that is not much slower. `best` when there is none.
std::size_t ServerBook::another_of(const GroupState& group, std::uint32_t tried,
                                   std::size_t best) const {
  Micros slowest = servers_[group.servers[best]]->rtt.smoothed() * 8 + core::Millis(5);
  std::size_t found = best;
  for (std::size_t place = 0; place < group.servers.size(); ++place) {
    const ServerState& state = *servers_[group.servers[place]];
    if (((tried >> place) & 1U) != 0 || state.is_in_trouble() || !state.window.has_room()) continue;
    if (!state.queue.empty() || state.rtt.smoothed() > slowest) continue;
    slowest = state.rtt.smoothed();
    found = place;
  }
  return found;
}

// One that is asked less, and would be asked at once.
std::optional<std::size_t> ServerBook::one_asked_less(const GroupState& group,
                                                      std::uint32_t tried) const {
  for (std::size_t place = 0; place < group.servers.size(); ++place) {
    const ServerState& state = *servers_[group.servers[place]];
    const bool is_asked_less = state.is_answering && state.distress.pace.is_limited();
    if (is_asked_less && state.queue.empty() && ((tried >> place) & 1U) == 0) return place;
  }
  return std::nullopt;
}

std::size_t ServerBook::choose(const GroupState& group, std::uint32_t tried) {
  if (group.servers.size() == 1) return 0;
  const std::size_t best = best_of(group, tried);
  const ServerState& state = *servers_[group.servers[best]];
  if (random_.below(kExploreOneIn) == 0) {
    const std::size_t other = random_.below(group.servers.size());
    const bool is_fit =
        servers_[group.servers[other]]->is_answering && ((tried >> other) & 1U) == 0;
    return is_fit ? other : best;
  }
  if (random_.below(kExploreTroubledOneIn) == 0) {
    if (const auto troubled = one_asked_less(group, tried)) return *troubled;
  }
  const bool is_full = !state.window.has_room() || !state.queue.empty();
  return is_full ? another_of(group, tried, best) : best;
}

std::optional<std::size_t> ServerBook::due_probe(const GroupState& group, core::Tick now) const {
  if (group.servers.size() == 1) return std::nullopt;
  for (std::size_t place = 0; place < group.servers.size(); ++place) {
    const ServerState& state = *servers_[group.servers[place]];
    if (!state.is_answering && now >= state.probe_at && state.queue.empty()) return place;
  }
  return std::nullopt;
}

bool ServerBook::has_other(const GroupState& group, std::uint32_t tried) const {
  for (std::size_t place = 0; place < group.servers.size(); ++place) {
    if (((tried >> place) & 1U) == 0 && servers_[group.servers[place]]->is_answering) return true;
  }
  return false;
}

bool ServerBook::note_reply(std::uint32_t server, Lane lane, bool is_failure, core::Tick now) {
  servers_[server]->replied_at[lane.value % kFoldedLanes] = now;
  count(*servers_[server], lane, is_failure, now);
  return note_life(server, now);
}

bool ServerBook::note_life(std::uint32_t server, core::Tick now) {
  ServerState& state = *servers_[server];
  state.last_reply = now;
  state.silent_run = 0;
  state.silent_lanes = 0;
  state.is_unreachable = false;
  if (state.is_answering) return false;
  state.is_answering = true;
  state.distress = Distress{};  // it begins anew, at its full pace
  core::log_info("the server answers again", {{"server", state.server.to_text()}});
  return true;
}

bool ServerBook::note_silence(std::uint32_t server, const Silence& silence, core::Tick now) {
  ServerState& state = *servers_[server];
  count(state, silence.lane, true, now);
  if (state.last_reply >= silence.sent_at) return false;  // it answered others meanwhile
  ++state.silent_run;
  state.silent_lanes |= std::uint64_t{1} << (silence.lane.value % kFoldedLanes);
  state.is_unreachable = silence.is_network;
  if (!state.is_answering || state.silent_run < silent_limit(state, now)) return false;
  state.is_answering = false;
  state.pause = kFirstPause;
  state.probe_at = now + state.pause;
  core::log_warn("the server does not answer and is only probed until it does",
                 {{"server", state.server.to_text()},
                  {"unanswered", static_cast<std::uint64_t>(state.silent_run)}});
  return true;
}

bool ServerBook::take_probe(ServerState& server, core::Tick now) const {
  if (now < server.probe_at) return false;
  const Micros whole = options_.timeout * options_.attempts;
  const Micros longest = std::clamp<Micros>(whole / 3, kSteadyPause, kLongestPause);
  server.pause = std::min(server.pause * 2, longest);
  server.probe_at = now + server.pause;
  return true;
}

std::vector<ServerStatus> ServerBook::status() const {
  std::vector<ServerStatus> all;
  for (const auto& state : servers_) {
    if (state->is_let_go) continue;
    ServerStatus status{state->server,
                        state->role,
                        std::nullopt,
                        state->is_answering,
                        state->distress.pace.is_limited(),
                        !state->is_answering && state->is_unreachable};
    if (state->rtt.is_known()) status.rtt = state->rtt.smoothed();
    all.push_back(status);
  }
  return all;
}

}  // namespace rblwatch::dns
