// SPDX-License-Identifier: Apache-2.0
#include <ctime>

#include "sample.hpp"
#include "storage/sqlite.hpp"

using namespace rblwatch;
using namespace rblwatch::storage;
using namespace rblwatch::storage::sample;

namespace {

const std::vector<report::WatchedRow> kWatched{
    {"192.0.2.10", 1}, {"192.0.2.11", std::nullopt}, {"example.com", 2}};
const std::vector<report::ZoneSetRow> kZoneSets{{1, {"corp", "other"}}, {2, {}}};

Batch full_batch() {
  Batch batch;
  batch.at = at(300);
  batch.events = {event()};
  batch.notices = {notice(0), notice(0, "mail", "start-1")};
  batch.listings = {listing_record()};
  batch.votes = {votes()};
  DoubtRecord doubt;
  doubt.pair = {.subject = "192.0.2.11", .zone = "corp"};
  doubt.doubt = lists::Doubt{.cause = lists::Cause::servfail, .since = at(40)};
  doubt.was_decided = false;
  batch.doubts = {doubt};
  batch.kinds = {kind(), kind("other", lists::ZoneState::blind, lists::Cause::refused)};
  batch.kinds[1].told_blind_since = at(20);
  batch.kinds[1].row.form = lists::DomainForm::both;
  ZoneRecord quarantined = zone();
  quarantined.row.quarantined = true;
  quarantined.row.quarantined_since = at(50);
  quarantined.told_quarantined = true;
  quarantined.quarantined_since = tick(50);
  lists::BelievedChange held;
  held.purpose = lists::Purpose::allow;
  held.first_seen = true;
  held.change.type = lists::EventType::changed;
  held.change.codes = codes({"127.0.0.2", "127.0.0.3"});
  held.change.added = codes({"127.0.0.3"});
  held.change.removed = codes({"127.0.0.4"});
  held.change.since = at(60);
  held.change.first_vote = tick(60);
  quarantined.held = {held, held};
  quarantined.held_subjects = {"192.0.2.10", "192.0.2.11"};
  batch.zones = {quarantined, zone("other")};
  batch.zones[1].row.pattern = "{key}.other.test";
  ResolverRecord resolver;
  resolver.servers.resize(2);
  resolver.servers[0].server = "127.0.0.1:53";
  resolver.servers[0].rtt_ms = 3;
  resolver.servers[1].server = "[::1]:53";
  resolver.servers[1].state = "blind";
  resolver.servers[1].cause = lists::Cause::timeout;
  resolver.servers[1].since = at(70);
  resolver.told_blind = true;
  resolver.cause = lists::Cause::timeout;
  resolver.since = at(70);
  batch.resolver = resolver;
  batch.hosts = {{.host = "mail.example.com",
                  .addresses = {ip("192.0.2.50"), ip("2001:db8::1")},
                  .is_resolved = false,
                  .told_unresolved = true,
                  .cause = "NXDOMAIN",
                  .since = at(80),
                  .notes = {"one", "two\nlines"}}};
  batch.subjects = kWatched;
  batch.zone_sets = kZoneSets;
  return batch;
}

void check_listing(const report::ListingRow& row, const report::ListingRow& expected) {
  CHECK(row.subject == expected.subject);
  CHECK(row.kind == expected.kind);
  CHECK(row.zone == expected.zone);
  CHECK(row.purpose == expected.purpose);
  CHECK(is_same(row.codes, expected.codes));
  CHECK(row.reason == expected.reason);
  CHECK(row.listed_at == expected.listed_at);
  CHECK(row.last_seen == expected.last_seen);
  CHECK(row.ended_at == expected.ended_at);
  CHECK(row.is_retired == expected.is_retired);
  CHECK(row.first_seen == expected.first_seen);
  CHECK(row.contained == expected.contained);
  CHECK(row.zone_ref == expected.zone_ref);
  CHECK(row.target == expected.target);
  CHECK(row.targets == expected.targets);
  CHECK(row.lookup_url == expected.lookup_url);
  CHECK(row.delist_url == expected.delist_url);
  CHECK(row.delist_steps == expected.delist_steps);
}

void check_votes(const std::vector<VotesRecord>& stored) {
  const VotesRecord expected = votes();
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].pair == expected.pair);
  CHECK(stored[0].kind == expected.kind);
  CHECK(stored[0].was_decided == expected.was_decided);
  CHECK(stored[0].marks == expected.marks);
  CHECK(stored[0].cast == expected.cast);
  CHECK(stored[0].evidence == expected.evidence);
  REQUIRE(stored[0].tracks.size() == expected.tracks.size());
  for (std::size_t i = 0; i < expected.tracks.size(); ++i) {
    CHECK(stored[0].tracks[i].purpose == expected.tracks[i].purpose);
    CHECK(stored[0].tracks[i].entries == expected.tracks[i].entries);
  }
}

