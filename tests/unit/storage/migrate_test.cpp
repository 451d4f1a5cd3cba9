// SPDX-License-Identifier: Apache-2.0
#include "storage/migrate.hpp"

#include <array>
#include <fstream>

#include "sample.hpp"

using namespace rblwatch;
using namespace rblwatch::storage;
using namespace rblwatch::storage::sample;

namespace {

Connection memory() {
  return taken(Connection::open("", OpenMode::memory));
}

std::string tables(Connection& connection) {
  return taken(
      connection.value("SELECT ifnull(group_concat(name), '') FROM "
                       "(SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name)"));
}

}  // namespace

TEST_CASE("the steps are numbered from one on, without a gap") {
  std::int64_t expected = 1;
  for (const Migration& step : migrations()) {
    CHECK(step.number == expected++);
  }
  CHECK(migrations().size() >= 1);
}

TEST_CASE("only the steps that a file lacks are run, and its number says how far it is") {
  constexpr std::array steps{
      Migration{.number = 1, .sql = "CREATE TABLE a (x INTEGER) STRICT; CREATE INDEX i ON a (x)"},
      Migration{.number = 2, .sql = "ALTER TABLE a ADD COLUMN y TEXT"},
      Migration{.number = 3, .sql = "CREATE TABLE c (z INTEGER) STRICT"}};
  Connection connection = memory();
  taken(migrate(connection, 0, std::span(steps).first(1)));
  CHECK(taken(schema_number(connection, 3, "x.db")) == 1);
  CHECK(tables(connection) == "a");
  taken(connection.execute("INSERT INTO a VALUES (7)"));
  taken(migrate(connection, 1, steps));
  CHECK(taken(schema_number(connection, 3, "x.db")) == 3);
  CHECK(tables(connection) == "a,c");
  CHECK(taken(connection.value("SELECT x || ifnull(y, '-') FROM a")) == "7-");
}

TEST_CASE("a step that fails leaves the file as it was") {
  constexpr std::array steps{Migration{.number = 1, .sql = "CREATE TABLE a (x INTEGER) STRICT"},
                             Migration{.number = 2, .sql = "CREATE TABLE b (x INTEGER); nonsense"}};
  Connection connection = memory();
  const auto done = migrate(connection, 0, steps);
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().text.find("schema 2") != std::string::npos);
  CHECK(tables(connection).empty());
  CHECK(taken(schema_number(connection, 2, "x.db")) == 0);
  CHECK(taken(connection.number("PRAGMA application_id")) == 0);
}

TEST_CASE("the first schema is what was released: its tables and columns stay") {
  // Later steps may add to it; a change of this text is a change of what users have on disk.
  const std::string expected =
      "deliveries:seq,id,channel,state,created_at,waits_since,parcel,content_type,body,attempts,"
      "last_attempt_at,next_attempt_at,response\n"
      "doubts:zone,subject,kind,cause,since,was_decided\n"
      "held_changes:zone,position,subject,purpose,first_seen,type,codes,added,removed,since,"
      "first_vote\n"
      "hosts:host,addresses,resolved,told_unresolved,cause,since\n"
      "kind_intervals:id,zone,kind,state,cause,began_at,ended_at\n"
      "kinds:zone,kind,state,cause,since,last_test,swept_at,sweep_length_ms,decided,last_passed\n"
      "meta:id,version,boot_id,started_at,last_wall,last_tick\n"
      "notices:id,event,channel,due_at,batch,muted_by,delivery\n"
      "resolver:id,told_blind,cause,since\n"
      "resolver_servers:position,server,state,cause,since,rtt_ms\n"
      "subjects:subject\n"
      "vote_entries:zone,subject,purpose,position,code,joins,votes,next_possible,lapses_at,"
      "decided\n"
      "zones:zone,quarantined,quarantined_since,quarantined_tick,last_sweep,lookups,"
      "latency_p50_ms,latency_p99_ms,told_blind";
  Connection connection = memory();
  taken(migrate(connection, 0, migrations().first(1)));
  CHECK(taken(connection.value(
            "SELECT group_concat(line, char(10)) FROM (SELECT t.name || ':' || "
            "(SELECT group_concat(c.name) FROM pragma_table_info(t.name) c) AS line "
            "FROM sqlite_schema t WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' "
            "AND t.name NOT IN ('events', 'listings', 'votes') ORDER BY t.name)")) == expected);
  for (const char* table : {"events", "listings", "votes"}) {
    CHECK(taken(connection.number(std::string("SELECT count(*) FROM pragma_table_info('") + table +
                                  "') WHERE name LIKE 'ev\\_%' ESCAPE '\\'")) == 14);
  }
}

