// SPDX-License-Identifier: Apache-2.0
#include "dns/tcp_lines.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "support.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using core::Millis;
using core::Tick;
using Flights = std::vector<std::uint32_t>;

namespace {

constexpr auto kZones = ServerRole::authoritative;
constexpr auto kResolver = ServerRole::resolver;

// A flight's number tells its lane, the lane's its server: 312 is the third to join of lane 31, of
// server 3.
struct Lines {
  static constexpr std::size_t kNoLimit = 1'000;

  LaneBook lanes;
  TcpLines lines{lanes};
  std::set<std::uint32_t> ended;
  Flights offered;
  std::function<void(std::uint32_t)> on_asked = [](std::uint32_t) {};

  explicit Lines(double qps = 0) : lanes({.qps = qps}, kStart) {}

  static std::uint32_t server_of(std::uint32_t flight) { return flight / 100; }
  static Lane lane_of(std::uint32_t flight) { return {flight / 10}; }

  void join(const Flights& flights, ServerRole role = kZones) {
    for (const std::uint32_t flight : flights)
      lines.join(server_of(flight), role, lane_of(flight), {flight, 7});
  }
  void limit(Lane lane, double qps, Tick now = kStart) {
    std::vector<LaneLimit> limits(lane.value + 1);
    limits.back().qps = qps;
    lanes.set_limits(limits, now);
  }
  /// A round in which each server has so many places, and each of its lanes gets no more than its
  /// part of them.
  Flights round(std::size_t places, std::size_t part = kNoLimit, Tick now = kStart,
                ServerRole role = kZones) {
    std::map<std::uint32_t, std::size_t> of_server;
    std::map<std::uint32_t, std::size_t> of_lane;
    Flights asked;
    offered.clear();
    const auto waits = [this](const Waiting& one) {
      CHECK(one.ticket == 7);
      return ended.count(one.flight) == 0;
    };
    const auto room = [&](std::uint32_t flight) {
      offered.push_back(flight);
      return std::min(places - of_server[server_of(flight)], part - of_lane[lane_of(flight).value]);
    };
    const auto ask = [&](std::uint32_t flight) {
      ++of_server[server_of(flight)];
      ++of_lane[lane_of(flight).value];
      asked.push_back(flight);
      lanes.send_at_once(lane_of(flight), role, now);
      on_asked(flight);
    };
    lines.serve({waits, room, ask}, now);
    return asked;
  }
};

}  // namespace

TEST_CASE_METHOD(Lines, "a server's lanes are served by turns, each lane's own in their order") {
  join({110, 111, 112, 113, 120, 121, 130});
  CHECK(round(4) == Flights{110, 120, 130, 111});
  CHECK(round(2) == Flights{121, 112});
  CHECK(round(9) == Flights{113});
  CHECK(round(9).empty());
}

TEST_CASE_METHOD(Lines, "a round goes on from the lane that was the last to be served") {
  join({110, 111, 120, 121, 130, 131});
  Flights all;
  for (int i = 0; i < 6; ++i) {
    const Flights asked = round(1);
    all.insert(all.end(), asked.begin(), asked.end());
  }
  CHECK(all == Flights{110, 120, 130, 111, 121, 131});
}

TEST_CASE_METHOD(Lines, "the servers take turns too, and none loses its turn in vain") {
  join({110, 111, 210, 211, 310, 311});
  std::size_t places = 0;  // for all together
  const auto next = [&] {
    Flights asked;
    places = 1;
    const auto waits = [](const Waiting& /*one*/) { return true; };
    const auto room = [&](std::uint32_t /*flight*/) { return places; };
    const auto ask = [&](std::uint32_t flight) {
      --places;
      asked.push_back(flight);
    };
    lines.serve({waits, room, ask}, kStart);
    return asked;
  };
  Flights all;
  for (int i = 0; i < 6; ++i)
    all.push_back(next().at(0));
  CHECK(all == Flights{110, 210, 310, 111, 211, 311});
}

TEST_CASE_METHOD(Lines, "a lane that is refused a place is not offered another in the round") {
  join({110, 111, 112, 120, 121, 122, 130, 131, 132});
  CHECK(round(kNoLimit, 2) == Flights{110, 120, 130, 111, 121, 131});
  CHECK(offered == Flights{110, 120, 130, 111, 121, 131, 112, 122, 132});
  CHECK(round(1) == Flights{112});
  CHECK(offered == Flights{112, 122, 132});
}

