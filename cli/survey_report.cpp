// SPDX-License-Identifier: Apache-2.0
#include "cli/survey_report.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "core/check.hpp"
#include "core/untrusted.hpp"
#include "lists/zone_health.hpp"

namespace rblwatch::cli {
namespace {

using lists::Cause;
using lists::Kind;
using lists::SubjectIndex;
using lists::ZoneIndex;
using report::ListingView;
using report::StatusDoc;
using report::UnknownView;
using report::ZoneView;

constexpr std::size_t kMostNamed = 20;  // subjects of one entry of unknowns

void add_pair(UnknownView& view, std::string subject) {
  ++view.pairs;
  if (view.subjects.size() < kMostNamed) {
    view.subjects.push_back(std::move(subject));
  }
}

/// Collects unknown pairs by zone, kind and cause.
class Unknowns {
 public:
  void add(ZoneIndex zone, Kind kind, Cause cause, const lists::Subject& subject) {
    add_pair(views_[{zone.value, kind, cause}], subject.to_text());
  }
  std::vector<UnknownView> take(const Surveyed& surveyed) {
    std::vector<UnknownView> all;
    for (auto& [key, view] : views_) {
      view.zone = surveyed.zones[std::get<0>(key)].id;
      view.kind = std::get<1>(key);
      view.cause = std::get<2>(key);
      view.since = surveyed.now;
      all.push_back(std::move(view));
    }
    return all;
  }

 private:
  std::map<std::tuple<std::uint16_t, Kind, Cause>, UnknownView> views_;
};

ZoneView zone_view(const lists::Zone& zone) {
  ZoneView view;
  view.id = zone.id;
  view.dns = zone.dns.shown();
  view.operator_name = zone.operator_name;
  view.severity = zone.severity;
  view.purpose = zone.purpose;
  return view;
}

ListingView listing_view(const Surveyed& surveyed, const PairFinding& finding,
                         lists::Purpose purpose, const lists::CodeSet& codes) {
  const lists::Zone& zone = surveyed.zones[finding.zone.value];
  const lists::Subject& subject = surveyed.subjects.subject(finding.subject);
  const lists::TargetRef target = surveyed.subjects.target_ref(finding.subject);
  ListingView view;
  view.target = target.name;
  view.targets = surveyed.subjects.target_names(finding.subject);
  view.tags = target.tags;
  view.subject = subject.to_text();
  view.kind = subject.kind();
  view.zone = zone.id;
  view.dns = zone.dns.shown();
  view.operator_name = zone.operator_name;
  view.severity = zone.severity;
  view.purpose = purpose;
  view.codes = codes.addresses();
  view.meanings = codes.meanings();
  view.reason = finding.reason;
  view.last_seen = surveyed.now;
  view.lookup_url = lists::fill_url(zone.lookup_url, view.subject);
  view.delist_url = lists::fill_url(zone.delist_url, view.subject);
  view.delist_steps = zone.delist_steps;
  return view;
}

void count(report::Summary& summary, ZoneView& zone, lists::Purpose purpose) {
  switch (purpose) {
    case lists::Purpose::block:
      ++summary.listed;
      ++zone.listed;
      return;
    case lists::Purpose::info:
      ++summary.info;
      return;
    case lists::Purpose::allow:
      return;
  }
  RBL_CHECK(false);
}

class Builder {
 public:
  explicit Builder(const Surveyed& surveyed) : surveyed_(surveyed), views_(surveyed.zones.size()) {}

  StatusDoc build(std::uint64_t targets) {
    document_.generated_at = surveyed_.now;
    document_.summary.targets = targets;
    document_.summary.subjects = surveyed_.subjects.size();
    for (std::uint16_t i = 0; i < static_cast<std::uint16_t>(views_.size()); ++i) {
      count_pairs(ZoneIndex{i});
    }
    for (const PairFinding& finding : surveyed_.findings.pairs) {
      add(finding);
    }
    mark_contained();
    std::stable_sort(
        document_.listings.begin(), document_.listings.end(),
        [](const ListingView& a, const ListingView& b) { return a.severity > b.severity; });
    document_.unknowns = unknowns_.take(surveyed_);
    document_.networks = lists::networks_of(surveyed_.subjects);
    return std::move(document_);
  }

 private:
  std::optional<Cause> failed(ZoneIndex zone, Kind kind) const {
    for (const KindFinding& finding : surveyed_.findings.kinds) {
      if (finding.zone == zone && finding.kind == kind) {
        return finding.failed;
      }
    }
    return std::nullopt;
  }

  void count_pairs(ZoneIndex index) {
    const lists::Zone& zone = surveyed_.zones[index.value];
    ZoneView& view = views_[index.value];
    view = zone_view(zone);
    std::array<std::optional<Cause>, 3> causes;
    for (const Kind kind : lists::kAllKinds) {
      causes[static_cast<std::size_t>(kind)] = failed(index, kind);
    }
    for (std::uint32_t i = 0; i < surveyed_.subjects.size(); ++i) {
      const SubjectIndex subject{i};
      const Kind kind = surveyed_.subjects.subject(subject).kind();
      if (surveyed_.subjects.is_unsupported(subject, zone)) {
        ++document_.summary.unsupported;
      } else if (surveyed_.subjects.is_asked(subject, zone)) {
        ++view.subjects;
        ++document_.summary.pairs;
        const auto& cause = causes[static_cast<std::size_t>(kind)];
        if (cause) {
          note_unknown(index, subject, *cause);
        }
      }
    }
    set_tested(view, index.value, surveyed_.findings, surveyed_.now);
    count_zone(view);
  }

