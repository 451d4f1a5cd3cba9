// SPDX-License-Identifier: Apache-2.0
//
// The schema, step by step. docs/storage.md says what each table is for. Times are milliseconds of
// UTC, ticks microseconds of CLOCK_BOOTTIME (good for the boot in `meta`), flags 0 or 1, and words
// those of the contract; columns with several values are text as codec.hpp writes it, and text from
// outside is a BLOB: its bytes need not be UTF-8.
#include <array>

#include "storage/migrate.hpp"

namespace rblwatch::storage {

namespace {

constexpr const char* kFirst = R"sql(
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  last_wall INTEGER NOT NULL,
  last_tick INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  severity TEXT NOT NULL,
  target_name TEXT,
  target_value TEXT,
  target_tags TEXT,
  targets TEXT NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT,
  zone TEXT,
  zone_dns TEXT,
  zone_operator TEXT,
  zone_severity TEXT,
  zone_purpose TEXT,
  resolver_servers TEXT NOT NULL,
  zones TEXT NOT NULL,
  channel TEXT NOT NULL,
  codes TEXT NOT NULL,
  added TEXT NOT NULL,
  removed TEXT NOT NULL,
  meanings TEXT NOT NULL,
  reason BLOB NOT NULL,
  first_seen INTEGER NOT NULL,
  listed_at INTEGER,
  delisted_at INTEGER,
  cause TEXT NOT NULL,
  since INTEGER,
  affected_subjects INTEGER,
  passed INTEGER,
  dropped INTEGER,
  lookup_url TEXT NOT NULL,
  delist_url TEXT NOT NULL,
  delist_steps TEXT NOT NULL,
  ev_question TEXT,
  ev_qtype TEXT,
  ev_server TEXT,
  ev_transport TEXT,
  ev_rcode TEXT,
  ev_a TEXT,
  ev_txt BLOB,
  ev_ttl_s INTEGER,
  ev_ede TEXT,
  ev_asked_at INTEGER,
  ev_took_ms INTEGER,
  ev_test_state TEXT,
  ev_test_at INTEGER,
  ev_test_cause TEXT
) STRICT;
CREATE INDEX events_by_subject ON events (subject, id) WHERE subject <> '';
CREATE INDEX events_by_time ON events (at);

CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'dropped')),
  created_at INTEGER NOT NULL,
  waits_since INTEGER NOT NULL,
  parcel TEXT NOT NULL CHECK (parcel IN ('http', 'mail')),
  content_type TEXT NOT NULL,
  body BLOB NOT NULL,
  attempts INTEGER NOT NULL,
  last_attempt_at INTEGER,
  next_attempt_at INTEGER,
  response TEXT NOT NULL,
  CHECK (state <> 'delivered' OR attempts > 0)
) STRICT;
CREATE INDEX deliveries_waiting ON deliveries (seq) WHERE state = 'waiting';
CREATE INDEX deliveries_failed ON deliveries (seq) WHERE state = 'failed';

