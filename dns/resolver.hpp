// SPDX-License-Identifier: Apache-2.0
//
// Port: asks DNS questions, many at a time, without ever calling back: submit what can be
// submitted, wait, read completions. Retries, TCP on truncation, matching of replies, pacing per
// lane and over all are the implementation's affair (udp_resolver.hpp; the tests' fake one). One
// object belongs to one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/strong.hpp"
#include "core/time.hpp"
#include "dns/counters.hpp"
#include "dns/options.hpp"
#include "dns/outcome.hpp"
#include "dns/question.hpp"

namespace rblwatch::dns {

/// Chosen by the caller; comes back unchanged.
using LookupId = core::StrongId<struct LookupTag, std::uint64_t>;
/// Index into the limits given to set_lanes.
using Lane = core::StrongId<struct LaneTag, std::uint32_t>;

struct Lookup {
  LookupId id;
  Lane lane;
  Question question;
  ServerGroupPtr servers;  // never null, never empty
};

struct Completion {
  LookupId id;
  Outcome outcome;
  Server server;  // that answered, or was asked last
  ServerRole role = ServerRole::resolver;
  Transport transport = Transport::udp;
  core::Tick asked_at;   // when the question that got this answer was sent
  core::Micros took{0};  // from that sending to the reply, or to giving up
};

/// How a server does, for status and metrics.
struct ServerStatus {
  Server server;
  ServerRole role = ServerRole::resolver;
  std::optional<core::Micros> rtt;  // smoothed; nothing before the first reply
  bool is_answering = true;     // false after a run of unanswered questions, until one is answered
  bool is_asked_less = false;   // so much stays unanswered that less is asked of it
  bool is_unreachable = false;  // it does not answer, and the network says that it can't be reached
};

class Resolver {
 public:
  Resolver() = default;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  virtual ~Resolver() = default;

  /// Before the first submit and on every reload. Lookups in flight keep their place.
  virtual void set_lanes(std::span<const LaneLimit> limits) = 0;
  /// Whether this lane may send a question now: its pace, the pace over all, the places in flight
  /// and those in the queues (of which one lane gets a bounded share).
  virtual bool can_submit(Lane lane) const = 0;
  /// When the lane's and the overall pace next allow a question; now or earlier when they do
  /// already. The end of time where the lane has no place: wait() returns when there may be one.
  virtual core::Tick next_slot(Lane lane) const = 0;
  /// Pre: can_submit(lookup.lane). Equal questions to the same group already in flight share one
  /// packet.
  virtual void submit(const Lookup& lookup) = 0;
  /// Sends, receives, retries; returns when something completed, when so much was sent that the
  /// caller may want to submit more, when the wake descriptor became readable, or `at_most` has
  /// passed. The span is good until the next call of wait().
  virtual std::span<const Completion> wait(core::Millis at_most) = 0;
  virtual std::size_t in_flight() const = 0;
  virtual std::vector<ServerStatus> servers() const = 0;
  /// Since the start; zeros where nothing is counted.
  virtual Counters counters() const { return {}; }
};

}  // namespace rblwatch::dns
