// SPDX-License-Identifier: Apache-2.0
//
// Listings (or events) that are one thing to a person: many addresses of one watched range, or of
// one IPv6 /64, on the same zone with the same codes. Says which ones belong together and how that
// is put in a line; what "the same" is, is the caller's to say, and nothing is lost: what is in no
// neighbourhood stays single. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ip.hpp"
#include "lists/target.hpp"

namespace rblwatch::lists {

/// So many alike of one range are told as one; fewer are told one by one.
inline constexpr std::size_t kLeastNeighbours = 4;
/// Of an IPv6 /64 two are enough where all that is watched of it is listed: lists take a /64 for
/// one customer, so they don't stand there by chance.
inline constexpr std::size_t kLeastOfSlash64 = 2;

struct Network {
  enum class Origin : std::uint8_t { target, slash64 };

  core::Cidr range;
  std::string name;           // of the range target; "" of a /64
  std::uint64_t watched = 0;  // of its addresses
  Origin origin = Origin::target;
  bool is_estimate = false;  // `watched` counts only what the caller could see
  friend bool operator==(const Network&, const Network&) = default;
};

/// Every range target, and every /64 that holds several subjects.
std::vector<Network> networks_of(const SubjectTable& subjects);

/// How many addresses of a range target are watched, by the target's name; only of those that have
/// exceptions.
using WatchedCounts = std::map<std::string, std::uint64_t>;
WatchedCounts watched_counts(std::span<const Target> targets);

struct Neighbour {
  core::IpAddress address;
  std::string alike;  // what must be equal: zone, purpose, state, codes
};

/// Neighbours that are told as one, by their positions; no address twice.
struct Neighbourhood {
  Network network;
  std::vector<std::size_t> members;  // ascending; at least two
  /// So much of the network is listed alike that the zone lists the network and not its addresses:
  /// three quarters of a range, all that is watched of a /64.
  bool is_whole = false;
};

/// In the order of their first members. The widest network that is whole takes its addresses, else
/// the narrowest that has enough of them; of networks with the same range, the first.
std::vector<Neighbourhood> find_neighbours(std::span<const Neighbour> all,
                                           std::span<const Network> networks);

/// Positions of what stands in none of them, ascending.
std::vector<std::size_t> singles(std::size_t all, std::span<const Neighbourhood> groups);

/// "203.0.113.0/24: 200 of 256"; "2001:db8::/64: 3 of 3 watched" where not every address of the
/// network is; without a total where that is an estimate.
std::string count_text(const Neighbourhood& group);
/// ", dnsbl covers the whole network" where it does, else "".
std::string_view whole_text(const Neighbourhood& group);

/// The network around the address that a list's TXT names ("… 2001:db8::/64 …"), the widest of
/// several. Networks that no list would mean (wider than /8, of IPv6 /16) are left out.
std::optional<core::Cidr> network_named(std::string_view txt, const core::IpAddress& address);

}  // namespace rblwatch::lists