void check_zones(const std::vector<ZoneRecord>& zones, core::Tick held_tick) {
  REQUIRE(zones.size() == 2);
  const ZoneRecord expected = full_batch().zones[0];
  CHECK(zones[0].row.quarantined);
  CHECK(zones[0].row.quarantined_since == at(50));
  CHECK(zones[0].row.last_sweep == at(31));
  CHECK(zones[0].row.lookups == 12345);
  CHECK(zones[0].row.latency_p50_ms == 3);
  CHECK_FALSE(zones[0].row.latency_p99_ms.has_value());
  CHECK(zones[0].told_quarantined);
  CHECK(zones[0].quarantined_since == held_tick);
  CHECK(zones[0].held_subjects == expected.held_subjects);
  REQUIRE(zones[0].held.size() == 2);
  const lists::BelievedChange& held = zones[0].held[1];
  CHECK(held.purpose == lists::Purpose::allow);
  CHECK(held.first_seen);
  CHECK(held.change.type == lists::EventType::changed);
  CHECK(is_same(held.change.codes, expected.held[0].change.codes));
  CHECK(is_same(held.change.added, expected.held[0].change.added));
  CHECK(is_same(held.change.removed, expected.held[0].change.removed));
  CHECK(held.change.since == at(60));
  CHECK_FALSE(zones[1].row.quarantined);
  CHECK_FALSE(zones[1].quarantined_since.has_value());
  CHECK(zones[1].held.empty());
  CHECK(zones[1].row.pattern == "{key}.other.test");
  CHECK_FALSE(zones[0].row.pattern.has_value());
}

}  // namespace

TEST_CASE("everything of a batch survives a restart on the same boot") {
  const Folder folder;
  {
    Store store = open_store(folder);
    taken(store.commit(full_batch()));
  }
  Store store = open_store(folder, 400);
  const Snapshot snapshot = taken(store.load());
  CHECK(snapshot.is_same_boot);
  REQUIRE(snapshot.open.size() == 1);
  check_listing(snapshot.open[0], listing());
  REQUIRE(snapshot.open_evidence.size() == 1);
  CHECK(snapshot.open_evidence[0] == evidence());
  check_votes(snapshot.votes);
  REQUIRE(snapshot.doubts.size() == 1);
  CHECK(snapshot.doubts[0].pair == PairKey{.subject = "192.0.2.11", .zone = "corp"});
  CHECK(snapshot.doubts[0].doubt == full_batch().doubts[0].doubt);
  CHECK_FALSE(snapshot.doubts[0].was_decided);
  REQUIRE(snapshot.kinds.size() == 2);
  CHECK(snapshot.kinds[0].row.swept_at == at(30));
  CHECK(snapshot.kinds[0].row.sweep_length == Millis(1500));
  CHECK(snapshot.kinds[0].has_been_decided);
  CHECK(snapshot.kinds[0].last_passed == at(19));
  CHECK(snapshot.kinds[1].row.state == lists::ZoneState::blind);
  CHECK(snapshot.kinds[1].row.cause == lists::Cause::refused);
  CHECK(snapshot.kinds[1].told_blind_since == at(20));
  CHECK_FALSE(snapshot.kinds[0].told_blind_since.has_value());
  CHECK_FALSE(snapshot.kinds[0].row.form.has_value());
  CHECK(snapshot.kinds[1].row.form == lists::DomainForm::both);
  check_zones(snapshot.zones, tick(50));
  REQUIRE(snapshot.resolver.has_value());
  CHECK(snapshot.resolver->told_blind);
  CHECK(snapshot.resolver->cause == lists::Cause::timeout);
  REQUIRE(snapshot.resolver->servers.size() == 2);
  CHECK(snapshot.resolver->servers[0].rtt_ms == 3);
  CHECK(snapshot.resolver->servers[1].state == "blind");
  REQUIRE(snapshot.hosts.size() == 1);
  CHECK(snapshot.hosts[0].addresses == full_batch().hosts[0].addresses);
  CHECK_FALSE(snapshot.hosts[0].is_resolved);
  CHECK(snapshot.hosts[0].told_unresolved);
  CHECK(snapshot.hosts[0].cause == "NXDOMAIN");
  CHECK(snapshot.hosts[0].notes == full_batch().hosts[0].notes);
  CHECK(snapshot.subjects == kWatched);
  CHECK(snapshot.zone_sets == kZoneSets);
  CHECK(snapshot.held_batches == std::vector<std::string>{"start-1"});
}

