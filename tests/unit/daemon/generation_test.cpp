// SPDX-License-Identifier: Apache-2.0
// What one generation takes over from the one before, against a plain list of what is known of
// whom.
#include "daemon/generation.hpp"

#include <algorithm>
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

/// The pair of that name. Pre: there is one.
lists::PairId find(const Generation& generation, const Name& name) {
  const auto zone = generation.world->find_zone(name.first);
  const auto subject = generation.world->subjects.find(*lists::Subject::parse(name.second));
  return *generation.book.find(*zone, *subject);
}

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

/// A reload that changes the zones' order, drops one and brings one, and moves the subjects.
struct Reordering : Reloading {
  const Name doubted{"a", "192.0.2.5"};
  const Name listed{"c", "192.0.2.7"};
  const Name doubted_and_gone{"a", "198.51.100.4"};
  const Name listed_and_gone{"b", "192.0.2.5"};
  Generation before =
      make({make_zone("a", kAll), make_zone("b", {lists::Kind::ipv4}), make_zone("c", kAll)},
           {"192.0.2.0/28", "198.51.100.4", "2001:db8::/126", "domain:example.com"});
  Generation now = make({make_zone("c", {lists::Kind::ipv4, lists::Kind::domain}),
                         make_zone("d", kAll), make_zone("a", kAll)},
                        {"10.0.0.0/30", "192.0.2.4/30", "192.0.2.64", "2001:db8::2",
                         "domain:a.example", "domain:example.com"});
  std::map<Name, Known> known;
  std::map<std::string, std::optional<std::int64_t>> stored;

  Reordering() {
    restore(before, {}, ledger);
    known = live(before);
    for (const Name& name : {doubted, doubted_and_gone}) {
      before.book.set_doubt(find(before, name),
                            {lists::Cause::timeout, core::Timestamp{core::Millis(9)}});
    }
    for (const Name& name : {listed, listed_and_gone}) {
      before.book.make_detail(find(before, name)).track_of(lists::Purpose::block).is_open = true;
    }
    for (std::uint16_t zone = 0; zone < 3; ++zone) {
      before.desks[zone].lookups = 100U + zone;
    }
    before.desks[0].kind(lists::Kind::ipv4).sweep.swept_at = ledger.clocks().now;
    write(ledger.take(), stored);
    carry_over(now, before, ledger);
  }
};

}  // namespace

TEST_CASE("what stays is found again wherever it stands now; what is new has no past") {
  const Reordering reload;
  const Generation& now = reload.now;
  REQUIRE(reload.known.size() == reload.before.book.size());
  std::size_t staying = 0;
  for (std::uint32_t pair = 0; pair < now.book.size(); ++pair) {
    const Name name = name_of(now, pair);
    INFO(name.first << " " << name.second);
    const auto was = reload.known.find(name);
    const PairSlot& slot = now.book.slot({pair});
    if (was == reload.known.end()) {
      CHECK(slot.asked_s == 0);
      CHECK(now.schedule.due({pair}) <= reload.ledger.clocks().tick);
      const bool is_swept_kind = name.first == "a" && slot.kind == lists::Kind::ipv4;
      CHECK(now.book.doubt({pair}).has_value() == is_swept_kind);
      continue;
    }
    ++staying;
    CHECK(slot.asked_s == was->second.asked_s);
    CHECK(now.schedule.due({pair}) == was->second.due);
    CHECK(now.book.server(slot.answered_by) == was->second.server);
    CHECK(slot.is_doubted == (name == reload.doubted));
    CHECK((now.book.detail({pair}) != nullptr) == (name == reload.listed));
  }
  CHECK(staying == 2 * (4 + 1) + 1);  // on a and c those of the network and the name, on a IPv6
  CHECK(now.desks[0].lookups == 102);
  CHECK(now.desks[1].lookups == 0);
  CHECK(now.desks[2].lookups == 100);
}

TEST_CASE("what goes is retired, and the store's list follows") {
  Reordering reload;
  const storage::Batch batch = reload.ledger.take();
  REQUIRE(batch.events.size() == 1);
  CHECK(batch.events[0].type == lists::EventType::retired);
  CHECK(Name{batch.events[0].zone.value().id, batch.events[0].subject} == reload.listed_and_gone);
  const auto ended = [](const storage::DoubtRecord& record) { return !record.doubt; };
  const auto doubt = std::find_if(batch.doubts.begin(), batch.doubts.end(), ended);
  REQUIRE(doubt != batch.doubts.end());
  CHECK(Name{doubt->pair.zone, doubt->pair.subject} == reload.doubted_and_gone);
  CHECK(std::count_if(batch.doubts.begin(), batch.doubts.end(), ended) == 1);
  CHECK(batch.zones_removed == std::vector<std::string>{"b"});
  write(batch, reload.stored);
  const lists::SubjectTable& subjects = reload.now.world->subjects;
  CHECK(reload.stored.size() == subjects.size());
  for (std::uint32_t subject = 0; subject < subjects.size(); ++subject) {
    CHECK(reload.stored.at(subjects.subject({subject}).to_text()) ==
          reload.now.zone_sets.of({subject}));
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

TEST_CASE("under another name in DNS a pair is another, be it by the zone or by the form") {
  Reloading reloading;
  const std::vector<std::string> targets{"192.0.2.0/30", "domain:www.example.com"};
  Generation before = reloading.make({make_zone("a", kAll), make_zone("b", kAll)}, targets);
  restore(before, {}, reloading.ledger);
  const std::map<Name, Known> known = reloading.live(before);
  std::vector<lists::Zone> zones{make_zone("a", kAll), make_zone("b", kAll)};
  zones[0].dns = *lists::ZoneDns::parse("elsewhere.test");
  zones[1].domain_form = lists::DomainForm::exact;
  REQUIRE(before.world->zone({1}).domain_form != zones[1].domain_form);
  Generation now = reloading.make(zones, targets);
  carry_over(now, before, reloading.ledger);
  for (std::uint32_t pair = 0; pair < now.book.size(); ++pair) {
    const PairSlot& slot = now.book.slot({pair});
    INFO(name_of(now, pair).first << " " << name_of(now, pair).second);
    CHECK((slot.asked_s != 0) == (slot.zone.value == 1 && slot.kind == lists::Kind::ipv4));
  }
}

TEST_CASE("with a shorter interval a turn comes sooner") {
  Reloading reloading;
  const std::vector<std::string> targets{"192.0.2.0/28"};
  Generation before = reloading.make({make_zone("a", kAll)}, targets);
  restore(before, {}, reloading.ledger);
  reloading.live(before);
  std::vector<lists::Zone> zones{make_zone("a", kAll)};
  zones[0].interval = core::Seconds(60);
  Generation now = reloading.make(zones, targets);
  carry_over(now, before, reloading.ledger);
  const core::Tick latest = reloading.ledger.clocks().tick + core::Seconds(60);
  for (std::uint32_t pair = 0; pair < now.book.size(); ++pair) {
    CHECK(before.schedule.due({pair}) > latest);
    CHECK(now.schedule.due({pair}) <= latest);
  }
}
