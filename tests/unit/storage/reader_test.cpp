// SPDX-License-Identifier: Apache-2.0
#include "storage/reader.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <map>

#include "sample.hpp"
#include "storage/sqlite.hpp"

using namespace rblwatch;
using namespace rblwatch::storage;
using namespace rblwatch::storage::sample;
using Kind = core::Error::Kind;
namespace fs = std::filesystem;

namespace {

void add_events(Store& store, std::size_t count) {
  Batch batch;
  batch.at = at(300);
  for (std::size_t i = 0; i < count; ++i) {
    batch.events.push_back(event("192.0.2." + std::to_string(i), 200 + static_cast<int>(i)));
  }
  taken(store.commit(batch));
}

std::size_t events_in(const Reader& reader) {
  return taken(reader.events_after(0, 100'000)).views.size();
}

/// Everybody may read, nobody but root may write.
void make_readable(const Folder& folder) {
  REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    if (fs::exists(folder.beside(suffix))) {
      REQUIRE(::chmod(folder.beside(suffix).c_str(), 0444) == 0);
    }
  }
}

std::map<std::string, std::string> files_of(const Folder& folder) {
  std::map<std::string, std::string> files;
  for (const char* suffix : {"", "-wal"}) {
    files[suffix] = bytes_of(folder.beside(suffix));
  }
  return files;
}

bool can_read_all(const Folder& folder, std::size_t events) {
  const auto reader = Reader::open(folder.database());
  return reader && reader->status() && reader->history({}) && reader->deliveries(false, 10) &&
         reader->evidence("192.0.2.1") && reader->addresses({}) &&
         reader->events_after(0, 1000)->views.size() == events;
}

using Texts = std::vector<std::string>;

/// filter(&HistoryFilter::zone, "corp", &HistoryFilter::limit, 2U)
inline HistoryFilter filter() {
  return {};
}
template <class Member, class... Rest>
HistoryFilter filter(Member HistoryFilter::*member, std::type_identity_t<Member> value,
                     Rest... rest) {
  HistoryFilter made = filter(rest...);
  made.*member = std::move(value);
  return made;
}

Texts subjects_of(const ListingHistory& history) {
  Texts subjects;
  for (const report::ListingRow& row : history.rows) {
    subjects.push_back(row.subject);
  }
  return subjects;
}

/// Four listings on two zones, of the targets "one" and "two", all of "all".
void add_history(Store& store) {
  const auto add = [&](const std::string& subject, const std::string& zone, std::int64_t from,
                       std::optional<std::int64_t> to, const std::string& target) {
    report::ListingRow row = listing(subject, zone);
    row.listed_at = at(from);
    row.target.name = target;
    row.targets = {target, "all"};
    if (to) {
      row.ended_at = at(*to);
    }
    Batch batch;
    batch.at = at(from);
    batch.listings = {listing_record(row)};
    taken(store.commit(batch));
  };
  add("a.test", "corp", 100, 200, "one");
  add("b.test", "corp", 150, std::nullopt, "two");
  add("c.test", "other", 300, 400, "two");
  add("a.test", "other", 350, std::nullopt, "one");
}

/// Something of everything that status shows.
Batch batch_of_everything() {
  Batch batch;
  batch.at = at(300);
  batch.listings = {listing_record(), listing_record(listing("192.0.2.20", "corp")),
                    listing_record(listing("192.0.2.30", "white", lists::Purpose::allow)),
                    listing_record(listing("192.0.2.31", "white", lists::Purpose::allow)),
                    listing_record(listing("192.0.2.32", "white", lists::Purpose::allow))};
  for (std::size_t i = 2; i < 5; ++i) {
    batch.listings[i].row.ended_at = at(250);
  }
  batch.listings[3].row.is_retired = true;
  batch.listings.push_back(listing_record(listing("192.0.2.32", "white", lists::Purpose::allow)));
  batch.votes = {votes(), votes("192.0.2.20"), votes("192.0.2.40"), votes("2001:db8::1")};
  batch.votes[3].tracks.clear();    // held
  batch.votes[0].tracks.resize(1);  // a code joins, another leaves
  batch.votes[1].tracks.resize(1);  // all codes leave
  lists::PendingEntry leaves = batch.votes[1].tracks[0].entries[0];
  leaves.code = code("127.0.0.4");
  batch.votes[1].tracks[0].entries[1] = leaves;
  batch.votes[2].tracks.resize(1);  // nothing is listed yet
  batch.votes[2].tracks[0].entries.erase(batch.votes[2].tracks[0].entries.begin());
  batch.zones = {zone(), zone("white")};
  batch.zones[1].row.last_sweep = at(99);
  lists::BelievedChange held;
  held.change.codes = codes({"127.0.0.7"});
  held.change.since = at(77);
  batch.zones[0].held = {held};
  batch.zones[0].held_subjects = {"2001:db8::1"};
  batch.zones[0].row.quarantined = true;
  batch.kinds = {kind()};
  DoubtRecord doubt;
  doubt.pair = {.subject = "192.0.2.11", .zone = "corp"};
  doubt.doubt = lists::Doubt{.cause = lists::Cause::servfail, .since = at(40)};
  batch.doubts = {doubt};
  batch.resolver.emplace().servers.resize(1);
  batch.subjects = {{"example.com", 2}, {"192.0.2.10", 1}, {"192.0.2.11", std::nullopt}};
  batch.zone_sets = {{1, {"corp", "white"}}, {2, {}}};
  return batch;
}

/// One event, told to "ops" in a delivery of its own.
alerts::Delivery sealed_delivery(Store& store, int number, core::Timestamp created_at) {
  Batch batch;
  batch.at = at(300);
  batch.events = {event()};
  batch.notices = {notice(0)};
  taken(store.commit(batch));
  alerts::Delivery delivery;
  delivery.id = "0" + std::to_string(number);
  delivery.channel = "ops";
  delivery.created_at = created_at;
  taken(store.seal(delivery, taken(store.unsealed())));
  return delivery;
}

}  // namespace

TEST_CASE("without a database the reader says so and makes none") {
  const Folder folder;
  const auto reader = Reader::open(folder.database());
  REQUIRE_FALSE(reader.has_value());
  CHECK(reader.error().kind == Kind::not_found);
  CHECK(reader.error().text.find("rblwatch.db") != std::string::npos);
  CHECK(fs::is_empty(folder.path()));
  write_bytes(folder.database(), "");
  CHECK(Reader::open(folder.database()).error().kind == Kind::not_found);
}

TEST_CASE("a reader sees each commit, with the daemon up, down, and up again") {
  const Folder folder;
  std::optional<Store> store = open_store(folder);
  add_events(*store, 2);
  const Reader reader = taken(Reader::open(folder.database()));
  CHECK(events_in(reader) == 2);
  CHECK(taken(reader.status()).daemon.running);
  add_events(*store, 3);
  CHECK(events_in(reader) == 5);
  store.reset();
  CHECK(events_in(reader) == 5);
  CHECK_FALSE(taken(reader.status()).daemon.running);
  const Reader second = taken(Reader::open(folder.database()));
  CHECK(events_in(second) == 5);
  store = open_store(folder, 400);
  add_events(*store, 1);
  CHECK(events_in(reader) == 6);
  CHECK(events_in(second) == 6);
  CHECK(taken(second.status()).daemon.running);
}

TEST_CASE("reading changes neither the database nor its WAL") {
  const Folder folder;
  std::optional<Store> store = open_store(folder);
  add_events(*store, 5);
  const auto read = [&] {
    const auto before = files_of(folder);
    CHECK(can_read_all(folder, 5));
    CHECK(files_of(folder) == before);
  };
  read();
  store.reset();
  read();
  CHECK(fs::file_size(folder.beside("-wal")) == 0);
}

TEST_CASE("a user who may only read can read, with the daemon up or down") {
  const Folder folder;
  std::optional<Store> store = open_store(folder);
  add_events(*store, 3);
  SECTION("up") {
    make_readable(folder);
    CHECK(as_nobody([&] { return can_read_all(folder, 3); }));
  }
  SECTION("down") {
    store.reset();
    make_readable(folder);
    CHECK(as_nobody([&] { return can_read_all(folder, 3); }));
  }
  SECTION("down, and only the database itself is left") {
    store.reset();
    for (const char* suffix : {"-wal", "-shm", ".lock"}) {
      fs::remove(folder.beside(suffix));
    }
    make_readable(folder);
    CHECK(as_nobody([&] { return can_read_all(folder, 3); }));
  }
  SECTION("down after a crash, so that the WAL is full") {
    const Folder crashed;
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
      fs::copy(folder.beside(suffix), crashed.beside(suffix));
    }
    make_readable(crashed);
    CHECK(as_nobody([&] { return can_read_all(crashed, 3); }));
  }
}