TEST_CASE("on another boot, or when a clock went back, pending votes are gone for good") {
  struct Row {
    std::string name;
    OpenOptions options;
    bool is_same_boot;
  };
  const auto row = GENERATE(values<Row>({
      {"the same boot, later", options(400), true},
      {"the same boot, the same moment", options(300), true},
      {"another boot", options(400, "boot-b"), false},
      {"the wall clock went back", {"0.1.0", "boot-a", at(299), tick(400)}, false},
      {"the tick went back", {"0.1.0", "boot-a", at(400), tick(-1)}, false},
  }));
  CAPTURE(row.name);
  const Folder folder;
  {
    Store store = open_store(folder);
    Batch batch = full_batch();  // which has a listing of the first, and holds one of the second
    batch.votes.push_back(votes(batch.zones[0].held_subjects[1]));
    batch.votes.push_back(votes("192.0.2.99"));
    taken(store.commit(batch));
  }
  {
    Store store = taken(Store::open(folder.database(), row.options));
    const Snapshot snapshot = taken(store.load());
    CHECK(snapshot.is_same_boot == row.is_same_boot);
    REQUIRE(snapshot.votes.size() == (row.is_same_boot ? 3 : 2));
    for (const VotesRecord& record : snapshot.votes) {
      CHECK(record.tracks.empty() != row.is_same_boot);
      CHECK(record.marks.empty() != row.is_same_boot);
      CHECK(record.cast == votes().cast);  // what is believed stays proved
    }
    CHECK(snapshot.open.size() == 1);
    CHECK(snapshot.doubts.size() == 1);
    // What a quarantine holds is believed; only its wait starts anew.
    check_zones(snapshot.zones, row.is_same_boot ? tick(50) : row.options.tick);
  }
  OpenOptions later = row.options;
  later.now += Seconds(60);
  later.tick += Seconds(60);
  Store store = taken(Store::open(folder.database(), later));
  const Snapshot snapshot = taken(store.load());
  CHECK(snapshot.is_same_boot);
  CHECK(snapshot.votes.size() == (row.is_same_boot ? 3 : 2));
}

TEST_CASE("a system without a boot id never trusts its ticks") {
  const Folder folder;
  { Store store = open_store(folder, 0, ""); }
  CHECK_FALSE(open_store(folder, 10, "").load()->is_same_boot);
}

TEST_CASE("a listing opens once, changes in place, closes, and may open again") {
  Store store = open_memory_store();
  const auto commit = [&](report::ListingRow row) {
    Batch batch;
    batch.at = at(500);
    batch.listings = {listing_record(std::move(row))};
    taken(store.commit(batch));
    return taken(store.load()).open;
  };
  const auto opened = commit(listing());
  REQUIRE(opened.size() == 1);
  report::ListingRow changed = listing();
  changed.codes = codes({"127.0.0.9"});
  const auto after = commit(changed);
  REQUIRE(after.size() == 1);
  CHECK(after[0].id == opened[0].id);
  CHECK(is_same(after[0].codes, changed.codes));
  CHECK(commit(listing("192.0.2.10", "corp", lists::Purpose::info)).size() == 2);
  changed.ended_at = at(400);
  CHECK(commit(changed).size() == 1);
  const auto again = commit(listing());
  REQUIRE(again.size() == 2);
  CHECK(again[1].id > opened[0].id);
}

