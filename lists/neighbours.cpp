// SPDX-License-Identifier: Apache-2.0
#include "lists/neighbours.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/text.hpp"

namespace rblwatch::lists {
namespace {

using core::Cidr;
using core::IpAddress;

constexpr std::uint8_t kSlash64 = 64;
constexpr std::uint8_t kWidestV4 = 8;
constexpr std::uint8_t kWidestV6 = 16;

bool is_whole(const Network& network, std::size_t members) {
  switch (network.origin) {
    case Network::Origin::target:
      // A list of single addresses rarely has so much of a range under one code.
      return members >= kLeastNeighbours && members >= network.watched - network.watched / 4;
    case Network::Origin::slash64:
      return members >= kLeastOfSlash64 && members >= network.watched;
  }
  return false;
}

/// The networks of one family and prefix length.
struct Layer {
  std::uint8_t prefix = 0;
  std::unordered_map<IpAddress, std::size_t> by_network;

  std::optional<std::size_t> find(const IpAddress& address) const {
    const auto found = by_network.find(Cidr(address, prefix).network());
    return found == by_network.end() ? std::nullopt : std::optional(found->second);
  }
};

/// The widest first.
std::vector<Layer> layers_of(std::span<const Network> networks, bool is_v6) {
  std::map<std::uint8_t, Layer> by_prefix;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const Cidr& range = networks[i].range;
    if (range.network().is_v6() == is_v6) {
      Layer& layer = by_prefix[range.prefix()];
      layer.prefix = range.prefix();
      layer.by_network.emplace(range.network(), i);
    }
  }
  std::vector<Layer> layers;
  layers.reserve(by_prefix.size());
  for (auto& [prefix, layer] : by_prefix) {
    layers.push_back(std::move(layer));
  }
  return layers;
}

/// Takes neighbours out of those that are alike and of one family.
class Finder {
 public:
  Finder(std::span<const Neighbour> all, std::span<const Network> networks,
         std::vector<Neighbourhood>& found)
      : all_(all), networks_(networks), found_(found) {}

  void take(std::vector<std::size_t> alike, const std::vector<Layer>& layers) {
    for (const Layer& layer : layers) {
      take_of(layer, alike, is_whole);
    }
    const auto is_enough = [](const Network&, std::size_t members) {
      return members >= kLeastNeighbours;
    };
    for (std::size_t i = layers.size(); i-- > 0;) {
      take_of(layers[i], alike, is_enough);
    }
  }

 private:
  template <class Enough>
  void take_of(const Layer& layer, std::vector<std::size_t>& alike, Enough is_enough) {
    std::map<std::size_t, std::vector<std::size_t>> by_network;
    for (const std::size_t i : alike) {
      if (const auto network = layer.find(all_[i].address)) {
        by_network[*network].push_back(i);
      }
    }
    std::set<std::size_t> taken;
    for (auto& [network, members] : by_network) {
      if (is_enough(networks_[network], members.size())) {
        taken.insert(members.begin(), members.end());
        const bool whole = is_whole(networks_[network], members.size());
        found_.push_back({networks_[network], std::move(members), whole});
      }
    }
    std::erase_if(alike, [&taken](std::size_t i) { return taken.contains(i); });
  }

  std::span<const Neighbour> all_;
  std::span<const Network> networks_;
  std::vector<Neighbourhood>& found_;
};

bool is_of_cidr(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
         c == '.' || c == '/';
}

/// "/203.0.113.0/24:" as a network.
std::optional<Cidr> cidr_of(std::string_view run) {
  while (run.starts_with('/')) {
    run.remove_prefix(1);
  }
  while (run.ends_with('.') || run.ends_with(':') || run.ends_with('/')) {
    run.remove_suffix(1);
  }
  if (run.find('/') == std::string_view::npos) {
    return std::nullopt;
  }
  const auto range = Cidr::parse(run);
  return range ? std::optional(*range) : std::nullopt;
}

}  // namespace