CREATE TABLE notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  channel TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  batch TEXT NOT NULL,
  muted_by TEXT NOT NULL,
  delivery TEXT REFERENCES deliveries (id) ON DELETE CASCADE,
  CHECK (delivery IS NULL OR (muted_by = '' AND batch = ''))
) STRICT;
CREATE INDEX notices_by_event ON notices (event);
CREATE INDEX notices_by_delivery ON notices (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX notices_unsealed ON notices (id) WHERE delivery IS NULL AND muted_by = '';
CREATE INDEX notices_held ON notices (batch) WHERE batch <> '';

CREATE TABLE listings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  zone TEXT NOT NULL,
  purpose TEXT NOT NULL CHECK (purpose IN ('block', 'allow', 'info')),
  codes TEXT NOT NULL,
  reason BLOB NOT NULL,
  listed_at INTEGER NOT NULL,
  last_seen INTEGER,
  ended_at INTEGER,
  retired INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  contained INTEGER NOT NULL,
  zone_dns TEXT NOT NULL,
  zone_operator TEXT NOT NULL,
  zone_severity TEXT NOT NULL,
  target_name TEXT NOT NULL,
  target_value TEXT NOT NULL,
  target_tags TEXT NOT NULL,
  targets TEXT NOT NULL,
  lookup_url TEXT NOT NULL,
  delist_url TEXT NOT NULL,
  delist_steps TEXT NOT NULL,
  ev_question TEXT,
  ev_qtype TEXT,
  ev_server TEXT,
  ev_transport TEXT,
  ev_rcode TEXT,
  ev_a TEXT,
  ev_txt BLOB,
  ev_ttl_s INTEGER,
  ev_ede TEXT,
  ev_asked_at INTEGER,
  ev_took_ms INTEGER,
  ev_test_state TEXT,
  ev_test_at INTEGER,
  ev_test_cause TEXT
) STRICT;
CREATE UNIQUE INDEX listings_open ON listings (zone, subject, purpose) WHERE ended_at IS NULL;
CREATE INDEX listings_by_subject ON listings (subject, listed_at);
CREATE INDEX listings_by_time ON listings (listed_at);
CREATE INDEX listings_closed ON listings (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX listings_allow ON listings (zone, subject) WHERE purpose = 'allow';

CREATE TABLE votes (
  zone TEXT NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  marks TEXT NOT NULL,
  ev_question TEXT,
  ev_qtype TEXT,
  ev_server TEXT,
  ev_transport TEXT,
  ev_rcode TEXT,
  ev_a TEXT,
  ev_txt BLOB,
  ev_ttl_s INTEGER,
  ev_ede TEXT,
  ev_asked_at INTEGER,
  ev_took_ms INTEGER,
  ev_test_state TEXT,
  ev_test_at INTEGER,
  ev_test_cause TEXT,
  PRIMARY KEY (zone, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX votes_by_subject ON votes (subject);

CREATE TABLE vote_entries (
  zone TEXT NOT NULL,
  subject TEXT NOT NULL,
  purpose TEXT NOT NULL,
  position INTEGER NOT NULL,
  code TEXT NOT NULL,
  joins INTEGER NOT NULL,
  votes TEXT NOT NULL,
  next_possible INTEGER NOT NULL,
  lapses_at INTEGER NOT NULL,
  decided INTEGER NOT NULL,
  PRIMARY KEY (zone, subject, purpose, position),
  FOREIGN KEY (zone, subject) REFERENCES votes (zone, subject) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE doubts (
  zone TEXT NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  cause TEXT NOT NULL,
  since INTEGER NOT NULL,
  was_decided INTEGER NOT NULL,
  PRIMARY KEY (zone, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX doubts_by_subject ON doubts (subject);

CREATE TABLE zones (
  zone TEXT PRIMARY KEY,
  quarantined INTEGER NOT NULL,
  quarantined_since INTEGER,
  quarantined_tick INTEGER,
  last_sweep INTEGER,
  lookups INTEGER NOT NULL,
  latency_p50_ms INTEGER,
  latency_p99_ms INTEGER,
  told_blind INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE held_changes (
  zone TEXT NOT NULL REFERENCES zones (zone) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  subject TEXT NOT NULL,
  purpose TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  type TEXT NOT NULL,
  codes TEXT NOT NULL,
  added TEXT NOT NULL,
  removed TEXT NOT NULL,
  since INTEGER NOT NULL,
  first_vote INTEGER NOT NULL,
  PRIMARY KEY (zone, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE kinds (
  zone TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  cause TEXT,
  since INTEGER,
  last_test INTEGER,
  swept_at INTEGER,
  sweep_length_ms INTEGER,
  decided INTEGER NOT NULL,
  last_passed INTEGER,
  PRIMARY KEY (zone, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE kind_intervals (
  id INTEGER PRIMARY KEY,
  zone TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  cause TEXT,
  began_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX kind_intervals_open ON kind_intervals (zone, kind) WHERE ended_at IS NULL;
CREATE INDEX kind_intervals_by_zone ON kind_intervals (zone, kind, began_at);
CREATE INDEX kind_intervals_closed ON kind_intervals (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE resolver (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  told_blind INTEGER NOT NULL,
  cause TEXT,
  since INTEGER
) STRICT;

CREATE TABLE resolver_servers (
  position INTEGER PRIMARY KEY,
  server TEXT NOT NULL,
  state TEXT NOT NULL,
  cause TEXT,
  since INTEGER,
  rtt_ms INTEGER
) STRICT;

CREATE TABLE hosts (
  host TEXT PRIMARY KEY,
  addresses TEXT NOT NULL,
  resolved INTEGER NOT NULL,
  told_unresolved INTEGER NOT NULL,
  cause TEXT NOT NULL,
  since INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE subjects (
  subject TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kHostNotes = "ALTER TABLE hosts ADD COLUMN notes TEXT NOT NULL DEFAULT '';";

// Those that stand were told when they began.
constexpr const char* kToldQuarantined =
    "ALTER TABLE zones ADD COLUMN told_quarantined INTEGER NOT NULL DEFAULT 0; "
    "UPDATE zones SET told_quarantined = quarantined;";

// What is not known of votes of before: that of a pair which was decided bears no "first seen".
constexpr const char* kVotesWasDecided =
    "ALTER TABLE votes ADD COLUMN was_decided INTEGER NOT NULL DEFAULT 1;";

// Each kind of a zone is told blind by itself.
constexpr const char* kToldBlindByKind =
    "ALTER TABLE kinds ADD COLUMN told_blind_since INTEGER; "
    "UPDATE kinds SET told_blind_since = since WHERE state = 'blind' AND EXISTS "
    "(SELECT 1 FROM zones WHERE zones.zone = kinds.zone AND told_blind); "
    "ALTER TABLE zones DROP COLUMN told_blind;";

// Which answers were votes, and whether they were asked of the zone's own servers, is not known of
// what was stored before.
constexpr const char* kProofs =
    "ALTER TABLE votes ADD COLUMN answers TEXT NOT NULL DEFAULT ''; "
    "ALTER TABLE votes ADD COLUMN ev_direct INTEGER; "
    "ALTER TABLE listings ADD COLUMN ev_direct INTEGER; "
    "ALTER TABLE events ADD COLUMN ev_direct INTEGER;";

// As what a zone was asked, and on which zones a subject. NULL is what was stored before: as it was
// asked until now.
constexpr const char* kAsked =
    "ALTER TABLE zones ADD COLUMN pattern TEXT; "
    "ALTER TABLE kinds ADD COLUMN form TEXT; "
    "ALTER TABLE subjects ADD COLUMN zone_set INTEGER; "
    "CREATE TABLE zone_sets (id INTEGER PRIMARY KEY, zones TEXT NOT NULL) STRICT;";

// Since when the wall clock goes with time. 0: for as long as anybody knows.
constexpr const char* kSteadyClock =
    "ALTER TABLE meta ADD COLUMN steady_since INTEGER NOT NULL DEFAULT 0;";

constexpr std::array kMigrations{Migration{.number = 1, .sql = kFirst},
                                 Migration{.number = 2, .sql = kHostNotes},
                                 Migration{.number = 3, .sql = kToldQuarantined},
                                 Migration{.number = 4, .sql = kVotesWasDecided},
                                 Migration{.number = 5, .sql = kToldBlindByKind},
                                 Migration{.number = 6, .sql = kProofs},
                                 Migration{.number = 7, .sql = kAsked},
                                 Migration{.number = 8, .sql = kSteadyClock}};

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

}  // namespace rblwatch::storage
