// SPDX-License-Identifier: Apache-2.0
#include "daemon/blindness.hpp"

#include <algorithm>

namespace rblwatch::daemon {

namespace {

bool is_blind(const KindDesk& kind) {
  return kind.subjects > 0 && kind.health.state == lists::ZoneState::blind;
}

bool is_in_test(const KindDesk& kind, core::Tick now) {
  return kind.subjects > 0 && (kind.is_testing || (kind.test_at && *kind.test_at <= now));
}

template <class Predicate>
lists::KindSet kinds_where(const ZoneDesk& desk, Predicate is_wanted) {
  lists::KindSet kinds;
  for (const lists::Kind kind : lists::kAllKinds) {
    if (is_wanted(desk.kind(kind))) {
      kinds.add(kind);
    }
  }
  return kinds;
}

}  // namespace

lists::KindSet blindness_to_tell(const ZoneDesk& desk, core::Tick now) {
  const auto is_untold = [](const KindDesk& kind) {
    return is_blind(kind) && !kind.told_blind_since;
  };
  const bool is_due = std::any_of(desk.kinds.begin(), desk.kinds.end(), [&](const KindDesk& kind) {
    return is_untold(kind) && kind.health.is_telling_due;
  });
  const bool is_open = std::any_of(desk.kinds.begin(), desk.kinds.end(), [&](const KindDesk& kind) {
    return !is_blind(kind) && is_in_test(kind, now);
  });
  return is_due && !is_open ? kinds_where(desk, is_untold) : lists::KindSet{};
}

lists::KindSet sight_to_tell(const ZoneDesk& desk) {
  for (const KindDesk& one : desk.kinds) {
    if (!one.told_blind_since) {
      continue;
    }
    const auto is_of_it = [&one](const KindDesk& kind) {
      return kind.told_blind_since == one.told_blind_since;
    };
    const bool all_see =
        std::all_of(desk.kinds.begin(), desk.kinds.end(), [&](const KindDesk& kind) {
          return !is_of_it(kind) || kind.subjects == 0 || kind.is_seeing();
        });
    if (all_see) {
      return kinds_where(desk, is_of_it);
    }
  }
  return {};
}

core::Timestamp blind_since(const ZoneDesk& desk, lists::KindSet kinds, core::Timestamp now) {
  core::Timestamp first = now;
  for (const lists::Kind kind : lists::kAllKinds) {
    if (kinds.has(kind)) {
      first = std::min(first, desk.kind(kind).since.value_or(now));
    }
  }
  return first;
}

core::Timestamp told_since(const ZoneDesk& desk, lists::KindSet kinds) {
  const auto one = std::find_if(lists::kAllKinds.begin(), lists::kAllKinds.end(),
                                [kinds](lists::Kind kind) { return kinds.has(kind); });
  return desk.kind(*one).told_blind_since.value();
}

void want_tests_of_siblings(ZoneDesk& desk, lists::Kind blind, core::Tick now) {
  for (const lists::Kind kind : lists::kAllKinds) {
    if (kind != blind && desk.kind(kind).is_seeing()) {
      desk.kind(kind).want_test(now);
    }
  }
}

}  // namespace rblwatch::daemon