TEST_CASE_METHOD(Lines, "one that has ended takes nobody's turn, and is forgotten") {
  join({110, 111, 120, 121, 130});
  ended = {110, 120, 121};
  CHECK(round(2) == Flights{111, 130});
  ended.clear();
  CHECK(round(9).empty());
}

TEST_CASE_METHOD(Lines, "who joins in the middle of a round is not lost, and another is due") {
  join({110, 120, 210});
  on_asked = [this](std::uint32_t flight) {
    if (flight == 110) join({111, 130, 211, 310});  // its own lane, and others' lines
    if (flight == 210) join({212});                 // its own, of which it was the last
  };
  Flights asked = round(9);
  CHECK(lines.due() <= kStart);
  const Flights later = round(9);
  asked.insert(asked.end(), later.begin(), later.end());
  std::sort(asked.begin(), asked.end());
  CHECK(asked == Flights{110, 111, 120, 130, 210, 211, 212, 310});
  CHECK(lines.due() == Tick::max());
}

TEST_CASE_METHOD(Lines, "a round is due when somebody joins whose lane was not refused already") {
  CHECK(lines.due() == Tick::max());
  join({110});
  CHECK(lines.due() <= kStart);
  round(0);
  CHECK(lines.due() == Tick::max());  // a place that is freed is no matter of time
  join({111});
  CHECK(lines.due() == Tick::max());
  join({120});
  CHECK(lines.due() <= kStart);
}

TEST_CASE_METHOD(Lines, "a lane that its pace keeps back goes on when that allows it, in order") {
  limit({11}, 20);  // two at a time
  join({110, 111, 112, 113, 120});
  CHECK(round(9) == Flights{110, 120, 111});
  CHECK(lines.due() == kStart + Millis(50));
  CHECK(lines.is_kept_back(1, {11}));
  CHECK_FALSE(lines.is_kept_back(1, {12}));
  CHECK_FALSE(lines.is_kept_back(2, {11}));
  CHECK(round(9, kNoLimit, kStart + Millis(50)) == Flights{112});
  CHECK(round(9, kNoLimit, kStart + Millis(100)) == Flights{113});
  CHECK_FALSE(lines.is_kept_back(1, {11}));
  CHECK(lines.due() == Tick::max());
}

TEST_CASE_METHOD(Lines, "new lookups stand behind all of a line that the pace keeps back") {
  limit({11}, 20);
  join({110, 111, 112, 113, 114});
  CHECK(round(9) == Flights{110, 111});
  CHECK(lanes.next_slot({11}, kStart) == kStart + Millis(200));  // three, then one
  ended = {112, 113, 114};
  CHECK(round(9, kNoLimit, kStart + Millis(50)).empty());
  CHECK(lanes.can_submit({11}, kStart + Millis(50)));
}

TEST_CASE_METHOD(Lines, "who has no place stands in nobody's way, whatever the pace") {
  limit({11}, 20);
  join({110, 111, 112, 113, 114});
  CHECK(round(9) == Flights{110, 111});
  CHECK_FALSE(lanes.can_submit({11}, kStart + Millis(50)));
  CHECK(round(1).empty());  // a place for one of the three
  CHECK(lines.is_kept_back(1, {11}));
  CHECK(lanes.next_slot({11}, kStart) == kStart + Millis(100));
  CHECK(round(0).empty());
  CHECK_FALSE(lines.is_kept_back(1, {11}));
  CHECK(lines.due() == Tick::max());
  CHECK(lanes.next_slot({11}, kStart) == kStart + Millis(50));
}

TEST_CASE("a pace over all that keeps a line back lets no other lane's new lookups pass") {
  Lines all(20);
  all.join({110, 111, 112, 113}, kResolver);
  CHECK(all.round(9, Lines::kNoLimit, kStart, kResolver) == Flights{110, 111});
  CHECK_FALSE(all.lanes.can_submit({5}, kStart + Millis(100)));
  CHECK(all.round(9, Lines::kNoLimit, kStart + Millis(100), kResolver) == Flights{112, 113});
  CHECK(all.lanes.can_submit({5}, kStart + Millis(150)));
}

TEST_CASE_METHOD(Lines, "a pace that is raised is felt at once") {
  limit({11}, 0.01);
  join({110, 111, 112});
  CHECK(round(9) == Flights{110});
  CHECK(lines.due() > kStart + core::Seconds(90));
  limit({11}, 0);
  lines.on_new_paces();
  CHECK(lines.due() <= kStart);
  CHECK(round(9) == Flights{111, 112});
}