TEST_CASE("what was stored before says nothing of how it was asked: as until now") {
  const Folder folder;
  {
    std::ofstream(folder.database()).flush();
    auto connection = taken(Connection::open(folder.database(), OpenMode::writer));
    taken(migrate(connection, 0, migrations().first(6)));
    taken(connection.execute(
        "INSERT INTO subjects (subject) VALUES ('192.0.2.10'); "
        "INSERT INTO zones (zone, quarantined, lookups) VALUES ('corp', 0, 7); "
        "INSERT INTO kinds (zone, kind, state, decided) VALUES ('corp', 'domain', 'seeing', 1)"));
  }
  Store store = open_store(folder);
  const Snapshot snapshot = taken(store.load());
  CHECK(snapshot.subjects == std::vector<report::WatchedRow>{{"192.0.2.10", std::nullopt}});
  CHECK(snapshot.zone_sets.empty());
  REQUIRE(snapshot.zones.size() == 1);
  CHECK(snapshot.zones[0].row.lookups == 7);
  CHECK_FALSE(snapshot.zones[0].row.pattern.has_value());
  REQUIRE(snapshot.kinds.size() == 1);
  CHECK(snapshot.kinds[0].has_been_decided);
  CHECK_FALSE(snapshot.kinds[0].row.form.has_value());
}

TEST_CASE("no rule of the schema is broken by what a run of the daemon stores") {
  const Folder folder;
  {
    Store store = open_store(folder);
    Batch batch;
    batch.at = at(300);
    batch.events = {event()};
    batch.notices = {notice(0)};
    batch.listings = {listing_record()};
    batch.votes = {votes()};
    taken(store.commit(batch));
  }
  auto connection = taken(Connection::open(folder.database(), OpenMode::writer));
  CHECK(taken(connection.value("PRAGMA integrity_check")) == "ok");
  CHECK(taken(connection.value("PRAGMA foreign_key_check")).empty());
  const auto refused = GENERATE(values<std::string>(
      {"INSERT INTO notices (event, channel, due_at, batch, muted_by) VALUES (99, '', 0, '', '')",
       "UPDATE deliveries SET state = 'sent'", "UPDATE listings SET purpose = 'black'",
       "INSERT INTO subjects VALUES (NULL)", "UPDATE events SET at = 'noon'",
       "UPDATE notices SET delivery = 'nobody'",
       "INSERT INTO listings SELECT NULL, subject, kind, zone, purpose, codes, reason, listed_at, "
       "last_seen, ended_at, retired, first_seen, contained, zone_dns, zone_operator, "
       "zone_severity, target_name, target_value, target_tags, targets, lookup_url, delist_url, "
       "delist_steps, ev_question, ev_qtype, ev_server, ev_transport, ev_rcode, ev_a, ev_txt, "
       "ev_ttl_s, ev_ede, ev_asked_at, ev_took_ms, ev_test_state, ev_test_at, ev_test_cause "
       "FROM listings"}));
  if (refused.find("deliveries") != std::string::npos) {
    taken(connection.execute(
        "INSERT INTO deliveries (id, channel, state, created_at, waits_since, parcel, "
        "content_type, body, attempts, response) VALUES ('a', '', 'failed', 0, 0, 'http', '', "
        "x'', 0, '')"));
  }
  CHECK_FALSE(connection.execute(refused).has_value());
}
