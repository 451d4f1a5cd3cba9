// SPDX-License-Identifier: Apache-2.0
//
// Who is to be asked over TCP, and waits until its lane's pace and its server's connections allow
// it. Each server has a line, and in it each lane (zone) its own. They move in rounds: servers and
// lanes take turns, from behind the one that was served last, and within a lane nobody overtakes.
// Where there is room and only the pace keeps a lane back, new lookups stand behind as many of its
// line as there is room for. Time is passed in. One object belongs to one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>

#include "core/time.hpp"
#include "dns/lane_book.hpp"
#include "dns/question.hpp"
#include "dns/resolver.hpp"
#include "dns/waiting.hpp"

namespace rblwatch::dns {

class TcpLines {
 public:
  /// What the line has to ask of its owner.
  struct Hooks {
    /// Whether it still waits.
    std::function<bool(const Waiting&)> waits;
    /// How many places there are for the lane of this one now.
    std::function<std::size_t(std::uint32_t flight)> room;
    /// There is room, and the pace allows it.
    std::function<void(std::uint32_t flight)> ask;
  };

  /// `lanes` stays the caller's.
  explicit TcpLines(LaneBook& lanes) : lanes_(lanes) {}

  /// The last of its lane.
  void join(std::uint32_t server, ServerRole role, Lane lane, Waiting one);
  /// A round, for when due() has come or a place was freed. Whoever joins in the middle of it may
  /// have to wait for the next.
  void serve(const Hooks& hooks, core::Tick now);
  /// The next round, unless a place is freed before; the end of time when none is needed.
  core::Tick due() const { return due_; }
  /// Lanes' limits have changed: a round is due, for the old paces may have put it off for long.
  void on_new_paces() { due_ = core::Tick{}; }
  /// Whether there were places for the lane the last time, but no pace.
  bool is_kept_back(std::uint32_t server, Lane lane) const;

 private:
  enum class Turn : std::uint8_t { taken, refused, over };
  struct Queue {
    std::deque<Waiting> waiting;
    std::uint32_t claims = 0;          // retries that the lane's pace knows of
    std::uint32_t claims_for_all = 0;  // of these, the pace over all
  };
  struct Line {
    ServerRole role = ServerRole::resolver;
    std::map<std::uint32_t, Queue> lanes;
    std::uint32_t last_served = 0;
  };

  bool serve_line(Line& line, const Hooks& hooks, core::Tick now);
  Turn serve_lane(ServerRole role, Lane lane, Queue& queue, const Hooks& hooks, core::Tick now);
  void keep_back(ServerRole role, Lane lane, Queue& queue, std::size_t room, core::Tick now);

  LaneBook& lanes_;
  std::map<std::uint32_t, Line> lines_;
  std::uint32_t last_served_ = 0;
  core::Tick due_ = core::Tick::max();
};

}  // namespace rblwatch::dns