TEST_CASE("a sight is of an open listing's purpose, and never takes one back") {
  Store store = open_memory_store();
  Batch batch;
  batch.at = at(500);
  report::ListingRow ended = listing("192.0.2.11");
  ended.ended_at = at(400);
  batch.listings = {listing_record(listing()), listing_record(ended),
                    listing_record(listing("192.0.2.10", "corp", lists::Purpose::info))};
  taken(store.commit(batch));
  batch.listings.clear();
  const PairKey pair{"192.0.2.10", "corp"};
  const auto block = lists::Purpose::block;
  batch.sights = {
      {pair, block, at(170)}, {pair, block, at(165)}, {{"192.0.2.11", "corp"}, block, at(900)}};
  CHECK_FALSE(batch.is_empty());
  taken(store.commit(batch));
  const auto open = taken(store.load()).open;
  REQUIRE(open.size() == 2);
  CHECK(open[0].last_seen == at(170));
  CHECK(open[1].last_seen == at(160));
}

TEST_CASE("votes and doubts replace what was stored, and none deletes it") {
  Store store = open_memory_store();
  Batch batch = full_batch();
  taken(store.commit(batch));
  taken(store.commit(batch));
  check_votes(taken(store.load()).votes);
  Batch second;
  second.at = at(310);
  VotesRecord fewer = votes();
  fewer.tracks.resize(1);
  fewer.tracks[0].entries.resize(1);
  second.votes = {fewer};
  taken(store.commit(second));
  REQUIRE(taken(store.load()).votes.size() == 1);
  CHECK(taken(store.load()).votes[0].tracks.size() == 1);
  VotesRecord marks_only = votes();
  marks_only.tracks.clear();
  marks_only.cast.clear();
  second.votes = {marks_only};
  taken(store.commit(second));
  CHECK(taken(store.load()).votes[0].marks.size() == 2);
  CHECK(taken(store.load()).votes[0].tracks.empty());
  VotesRecord none;
  none.pair = votes().pair;
  none.tracks = {{.purpose = lists::Purpose::block, .entries = {}}};
  second.votes = {none};
  DoubtRecord no_doubt = batch.doubts[0];
  no_doubt.doubt.reset();
  second.doubts = {no_doubt};
  taken(store.commit(second));
  CHECK(taken(store.load()).votes.empty());
  CHECK(taken(store.load()).doubts.empty());
}

TEST_CASE("a subject that is asked on other zones goes over to another set") {
  Store store = open_memory_store();
  taken(store.commit(full_batch()));
  Batch change;
  change.at = at(310);
  change.subjects = {{"192.0.2.11", 2}};
  SECTION("a set that is there") {
    taken(store.commit(change));
    CHECK(taken(store.load()).zone_sets == kZoneSets);
  }
  SECTION("the sets are all that there are") {
    change.zone_sets = {{2, {"corp"}}};
    taken(store.commit(change));
    CHECK(taken(store.load()).zone_sets == *change.zone_sets);
  }
  CHECK(taken(store.load()).subjects ==
        std::vector<report::WatchedRow>{{"192.0.2.10", 1}, {"192.0.2.11", 2}, {"example.com", 2}});
}