TEST_CASE("a read has one view while the writer goes on, and never stops it") {
  const Folder folder;
  Store store = open_store(folder);
  add_events(store, 1);
  auto connection = taken(Connection::open(folder.database(), OpenMode::reader));
  Transaction view(connection, Transaction::Kind::read);
  const auto count = [&] {
    Query query(view, "SELECT count(*) FROM events");
    return query.next() ? query.integer() : -1;
  };
  CHECK(count() == 1);
  for (int i = 0; i < 50; ++i) {
    add_events(store, 20);
  }
  CHECK(count() == 1);
  CHECK(view.commit().has_value());
  CHECK(events_in(taken(Reader::open(folder.database()))) == 1001);
}

TEST_CASE("a backup is whole, private to its group, and is a database to go on with") {
  const Folder folder;
  std::optional<Store> store = open_store(folder);
  add_events(*store, 3);
  if (GENERATE(true, false)) {
    store.reset();
  }
  const Reader reader = taken(Reader::open(folder.database()));
  const fs::path copy = folder.path() / "copy.db";
  taken(reader.backup(copy));
  struct stat info {};
  REQUIRE(::stat(copy.c_str(), &info) == 0);
  CHECK((info.st_mode & 0137) == 0);
  CHECK_FALSE(fs::exists(copy.string() + "-wal"));
  CHECK_FALSE(fs::exists(copy.string() + "-journal"));
  const std::string bytes = bytes_of(copy);
  const auto again = reader.backup(copy);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().kind == Kind::invalid);
  CHECK(bytes_of(copy) == bytes);
  CHECK(events_in(taken(Reader::open(copy))) == 3);
  auto checked = taken(Connection::open(copy, OpenMode::reader));
  CHECK(taken(checked.value("PRAGMA integrity_check")) == "ok");
  Store restored = taken(Store::open(copy, options(500)));
  add_events(restored, 1);
  CHECK(events_in(taken(Reader::open(copy))) == 4);
  CHECK(reader.backup(folder.path() / "no" / "copy.db").error().kind == Kind::not_found);
  const auto left = std::count_if(
      fs::directory_iterator(folder.path()), fs::directory_iterator(),
      [](const auto& entry) { return entry.path().string().find(".part") != std::string::npos; });
  CHECK(left == 0);
}

