// SPDX-License-Identifier: Apache-2.0
#include "soak_world.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

#include "lists/query_name.hpp"
#include "option_words.hpp"

namespace rblwatch::scenario {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// As a story would write them. The codes' meanings are the names of the mask's bits.
constexpr std::array<const char*, 13> kZones{
    "zone plain kinds ipv4 codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 "
    "127.0.0.10-127.0.0.11=m3 txt",
    "zone busy kinds ipv4 codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 127.0.0.10-127.0.0.11=m3",
    "zone slow kinds ipv4 codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 127.0.0.10-127.0.0.11=m3",
    "zone brief kinds ipv4 codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 127.0.0.10-127.0.0.11=m3",
    "zone tired kinds ipv4 codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 127.0.0.10-127.0.0.11=m3",
    "zone six kinds ipv4 ipv6 codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 "
    "127.0.0.10-127.0.0.11=m3",
    "zone names kinds domain codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 "
    "127.0.0.10-127.0.0.11=m3 refusals 127.0.0.1 form registrable txt",
    "zone mixed kinds ipv4 domain codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2:allow "
    "127.0.0.10-127.0.0.11=m3",
    "zone bits kinds ipv4 match bitmask codes 2=m0 4=m1 8=m2 16=m3",
    "zone allow kinds ipv4 purpose allow codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 "
    "127.0.0.10-127.0.0.11=m3",
    "zone direct kinds ipv4 codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 "
    "127.0.0.10-127.0.0.11=m3 direct",
    "zone inner kinds ipv4 contained_in plain codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 "
    "127.0.0.10-127.0.0.11=m3",
    "zone waived kinds ipv4 waive_listed codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 "
    "127.0.0.10-127.0.0.11=m3",
};
/// What 12 zones for IPv4, one for IPv6 and two for domains come to, a fifth of the IPv4 subjects
/// each.
constexpr double kPairsPerV4 = 12 + 0.2 + 2 * 0.2;

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    words.push_back(std::move(word));
  }
  return words;
}

SoakZone make_soak_zone(const char* line, core::Random& random) {
  SoakZone zone;
  zone.data = make_zone(words_of(line));
  const lists::Kind kind =
      zone.data.kinds.has(lists::Kind::ipv4) ? lists::Kind::ipv4 : lists::Kind::domain;
  zone.is_direct = !zone.data.servers.empty();
  zone.is_waived = !zone.data.test_of(kind).listed;
  zone.ttl = minutes(1 + random.below(zone.data.id == "slow" ? 360 : 30));
  zone.negative = minutes(1 + random.below(zone.data.id == "slow" ? 60 : 15));
  for (const lists::Purpose purpose : zone.data.purposes()) {
    Mask mask = 0;
    for (unsigned bit = 0; bit < kEntries; ++bit) {
      mask |= zone.data.codes[bit].purpose == purpose ? static_cast<Mask>(1U << bit) : Mask{0};
    }
    if (mask != 0) {
      zone.purposes.emplace_back(purpose, mask);
    }
  }
  return zone;
}

std::vector<std::string> make_subjects(std::uint32_t pairs) {
  const auto v4 = static_cast<std::uint32_t>(pairs / kPairsPerV4);
  std::vector<std::string> subjects;
  for (std::uint32_t i = 0; i < v4; ++i) {
    subjects.push_back("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 3));
  }
  for (std::uint32_t i = 0; i < v4 / 5; ++i) {
    subjects.push_back("2001:db8::" + std::to_string(i + 1));
    subjects.push_back("name" + std::to_string(i) + ".example");
  }
  return subjects;
}

daemon::MonitorSetup make_setup() {
  daemon::MonitorSetup setup;
  setup.interval = hours(4);
  setup.health.health_interval = hours(1);
  setup.resolver_servers = {*dns::Server::parse("127.0.0.1:53"),
                            *dns::Server::parse("127.0.0.3:53")};
  setup.channels.push_back(make_channel({"channel", "ops"}));
  return setup;
}

}  // namespace

Entry SoakWorld::entry(std::uint32_t pair, Mask mask) const {
  const SoakZone& zone = zones[pairs[pair].zone];
  Entry entry;
  entry.ttl = zone.ttl;
  entry.txt = "seen";
  if (zone.data.match == lists::MatchMode::bitmask) {
    entry.codes.push_back("127.0.0." + std::to_string(mask * 2));
    return entry;
  }
  constexpr std::array<const char*, kEntries> kCodes{"127.0.0.2", "127.0.0.3", "127.0.0.4",
                                                     "127.0.0.10"};
  for (unsigned bit = 0; bit < kEntries; ++bit) {
    if ((mask >> bit & 1U) != 0) {
      entry.codes.emplace_back(kCodes[bit]);
    }
  }
  return entry;
}

Mask SoakWorld::mask_of(const std::vector<std::string>& meanings) const {
  Mask mask = 0;
  for (const std::string& meaning : meanings) {
    const bool is_ours = meaning.size() == 2 && meaning[0] == 'm';
    // A code that no zone has: bit 7, which never stands.
    const auto bit = is_ours ? static_cast<unsigned>(meaning[1] - '0') : 7U;
    mask = static_cast<Mask>(mask | 1U << bit);
  }
  return mask;
}

std::uint32_t SoakWorld::find_zone(const std::string& id) const {
  const auto found = std::find_if(zones.begin(), zones.end(),
                                  [&](const SoakZone& zone) { return zone.data.id == id; });
  if (found == zones.end()) {
    throw std::runtime_error("no zone " + id);
  }
  return static_cast<std::uint32_t>(found - zones.begin());
}

core::Micros SoakWorld::confirmation(std::uint32_t zone) const {
  const SoakZone& one = zones[zone];
  const core::Micros ttl = std::max(one.ttl, one.negative);
  // Test entries live for a minute; their answers may be asked for once more when that is over.
  return std::max<core::Micros>(setup.confirm.confirm_after, ttl) + minutes(2);
}

SoakWorld make_soak_world(const SoakOptions& options, core::Random& random) {
  SoakWorld world;
  world.setup = make_setup();
  world.subjects = make_subjects(options.pairs);
  std::vector<lists::Subject> parsed;
  for (const std::string& subject : world.subjects) {
    world.setup.targets.push_back(make_target({"target", subject}));
    parsed.push_back(*lists::Subject::parse(subject));
  }
  for (const char* line : kZones) {
    const auto index = static_cast<std::uint32_t>(world.zones.size());
    SoakZone zone = make_soak_zone(line, random);
    for (std::uint32_t subject = 0; subject < parsed.size(); ++subject) {
      if (zone.data.kinds.has(parsed[subject].kind())) {
        zone.pairs.push_back(static_cast<std::uint32_t>(world.pairs.size()));
        world.pairs.push_back(
            {index, subject, lists::subject_labels(zone.data, parsed[subject]).front()});
      }
    }
    world.setup.zones.push_back(zone.data);
    world.zones.push_back(std::move(zone));
  }
  return world;
}

}  // namespace rblwatch::scenario
