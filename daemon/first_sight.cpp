// SPDX-License-Identifier: Apache-2.0
#include "daemon/first_sight.hpp"

#include <algorithm>
#include <utility>

namespace rblwatch::daemon {

namespace {

constexpr core::Millis kLookEvery{100};

bool is_untested(const ZoneDesk& desk) {
  return std::any_of(desk.kinds.begin(), desk.kinds.end(), [](const KindDesk& kind) {
    return kind.subjects > 0 && kind.health.state == lists::ZoneState::untested;
  });
}

}  // namespace

FirstSight::FirstSight(std::vector<ZoneDesk>& desks, Ledger& ledger, std::vector<std::string> held)
    : desks_(desks), ledger_(ledger), held_(std::move(held)), was_seeing_(desks.size()) {}

void FirstSight::begin(core::Timestamp now) {
  name_ = "first:" + core::to_rfc3339(now);
  for (ZoneDesk& desk : desks_) {
    desk.batch = desk.has_pairs() ? name_ : std::string();
  }
  is_open_ = true;
}

void FirstSight::turn(const PairDesk& pairs, const Teller& teller, core::Tick now) {
  if (!is_open_ || now < next_look_) {
    return;
  }
  next_look_ = now + kLookEvery;
  // Zones that can't be seen don't hold up the others: theirs becomes a message of their own.
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    ZoneDesk& desk = desks_[zone];
    if (!name_.empty() && desk.batch == name_ && !desk.is_any_seeing() && !is_untested(desk)) {
      desk.batch = name_ + ":" + std::to_string(zone);
    }
  }
  bool is_common_settled = true;
  bool is_any_open = false;
  for (std::uint16_t zone = 0; zone < core::size_as<std::uint16_t>(desks_); ++zone) {
    ZoneDesk& desk = desks_[zone];
    if (desk.batch.empty()) {
      continue;
    }
    const bool settled = is_settled(zone, pairs, teller);
    if (desk.batch == name_) {
      is_common_settled = is_common_settled && settled;
    } else {
      turn_late(zone, settled);
      is_any_open = is_any_open || !settled;
    }
  }
  if (!is_common_settled) {
    return;
  }
  for (ZoneDesk& desk : desks_) {
    if (desk.batch == name_) {
      desk.batch.clear();
    }
  }
  if (!name_.empty()) {
    ledger_.release(std::exchange(name_, std::string()));
  }
  for (std::string& batch : held_) {
    ledger_.release(std::move(batch));
  }
  held_.clear();
  is_open_ = is_any_open;
}

// A zone that saw late sends its own. When it goes blind again, what was confirmed meanwhile
// doesn't wait for it.
void FirstSight::turn_late(std::uint16_t zone, bool is_settled) {
  ZoneDesk& desk = desks_[zone];
  const bool was_seeing = was_seeing_[zone];
  was_seeing_[zone] = desk.is_any_seeing();
  if (is_settled) {
    ledger_.release(std::exchange(desk.batch, std::string()));
  } else if (was_seeing && !was_seeing_[zone]) {
    ledger_.release(desk.batch);
  }
}

std::vector<std::string> FirstSight::open_batches() const {
  std::vector<std::string> open = held_;
  if (!name_.empty()) {
    open.push_back(name_);
  }
  for (const ZoneDesk& desk : desks_) {
    if (!desk.batch.empty() && desk.batch != name_) {
      open.push_back(desk.batch);
    }
  }
  return open;
}

bool FirstSight::is_settled(std::uint16_t zone, const PairDesk& pairs, const Teller& teller) const {
  const ZoneDesk& desk = desks_[zone];
  if (is_untested(desk) || !desk.is_any_seeing()) {
    return false;
  }
  const bool is_swept = std::all_of(desk.kinds.begin(), desk.kinds.end(), [](const KindDesk& kind) {
    return kind.subjects == 0 || !kind.is_seeing() ||
           (kind.sweep.is_complete_since_seeing && kind.sweep.fresh == 0);
  });
  return is_swept && !pairs.has_undecided({zone}) && !teller.is_waiting({zone});
}

}  // namespace rblwatch::daemon
