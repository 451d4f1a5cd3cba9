// SPDX-License-Identifier: Apache-2.0
#include "report/survey.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "report/sources.hpp"

namespace rblwatch::report {

using lists::Cause;
using lists::Kind;
using lists::ListingState;
using lists::Purpose;
using lists::Subject;
using lists::SubjectIndex;
using lists::ZoneState;

namespace {

constexpr std::size_t kShownSubjects = 20;

void take_later(std::optional<Timestamp>& latest, std::optional<Timestamp> at) {
  if (at && (!latest || *at > *latest)) {
    latest = at;
  }
}
void take_earlier(std::optional<Timestamp>& earliest, std::optional<Timestamp> at) {
  if (at && (!earliest || *at < *earliest)) {
    earliest = at;
  }
}

ZoneState state_of(const KindRow* row) {
  return row == nullptr ? ZoneState::untested : row->state;
}

KindView kind_view(Kind kind, const KindRow* row) {
  KindView view;
  view.kind = kind;
  if (row != nullptr) {
    view.state = row->state;
    view.cause = row->cause;
    view.since = row->since;
    view.last_test = row->last_test;
  }
  return view;
}

/// A quarantine is of all the zone's kinds that see.
void quarantine(ZoneView& view, std::optional<Timestamp> since) {
  for (KindView& kind : view.kinds) {
    if (kind.state == ZoneState::seeing) {
      kind.state = ZoneState::quarantined;
      kind.since = since;
    }
  }
  if (view.state > ZoneState::quarantined && !view.kinds.empty()) {
    view.state = ZoneState::quarantined;
    view.cause.reset();
    view.since = since;
  }
}

}  // namespace

Survey::Survey(const World& world, const StatusRows& rows, Timestamp now,
               std::optional<Scope> scope)
    : world_(world),
      rows_(rows),
      now_(now),
      asked_(world.zones, world.subjects, rows.watched, rows.zone_sets),
      scope_(std::move(scope)) {
  index_rows();
  index_subjects();
  count_pairs();
  take_gaps();
  take_doubts();
  take_listings();
  take_pending();
  take_sights();
  take_stale();
  mark_contained();
  sort_listings();
}

void Survey::index_rows() {
  zone_rows_.resize(world_.zones.size());
  cells_.resize(world_.zones.size());
  listed_.resize(world_.zones.size());
  for (std::size_t i = 0; i < world_.zones.size(); ++i) {
    zone_index_.emplace(world_.zones[i].id, i);
  }
  for (const ZoneRow& row : rows_.zones) {
    const auto found = zone_index_.find(row.zone);
    if (found == zone_index_.end()) {
      continue;
    }
    if (is_same_list(row, world_.zones[found->second])) {
      zone_rows_[found->second] = &row;
    } else {
      for (Cell& cell : cells_[found->second]) {
        cell.is_other = true;
      }
    }
  }
  for (const KindRow& row : rows_.kinds) {
    const auto found = zone_index_.find(row.zone);
    if (found == zone_index_.end()) {
      continue;
    }
    Cell& cell = cells_[found->second][static_cast<std::size_t>(row.kind)];
    if (!cell.is_other) {
      cell.row = &row;
      cell.is_other = !is_same_form(row, world_.zones[found->second]);
    }
  }
}

void Survey::index_subjects() {
  const std::size_t subjects = world_.subjects.size();
  subject_asked_.resize(subjects);
  subject_unknown_.resize(subjects);
  subject_listed_.resize(subjects);
  kinds_.reserve(subjects);
  for (std::uint32_t i = 0; i < subjects; ++i) {
    kinds_.push_back(world_.subjects.subject(SubjectIndex{i}).kind());
    summary_.subjects += is_in_scope(SubjectIndex{i}) ? 1 : 0;
  }
}

void Survey::count_pairs() {
  for (std::size_t zone = 0; zone < world_.zones.size(); ++zone) {
    count_pairs_of(zone);
  }
}

void Survey::count_pairs_of(std::size_t zone_at) {
  const lists::Zone& zone = world_.zones[zone_at];
  for (std::uint32_t i = 0; i < kinds_.size(); ++i) {
    const SubjectIndex subject{i};
    if (!is_in_scope(subject)) {
      continue;
    }
    if (world_.subjects.is_asked(subject, zone)) {
      ++cells_[zone_at][static_cast<std::size_t>(kinds_[i])].pairs;
      subject_asked_[i] = true;
      const Place place{.zone = zone_at, .subject = subject};
      if (const std::optional<Gap> gap = wide_gap(place)) {
        add_unknown(place, *gap);
      }
    } else if (world_.subjects.is_unsupported(subject, zone)) {
      ++summary_.unsupported;
    }
  }
}

std::optional<Survey::Gap> Survey::wide_gap(const Place& place) const {
  const KindRow* row = cell(place).row;
  if (row == nullptr) {
    return Gap{};
  }
  switch (row->state) {
    case ZoneState::blind:
      return Gap{.cause = row->cause.value_or(Cause::not_asked), .since = row->since};
    case ZoneState::untested:
      return Gap{.cause = Cause::not_asked, .since = row->since};
    case ZoneState::seeing:
    case ZoneState::quarantined:
      break;
  }
  // The rows of zones tell of what the daemon asks, not of what only the configuration names.
  if (cell(place).is_other || !asked_.has(place.zone, place.subject)) {
    return Gap{};
  }
  if (!row->swept_at) {
    return Gap{.cause = Cause::not_asked, .since = row->since};
  }
  const core::Millis interval =
      world_.subjects.interval_of(place.subject, world_.zones[place.zone], world_.interval);
  if (!is_current({row->swept_at, row->sweep_length}, interval, world_.confirm_after, now_)) {
    return Gap{.cause = Cause::not_asked, .since = row->swept_at};
  }
  return std::nullopt;
}

void Survey::add_unknown(const Place& place, const Gap& gap) {
  subject_unknown_[place.subject.value] = true;
  UnknownView& view = count_unknown(place.zone, kind(place.subject), gap);
  if (view.subjects.size() < kShownSubjects) {
    view.subjects.push_back(world_.subjects.subject(place.subject).to_text());
  }
}

UnknownView& Survey::count_unknown(std::size_t zone, Kind kind, const Gap& gap) {
  Cell& of_kind = cells_[zone][static_cast<std::size_t>(kind)];
  ++of_kind.unknown;
  ++summary_.unknown;
  auto found = std::find_if(of_kind.unknowns.begin(), of_kind.unknowns.end(),
                            [&](const UnknownView& view) { return view.cause == gap.cause; });
  if (found == of_kind.unknowns.end()) {
    UnknownView view;
    view.zone = world_.zones[zone].id;
    view.kind = kind;
    view.cause = gap.cause;
    found = of_kind.unknowns.insert(found, std::move(view));
  }
  ++found->pairs;
  take_earlier(found->since, gap.since);
  return *found;
}

void Survey::take_gaps() {
  const std::span<const lists::Target> targets = world_.subjects.targets();
  for (std::uint32_t i = 0; i < targets.size(); ++i) {
    const lists::TargetIndex index{i};
    const auto gap = !scope_ || scope_->targets.count(index) != 0
                         ? source_gap(targets[i], index, rows_.addresses.sources)
                         : std::nullopt;
    if (gap) {
      unresolved_.push_back({.target = targets[i].name, .why = gap->why, .since = gap->since});
      add_unresolved(targets[i], {.cause = Cause::not_asked, .since = gap->since});
    }
  }
}

/// Nobody knows how many pairs it would be: one on each zone of addresses.
void Survey::add_unresolved(const lists::Target& target, const Gap& gap) {
  for (std::size_t zone = 0; zone < world_.zones.size(); ++zone) {
    const lists::KindSet& kinds = world_.zones[zone].kinds;
    const Kind kind = kinds.has(Kind::ipv4) ? Kind::ipv4 : Kind::ipv6;
    if (kinds.has(kind) && lists::wants(target, world_.zones[zone])) {
      ++cells_[zone][static_cast<std::size_t>(kind)].pairs;
      UnknownView& view = count_unknown(zone, kind, gap);
      if (view.subjects.size() < kShownSubjects) {
        view.subjects.push_back(target.host.to_text());
      }
    }
  }
}

std::optional<Survey::Place> Survey::find(const std::string& zone,
                                          const std::string& subject) const {
  const auto found = zone_index_.find(zone);
  if (found == zone_index_.end()) {
    return std::nullopt;
  }
  const auto parsed = Subject::parse(subject);
  const auto index = parsed ? world_.subjects.find(*parsed) : std::nullopt;
  if (!index || !is_in_scope(*index) ||
      !world_.subjects.is_asked(*index, world_.zones[found->second])) {
    return std::nullopt;
  }
  const Place place{.zone = found->second, .subject = *index};
  return cell(place).is_other ? std::nullopt : std::optional(place);
}

void Survey::take_doubts() {
  for (const DoubtRow& row : rows_.doubts) {
    if (row.doubt.cause == Cause::unsupported) {
      continue;  // shown, but no reason for exit code 3
    }
    const std::optional<Place> place = find(row.zone, row.subject);
    if (!place || !doubts_.emplace(place->key(), &row.doubt).second || wide_gap(*place)) {
      continue;
    }
    add_unknown(*place, {.cause = row.doubt.cause, .since = row.doubt.since});
  }
}

std::optional<lists::Doubt> Survey::doubt(const Place& place, Timestamp otherwise_since) const {
  if (const std::optional<Gap> gap = wide_gap(place)) {
    return lists::Doubt{.cause = gap->cause, .since = gap->since.value_or(otherwise_since)};
  }
  const auto found = doubts_.find(place.key());
  return found == doubts_.end() ? std::nullopt : std::optional(*found->second);
}

void Survey::name_targets(ListingView& view, SubjectIndex subject) const {
  lists::TargetRef target = world_.subjects.target_ref(subject);
  view.target = std::move(target.name);
  view.tags = std::move(target.tags);
  view.targets = world_.subjects.target_names(subject);
}

void Survey::add_listing(const ListingRow& row, const Place& place) {
  Shown shown{.view = view_of(row, &world_.zones[place.zone]), .place = place};
  ListingView& view = shown.view;
  name_targets(view, place.subject);
  view.doubt = doubt(place, row.last_seen.value_or(row.listed_at));
  shown.is_seen = !row.ended_at;
  listings_.push_back(std::move(shown));
}

void Survey::take_listings() {
  for (const ListingRow& row : rows_.open) {
    const std::optional<Place> place = find(row.zone, row.subject);
    if (!place) {
      continue;
    }
    switch (row.purpose) {
      case Purpose::block:
        ++summary_.listed;
        ++listed_[place->zone];
        subject_listed_[place->subject.value] = true;
        break;
      case Purpose::info:
        ++summary_.info;
        break;
      case Purpose::allow:
        break;
    }
    add_listing(row, *place);
  }
  for (const ListingRow& row : rows_.lost_allows) {
    if (const std::optional<Place> place = find(row.zone, row.subject)) {
      ++summary_.allow_lost;
      add_listing(row, *place);
    }
  }
}

ListingView Survey::pending_view(const PendingRow& row, const Place& place) const {
  ListingRow as_listing;
  as_listing.subject = row.subject;
  as_listing.kind = row.kind;
  as_listing.zone = row.zone;
  as_listing.purpose = row.purpose;
  as_listing.codes = row.codes;
  as_listing.reason = row.reason;
  as_listing.listed_at = row.first_vote;
  as_listing.last_seen = row.last_vote.value_or(row.first_vote);
  ListingView view = view_of(as_listing, &world_.zones[place.zone]);
  name_targets(view, place.subject);
  view.state = ListingState::pending;
  view.pending_to = row.to;
  view.held = row.held;
  view.doubt = doubt(place, row.first_vote);
  return view;
}

void Survey::take_pending() {
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> open;  // positions, by pair
  for (std::size_t i = 0; i < listings_.size(); ++i) {
    if (listings_[i].view.state == ListingState::listed) {
      open[listings_[i].place.key()].push_back(i);
    }
  }
  std::unordered_set<std::uint64_t> pairs;
  for (const PendingRow& row : rows_.pending) {
    const std::optional<Place> place = find(row.zone, row.subject);
    if (!place) {
      continue;
    }
    bool is_open = false;
    if (const auto found = open.find(place->key()); found != open.end()) {
      for (const std::size_t i : found->second) {
        if (listings_[i].view.purpose == row.purpose) {
          is_open = true;
          listings_[i].view.pending_to = row.to;
          listings_[i].view.held = row.held;
          listings_[i].is_seen = row.to != lists::PendingTo::delisted && !row.is_contested;
        }
      }
    }
    if (!is_open && row.to == lists::PendingTo::listed) {
      summary_.pending += pairs.insert(place->key()).second ? 1 : 0;
      listings_.push_back(
          {.view = pending_view(row, *place), .place = *place, .is_seen = !row.is_contested});
    }
  }
}

std::optional<Timestamp> Survey::last_sight(const Place& place) const {
  const KindRow* row = cell(place).row;
  const bool sees = row != nullptr && row->state == ZoneState::seeing;
  if (!sees || !row->swept_at || doubts_.count(place.key()) > 0) {
    return std::nullopt;  // as it was seen last is stored with it
  }
  return row->since && *row->swept_at < *row->since ? std::nullopt : row->swept_at;
}

void Survey::take_sights() {
  for (Shown& shown : listings_) {
    if (shown.is_seen) {
      take_later(shown.view.last_seen, last_sight(shown.place));
    }
  }
}

void Survey::take_stale() {
  std::unordered_set<std::uint32_t> seen;
  for (const Shown& shown : listings_) {
    const ListingView& view = shown.view;
    if (view.state != ListingState::listed || view.purpose != Purpose::block) {
      continue;
    }
    const std::uint32_t subject = shown.place.subject.value;
    if (!view.doubt) {
      seen.insert(subject);
    } else if (view.last_seen || view.listed_at) {
      Timestamp& last = stale_[subject];
      last = std::max(last, view.last_seen ? *view.last_seen : *view.listed_at);
    }
  }
  for (const std::uint32_t subject : seen) {
    stale_.erase(subject);
  }
}

std::optional<Timestamp> Survey::last_seen_listed(SubjectIndex subject) const {
  const auto found = stale_.find(subject.value);
  return found == stale_.end() ? std::nullopt : std::optional(found->second);
}

/// Rule 9: as it is now. What its container doesn't list any more speaks for itself.
void Survey::mark_contained() {
  const auto key = [](std::size_t zone, SubjectIndex subject, Purpose purpose) {
    return std::tuple(zone, subject.value, purpose);
  };
  std::set<std::tuple<std::size_t, std::uint32_t, Purpose>> open;
  for (const Shown& shown : listings_) {
    if (shown.view.state == ListingState::listed) {
      open.insert(key(shown.place.zone, shown.place.subject, shown.view.purpose));
    }
  }
  for (Shown& shown : listings_) {
    const std::vector<std::string>& containers = world_.zones[shown.place.zone].contained_in;
    shown.view.contained =
        shown.view.state == ListingState::listed &&
        std::any_of(containers.begin(), containers.end(), [&](const std::string& id) {
          const auto zone = zone_index_.find(id);
          return zone != zone_index_.end() &&
                 open.count(key(zone->second, shown.place.subject, shown.view.purpose)) > 0;
        });
  }
}

void Survey::sort_listings() {
  const auto rank = [](const Shown& shown) {
    return std::tuple(shown.view.state, -static_cast<int>(shown.view.severity), shown.place.subject,
                      shown.place.zone, shown.view.purpose);
  };
  std::stable_sort(listings_.begin(), listings_.end(),
                   [&](const Shown& a, const Shown& b) { return rank(a) < rank(b); });
}

ZoneView Survey::zone_view(std::size_t zone_at) const {
  const lists::Zone& zone = world_.zones[zone_at];
  ZoneView view;
  view.id = zone.id;
  view.dns = zone.dns.shown();
  view.operator_name = zone.operator_name;
  view.severity = zone.severity;
  view.purpose = zone.purpose;
  view.listed = listed_[zone_at];
  for (const Kind kind : lists::kAllKinds) {
    const Cell& of_kind = cells_[zone_at][static_cast<std::size_t>(kind)];
    if (of_kind.pairs == 0) {
      continue;
    }
    const bool is_first = view.kinds.empty();
    view.kinds.push_back(kind_view(kind, of_kind.row));
    view.state = is_first ? state_of(of_kind.row) : std::min(view.state, state_of(of_kind.row));
    view.subjects += of_kind.pairs;
    view.unknown += of_kind.unknown;
  }
  for (const KindView& kind : view.kinds) {
    take_later(view.last_test, kind.last_test);
    if (kind.state != view.state) {
      continue;
    }
    view.cause = view.cause ? view.cause : kind.cause;
    // A zone is blind since its first kind is, and sees since its last one does.
    view.state == ZoneState::seeing ? take_later(view.since, kind.since)
                                    : take_earlier(view.since, kind.since);
  }
  if (const ZoneRow* row = zone_rows_[zone_at]) {
    view.last_sweep = row->last_sweep;
    if (row->quarantined) {
      quarantine(view, row->quarantined_since);
    }
  }
  return view;
}

void Survey::count_zones(StatusDoc& document) const {
  Summary& summary = document.summary;
  for (const ZoneView& zone : document.zones) {
    if (zone.subjects == 0) {
      continue;  // nothing is asked there: neither seen nor missed
    }
    ++summary.zones;
    summary.pairs += zone.subjects;
    switch (zone.state) {
      case ZoneState::blind:
        ++summary.zones_blind;
        break;
      case ZoneState::quarantined:
        ++summary.zones_quarantined;
        break;
      case ZoneState::untested:
        ++summary.zones_untested;
        break;
      case ZoneState::seeing:
        ++summary.zones_seeing;
        break;
    }
  }
}

StatusDoc Survey::document() const {
  StatusDoc document;
  document.generated_at = now_;
  document.daemon = rows_.daemon;
  document.summary = summary_;
  document.summary.targets = world_.subjects.targets().size();
  for (std::size_t zone = 0; zone < world_.zones.size(); ++zone) {
    ZoneView view = zone_view(zone);
    if (scope_ && view.subjects == 0) {
      continue;
    }
    document.zones.push_back(std::move(view));
    for (const Cell& of_kind : cells_[zone]) {
      document.unknowns.insert(document.unknowns.end(), of_kind.unknowns.begin(),
                               of_kind.unknowns.end());
    }
  }
  count_zones(document);
  document.listings.reserve(listings_.size());
  for (const Shown& shown : listings_) {
    document.listings.push_back(shown.view);
  }
  document.resolvers = rows_.resolvers;
  document.unresolved = unresolved_;
  if (listings_.size() >= lists::kLeastOfSlash64) {
    document.networks = lists::networks_of(world_.subjects);
  }
  return document;
}

}  // namespace rblwatch::report
