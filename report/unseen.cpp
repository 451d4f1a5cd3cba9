// SPDX-License-Identifier: Apache-2.0
#include "report/unseen.hpp"

#include "core/enum_text.hpp"

namespace rblwatch::report {
namespace {

using core::enum_word;
using lists::Cause;
using lists::Kind;
using lists::ZoneState;

const lists::Advice& advice_on_unasked() {
  static const lists::Advice kAdvice{
      "Not asked: the addresses of the name can't be found, or time ran out.",
      {"See that the name resolves; ask about fewer subjects or zones at a time."}};
  return kAdvice;
}

bool is_seen(ZoneState state) {
  return state == ZoneState::seeing || state == ZoneState::quarantined;
}

std::uint64_t unknown_pairs(const StatusDoc& document, const std::string& zone, Kind kind) {
  std::uint64_t pairs = 0;
  for (const UnknownView& view : document.unknowns) {
    pairs += view.zone == zone && view.kind == kind ? view.pairs : 0;
  }
  return pairs;
}

/// Whether the zone's own row says already why these pairs are unknown.
bool is_told_by_zone(const StatusDoc& document, const UnknownView& unknown) {
  for (const ZoneView& zone : document.zones) {
    for (const KindView& kind : zone.kinds) {
      if (zone.id == unknown.zone && kind.kind == unknown.kind) {
        return !is_seen(kind.state);
      }
    }
  }
  return false;
}

}  // namespace

std::vector<UnseenKind> unseen_kinds(const StatusDoc& document) {
  std::vector<UnseenKind> unseen;
  for (const ZoneView& zone : document.zones) {
    if (zone.state == ZoneState::quarantined) {
      unseen.push_back({&zone, {}, zone.state, zone.cause, zone.since, 0});
    }
    for (const KindView& kind : zone.kinds) {
      if (!is_seen(kind.state)) {
        unseen.push_back({&zone, kind.kind, kind.state, kind.cause, kind.since,
                          unknown_pairs(document, zone.id, kind.kind)});
      }
    }
  }
  return unseen;
}

std::vector<const UnknownView*> other_unknowns(const StatusDoc& document) {
  std::vector<const UnknownView*> others;
  for (const UnknownView& view : document.unknowns) {
    if (!is_told_by_zone(document, view)) {
      others.push_back(&view);
    }
  }
  return others;
}

void AdviceNeeded::need(const std::optional<Cause>& cause) {
  if (cause) {
    causes_.insert(*cause);
  }
}

void AdviceNeeded::need(const UnseenKind& unseen) {
  unseen.cause&& unseen.kind ? need(unseen.cause) : need(unseen.state);
}

std::vector<AdviceNeeded::Entry> AdviceNeeded::entries() const {
  std::vector<Entry> entries;
  for (const ZoneState state : states_) {
    entries.push_back({enum_word(state), lists::advice_on(state)});
  }
  for (const Cause cause : causes_) {
    entries.push_back({enum_word(cause), is_check_ && cause == Cause::not_asked
                                             ? advice_on_unasked()
                                             : lists::advice_on(cause)});
  }
  return entries;
}

}  // namespace rblwatch::report
