// SPDX-License-Identifier: Apache-2.0
#include "daemon/set_out.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rblwatch::daemon {

namespace {

/// More new pairs of a swept kind than this aren't noted one by one: the kind's sweep starts from
/// nothing.
constexpr std::size_t kMostNewPairs = 4096;

}  // namespace

void fill_schedule(Generation& now, const FirstDue& first_due) {
  std::uint32_t next = 0;
  for_each_stretch(*now.world,
                   [&](lists::ZoneIndex zone, const lists::SubjectTable::Stretch& stretch) {
                     const core::Millis interval = now.world->interval_of(zone, stretch.begin);
                     for (const std::uint32_t end = next + stretch.count; next < end; ++next) {
                       now.schedule.add({next}, zone, interval, first_due({next}, interval));
                     }
                   });
}

void note_subjects(Generation& now, StoredSubjects stored,
                   const std::vector<report::ZoneSetRow>& stored_sets, Ledger& ledger) {
  const lists::SubjectTable& subjects = now.world->subjects;
  now.zone_sets = ZoneSets(*now.world, stored_sets, stored.sets);
  std::vector<report::WatchedRow> watched;
  for (std::uint32_t index = 0; index < core::size_as<std::uint32_t>(subjects); ++index) {
    const std::int64_t set = now.zone_sets.of({index});
    if (stored.sets[index] != set) {
      watched.push_back({subjects.subject({index}).to_text(), set});
    }
  }
  ledger.note_subjects(std::move(watched), std::move(stored.gone));
  if (now.zone_sets.rows() != stored_sets) {
    ledger.note_zone_sets(now.zone_sets.rows());
  }
}

void note_new_pairs(Generation& now, const std::function<bool(lists::PairId)>& is_new,
                    Ledger& ledger) {
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(now.desks); ++zone) {
    std::vector<std::uint32_t> fresh;
    const auto [begin, end] = now.book.range_of({zone});
    for (std::uint32_t pair = begin; pair < end; ++pair) {
      const PairSlot& slot = now.book.slot({pair});
      if (now.desks[zone].kind(slot.kind).sweep.swept_at && is_new({pair})) {
        fresh.push_back(pair);
      }
    }
    if (fresh.size() > kMostNewPairs) {
      for (KindDesk& desk : now.desks[zone].kinds) {
        desk.sweep.swept_before = std::exchange(desk.sweep.swept_at, std::nullopt);
      }
      continue;
    }
    for (const std::uint32_t pair : fresh) {
      const lists::Doubt doubt{lists::Cause::not_asked, ledger.clocks().now};
      now.book.set_doubt({pair}, doubt);
      const lists::Subject& subject = now.world->subjects.subject(now.book.slot({pair}).subject);
      ledger.record(storage::DoubtRecord{
          {subject.to_text(), now.world->zone({zone}).id}, subject.kind(), doubt, false});
    }
  }
}

void note_zones_gone(const Generation& now, const std::vector<std::string>& before,
                     Ledger& ledger) {
  std::vector<std::string> gone;
  std::copy_if(before.begin(), before.end(), std::back_inserter(gone),
               [&now](const std::string& id) { return !now.world->find_zone(id); });
  ledger.note_zones_removed(std::move(gone));
}

void set_out(Generation& now, Ledger& ledger) {
  now.pairs.set_breakers();
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(now.desks); ++zone) {
    for (const lists::Kind kind : lists::kAllKinds) {
      KindDesk& desk = now.desks[zone].kind(kind);
      if (desk.subjects > 0) {
        desk.since = desk.since.value_or(ledger.clocks().now);
        ledger.record(kind_record(now.world->zone({zone}), kind, desk));
      } else {
        ledger.note_kind_removed({now.world->zone({zone}).id, kind});
      }
    }
    ledger.record(zone_record(now.world->zone({zone}), now.desks[zone], *now.world));
  }
  now.teller.recall_contained();
  now.first_sight.begin(ledger.clocks().now);
}

}  // namespace rblwatch::daemon
