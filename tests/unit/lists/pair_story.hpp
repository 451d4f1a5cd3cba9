// SPDX-License-Identifier: Apache-2.0
//
// Support for tests of the listing state machine: one pair that is told answers and tests on fake
// ticks, in seconds from nothing. For tests only; one thread.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ip.hpp"
#include "core/time.hpp"
#include "lists/listing.hpp"
#include "tests/unit/lists/ticks.hpp"

namespace rblwatch::lists {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests tell times
using core::Seconds;
using core::Tick;
using Words = std::vector<std::string>;

inline core::Timestamp wall(core::Micros at) {
  return core::Timestamp{} + std::chrono::duration_cast<core::Millis>(at);
}
inline dns::Server server(int number) {
  return {core::IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(number)), 53};
}
inline Code make_code(const std::string& entry) {
  return {entry, "meaning of " + entry, Purpose::block, {*core::IpAddress::parse("127.0.0.2")}};
}
inline CodeSet make_codes(const std::vector<std::string>& entries) {
  std::vector<Code> codes;
  for (const std::string& entry : entries) {
    codes.push_back(make_code(entry));
  }
  return CodeSet(std::move(codes));
}

/// A clear answer; servers from 9 on are the zone's own.
struct Reply {
  core::Micros at;
  std::optional<Seconds> ttl;
  int from = 1;

  Observation observation() const {
    Observation observation;
    observation.verdict = Clear{};
    observation.asked_at = tick(at);
    observation.wall = wall(at);
    observation.ttl = ttl;
    observation.server = server(from);
    observation.role = from >= 9 ? dns::ServerRole::authoritative : dns::ServerRole::resolver;
    return observation;
  }
};

class PairStory {
 public:
  Step take(const Observation& observation) {
    const bool is_fresh = freshness.note(observation);
    return advance(track, observation, is_fresh, freshness, policy);
  }
  Step listed(core::Micros at, const std::vector<std::string>& entries, Seconds ttl, int from = 1) {
    Observation observation = Reply{at, ttl, from}.observation();
    observation.verdict = Listed{make_codes(entries)};
    return take(observation);
  }
  /// One of two names was listed so, and nothing is known of the other.
  Step partly_listed(core::Micros at, const std::vector<std::string>& entries, Seconds ttl) {
    Observation observation = Reply{at, ttl, 1}.observation();
    observation.verdict = Listed{make_codes(entries)};
    observation.is_partial = true;
    return take(observation);
  }
  Step clear(core::Micros at, Seconds ttl, int from = 1) {
    return take(Reply{at, ttl, from}.observation());
  }
  Step unknown(core::Micros at, Cause cause, int from = 1) {
    Observation observation = Reply{at, std::nullopt, from}.observation();
    observation.verdict = Unknown{cause};
    return take(observation);
  }
  /// A test that passed, its positive answer fetched then.
  std::optional<Change> passed_test(core::Micros at) {
    return believe(track, PassedTest{tick(at), tick(at)});
  }
  std::size_t votes(const std::string& entry) const {
    for (const PendingEntry& pending : track.pending) {
      if (pending.code.entry == entry) {
        return pending.votes.size();
      }
    }
    return 0;
  }
  /// Opens a listing with votes at 0 s and 120 s, believed at 121 s.
  void open(const std::vector<std::string>& entries) {
    listed(0s, entries, 60s);
    listed(120s, entries, 60s);
    passed_test(121s);
  }

  Track track;
  Freshness freshness;
  ConfirmPolicy policy;
};

}  // namespace rblwatch::lists
