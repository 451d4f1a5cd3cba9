// SPDX-License-Identifier: Apache-2.0
// Several generations of the world may come before one batch is taken: the last one counts.
#include "daemon/ledger.hpp"

#include <catch2/catch.hpp>

using namespace rblwatch;
using namespace rblwatch::daemon;

namespace {

storage::KindRecord kind(const std::string& zone) {
  storage::KindRecord record;
  record.row.zone = zone;
  return record;
}

storage::ZoneRecord zone(const std::string& id) {
  storage::ZoneRecord record;
  record.row.zone = id;
  return record;
}

}  // namespace

TEST_CASE("subjects of a second generation don't make those of the first forgotten") {
  Ledger ledger;
  ledger.note_subjects({{"192.0.2.1", 1}, {"192.0.2.2", 1}}, {"192.0.2.9"});
  ledger.note_subjects({{"192.0.2.3", 1}}, {"192.0.2.2"});
  const storage::Batch batch = ledger.take();
  CHECK(batch.subjects == std::vector<report::WatchedRow>{{"192.0.2.1", 1}, {"192.0.2.3", 1}});
  CHECK(batch.subjects_removed == std::vector<std::string>{"192.0.2.9", "192.0.2.2"});
}

TEST_CASE("a zone or kind that leaves again is not written") {
  Ledger ledger;
  for (const char* id : {"a", "b", "c"}) {
    ledger.record(kind(id));
    ledger.record(zone(id));
  }
  ledger.note_zones_removed({"x"});
  ledger.note_zones_removed({"a"});
  ledger.note_kind_removed({"b", lists::Kind::ipv4});
  ledger.note_kind_removed({"c", lists::Kind::ipv6});
  const storage::Batch batch = ledger.take();
  CHECK(batch.zones_removed == std::vector<std::string>{"x", "a"});
  REQUIRE(batch.zones.size() == 2);
  CHECK(batch.zones[0].row.zone == "b");
  REQUIRE(batch.kinds.size() == 1);
  CHECK(batch.kinds[0].row.zone == "c");
}
