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

/// As a story would write them, but for the codes, which all have but the bitmask: their meanings
/// are the names of the mask's bits. The waived one is left out of some soaks.
constexpr std::array<const char*, 15> kZones{
    "zone plain kinds ipv4 txt",
    "zone busy kinds ipv4",
    "zone slow kinds ipv4",
    "zone day kinds ipv4",
    "zone brief kinds ipv4",
    "zone tired kinds ipv4",
    "zone six kinds ipv4 ipv6",
    "zone names kinds domain refusals 127.0.0.1 form registrable txt",
    "zone forms kinds domain form both",
    "zone mixed kinds ipv4 domain",
    "zone bits kinds ipv4 match bitmask",
    "zone allow kinds ipv4 purpose allow",
    "zone direct kinds ipv4 direct",
    "zone inner kinds ipv4 contained_in plain",
    "zone waived kinds ipv4 waive_listed",
};
constexpr const char* kCodes =
    " codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2 127.0.0.10-127.0.0.11=m3";
constexpr const char* kMixedCodes =
    " codes 127.0.0.2=m0 127.0.0.3=m1 127.0.0.4=m2:allow 127.0.0.10-127.0.0.11=m3";
constexpr const char* kBits = " codes 2=m0 4=m1 8=m2 16=m3";
/// IPv6 addresses and domains, for each IPv4 address.
constexpr double kOfOtherKinds = 0.2;

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    words.push_back(std::move(word));
  }
  return words;
}

lists::Zone read_zone(const std::string& line) {
  std::vector<std::string> words = words_of(line);
  const std::string& id = words[1];
  const char* codes = id == "mixed" ? kMixedCodes : id == "bits" ? kBits : kCodes;
  return make_zone(words_of(line + codes));
}

void draw_times(SoakZone& zone, core::Random& random) {
  const std::string& id = zone.data.id;
  zone.ttl = minutes(1 + random.below(id == "slow" ? 360 : 30));
  zone.negative = minutes(1 + random.below(id == "slow" ? 60 : 15));
  if (id == "day") {
    zone.ttl = hours(12 + random.below(13));
    zone.test_ttl = zone.ttl;
  }
}