std::vector<Network> networks_of(const SubjectTable& subjects) {
  std::vector<Network> networks;
  for (const Target& target : subjects.targets()) {
    if (target.type == TargetType::range) {
      networks.push_back({target.range, target.name, subject_count(target)});
    }
  }
  const std::size_t ranges = networks.size();
  // Subjects are in order, so those of a /64 follow each other.
  for (std::uint32_t i = 0; i < subjects.size(); ++i) {
    const Subject& subject = subjects.subject(SubjectIndex{i});
    if (subject.kind() != Kind::ipv6) {
      continue;
    }
    const bool is_next =
        networks.size() == ranges || !networks.back().range.contains(subject.address());
    if (is_next) {
      networks.push_back({Cidr(subject.address(), kSlash64), "", 0, Network::Origin::slash64});
    }
    ++networks.back().watched;
  }
  std::erase_if(networks, [](const Network& network) {
    return network.origin == Network::Origin::slash64 && network.watched < kLeastOfSlash64;
  });
  return networks;
}

WatchedCounts watched_counts(std::span<const Target> targets) {
  WatchedCounts counts;
  for (const Target& target : targets) {
    if (target.type == TargetType::range && !target.except.empty()) {
      counts.emplace(target.name, subject_count(target));
    }
  }
  return counts;
}

std::vector<Neighbourhood> find_neighbours(std::span<const Neighbour> all,
                                           std::span<const Network> networks) {
  std::vector<Neighbourhood> found;
  if (networks.empty()) {
    return found;
  }
  const std::vector<Layer> v4 = layers_of(networks, false);
  const std::vector<Layer> v6 = layers_of(networks, true);
  std::map<std::pair<std::string_view, bool>, std::vector<std::size_t>> alike;
  std::set<std::pair<std::string_view, IpAddress>> known;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (known.emplace(all[i].alike, all[i].address).second) {
      alike[{all[i].alike, all[i].address.is_v6()}].push_back(i);
    }
  }
  Finder finder(all, networks, found);
  for (auto& [key, members] : alike) {
    if (members.size() >= kLeastOfSlash64) {
      finder.take(std::move(members), key.second ? v6 : v4);
    }
  }
  std::sort(found.begin(), found.end(), [](const Neighbourhood& a, const Neighbourhood& b) {
    return a.members.front() < b.members.front();
  });
  return found;
}

std::vector<std::size_t> singles(std::size_t all, std::span<const Neighbourhood> groups) {
  std::vector<bool> is_taken(all);
  for (const Neighbourhood& group : groups) {
    for (const std::size_t member : group.members) {
      is_taken[member] = true;
    }
  }
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < all; ++i) {
    if (!is_taken[i]) {
      left.push_back(i);
    }
  }
  return left;
}

std::string count_text(const Neighbourhood& group) {
  const Network& network = group.network;
  const std::string count = std::string(core::trim(core::count_of(group.members.size(), "", "")));
  const std::string text = network.range.to_text() + ": " + count;
  if (network.is_estimate) {
    return text + " addresses";
  }
  const std::string watched = std::string(core::trim(core::count_of(network.watched, "", "")));
  return text + " of " + watched + (network.watched < network.range.size() ? " watched" : "");
}

std::string_view whole_text(const Neighbourhood& group) {
  const bool is_certain = !group.network.is_estimate || group.members.size() >= kLeastNeighbours;
  return group.is_whole && is_certain ? ", dnsbl covers the whole network" : "";
}

std::optional<core::Cidr> network_named(std::string_view txt, const core::IpAddress& address) {
  const std::uint8_t widest = address.is_v6() ? kWidestV6 : kWidestV4;
  const Cidr alone(address, address.is_v6() ? 128 : 32);
  std::optional<Cidr> named;
  for (auto begin = txt.begin(); begin != txt.end();) {
    begin = std::find_if(begin, txt.end(), is_of_cidr);
    const auto end = std::find_if_not(begin, txt.end(), is_of_cidr);
    const std::optional<Cidr> range = cidr_of({begin, end});
    if (range && range->prefix() >= widest && range->prefix() < alone.prefix() &&
        range->contains(address) && (!named || range->prefix() < named->prefix())) {
      named = range;
    }
    begin = end;
  }
  return named;
}

}  // namespace rblwatch::lists