TEST_CASE("every page can be looked through, with the daemon up or down") {
  const Folder folder;
  std::optional<Store> store = open_store(folder);
  add_events(*store, 50);
  const Reader reader = taken(Reader::open(folder.database()));
  taken(reader.check_integrity(core::Millis(20'000)));
  store.reset();
  taken(reader.check_integrity(core::Millis(20'000)));
  std::string bytes = bytes_of(folder.database());
  const std::size_t page = 4096;
  REQUIRE(bytes.size() > 8 * page);
  // A page of a table's tree, not one of those that opening looks at.
  for (std::size_t number = 2; number < bytes.size() / page; ++number) {
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(number * page), 8, '\x7f');
  }
  write_bytes(folder.database(), bytes);
  const auto damaged = Reader::open(folder.database());
  const auto checked = damaged ? damaged->check_integrity(core::Millis(20'000))
                               : core::Result<void>(tl::make_unexpected(damaged.error()));
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().kind == Kind::corrupt);
}

TEST_CASE("history is newest first, and chosen by subject, target, zone and time") {
  const Folder folder;
  Store store = open_store(folder);
  add_history(store);
  const Reader reader = taken(Reader::open(folder.database()));
  struct Row {
    std::string name;
    HistoryFilter filter;
    std::vector<std::string> subjects;
    bool more = false;
  };
  const auto row = GENERATE(values<Row>({
      {"all", {}, {"a.test", "c.test", "b.test", "a.test"}},
      {"a limit", filter(&HistoryFilter::limit, 2U), {"a.test", "c.test"}, true},
      {"a limit that fits",
       filter(&HistoryFilter::limit, 4U),
       {"a.test", "c.test", "b.test", "a.test"}},
      {"one subject", filter(&HistoryFilter::subjects, Texts{"a.test"}), {"a.test", "a.test"}},
      {"two subjects",
       filter(&HistoryFilter::subjects, Texts{"b.test", "c.test"}),
       {"c.test", "b.test"}},
      {"a target", filter(&HistoryFilter::targets, Texts{"two"}), {"c.test", "b.test"}},
      {"a target by its value", filter(&HistoryFilter::targets, Texts{"c.test"}), {"c.test"}},
      {"a target of several",
       filter(&HistoryFilter::targets, Texts{"all"}, &HistoryFilter::limit, 1U),
       {"a.test"},
       true},
      {"subject or target",
       filter(&HistoryFilter::subjects, Texts{"a.test"}, &HistoryFilter::targets, Texts{"two"}),
       {"a.test", "c.test", "b.test", "a.test"}},
      {"nobody", filter(&HistoryFilter::subjects, Texts{"z.test"}), {}},
      {"a zone", filter(&HistoryFilter::zone, "other"), {"a.test", "c.test"}},
      {"a zone and a subject",
       filter(&HistoryFilter::subjects, Texts{"a.test"}, &HistoryFilter::zone, "corp"),
       {"a.test"}},
      {"since: what stood then or later",
       filter(&HistoryFilter::since, at(201)),
       {"a.test", "c.test", "b.test"}},
      {"until: what had begun", filter(&HistoryFilter::until, at(300)), {"b.test", "a.test"}},
      {"a span",
       filter(&HistoryFilter::since, at(201), &HistoryFilter::until, at(301)),
       {"c.test", "b.test"}},
  }));
  CAPTURE(row.name);
  const ListingHistory history = taken(reader.history(row.filter));
  CHECK(subjects_of(history) == row.subjects);
  CHECK(history.more == row.more);
}

TEST_CASE("events are newest first, and chosen alike; a resolver's by the zones it touched") {
  const Folder folder;
  Store store = open_store(folder);
  Batch batch;
  batch.at = at(300);
  batch.events = {event("a.test", 100), event("b.test", 200), event("a.test", 300)};
  batch.events[1].zone->id = "other";
  lists::Event resolver;
  resolver.type = lists::EventType::resolver_blind;
  resolver.at = at(400);
  resolver.zones = {"corp", "third"};
  batch.events.push_back(resolver);
  taken(store.commit(batch));
  const Reader reader = taken(Reader::open(folder.database()));
  struct Row {
    std::string name;
    HistoryFilter filter;
    std::vector<std::int64_t> ids;
    bool more = false;
  };
  const auto row = GENERATE(values<Row>({
      {"all", {}, {4, 3, 2, 1}},
      {"a limit", filter(&HistoryFilter::limit, 1U), {4}, true},
      {"a subject", filter(&HistoryFilter::subjects, Texts{"a.test"}), {3, 1}},
      {"subjects", filter(&HistoryFilter::subjects, Texts{"a.test", "b.test"}), {3, 2, 1}},
      {"a target", filter(&HistoryFilter::targets, Texts{"office"}), {3, 2, 1}},
      {"a target by its value", filter(&HistoryFilter::targets, Texts{"b.test"}), {2}},
      {"a zone", filter(&HistoryFilter::zone, "corp"), {4, 3, 1}},
      {"a zone of the resolver's", filter(&HistoryFilter::zone, "third"), {4}},
      {"a part of a zone's name", filter(&HistoryFilter::zone, "thi"), {}},
      {"a span", filter(&HistoryFilter::since, at(200), &HistoryFilter::until, at(300)), {2}},
  }));
  CAPTURE(row.name);
  const EventHistory history = taken(reader.events(row.filter));
  std::vector<std::int64_t> ids;
  for (const alerts::EventView& view : history.views) {
    ids.push_back(view.event.id);
  }
  CHECK(ids == row.ids);
  CHECK(history.more == row.more);
  const EventHistory after = taken(reader.events_after(1, 2));
  REQUIRE(after.views.size() == 2);
  CHECK(after.views[0].event.id == 2);
  CHECK(after.views[1].timeline.size() == 1);
  CHECK(after.more);
  CHECK_FALSE(taken(reader.events_after(2, 2)).more);
}

TEST_CASE("status has what is open, lost, pending, doubted, and the daemon's own facts") {
  const Folder folder;
  Store store = open_store(folder);
  taken(store.commit(batch_of_everything()));

  const report::StatusRows rows = taken(taken(Reader::open(folder.database())).status());
  CHECK(rows.daemon.running);
  CHECK(rows.daemon.version == "0.1.0");
  CHECK(rows.daemon.started_at == at(0));
  CHECK(rows.daemon.last_sweep == at(99));
  CHECK(rows.open.size() == 3);
  REQUIRE(rows.lost_allows.size() == 1);
  CHECK(rows.lost_allows[0].subject == "192.0.2.30");
  REQUIRE(rows.pending.size() == 4);
  std::map<std::string, report::PendingRow> pending;
  for (const report::PendingRow& row : rows.pending) {
    pending[row.subject] = row;
  }
  CHECK(pending["192.0.2.10"].to == lists::PendingTo::changed);
  CHECK(pending["192.0.2.10"].codes.entries() ==
        std::vector<std::string>{"127.0.0.2", "127.0.0.9"});
  CHECK(pending["192.0.2.10"].first_vote == at(1));
  CHECK(pending["192.0.2.10"].last_vote == at(200));
  CHECK(pending["192.0.2.20"].to == lists::PendingTo::delisted);
  CHECK(pending["192.0.2.40"].to == lists::PendingTo::listed);
  CHECK_FALSE(pending["192.0.2.40"].held);
  CHECK(pending["2001:db8::1"].held);
  CHECK_FALSE(pending["2001:db8::1"].is_contested);
  CHECK(pending["2001:db8::1"].kind == lists::Kind::ipv6);
  CHECK(pending["2001:db8::1"].first_vote == at(77));
  CHECK(pending["192.0.2.40"].reason == evidence().txt);
  CHECK(pending["2001:db8::1"].reason == evidence().txt);
  REQUIRE(rows.doubts.size() == 1);
  CHECK(rows.doubts[0].doubt.cause == lists::Cause::servfail);
  CHECK(rows.kinds.size() == 1);
  CHECK(rows.zones.size() == 2);
  CHECK(rows.resolvers.size() == 1);
  CHECK(rows.watched == std::vector<report::WatchedRow>{
                            {"192.0.2.10", 1}, {"192.0.2.11", std::nullopt}, {"example.com", 2}});
  CHECK(rows.zone_sets == std::vector<report::ZoneSetRow>{{1, {"corp", "white"}}, {2, {}}});
}

TEST_CASE("what waits for a wave is pending by its votes; in quarantine it is held against them") {
  const Folder folder;
  Store store = open_store(folder);
  Batch batch;
  batch.at = at(300);
  batch.votes = {votes("192.0.2.40")};
  batch.votes[0].tracks.resize(1);
  batch.zones = {zone()};
  lists::BelievedChange held;
  held.change.codes = codes({"127.0.0.7"});
  batch.zones[0].held = {held};
  batch.zones[0].held_subjects = {"192.0.2.40"};
  for (const bool is_quarantined : {false, true}) {
    batch.zones[0].row.quarantined = is_quarantined;
    taken(store.commit(batch));
    const auto rows = taken(taken(Reader::open(folder.database())).status()).pending;
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].held == is_quarantined);
    CHECK(rows[0].is_contested == is_quarantined);
  }
}

TEST_CASE("the evidence kept of a subject is that of its open listings and its votes") {
  const Folder folder;
  Store store = open_store(folder);
  Batch batch;
  batch.at = at(300);
  batch.listings = {listing_record(), listing_record(listing("192.0.2.10", "white"))};
  batch.votes = {votes(), votes("192.0.2.10", "new"), votes("192.0.2.10", "clear"),
                 votes("192.0.2.99", "corp")};
  batch.votes[0].evidence.asked_at = at(500);
  batch.votes[0].tracks.resize(1);
  batch.votes[2].tracks.clear();
  batch.votes[2].cast.clear();
  taken(store.commit(batch));
  const auto kept = taken(taken(Reader::open(folder.database())).evidence("192.0.2.10"));
  REQUIRE(kept.size() == 3);
  CHECK(kept[0].zone == "corp");
  CHECK(kept[0].is_listed);
  CHECK(kept[0].evidence.asked_at == at(500));
  REQUIRE(kept[0].votes.size() == 2);
  CHECK(kept[0].votes[0].asked_at == at(1));
  CHECK(kept[0].votes[0].verdict == "listed");
  CHECK(kept[0].votes[0].codes == std::vector<std::string>{"127.0.0.2", "127.0.0.9"});
  CHECK(kept[0].votes[1].asked_at == at(200));
  CHECK(kept[0].votes[1].verdict == "clear");
  CHECK(kept[0].votes[1].codes.empty());
  CHECK(kept[1].zone == "new");
  CHECK_FALSE(kept[1].is_listed);
  CHECK(kept[2].zone == "white");
  CHECK(kept[2].evidence == evidence());
  CHECK(kept[2].votes.empty());
}

TEST_CASE("the addresses of targets are found by their sources") {
  const Folder folder;
  Store store = open_store(folder);
  Batch batch;
  batch.at = at(300);
  batch.hosts.resize(3);
  batch.hosts[0].host = "mail.example.com";
  batch.hosts[0].addresses = {ip("192.0.2.50"), ip("2001:db8::5")};
  batch.hosts[1].host = "mx:mail.example.com";
  batch.hosts[1].addresses = {ip("192.0.2.51")};
  batch.hosts[1].notes = {"one", "two\nlines"};
  batch.hosts[2].host = "spf:mail.example.com";
  batch.hosts[2].addresses = {ip("192.0.2.50"), ip("192.0.2.51")};
  batch.hosts[2].is_resolved = false;
  batch.hosts[2].cause = "servfail";
  batch.hosts[2].since = at(7);
  taken(store.commit(batch));
  std::vector<lists::Target> targets(5);
  targets[1].type = lists::TargetType::host;
  targets[1].host = core::DnsName::parse("mail.example.com").value();
  targets[2] = targets[1];
  targets[2].host = core::DnsName::parse("other.example.com").value();
  targets[3] = targets[1];
  targets[3].type = lists::TargetType::domain;
  targets[4] = targets[3];
  targets[4].follow = {lists::Follow::mx, lists::Follow::spf};
  const auto known = taken(taken(Reader::open(folder.database())).addresses(targets));
  REQUIRE(known.hosts.size() == 2);
  CHECK(known.hosts.at(1) == batch.hosts[0].addresses);
  CHECK(known.hosts.at(4) == batch.hosts[2].addresses);
  REQUIRE(known.sources.at(4).size() == 2);
  CHECK(known.sources.at(4)[0].notes == batch.hosts[1].notes);
  CHECK(known.sources.at(4)[0].is_resolved);
  CHECK(known.sources.at(4)[1].follow == lists::Follow::spf);
  CHECK_FALSE(known.sources.at(4)[1].is_resolved);
  CHECK(known.sources.at(4)[1].cause == "servfail");
  CHECK(known.sources.at(4)[1].since == at(7));
}

TEST_CASE("deliveries are shown newest first, or the failed ones alone") {
  const Folder folder;
  Store store = open_store(folder);
  for (int i = 0; i < 5; ++i) {
    alerts::Delivery delivery = sealed_delivery(store, i, at(i));
    if (i % 2 == 0) {
      delivery.state = alerts::DeliveryState::failed;
      delivery.attempts = 2;
      delivery.last_attempt_at = at(10);
      delivery.response = "404";
      taken(store.settle(delivery, {}, {}));
    }
  }
  const Reader reader = taken(Reader::open(folder.database()));
  const auto all = taken(reader.deliveries(false, 3));
  REQUIRE(all.size() == 3);
  CHECK(all[0].id == "04");
  CHECK(all[0].state == "failed");
  CHECK(all[0].created_at == at(4));
  CHECK(all[0].attempts == 2);
  CHECK(all[0].last_attempt_at == at(10));
  CHECK(all[0].response == "404");
  CHECK(all[0].events == std::vector<std::int64_t>{5});
  CHECK(all[0].about.find("192.0.2.10 (mx1) is listed on bl.test") == 0);
  CHECK(all[1].state == "waiting");
  CHECK(taken(reader.deliveries(true, 100)).size() == 3);
}

TEST_CASE("the outbox is counted by channel, with what has waited longest") {
  const Folder folder;
  Store store = open_store(folder);
  const Reader reader = taken(Reader::open(folder.database()));
  CHECK(taken(reader.outbox_figures()).channels.empty());
  using State = alerts::DeliveryState;
  const std::vector<State> states = {State::waiting, State::waiting, State::failed,
                                     State::delivered, State::delivered};
  for (std::size_t i = 0; i < states.size(); ++i) {
    const int number = static_cast<int>(i);
    alerts::Delivery delivery = sealed_delivery(store, number, at(20 + number));
    if (states[i] != State::waiting) {
      delivery.state = states[i];
      delivery.attempts = 1;
      delivery.last_attempt_at = at(100 + number);
      taken(store.settle(delivery, {}, {}));
    }
  }
  const OutboxFigures figures = taken(reader.outbox_figures());
  REQUIRE(figures.channels.size() == 1);
  CHECK(figures.channels.at("ops").waiting == 2);
  CHECK(figures.channels.at("ops").failed == 1);
  CHECK(figures.oldest == at(20));
  CHECK(figures.last_delivered == at(104));
}