TEST_CASE("a subject or zone that leaves takes its state along, but not its history") {
  Store store = open_memory_store();
  taken(store.commit(full_batch()));
  Batch removal;
  removal.at = at(310);
  SECTION("subjects") {
    removal.subjects_removed = {"192.0.2.10", "192.0.2.11"};
    taken(store.commit(removal));
    const Snapshot snapshot = taken(store.load());
    CHECK(snapshot.subjects == std::vector<report::WatchedRow>{{"example.com", 2}});
    CHECK(snapshot.votes.empty());
    CHECK(snapshot.doubts.empty());
    CHECK(snapshot.zones.size() == 2);
    CHECK(snapshot.open.size() == 1);
  }
  SECTION("kinds") {
    removal.kinds_removed = {{.zone = "other", .kind = lists::Kind::ipv4}};
    taken(store.commit(removal));
    CHECK(taken(store.load()).kinds.size() == 1);
    CHECK(taken(store.load()).votes.size() == 1);
    removal.kinds_removed = {{.zone = "corp", .kind = lists::Kind::ipv4}};
    taken(store.commit(removal));
    const Snapshot snapshot = taken(store.load());
    CHECK(snapshot.kinds.empty());
    CHECK(snapshot.votes.empty());
    CHECK(snapshot.doubts.empty());
    CHECK(snapshot.zones.size() == 2);
    CHECK(snapshot.open.size() == 1);
  }
  SECTION("zones") {
    removal.zones_removed = {"corp"};
    taken(store.commit(removal));
    const Snapshot snapshot = taken(store.load());
    CHECK(snapshot.votes.empty());
    CHECK(snapshot.doubts.empty());
    REQUIRE(snapshot.zones.size() == 1);
    CHECK(snapshot.zones[0].row.zone == "other");
    CHECK(snapshot.kinds.size() == 1);
    CHECK(snapshot.open.size() == 1);
    CHECK(snapshot.subjects.size() == 3);
  }
}

TEST_CASE("the states of a zone's kind are kept as intervals, not as a row per test") {
  const Folder folder;
  {
    Store store = open_store(folder);
    const auto commit = [&](std::int64_t seconds, lists::ZoneState state,
                            std::optional<lists::Cause> cause, std::int64_t since) {
      Batch batch;
      batch.at = at(seconds);
      batch.kinds = {kind("corp", state, cause)};
      batch.kinds[0].row.since = at(since);
      taken(store.commit(batch));
    };
    using lists::Cause;
    using lists::ZoneState;
    commit(10, ZoneState::untested, std::nullopt, 9);
    commit(20, ZoneState::seeing, std::nullopt, 19);
    commit(30, ZoneState::seeing, std::nullopt, 19);
    commit(40, ZoneState::blind, Cause::timeout, 39);
    commit(50, ZoneState::blind, Cause::refused, 39);   // blind for longer than for this cause
    commit(55, ZoneState::untested, std::nullopt, 55);  // a restart
    commit(60, ZoneState::blind, Cause::refused, 39);
    Batch removal;
    removal.at = at(70);
    removal.zones_removed = {"corp"};
    taken(store.commit(removal));
  }
  auto connection = taken(Connection::open(folder.database(), OpenMode::reader));
  CHECK(connection
            .value("SELECT group_concat(state || ' ' || ifnull(cause, '-') || ' ' || "
                   "(began_at / 1000 - 1700000000) || ' ' || "
                   "(ended_at / 1000 - 1700000000), ', ') FROM kind_intervals")
            .value() == "seeing - 19 39, blind timeout 39 50, blind refused 50 70");
}

TEST_CASE("a batch with nothing in it is empty, and any part makes it not") {
  CHECK(Batch{}.is_empty());
  Batch batch;
  batch.at = at(1);
  CHECK(batch.is_empty());
  batch.released_batches = {"a"};
  CHECK_FALSE(batch.is_empty());
  CHECK_FALSE(full_batch().is_empty());
}

TEST_CASE("the text of a zone is kept up to 4 KiB") {
  Store store = open_memory_store();
  Batch batch = full_batch();
  batch.listings[0].row.reason = core::Untrusted(std::string(10'000, 'x'));
  taken(store.commit(batch));
  CHECK(taken(store.load()).open[0].reason.raw() == std::string(4096, 'x'));
}

TEST_CASE("ten thousand events with their listings are one transaction") {
  const Folder folder;
  Store store = open_store(folder);
  Batch batch;
  batch.at = at(300);
  for (int i = 0; i < 10'000; ++i) {
    const std::string subject = "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    batch.events.push_back(event(subject));
    batch.listings.push_back(listing_record(listing(subject)));
  }
  // Of the processor alone: a busy machine makes nobody's code slow.
  const std::clock_t began = std::clock();
  taken(store.commit(batch));
  const double took = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  WARN("20 000 rows in " << took << " s of the processor");
  CHECK(taken(store.load()).open.size() == 10'000);
}
