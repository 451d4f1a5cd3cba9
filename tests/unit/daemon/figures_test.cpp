// SPDX-License-Identifier: Apache-2.0
// What the loop tells of itself, and when its sweeps are late.
#include "daemon/figures.hpp"

#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "daemon/http_routes.hpp"
#include "fixtures.hpp"

namespace rblwatch::daemon {
namespace {

using lists::Kind;
using lists::ZoneState;

constexpr core::Tick kEpoch{core::Seconds(1000)};
constexpr core::Millis kHour{3'600'000};

/// Two zones of IPv4, four subjects; nothing was tested yet.
struct Scene {
  core::SystemRandom random;
  Ledger ledger;
  Generation now;

  explicit Scene(double qps = 0) : Scene(two_zones(qps)) {}
  explicit Scene(MonitorSetup setup)
      : now(world(std::move(setup)), ledger, random, kEpoch, 0, {}) {}

  static std::shared_ptr<const World> world(MonitorSetup setup) {
    setup.resolver_servers = {*dns::Server::parse("127.0.0.1:53")};
    return *make_world(std::move(setup), {});
  }
  static MonitorSetup two_zones(double qps) {
    MonitorSetup setup;
    setup.zones = {make_zone("one", {Kind::ipv4}), make_zone("two", {Kind::ipv4})};
    setup.resolver_qps = qps;
    setup.targets = {*lists::parse_target_value("198.51.100.0/30")};
    return setup;
  }
  KindDesk& kind(std::size_t zone) { return now.desks[zone].kind(Kind::ipv4); }
  void see(std::size_t zone, core::Tick since) {
    kind(zone).health.state = ZoneState::seeing;
    kind(zone).health.since = since;
    kind(zone).sweep.started_tick = since;
  }
  std::string late(core::Millis after) const { return late_sweep(now, kEpoch, kEpoch + after); }
};

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class NoResolver final : public dns::Resolver {
 public:
  void set_lanes(std::span<const dns::LaneLimit> /*limits*/) override {}
  bool can_submit(dns::Lane /*lane*/) const override { return false; }
  core::Tick next_slot(dns::Lane /*lane*/) const override { return {}; }
  void submit(const dns::Lookup& /*lookup*/) override {}
  std::span<const dns::Completion> wait(core::Millis /*at_most*/) override { return {}; }
  std::size_t in_flight() const override { return 0; }
  std::vector<dns::ServerStatus> servers() const override {
    return {
        {*dns::Server::parse("127.0.0.1:53"), dns::ServerRole::resolver, core::Micros(900), true,
         true},
        {*dns::Server::parse("192.0.2.99:53"), dns::ServerRole::authoritative, {}, true, false}};
  }
};

}  // namespace

TEST_CASE("a sweep is late when a pair's word would be too old") {
  Scene scene;
  scene.see(0, kEpoch);
  scene.see(1, kEpoch + kHour);
  const core::Millis allowed = kHour + core::Millis(120'000);  // twice 30 min, and confirm_after
  CHECK(scene.late(allowed).empty());
  CHECK(holds(scene.late(allowed + core::Millis(1)), "the sweep of one (ipv4) is late"));
  SECTION("a sweep that really takes long may") {
    scene.kind(0).sweep.length = kHour;
    CHECK(scene.late(allowed + core::Millis(1)).empty());
    CHECK_FALSE(scene.late(3 * kHour).empty());
  }
  SECTION("a blind zone isn't swept, and another is seen") {
    scene.kind(0).health.state = ZoneState::blind;
    CHECK(scene.late(allowed + core::Millis(1)).empty());
  }
}

TEST_CASE("a pace that makes the first sweep long makes it no late one") {
  Scene scene(1.0 / 3600);  // one question an hour, eight pairs
  scene.see(0, kEpoch);
  scene.see(1, kEpoch);
  CHECK(scene.late(16 * kHour).empty());
  CHECK_FALSE(scene.late(17 * kHour).empty());
}

TEST_CASE("when no zone has been seen for so long, nobody is watching") {
  Scene scene;
  CHECK(scene.late(kHour).empty());
  CHECK(holds(scene.late(2 * kHour), "no zone can be seen, for 2 h"));
  scene.kind(0).health.state = ZoneState::blind;
  scene.kind(0).health.since = kEpoch + 10 * kHour;
  CHECK(scene.late(11 * kHour).empty());
  CHECK_FALSE(scene.late(12 * kHour).empty());
}

TEST_CASE("figures count pairs as status does") {
  Scene scene;
  scene.see(0, kEpoch);
  scene.kind(0).sweep.swept_at = core::Timestamp{core::Seconds(5)};
  scene.now.desks[0].last_sweep = core::Timestamp{core::Seconds(6)};
  scene.now.desks[0].lookups = 17;
  scene.kind(1).health.state = ZoneState::blind;
  scene.kind(1).since = core::Timestamp{core::Seconds(7)};
  PairBook& book = scene.now.book;
  book.make_detail({0}).track_of(lists::Purpose::block).is_open = true;
  book.make_detail({1}).track_of(lists::Purpose::info).is_open = true;
  lists::PendingEntry vote;
  vote.votes.emplace_back();
  book.make_detail({2}).track_of(lists::Purpose::block).track.pending = {vote};
  book.set_doubt({3}, {lists::Cause::timeout, core::Timestamp{}});
  book.set_doubt({2}, {lists::Cause::unsupported, core::Timestamp{}});
  book.set_doubt({5}, {lists::Cause::timeout, core::Timestamp{}});  // of the blind zone

  const Figures figures = make_figures(scene.now, NoResolver(), kEpoch, {{}, kEpoch});
  REQUIRE(figures.zones.size() == 2);
  const report::ZoneMetrics& one = figures.zones[0];
  CHECK(one.state == ZoneState::seeing);
  CHECK(one.pairs == 4);
  CHECK(one.listed == 1);
  CHECK(one.pending == 1);
  CHECK(one.unknown == 1);
  CHECK(one.lookups == 17);
  const report::ZoneMetrics& two = figures.zones[1];
  CHECK(two.state == ZoneState::blind);
  CHECK(two.unknown == 4);
  CHECK(two.blind_since == core::Timestamp{core::Seconds(7)});
  CHECK(figures.subjects == 4);
  CHECK(figures.last_sweep == core::Timestamp{core::Seconds(6)});
  REQUIRE(figures.resolvers.size() == 1);  // the zones' own servers are none
  CHECK(figures.resolvers.front().is_asked_less);
}

TEST_CASE("a pair is unknown to the figures once its sweep is older than rule 1 allows") {
  MonitorSetup setup;
  setup.zones = {make_zone("one", {Kind::ipv4})};
  setup.targets = {*lists::parse_target_value("198.51.100.0/30"),
                   *lists::parse_target_value("192.0.2.1")};
  setup.targets.back().interval = 4 * kHour;
  Scene scene(std::move(setup));
  scene.see(0, kEpoch);
  scene.kind(0).sweep.swept_at = core::Timestamp{};
  scene.now.book.set_doubt({1}, {lists::Cause::timeout, core::Timestamp{}});  // 198.51.100.0
  const core::Millis allowed = kHour + core::Millis(120'000);  // twice 30 min, and confirm_after
  const auto unknown = [&](core::Millis later) {
    const core::ClockPair clocks{core::Timestamp{} + later, kEpoch};
    return make_figures(scene.now, NoResolver(), kEpoch, clocks).zones[0].unknown;
  };
  CHECK(unknown(allowed) == 1);                    // the doubt
  CHECK(unknown(allowed + core::Millis(1)) == 4);  // but not the one that is asked each four hours
  CHECK(unknown(9 * kHour) == 5);
}

TEST_CASE("health says what is wrong, the worst first") {
  Figures figures;
  figures.taken_at = kEpoch;
  CHECK(ailment(&figures, "", kEpoch).empty());
  CHECK(ailment(nullptr, "", kEpoch) == "the daemon is starting");
  figures.late = "the sweep is late";
  CHECK(ailment(&figures, "", kEpoch) == "the sweep is late");
  CHECK(holds(ailment(&figures, "", kEpoch + core::Seconds(31)),
              "the loop has stood still for 31 s"));
  CHECK(holds(ailment(&figures, "disk full", kEpoch), "can't be stored"));
  CHECK(holds(ailment(&figures, "disk full", kEpoch), "disk full"));
}

TEST_CASE("metrics are gathered from the loop and the outbox") {
  Figures figures;
  figures.subjects = 9;
  figures.dns.forgery_alarms = 3;
  report::Metrics own;
  own.channels = {{.name = "ops"}, {.name = "quiet"}};
  storage::OutboxFigures outbox;
  outbox.channels["ops"] = {.waiting = 2, .failed = 1};
  outbox.channels["gone"] = {.waiting = 5, .failed = 5};
  outbox.oldest = core::Timestamp{core::Seconds(10)};
  const report::Metrics all = gather(own, &figures, outbox, core::Timestamp{core::Seconds(70)});
  CHECK(all.subjects == 9);
  CHECK(all.dns.forgery_alarms == 3);
  CHECK(all.outbox_oldest == core::Seconds(60));
  REQUIRE(all.channels.size() == 2);
  CHECK(all.channels[0].waiting == 2);
  CHECK(all.channels[1].waiting == 0);
  CHECK(gather(own, nullptr, {}, {}).zones.empty());
}

}  // namespace rblwatch::daemon
