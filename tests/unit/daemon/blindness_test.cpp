// SPDX-License-Identifier: Apache-2.0
//
// Which kinds of a zone are told blind, and seeing again, in one event.
#include "daemon/blindness.hpp"

#include <initializer_list>

#include <catch2/catch.hpp>

namespace rblwatch::daemon {
namespace {

using lists::Kind;
using lists::KindSet;
using lists::ZoneState;

constexpr core::Tick kNow{core::Seconds(1000)};

core::Timestamp at(int seconds) {
  return core::Timestamp{core::Seconds(seconds)};
}

KindSet kinds(std::initializer_list<Kind> members) {
  KindSet set;
  for (const Kind kind : members) {
    set.add(kind);
  }
  return set;
}

/// A zone whose IPv4 and IPv6 see, with subjects of both.
ZoneDesk seeing_zone() {
  ZoneDesk desk{lists::BreakerPolicy{}};
  for (const Kind kind : {Kind::ipv4, Kind::ipv6}) {
    desk.kind(kind).subjects = 10;
    desk.kind(kind).health.state = ZoneState::seeing;
    desk.kind(kind).since = at(1);
  }
  return desk;
}

void make_blind(KindDesk& desk, core::Timestamp since, bool is_due) {
  desk.health.state = ZoneState::blind;
  desk.health.cause = lists::Cause::refused;
  desk.health.is_telling_due = is_due;
  desk.since = since;
}

}  // namespace

TEST_CASE("a blindness is told when it is due, and once") {
  ZoneDesk desk = seeing_zone();
  CHECK(blindness_to_tell(desk, kNow).is_empty());
  make_blind(desk.kind(Kind::ipv4), at(50), false);
  CHECK(blindness_to_tell(desk, kNow).is_empty());
  desk.kind(Kind::ipv4).health.is_telling_due = true;
  CHECK(blindness_to_tell(desk, kNow) == kinds({Kind::ipv4}));
  CHECK(blind_since(desk, kinds({Kind::ipv4}), at(99)) == at(50));
  desk.kind(Kind::ipv4).told_blind_since = at(50);
  CHECK(blindness_to_tell(desk, kNow).is_empty());
}

TEST_CASE("it waits while another kind is being tested, and takes along what else is blind") {
  ZoneDesk desk = seeing_zone();
  make_blind(desk.kind(Kind::ipv4), at(50), true);
  want_tests_of_siblings(desk, Kind::ipv4, kNow);
  CHECK_FALSE(desk.kind(Kind::ipv4).test_at.has_value());
  CHECK_FALSE(desk.kind(Kind::domain).test_at.has_value());
  CHECK(desk.kind(Kind::ipv6).test_at == kNow);
  CHECK(blindness_to_tell(desk, kNow).is_empty());
  desk.kind(Kind::ipv6).test_at.reset();
  desk.kind(Kind::ipv6).is_testing = true;
  CHECK(blindness_to_tell(desk, kNow).is_empty());
  desk.kind(Kind::ipv6).is_testing = false;
  SECTION("one that still sees is left out") {
    CHECK(blindness_to_tell(desk, kNow) == kinds({Kind::ipv4}));
  }
  SECTION("one that is blind too is told with it, though by itself it were not due") {
    make_blind(desk.kind(Kind::ipv6), at(49), false);
    CHECK(blindness_to_tell(desk, kNow) == kinds({Kind::ipv4, Kind::ipv6}));
    CHECK(blind_since(desk, kinds({Kind::ipv4, Kind::ipv6}), at(99)) == at(49));
  }
}

TEST_CASE("a kind that goes blind later is news of its own, and so is its sight") {
  ZoneDesk desk = seeing_zone();
  make_blind(desk.kind(Kind::ipv6), at(20), true);
  desk.kind(Kind::ipv6).told_blind_since = at(20);
  make_blind(desk.kind(Kind::ipv4), at(80), true);
  CHECK(blindness_to_tell(desk, kNow) == kinds({Kind::ipv4}));
  desk.kind(Kind::ipv4).told_blind_since = at(80);
  CHECK(sight_to_tell(desk).is_empty());
  desk.kind(Kind::ipv4).health.state = ZoneState::seeing;
  CHECK(sight_to_tell(desk) == kinds({Kind::ipv4}));
  CHECK(told_since(desk, kinds({Kind::ipv4})) == at(80));
}

TEST_CASE("what was told together is told together when the last of it sees") {
  ZoneDesk desk = seeing_zone();
  for (const Kind kind : {Kind::ipv4, Kind::ipv6}) {
    make_blind(desk.kind(kind), at(50), true);
    desk.kind(kind).told_blind_since = at(50);
  }
  desk.kind(Kind::ipv4).health.state = ZoneState::seeing;
  CHECK(sight_to_tell(desk).is_empty());
  SECTION("untested, as after a restart, is not seeing") {
    desk.kind(Kind::ipv6).health.state = ZoneState::untested;
    CHECK(sight_to_tell(desk).is_empty());
  }
  SECTION("one that is watched no more holds nothing up") {
    desk.kind(Kind::ipv6).subjects = 0;
    CHECK(sight_to_tell(desk) == kinds({Kind::ipv4, Kind::ipv6}));
  }
  desk.kind(Kind::ipv6).health.state = ZoneState::seeing;
  CHECK(sight_to_tell(desk) == kinds({Kind::ipv4, Kind::ipv6}));
}

}  // namespace rblwatch::daemon