SoakZone make_soak_zone(const char* line, core::Random& random) {
  SoakZone zone;
  zone.data = read_zone(line);
  const lists::Kind kind =
      zone.data.kinds.has(lists::Kind::ipv4) ? lists::Kind::ipv4 : lists::Kind::domain;
  zone.is_direct = !zone.data.servers.empty();
  zone.is_waived = !zone.data.test_of(kind).listed;
  draw_times(zone, random);
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

/// How many pairs an IPv4 subject, with its share of the other kinds, comes to.
double pairs_per_v4(const std::vector<SoakZone>& zones) {
  double pairs = 0;
  for (const SoakZone& zone : zones) {
    pairs += zone.data.kinds.has(lists::Kind::ipv4) ? 1 : 0;
    pairs += zone.data.kinds.has(lists::Kind::ipv6) ? kOfOtherKinds : 0;
    pairs += zone.data.kinds.has(lists::Kind::domain) ? kOfOtherKinds : 0;
  }
  return pairs;
}

std::vector<std::string> make_subjects(std::uint32_t v4) {
  std::vector<std::string> subjects;
  for (std::uint32_t i = 0; i < v4; ++i) {
    subjects.push_back("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 3));
  }
  for (std::uint32_t i = 0; i < v4 / 5; ++i) {
    subjects.push_back("2001:db8::" + std::to_string(i + 1));
    subjects.push_back("mail.name" + std::to_string(i) + ".example");
  }
  return subjects;
}

daemon::MonitorSetup make_setup(const SoakOptions& options) {
  daemon::MonitorSetup setup;
  setup.confirm.via_authoritative = options.is_via_authoritative();
  setup.interval = hours(4);
  setup.health.health_interval = hours(1);
  setup.resolver_servers = {*dns::Server::parse("127.0.0.1:53"),
                            *dns::Server::parse("127.0.0.3:53")};
  setup.channels.push_back(make_channel({"channel", "ops"}));
  return setup;
}

}  // namespace

// Of a domain with two names one stands, or the other, or each with some of the codes.
std::optional<Entry> SoakWorld::entry(std::uint32_t pair, std::size_t name, Mask mask) const {
  constexpr std::array<std::array<Mask, 2>, 3> kShares{{{0x0F, 0}, {0, 0x0F}, {0x05, 0x0A}}};
  const bool has_two = pairs[pair].labels.size() > 1;
  const unsigned said = mask & (has_two ? kShares[pair % kShares.size()][name] : 0x0FU);
  if (said == 0) {
    return std::nullopt;
  }
  const SoakZone& zone = zones[pairs[pair].zone];
  Entry entry;
  entry.ttl = zone.ttl;
  entry.txt = "seen";
  if (zone.data.match == lists::MatchMode::bitmask) {
    entry.codes.push_back("127.0.0." + std::to_string(said * 2));
    return entry;
  }
  constexpr std::array<const char*, kEntries> kAnswers{"127.0.0.2", "127.0.0.3", "127.0.0.4",
                                                       "127.0.0.10"};
  for (unsigned bit = 0; bit < kEntries; ++bit) {
    if ((said >> bit & 1U) != 0) {
      entry.codes.emplace_back(kAnswers[bit]);
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

core::Micros SoakWorld::cached_for(std::uint32_t zone) const {
  const SoakZone& one = zones[zone];
  return one.is_direct ? core::Seconds(0) : std::max(one.ttl, one.negative);
}

core::Micros SoakWorld::confirmation(std::uint32_t zone) const {
  const SoakZone& one = zones[zone];
  const bool is_past_caches = setup.confirm.via_authoritative || one.is_direct;
  // Of a TTL that is too long to be waited for, what is left of it in a cache may not be.
  const auto within = std::chrono::duration_cast<core::Seconds>(setup.confirm.confirm_within);
  const auto waited_for = [&](core::Seconds ttl) {
    return is_past_caches ? core::Seconds(0) : std::min(ttl, within);
  };
  const core::Micros ttl = std::max(waited_for(one.ttl), waited_for(one.negative));
  // A test entry's answer may be asked for once more when its TTL is over.
  return std::max<core::Micros>(setup.confirm.confirm_after, ttl) + minutes(1) +
         std::max(waited_for(one.test_ttl), core::Seconds(60));
}

SoakWorld make_soak_world(const SoakOptions& options, core::Random& random) {
  SoakWorld world;
  world.setup = make_setup(options);
  for (const char* line : kZones) {
    SoakZone zone = make_soak_zone(line, random);
    if (!zone.is_waived || options.has_waived()) {
      world.setup.zones.push_back(zone.data);
      world.zones.push_back(std::move(zone));
    }
  }
  world.subjects =
      make_subjects(static_cast<std::uint32_t>(options.pairs / pairs_per_v4(world.zones)));
  std::vector<lists::Subject> parsed;
  for (const std::string& subject : world.subjects) {
    world.setup.targets.push_back(make_target({"target", subject}));
    parsed.push_back(*lists::Subject::parse(subject));
  }
  for (std::uint32_t index = 0; index < world.zones.size(); ++index) {
    SoakZone& zone = world.zones[index];
    for (std::uint32_t subject = 0; subject < parsed.size(); ++subject) {
      const lists::Kind kind = parsed[subject].kind();
      if (zone.data.kinds.has(kind)) {
        zone.pairs.push_back(static_cast<std::uint32_t>(world.pairs.size()));
        world.pairs.push_back(
            {index, subject, kind, lists::subject_labels(zone.data, parsed[subject])});
      }
    }
  }
  return world;
}

}  // namespace rblwatch::scenario
