-- SPDX-License-Identifier: Apache-2.0
-- A database as the first schema had it: one listing open, a host's address, a zone told blind.
BEGIN TRANSACTION;
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
CREATE TABLE doubts (
  zone TEXT NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  cause TEXT NOT NULL,
  since INTEGER NOT NULL,
  was_decided INTEGER NOT NULL,
  PRIMARY KEY (zone, subject)
) STRICT, WITHOUT ROWID;
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
INSERT INTO "events" VALUES(1,'zone_blind',1795833234276,'medium',NULL,NULL,NULL,'','','ipv4','sick','sick.test','Corp','high','block','','','','','','','',X'',0,NULL,NULL,'lists_everything',1795833234276,1,NULL,NULL,'https://lists.example/q/','','',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "events" VALUES(2,'listed',1795833238385,'high','mx1','192.0.2.10','','mx1','192.0.2.10','ipv4','corp','bl.test','Corp','high','block','','','','127.0.0.2','127.0.0.2','','spam source',X'',0,1795833236282,NULL,'',NULL,NULL,NULL,NULL,'https://lists.example/q/192.0.2.10','https://lists.example/remove/192.0.2.10','Stop the cause.
Fill in the form.','10.2.0.192.bl.test','A','127.0.0.1:40305','udp','NOERROR','127.0.0.2',X'',1,'',1795833238384,0,'seeing',1795833236282,NULL);
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
CREATE TABLE hosts (
  host TEXT PRIMARY KEY,
  addresses TEXT NOT NULL,
  resolved INTEGER NOT NULL,
  told_unresolved INTEGER NOT NULL,
  cause TEXT NOT NULL,
  since INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO "hosts" VALUES('mail.example.test','192.0.2.50',1,0,'',NULL);
CREATE TABLE kind_intervals (
  id INTEGER PRIMARY KEY,
  zone TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  cause TEXT,
  began_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
INSERT INTO "kind_intervals" VALUES(1,'corp','ipv4','seeing',NULL,1795833234276,NULL);
INSERT INTO "kind_intervals" VALUES(2,'sick','ipv4','blind','lists_everything',1795833234276,NULL);
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
INSERT INTO "kinds" VALUES('corp','ipv4','seeing',NULL,1795833234276,1795833238385,1795833236483,1109,1,1795833238385);
INSERT INTO "kinds" VALUES('sick','ipv4','blind','lists_everything',1795833234276,1795833237282,NULL,NULL,0,NULL);
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
INSERT INTO "listings" VALUES(1,'192.0.2.10','ipv4','corp','block','127.0.0.2	block	spam source	127.0.0.2',X'',1795833236282,1795833238384,NULL,0,0,0,'bl.test','Corp','high','mx1','192.0.2.10','','mx1','https://lists.example/q/192.0.2.10','https://lists.example/remove/192.0.2.10','Stop the cause.
Fill in the form.','10.2.0.192.bl.test','A','127.0.0.1:40305','udp','NOERROR','127.0.0.2',X'',1,'',1795833238384,0,'seeing',1795833236282,NULL);
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  last_wall INTEGER NOT NULL,
  last_tick INTEGER NOT NULL
) STRICT;
INSERT INTO "meta" VALUES(1,'0.1.0','bf763e44-2375-4008-9fa8-4ca36e70f4bf',1795833234195,1795833238385,4758113128);
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
CREATE TABLE resolver (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  told_blind INTEGER NOT NULL,
  cause TEXT,
  since INTEGER
) STRICT;
INSERT INTO "resolver" VALUES(1,0,NULL,NULL);
CREATE TABLE resolver_servers (
  position INTEGER PRIMARY KEY,
  server TEXT NOT NULL,
  state TEXT NOT NULL,
  cause TEXT,
  since INTEGER,
  rtt_ms INTEGER
) STRICT;
INSERT INTO "resolver_servers" VALUES(0,'127.0.0.1:40305','seeing',NULL,NULL,0);
CREATE TABLE subjects (
  subject TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO "subjects" VALUES('192.0.2.10');
INSERT INTO "subjects" VALUES('192.0.2.50');
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
INSERT INTO "zones" VALUES('corp',0,NULL,NULL,1795833237593,9,1,1,0);
INSERT INTO "zones" VALUES('sick',0,NULL,NULL,NULL,0,NULL,NULL,1);
CREATE INDEX events_by_subject ON events (subject, id) WHERE subject <> '';
CREATE INDEX events_by_time ON events (at);
CREATE INDEX deliveries_waiting ON deliveries (seq) WHERE state = 'waiting';
CREATE INDEX deliveries_failed ON deliveries (seq) WHERE state = 'failed';
CREATE INDEX notices_by_event ON notices (event);
CREATE INDEX notices_by_delivery ON notices (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX notices_unsealed ON notices (id) WHERE delivery IS NULL AND muted_by = '';
CREATE INDEX notices_held ON notices (batch) WHERE batch <> '';
CREATE UNIQUE INDEX listings_open ON listings (zone, subject, purpose) WHERE ended_at IS NULL;
CREATE INDEX listings_by_subject ON listings (subject, listed_at);
CREATE INDEX listings_by_time ON listings (listed_at);
CREATE INDEX listings_closed ON listings (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX listings_allow ON listings (zone, subject) WHERE purpose = 'allow';
CREATE INDEX votes_by_subject ON votes (subject);
CREATE INDEX doubts_by_subject ON doubts (subject);
CREATE UNIQUE INDEX kind_intervals_open ON kind_intervals (zone, kind) WHERE ended_at IS NULL;
CREATE INDEX kind_intervals_by_zone ON kind_intervals (zone, kind, began_at);
CREATE INDEX kind_intervals_closed ON kind_intervals (ended_at) WHERE ended_at IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',2);
INSERT INTO "sqlite_sequence" VALUES('listings',1);
COMMIT;
PRAGMA application_id = 0x72626c77;
PRAGMA user_version = 1;
