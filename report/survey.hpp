// SPDX-License-Identifier: Apache-2.0
//
// Rows laid over the configured world, for status.cpp: which pair is listed, pending, unknown and
// why. One pass over all pairs without text in it, for there can be millions. Keeps references to
// the world and the rows, which outlive it. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "report/asked.hpp"
#include "report/status.hpp"

namespace rblwatch::report {

class Survey {
 public:
  /// What is looked at.
  struct Scope {
    std::vector<bool> subjects;            // by subject
    std::set<lists::TargetIndex> targets;  // whose missing addresses count too
  };
  /// No scope: everything.
  Survey(const World& world, const StatusRows& rows, Timestamp now,
         std::optional<Scope> scope = std::nullopt);

  StatusDoc document() const;
  ZoneView zone_view(std::size_t zone) const;
  const ZoneRow* zone_row(std::size_t zone) const { return zone_rows_[zone]; }
  /// On any zone.
  bool is_asked(lists::SubjectIndex subject) const { return subject_asked_[subject.value]; }
  bool is_unknown(lists::SubjectIndex subject) const { return subject_unknown_[subject.value]; }
  bool is_listed(lists::SubjectIndex subject) const { return subject_listed_[subject.value]; }
  /// When a listed subject was last seen so; nothing where it is seen now, on a zone or more.
  std::optional<Timestamp> last_seen_listed(lists::SubjectIndex subject) const;

 private:
  /// Why a pair, or a whole kind of a zone, can't be vouched for.
  struct Gap {
    lists::Cause cause = lists::Cause::not_asked;
    std::optional<Timestamp> since;
  };
  /// One kind of one zone.
  struct Cell {
    const KindRow* row = nullptr;
    bool is_other = false;  // what is stored of it was asked under another name or in another form
    std::uint64_t pairs = 0;
    std::uint64_t unknown = 0;
    std::vector<UnknownView> unknowns;  // one per cause
  };
  /// A row's pair in the world: which zone, which subject.
  struct Place {
    std::size_t zone = 0;
    lists::SubjectIndex subject;
    std::uint64_t key() const { return (std::uint64_t{zone} << 32U) | subject.value; }
  };
  struct Shown {
    ListingView view;
    Place place;
    bool is_seen = true;  // nothing says that the answers of late weren't of it
  };

  void index_rows();
  void index_subjects();
  void count_pairs();
  void count_pairs_of(std::size_t zone);
  void take_gaps();
  void take_doubts();
  void take_listings();
  void take_pending();
  void take_sights();
  void take_stale();
  void mark_contained();
  void add_unknown(const Place& place, const Gap& gap);
  /// What holds the count, for naming subjects there.
  UnknownView& count_unknown(std::size_t zone, lists::Kind kind, const Gap& gap);
  void add_unresolved(const lists::Target& target, const Gap& gap);
  void add_listing(const ListingRow& row, const Place& place);
  void sort_listings();

  std::optional<Place> find(const std::string& zone, const std::string& subject) const;
  lists::Kind kind(lists::SubjectIndex subject) const { return kinds_[subject.value]; }
  const Cell& cell(const Place& place) const {
    return cells_[place.zone][static_cast<std::size_t>(kind(place.subject))];
  }
  /// The last sweep that speaks for this pair: its kind saw, and no answer was unknown since.
  std::optional<Timestamp> last_sight(const Place& place) const;
  /// Of the whole kind, or because the pair was never looked at, or not for too long.
  std::optional<Gap> wide_gap(const Place& place) const;
  std::optional<lists::Doubt> doubt(const Place& place, Timestamp otherwise_since) const;
  bool is_in_scope(lists::SubjectIndex subject) const {
    return !scope_ || scope_->subjects[subject.value];
  }
  void name_targets(ListingView& view, lists::SubjectIndex subject) const;
  ListingView pending_view(const PendingRow& row, const Place& place) const;
  void count_zones(StatusDoc& document) const;

  const World& world_;
  const StatusRows& rows_;
  Timestamp now_;
  AskedPairs asked_;  // by the daemon
  std::optional<Scope> scope_;
  std::unordered_map<std::string_view, std::size_t> zone_index_;
  std::vector<const ZoneRow*> zone_rows_;
  std::vector<std::array<Cell, 3>> cells_;
  std::vector<std::uint64_t> listed_;  // by zone
  std::vector<lists::Kind> kinds_;     // by subject
  std::vector<bool> subject_asked_;
  std::vector<bool> subject_unknown_;
  std::vector<bool> subject_listed_;
  std::unordered_map<std::uint64_t, const lists::Doubt*> doubts_;
  std::vector<Shown> listings_;
  std::unordered_map<std::uint32_t, Timestamp> stale_;  // subjects with no listing that is seen
  std::vector<UnresolvedView> unresolved_;
  Summary summary_;
};

}  // namespace rblwatch::report
