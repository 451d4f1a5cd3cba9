// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"
#include "storage/sqlite.hpp"

using namespace rblwatch;
using namespace rblwatch::storage;
using namespace rblwatch::storage::sample;

namespace {

std::size_t count(const Folder& folder, const std::string& table) {
  auto connection = taken(Connection::open(folder.database(), OpenMode::reader));
  return static_cast<std::size_t>(taken(connection.number("SELECT count(*) FROM " + table)));
}

alerts::Delivery delivery(const std::string& id, std::int64_t seconds) {
  alerts::Delivery delivery;
  delivery.id = id;
  delivery.channel = "ops";
  delivery.created_at = at(seconds);
  return delivery;
}

/// Seals what is unsealed and settles it so.
void tell(Store& store, const std::string& id, alerts::DeliveryState state, std::int64_t seconds) {
  alerts::Delivery told = delivery(id, seconds);
  taken(store.seal(told, taken(store.unsealed())));
  told.state = state;
  told.attempts = 1;
  taken(store.settle(told, {}, {}));
}

void add_event(Store& store, const std::string& subject, std::int64_t seconds,
               const std::string& muted_by = "") {
  Batch batch;
  batch.at = at(seconds);
  batch.events = {event(subject, seconds)};
  batch.notices = {notice(0, "ops", "", muted_by)};
  taken(store.commit(batch));
}

void add_listing(Store& store, const std::string& subject, std::int64_t from,
                 std::optional<std::int64_t> to) {
  Batch batch;
  batch.at = at(from);
  report::ListingRow row = listing(subject);
  row.listed_at = at(from);
  if (to) {
    row.ended_at = at(*to);
  }
  batch.listings = {listing_record(row)};
  taken(store.commit(batch));
}

}  // namespace

TEST_CASE("what is old and over is pruned, what is open, untold or recent stays") {
  const Folder folder;
  Store store = open_store(folder);
  add_event(store, "192.0.2.1", 100);  // told
  tell(store, "told", alerts::DeliveryState::delivered, 110);
  add_event(store, "192.0.2.2", 100);  // its delivery still waits
  tell(store, "waits", alerts::DeliveryState::waiting, 110);
  add_event(store, "192.0.2.3", 100, "ack");
  add_event(store, "192.0.2.4", 100, "ack");  // its listing is still open
  add_listing(store, "192.0.2.4", 90, std::nullopt);
  add_event(store, "192.0.2.4", 80, "ack");  // of an earlier listing of it
  add_listing(store, "192.0.2.5", 90, 100);
  add_listing(store, "192.0.2.6", 90, 5000);
  add_event(store, "192.0.2.7", 5000);
  tell(store, "late", alerts::DeliveryState::failed, 5000);
  add_event(store, "192.0.2.8", 100);  // not sealed yet
  CHECK(taken(store.prune(at(1000), 1000)) == 5);
  CHECK(count(folder, "events") == 4);
  CHECK(count(folder, "listings") == 2);
  CHECK(count(folder, "deliveries") == 2);
  CHECK(count(folder, "notices") == 4);
  CHECK(taken(store.unsealed()).size() == 1);
  CHECK(taken(store.waiting()).size() == 1);
  CHECK(taken(store.load()).open.size() == 1);
  CHECK(taken(store.prune(at(1000), 1000)) == 0);
}

TEST_CASE("pruning is bounded, the oldest first") {
  const Folder folder;
  Store store = open_store(folder);
  for (int i = 0; i < 10; ++i) {
    add_event(store, "192.0.2.1", 100 + i, "ack");
  }
  CHECK(taken(store.prune(at(1000), 4)) == 4);
  CHECK(count(folder, "events") == 6);
  CHECK(taken(Reader::open(folder.database())->events_after(0, 1)).views[0].event.at == at(104));
  CHECK(taken(store.prune(at(1000), 0)) == 0);
  CHECK(taken(store.prune(at(107), 1000)) == 3);
}

TEST_CASE("an event's number is never given again") {
  const Folder folder;
  Store store = open_store(folder);
  add_event(store, "192.0.2.1", 100, "ack");
  CHECK(taken(store.prune(at(1000), 100)) == 1);
  add_event(store, "192.0.2.1", 2000, "ack");
  CHECK(taken(Reader::open(folder.database())->events_after(0, 1)).views[0].event.id == 2);
}

TEST_CASE("closed states of zones are pruned, the standing one stays") {
  const Folder folder;
  Store store = open_store(folder);
  for (int i = 0; i < 4; ++i) {
    Batch batch;
    batch.at = at(100 * i);
    batch.kinds = {kind("corp", i % 2 == 0 ? lists::ZoneState::seeing : lists::ZoneState::blind)};
    batch.kinds[0].row.since = at(100 * i);
    taken(store.commit(batch));
  }
  CHECK(taken(store.prune(at(250), 100)) == 2);
  CHECK(count(folder, "kind_intervals") == 2);
}

TEST_CASE("the wall clock goes on over a stop, unless it can't be the one of before") {
  struct Row {
    std::string name;
    std::int64_t started_at;
    std::int64_t steady_since;
  };
  constexpr std::int64_t kDay = 86'400;
  const auto row = GENERATE(values<Row>({
      {"at once", 1, -50 * kDay},
      {"a little back", -1800, -50 * kDay},
      {"a day later", kDay, -50 * kDay},
      {"six days later", 6 * kDay, -50 * kDay},
      {"eight days later", 8 * kDay, 8 * kDay},
      {"ten years later", 3650 * kDay, 3650 * kDay},
      {"a day back", -kDay, -kDay},
      {"sixty days back", -60 * kDay, -60 * kDay},
  }));
  CAPTURE(row.name);
  const Folder folder;
  {
    Store store = open_store(folder, -100);
    CHECK(taken(store.steady_since()) == Timestamp());
    taken(store.set_steady_since(at(-50 * kDay)));
    Batch batch;
    batch.at = at(0);
    taken(store.commit(batch));
  }
  for (const char* boot : {"boot-a", "boot-b"}) {
    CHECK(taken(open_store(folder, row.started_at, boot).steady_since()) == at(row.steady_since));
  }
}
