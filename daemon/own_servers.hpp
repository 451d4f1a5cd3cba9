// SPDX-License-Identifier: Apache-2.0
//
// The zones' own servers, for votes and tests that go past every cache (rule 5): found by
// delegation when first wanted, kept for a day, and left alone for a while where none of them
// answers usably. Zones with configured servers need none of this. The loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/time.hpp"
#include "daemon/ticket.hpp"
#include "daemon/world.hpp"
#include "dns/delegation.hpp"
#include "dns/resolver.hpp"
#include "lists/zone.hpp"

namespace rblwatch::daemon {

class OwnServers {
 public:
  /// `world` outlives this.
  OwnServers(const World& world, std::uint8_t generation);

  enum class State : std::uint8_t {
    finding,  // or not looked for yet; want() begins it
    known,
    none,  // nothing usable: what would be asked of them waits for the TTL instead
  };
  /// Begins to look for the zone's servers unless they are known, and says how it stands.
  State want(lists::ZoneIndex zone, core::Tick now);
  /// As want() last said.
  State state(lists::ZoneIndex zone, core::Tick now) const;
  /// Pre: state() is known.
  const dns::ServerGroupPtr& group(lists::ZoneIndex zone) const;
  /// None of them answered usably: not to be asked for a while.
  void note_unusable(lists::ZoneIndex zone, core::Tick now);

  /// Asks what the hunts under way need next.
  void submit_due(dns::Resolver& resolver);
  bool has_waiting() const { return !waiting_.empty(); }
  void take(const Ticket& ticket, const dns::Completion& completion);

 private:
  struct Zone {
    std::optional<dns::DelegationHunt> hunt;
    dns::ServerGroupPtr group;  // null = not known
    core::Tick good_until{};    // of the group, or of there being none
    bool is_settled = false;    // by a hunt, or by note_unusable
  };
  void settle(lists::ZoneIndex zone, core::Tick now);

  const World& world_;
  std::uint8_t generation_;
  std::vector<Zone> zones_;
  std::vector<std::uint32_t> waiting_;  // zones whose hunt has a question to ask
};

}  // namespace rblwatch::daemon