  void count_zone(const ZoneView& view) {
    if (view.subjects == 0) {
      return;
    }
    ++document_.summary.zones;
    switch (view.state) {
      case lists::ZoneState::blind:
        ++document_.summary.zones_blind;
        return;
      case lists::ZoneState::quarantined:
        ++document_.summary.zones_quarantined;
        return;
      case lists::ZoneState::untested:
        ++document_.summary.zones_untested;
        return;
      case lists::ZoneState::seeing:
        ++document_.summary.zones_seeing;
        return;
    }
  }

  void note_unknown(ZoneIndex zone, SubjectIndex subject, Cause cause) {
    if (cause == Cause::unsupported) {  // shown, but no reason for exit code 3
      ++document_.summary.unsupported;
      return;
    }
    const lists::Subject& what = surveyed_.subjects.subject(subject);
    unknowns_.add(zone, what.kind(), cause, what);
    ++document_.summary.unknown;
    ++views_[zone.value].unknown;
  }

  void add(const PairFinding& finding) {
    if (finding.codes.is_empty()) {
      note_unknown(finding.zone, finding.subject, finding.cause);
      return;
    }
    for (const lists::Purpose purpose :
         {lists::Purpose::block, lists::Purpose::allow, lists::Purpose::info}) {
      const lists::CodeSet codes = finding.codes.of_purpose(purpose);
      if (!codes.is_empty()) {
        document_.listings.push_back(listing_view(surveyed_, finding, purpose, codes));
        count(document_.summary, views_[finding.zone.value], purpose);
      }
    }
  }

  void mark_contained() {
    std::set<std::pair<std::string, std::string>> listed;
    for (const ListingView& view : document_.listings) {
      listed.emplace(view.subject, view.zone);
    }
    for (ListingView& view : document_.listings) {
      const auto zone =
          std::find_if(surveyed_.zones.begin(), surveyed_.zones.end(),
                       [&view](const lists::Zone& candidate) { return candidate.id == view.zone; });
      view.contained = std::any_of(zone->contained_in.begin(), zone->contained_in.end(),
                                   [&](const std::string& outer) {
                                     return listed.contains({view.subject, outer});
                                   });
    }
    for (ZoneView& view : views_) {
      if (view.subjects > 0) {
        document_.zones.push_back(std::move(view));
      }
    }
  }

  const Surveyed& surveyed_;
  StatusDoc document_;
  std::vector<ZoneView> views_;
  Unknowns unknowns_;
};

UnknownView& not_asked_of(StatusDoc& document, const std::string& zone, Kind kind) {
  const auto found = std::find_if(
      document.unknowns.begin(), document.unknowns.end(), [&](const UnknownView& view) {
        return view.zone == zone && view.kind == kind && view.cause == Cause::not_asked;
      });
  if (found != document.unknowns.end()) {
    return *found;
  }
  UnknownView& made = document.unknowns.emplace_back();
  made.zone = zone;
  made.kind = kind;
  made.cause = Cause::not_asked;
  made.since = document.generated_at;
  return made;
}

/// The zone's view; where nothing else was asked there, a new one, untested.
ZoneView& zone_of(StatusDoc& document, const lists::Zone& zone) {
  const auto found = std::find_if(document.zones.begin(), document.zones.end(),
                                  [&zone](const ZoneView& view) { return view.id == zone.id; });
  if (found != document.zones.end()) {
    return *found;
  }
  ++document.summary.zones;
  ++document.summary.zones_untested;
  return document.zones.emplace_back(zone_view(zone));
}

}  // namespace

StatusDoc check_document(const Surveyed& surveyed, std::uint64_t targets) {
  return Builder(surveyed).build(targets);
}

void add_unresolved(StatusDoc& document, std::span<const lists::Zone> zones,
                    const std::string& host) {
  for (const lists::Zone& zone : zones) {
    if (!zone.kinds.has(Kind::ipv4) && !zone.kinds.has(Kind::ipv6)) {
      continue;
    }
    const Kind kind = zone.kinds.has(Kind::ipv4) ? Kind::ipv4 : Kind::ipv6;
    add_pair(not_asked_of(document, zone.id, kind), host);
    ZoneView& view = zone_of(document, zone);
    ++view.subjects;
    ++view.unknown;
    ++document.summary.pairs;
    ++document.summary.unknown;
  }
}

void set_tested(ZoneView& view, std::uint16_t zone, const Findings& findings, core::Timestamp now) {
  std::vector<lists::ZoneState> states;
  view.kinds.clear();
  view.cause.reset();
  for (const KindFinding& finding : findings.kinds) {
    if (finding.zone.value != zone) {
      continue;
    }
    report::KindView kind;
    kind.kind = finding.kind;
    kind.state = finding.failed ? lists::ZoneState::blind : lists::ZoneState::seeing;
    kind.cause = finding.failed;
    kind.since = now;
    kind.last_test = now;
    states.push_back(kind.state);
    view.kinds.push_back(kind);
    if (!view.cause) {
      view.cause = finding.failed;
    }
  }
  if (states.empty()) {
    view.state = lists::ZoneState::untested;
    return;
  }
  view.state = lists::zone_state(states, false);
  view.since = now;
  view.last_test = now;
}

}  // namespace rblwatch::cli
