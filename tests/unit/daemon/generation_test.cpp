// SPDX-License-Identifier: Apache-2.0
// What one generation takes over from the one before, against a plain list of what is known of
// whom.
#include "daemon/generation.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "fixtures.hpp"

using namespace rblwatch;
using namespace rblwatch::daemon;

namespace {

const core::Tick kEpoch{core::Seconds(1000)};

using Name = std::pair<std::string, std::string>;  // zone id and subject

Name name_of(const Generation& generation, std::uint32_t pair) {
  const PairSlot& slot = generation.book.slot({pair});
  return {generation.world->zone(slot.zone).id,
          generation.world->subjects.subject(slot.subject).to_text()};
}

struct Known {
  std::uint32_t asked_s = 0;
  core::Tick due{};
  dns::Server server;
};

struct Reloading {
  HandClock clock;
  core::SeededRandom random{7};
  Ledger ledger;

  Reloading() { ledger.set_now(core::read_clocks(clock)); }

  Generation make(std::vector<lists::Zone> zones, const std::vector<std::string>& targets) {
    return Generation(make_small_world(std::move(zones), targets), ledger, random, kEpoch,
                      ++number_, {});
  }

  /// Gives each pair a past of its own.
  std::map<Name, Known> live(Generation& generation) {
    std::map<Name, Known> all;
    generation.schedule.advance(ledger.clocks().tick + core::Seconds(1));
    for (std::uint16_t zone = 0; zone < generation.desks.size(); ++zone) {
      while (const auto pair = generation.schedule.take({zone})) {
        dns::Completion completion;
        completion.server = {core::IpAddress::v4(0x0A000001 + pair->value % 3), 53};
        completion.asked_at = kEpoch + core::Seconds(pair->value + 1);
        completion.outcome = dns::Answer{};
        generation.book.note_answer(*pair, completion);
        generation.schedule.asked(*pair, ledger.clocks().tick);
        all[name_of(generation, pair->value)] = {generation.book.slot(*pair).asked_s,
                                                 generation.schedule.due(*pair), completion.server};
      }
    }
    return all;
  }

 private:
  std::uint8_t number_ = 0;
};

/// What the store does with its list of subjects.
void write(const storage::Batch& batch,
           std::map<std::string, std::optional<std::int64_t>>& stored) {
  for (const std::string& gone : batch.subjects_removed) {
    CHECK(stored.erase(gone) == 1);
  }
  for (const report::WatchedRow& row : batch.subjects) {
    stored[row.subject] = row.zone_set;
  }
}

const std::vector<lists::Kind> kAll{lists::Kind::ipv4, lists::Kind::ipv6, lists::Kind::domain};

}  // namespace

TEST_CASE("what stays is found again wherever it stands now; what is new has no past") {
  Reloading reloading;
  Generation before = reloading.make(
      {make_zone("a", kAll), make_zone("b", {lists::Kind::ipv4}), make_zone("c", kAll)},
      {"192.0.2.0/28", "198.51.100.4", "2001:db8::/126", "domain:example.com"});
  restore(before, {}, reloading.ledger);
  const std::map<Name, Known> known = reloading.live(before);
  before.book.set_doubt({5}, {lists::Cause::timeout, core::Timestamp{core::Millis(9)}});
  before.book.make_detail({7}).track_of(lists::Purpose::block).is_open = true;
  const Name doubted = name_of(before, 5);
  const Name listed = name_of(before, 7);
  std::map<std::string, std::optional<std::int64_t>> stored;
  write(reloading.ledger.take(), stored);

  Generation now = reloading.make({make_zone("c", {lists::Kind::ipv4, lists::Kind::domain}),
                                   make_zone("d", kAll), make_zone("a", kAll)},
                                  {"10.0.0.0/30", "192.0.2.4/30", "192.0.2.64", "2001:db8::2",
                                   "domain:a.example", "domain:example.com"});
  carry_over(now, before, reloading.ledger);

  REQUIRE(known.size() == before.book.size());
  std::size_t staying = 0;
  for (std::uint32_t pair = 0; pair < now.book.size(); ++pair) {
    const Name name = name_of(now, pair);
    INFO(name.first << " " << name.second);
    const auto was = known.find(name);
    const PairSlot& slot = now.book.slot({pair});
    if (was == known.end()) {
      CHECK(slot.asked_s == 0);
      CHECK(now.schedule.due({pair}) <= reloading.ledger.clocks().tick);
      continue;
    }
    ++staying;
    CHECK(slot.asked_s == was->second.asked_s);
    CHECK(now.schedule.due({pair}) == was->second.due);
    CHECK(now.book.server(slot.answered_by) == was->second.server);
    CHECK(slot.is_doubted == (name == doubted));
    CHECK((now.book.detail({pair}) != nullptr) == (name == listed));
  }
  CHECK(staying == 2 * (4 + 1) + 1);  // on a and c those of the network and the name, on a IPv6

  const storage::Batch batch = reloading.ledger.take();
  CHECK(batch.zones_removed == std::vector<std::string>{"b"});
  write(batch, stored);
  CHECK(stored.size() == now.world->subjects.size());
  for (std::uint32_t subject = 0; subject < now.world->subjects.size(); ++subject) {
    CHECK(stored.at(now.world->subjects.subject({subject}).to_text()) ==
          now.zone_sets.of({subject}));
  }
}

TEST_CASE("a generation of the same world writes no subject anew") {
  Reloading reloading;
  const std::vector<std::string> targets{"192.0.2.0/28", "domain:example.com"};
  Generation before = reloading.make({make_zone("a", kAll)}, targets);
  restore(before, {}, reloading.ledger);
  CHECK(reloading.ledger.take().subjects.size() == 17);
  Generation now = reloading.make({make_zone("a", kAll)}, targets);
  carry_over(now, before, reloading.ledger);
  const storage::Batch batch = reloading.ledger.take();
  CHECK(batch.subjects.empty());
  CHECK(batch.subjects_removed.empty());
  CHECK_FALSE(batch.zone_sets);
}
