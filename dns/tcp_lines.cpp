// SPDX-License-Identifier: Apache-2.0
#include "dns/tcp_lines.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace rblwatch::dns {
namespace {

/// All keys of a map, from the one behind `last` on and round to it.
template <class Map>
std::vector<std::uint32_t> keys_behind(const Map& map, std::uint32_t last) {
  std::vector<std::uint32_t> keys;
  keys.reserve(map.size());
  const auto first = map.upper_bound(last);
  for (auto i = first; i != map.end(); ++i)
    keys.push_back(i->first);
  for (auto i = map.begin(); i != first; ++i)
    keys.push_back(i->first);
  return keys;
}

}  // namespace

void TcpLines::join(std::uint32_t server, ServerRole role, Lane lane, Waiting one) {
  Line& line = lines_.try_emplace(server, Line{role, {}, 0}).first->second;
  std::deque<Waiting>& waiting = line.lanes[lane.value].waiting;
  if (waiting.empty()) due_ = core::Tick{};  // for all that is known it can go at once
  waiting.push_back(one);
}

void TcpLines::serve(const Hooks& hooks, core::Tick now) {
  due_ = core::Tick::max();
  for (const std::uint32_t server : keys_behind(lines_, last_served_)) {
    const auto line = lines_.find(server);
    if (serve_line(line->second, hooks, now)) last_served_ = server;
    if (line->second.lanes.empty()) lines_.erase(line);
  }
}

// One of each lane, then another of each that was served. Whether any was.
bool TcpLines::serve_line(Line& line, const Hooks& hooks, core::Tick now) {
  bool has_served = false;
  std::vector<std::uint32_t> turns = keys_behind(line.lanes, line.last_served);
  while (!turns.empty()) {
    std::vector<std::uint32_t> again;
    for (const std::uint32_t lane : turns) {
      const auto queue = line.lanes.find(lane);
      const Turn turn = serve_lane(line.role, {lane}, queue->second, hooks, now);
      if (turn == Turn::over) line.lanes.erase(queue);
      if (turn != Turn::taken) continue;
      line.last_served = lane;
      has_served = true;
      again.push_back(lane);
    }
    turns.swap(again);
  }
  return has_served;
}

TcpLines::Turn TcpLines::serve_lane(ServerRole role, Lane lane, Queue& queue, const Hooks& hooks,
                                    core::Tick now) {
  lanes_.dequeue_retries(lane, std::exchange(queue.claims, 0),
                         std::exchange(queue.claims_for_all, 0));
  while (!queue.waiting.empty() && !hooks.waits(queue.waiting.front()))
    queue.waiting.pop_front();
  if (queue.waiting.empty()) return Turn::over;
  const std::uint32_t first = queue.waiting.front().flight;
  const std::size_t room = hooks.room(first);
  if (room == 0) return Turn::refused;
  if (!lanes_.can_promise(lane, role, now)) {
    keep_back(role, lane, queue, room, now);
    return Turn::refused;
  }
  hooks.ask(first);
  queue.waiting.pop_front();
  return Turn::taken;
}

void TcpLines::keep_back(ServerRole role, Lane lane, Queue& queue, std::size_t room,
                         core::Tick now) {
  queue.claims = static_cast<std::uint32_t>(std::min(queue.waiting.size(), room));
  queue.claims_for_all = lanes_.queue_retries(lane, role, queue.claims, now);
  const core::Tick at = lanes_.when_promisable(lane, role, now);
  due_ = std::min(due_, std::max<core::Tick>(at, now + core::Millis(1)));
}

bool TcpLines::is_kept_back(std::uint32_t server, Lane lane) const {
  const auto line = lines_.find(server);
  if (line == lines_.end()) return false;
  const auto queue = line->second.lanes.find(lane.value);
  return queue != line->second.lanes.end() && queue->second.claims > 0;
}

}  // namespace rblwatch::dns
