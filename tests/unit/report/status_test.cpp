// SPDX-License-Identifier: Apache-2.0
#include "report/status.hpp"

#include <ctime>
#include <functional>

#include "status_scene.hpp"

using namespace rblwatch;
using namespace rblwatch::report;
using namespace rblwatch::report::scene;

TEST_CASE("where all is seen and clear, the summary says so and the exit code is 0") {
  const StatusDoc document = Scene().status();
  const Summary& summary = document.summary;
  CHECK(summary.targets == 3);
  CHECK(summary.subjects == 10);
  CHECK(summary.pairs == 19);  // 9 IPv4 on two zones, one IPv6 on one
  CHECK(summary.unsupported == 1);
  CHECK(summary.zones == 2);
  CHECK(summary.zones_seeing == 2);
  CHECK(summary.unknown == 0);
  CHECK(summary.listed == 0);
  CHECK(document.listings.empty());
  CHECK(document.unknowns.empty());
  CHECK(document.generated_at == kNow);
  REQUIRE(document.daemon.has_value());
  CHECK(document.daemon->running);
  CHECK(exit_code(document) == 0);
}

TEST_CASE("a zone that is asked nothing is shown, untested, and counts neither way") {
  const StatusDoc document = Scene().status();
  REQUIRE(document.zones.size() == 3);
  const ZoneView& zone = zone_of(document, "names");
  CHECK(zone.state == ZoneState::untested);
  CHECK(zone.kinds.empty());
  CHECK(zone.subjects == 0);
  CHECK(document.summary.zones_untested == 0);
}

TEST_CASE("without any pair nothing is seen, and the exit code is 3") {
  Scene scene;
  scene.targets.clear();
  CHECK(scene.status().summary.pairs == 0);
  CHECK(exit_code(scene.status()) == 3);
}

TEST_CASE("what can't be vouched for is unknown, with its cause") {
  struct Row {
    std::string name;
    std::function<void(Scene&)> spoil;
    std::uint64_t unknown;
    Cause cause;
    std::optional<Timestamp> since;
  };
  const auto row = GENERATE(values<Row>({
      {"a blind kind",
       [](Scene& scene) {
         scene.kind(0).state = ZoneState::blind;
         scene.kind(0).cause = Cause::refused;
         scene.kind(0).since = at(7'000);
       },
       9, Cause::refused, at(7'000)},
      {"a kind before its first test",
       [](Scene& scene) { scene.kind(0).state = ZoneState::untested; }, 9, Cause::not_asked,
       at(100)},
      {"a zone that the daemon has never met",
       [](Scene& scene) { scene.rows.kinds.erase(scene.rows.kinds.begin()); }, 9, Cause::not_asked,
       std::nullopt},
      {"a kind whose first sweep is under way",
       [](Scene& scene) { scene.kind(0).swept_at.reset(); }, 9, Cause::not_asked, at(100)},
      {"a sweep longer ago than twice the interval and confirm_after",
       [](Scene& scene) {
         scene.kind(0).swept_at = kNow - 2 * kInterval - kConfirmAfter - core::Millis(1);
       },
       9, Cause::not_asked, kNow - 2 * kInterval - kConfirmAfter - core::Millis(1)},
      {"a target that the daemon hasn't read of yet",
       [](Scene& scene) {
         scene.targets.push_back(make_target("203.0.113.9", "new"));
         scene.targets.back().zones = {"corp"};
         scene.unwatched = {"203.0.113.9"};
       },
       1, Cause::not_asked, std::nullopt},
      {"a doubted pair", [](Scene& scene) { scene.rows.doubts = {doubt("198.51.100.3")}; }, 1,
       Cause::servfail, at(8'000)},
  }));
  CAPTURE(row.name);
  Scene scene;
  row.spoil(scene);
  const StatusDoc document = scene.status();
  CHECK(document.summary.unknown == row.unknown);
  CHECK(zone_of(document, "corp").unknown == row.unknown);
  CHECK(zone_of(document, "both").unknown == 0);
  REQUIRE(document.unknowns.size() == 1);
  CHECK(document.unknowns[0].zone == "corp");
  CHECK(document.unknowns[0].kind == Kind::ipv4);
  CHECK(document.unknowns[0].cause == row.cause);
  CHECK(document.unknowns[0].since == row.since);
  CHECK(document.unknowns[0].pairs == row.unknown);
  CHECK(document.unknowns[0].subjects.size() == row.unknown);
  CHECK(exit_code(document) == 3);
}

TEST_CASE("what was asked as it is configured is known, and so is what doesn't say how") {
  Scene scene;
  scene.rows.zones[0].pattern = "corp.test";
  scene.kind(0).form = lists::DomainForm::both;  // not of addresses
  CHECK(exit_code(scene.status()) == 0);
  scene.zone_set = 1;
  CHECK(scene.status().summary.unknown == scene.status().summary.pairs);  // a set that isn't there
  scene.rows.zone_sets = {{.id = 1, .zones = {"both", "names"}}};
  const StatusDoc document = scene.status();
  CHECK(exit_code(document) == 3);
  REQUIRE(document.unknowns.size() == 1);
  CHECK(document.unknowns[0].zone == "corp");
  CHECK(document.unknowns[0].cause == Cause::not_asked);
  CHECK(document.unknowns[0].pairs == 9);
  CHECK_FALSE(document.unknowns[0].since.has_value());
  scene.rows.zone_sets = {{.id = 1, .zones = {"gone", "names", "both", "corp"}}};
  CHECK(exit_code(scene.status()) == 0);
}

TEST_CASE("domains that were asked in another form are not known, and their listings none") {
  Scene scene;
  scene.targets.push_back(make_target("example.com"));
  scene.rows.kinds.push_back(scene.kind(0));
  scene.rows.kinds.back().zone = "names";
  scene.rows.kinds.back().kind = Kind::domain;
  scene.rows.kinds.back().form = lists::DomainForm::registrable;
  scene.rows.open = {listing("example.com", "names")};
  CHECK(scene.status().summary.listed == 1);
  scene.zones[2].domain_form = lists::DomainForm::exact;
  const StatusDoc document = scene.status();
  CHECK(document.listings.empty());
  CHECK(exit_code(document) == 3);
  REQUIRE(document.unknowns.size() == 1);
  CHECK(document.unknowns[0].cause == Cause::not_asked);
  CHECK(document.unknowns[0].subjects == Texts{"example.com"});
  CHECK(zone_of(document, "names").state == ZoneState::seeing);
}

TEST_CASE("what is stored of a zone under another name is nothing of the one that it names now") {
  Scene scene;
  scene.rows.zones[0].pattern = "old.test";
  scene.rows.open = {listing()};
  scene.rows.pending = {pending(PendingTo::listed, "198.51.100.3")};
  scene.rows.doubts = {doubt("198.51.100.4")};
  const StatusDoc document = scene.status();
  CHECK(document.listings.empty());
  CHECK(document.summary.pending == 0);
  CHECK(zone_of(document, "corp").state == ZoneState::untested);
  CHECK(zone_of(document, "corp").unknown == 9);
  CHECK_FALSE(zone_of(document, "corp").last_sweep.has_value());
}

TEST_CASE("how long ago a look may be depends on the interval and on the sweep's real length") {
  struct Row {
    std::string name;
    std::function<void(Scene&)> change;
    core::Millis pace;
    std::uint64_t pairs;
  };
  const core::Millis minute{60'000};
  const auto row = GENERATE_COPY(values<Row>({
      {"the schedule's", [](Scene&) {}, kInterval, 9},
      {"the zone's", [=](Scene& scene) { scene.zones[0].interval = minute; }, minute, 9},
      {"a longer sweep", [=](Scene& scene) { scene.kind(0).sweep_length = 90 * minute; },
       90 * minute, 9},
      {"a target's, which goes before the zone's",
       [=](Scene& scene) {
         scene.targets[0].interval = minute;
         scene.zones[0].interval = 2 * minute;
       },
       minute, 1},
  }));
  CAPTURE(row.name);
  Scene scene;
  row.change(scene);
  const core::Millis limit = 2 * row.pace + kConfirmAfter;
  const auto unknown_after = [&](core::Millis age) {
    for (KindRow& kind : scene.rows.kinds) {
      kind.swept_at = kNow;
    }
    scene.kind(0).swept_at = kNow - age;
    return zone_of(scene.status(), "corp").unknown;
  };
  CHECK(unknown_after(limit) == 0);
  CHECK(unknown_after(limit + core::Millis(1)) == row.pairs);
  // The wall clock was set back: a little, or by so much that nobody knows how old the look is.
  CHECK(unknown_after(-limit) == 0);
  CHECK(unknown_after(-limit - core::Millis(1)) == row.pairs);
}

TEST_CASE("a daemon that stopped long ago has seen nothing lately") {
  Scene scene;
  scene.rows.daemon.running = false;
  CHECK(exit_code(scene.status()) == 0);
  const StatusDoc later = scene.status(kNow + 3 * kInterval);
  CHECK(later.summary.unknown == later.summary.pairs);
  CHECK(exit_code(later) == 3);
  const StatusDoc before = scene.status(kNow - 3 * kInterval);  // it ran on a clock far ahead
  CHECK(before.summary.unknown == before.summary.pairs);
  CHECK(exit_code(before) == 3);
}

TEST_CASE("what the daemon doesn't watch is unknown on each zone, whatever else was swept") {
  Scene scene;
  scene.unwatched = {"198.51.100.3", "2001:db8::1"};
  scene.rows.open = {listing("198.51.100.3")};
  scene.rows.doubts = {doubt("198.51.100.3", "both")};
  const StatusDoc document = scene.status();
  CHECK(document.summary.unknown == 3);  // two zones, and the one that knows IPv6
  CHECK(document.listings.at(0).doubt ==
        lists::Doubt{.cause = Cause::not_asked, .since = at(2'000)});
  const std::vector<TargetView> views = scene.target_views();
  CHECK(views[0].state == "clear");
  CHECK(views[1].unknown == 1);
  CHECK(views[2].state == "unknown");
  CHECK(exit_code(scene.only("198.51.100.3")) == 1);
  CHECK(exit_code(scene.only("2001:db8::1")) == 3);
  CHECK(exit_code(scene.only("198.51.100.4")) == 0);
  scene.unwatched.clear();
  scene.rows.open.clear();
  scene.rows.doubts.clear();
  CHECK(exit_code(scene.status()) == 0);
}

TEST_CASE("a target without addresses is unknown on each zone of addresses that it wants") {
  using Sources = std::vector<SourceRow>;
  struct Row {
    std::string name;
    std::string target;
    Sources sources;
    std::uint64_t unknown;
    std::string why;
  };
  const auto mx = lists::Follow::mx;
  const auto row = GENERATE_COPY(values<Row>({
      {"a host never looked up", "host:mail.example.com", {}, 2, "the name was not looked up yet"},
      {"a host that never resolved",
       "host:mail.example.com",
       {source(false, false)},
       2,
       "the name doesn't resolve (nxdomain)"},
      {"a host with its last addresses", "host:mail.example.com", {source(true, false)}, 0, ""},
      {"a domain never followed", "domain:example.com", {}, 2, "mx was not looked up yet"},
      {"a domain that can't be followed",
       "domain:example.com",
       {source(false, false, mx)},
       2,
       "mx can't be found (nxdomain)"},
      {"a domain with a null MX", "domain:example.com", {source(false, true, mx)}, 0, ""},
  }));
  CAPTURE(row.name);
  Scene scene;
  scene.zones.pop_back();  // of domains
  scene.targets.push_back(make_target(row.target, "moving"));
  if (row.target.starts_with("domain:")) {
    scene.targets.back().follow = {mx};
  }
  if (!row.sources.empty()) {
    scene.sources[3] = row.sources;
  }
  const StatusDoc document = scene.status();
  CHECK(document.summary.unknown == row.unknown);
  CHECK(document.summary.pairs == 19 + row.unknown);
  CHECK(exit_code(document) == (row.unknown == 0 ? 0 : 3));
  REQUIRE(document.unresolved.size() == (row.unknown == 0 ? 0U : 1U));
  CHECK(exit_code(scene.only("mx1")) == 0);
  if (row.unknown > 0) {
    CHECK(document.unresolved[0].target == "moving");
    CHECK(document.unresolved[0].why == row.why);
    CHECK(document.unknowns.at(0).cause == Cause::not_asked);
    CHECK(document.unknowns.at(0).subjects == Texts{row.target.substr(row.target.find(':') + 1)});
    CHECK(scene.only("moving").summary.unknown == row.unknown);
    CHECK(exit_code(scene.only("moving")) == 3);
  }
  scene.targets.back().skip_zones = {"corp"};
  CHECK(scene.status().summary.unknown == row.unknown / 2);
}

TEST_CASE("a source that is lost beside one that is not is a gap all the same") {
  Scene scene;
  scene.targets.push_back(make_target("domain:example.com", "ours"));
  scene.targets.back().follow = {lists::Follow::mx, lists::Follow::spf};
  scene.targets.back().zones = {"corp"};
  scene.hosts[3] = {core::IpAddress::parse("192.0.2.10").value()};
  scene.sources[3] = {source(true, true, lists::Follow::mx),
                      source(false, false, lists::Follow::spf)};
  CHECK(scene.status().summary.unknown == 1);
  CHECK(scene.target_views()[3].state == "unknown");
  CHECK(exit_code(scene.only("192.0.2.10")) == 0);
}

TEST_CASE("a pair is unknown once, for the wider cause") {
  Scene scene;
  scene.kind(0).state = ZoneState::blind;
  scene.kind(0).cause = Cause::refused;
  scene.rows.doubts = {doubt("192.0.2.10"), doubt("192.0.2.10", "both", Cause::timeout),
                       doubt("198.51.100.1", "both"), doubt("198.51.100.2", "both")};
  const StatusDoc document = scene.status();
  CHECK(document.summary.unknown == 9 + 3);
  REQUIRE(document.unknowns.size() == 3);
  CHECK(document.unknowns[0].cause == Cause::refused);
  CHECK(document.unknowns[1].cause == Cause::timeout);
  CHECK(document.unknowns[2].cause == Cause::servfail);
  CHECK(document.unknowns[2].pairs == 2);
  CHECK(document.unknowns[2].subjects == Texts{"198.51.100.1", "198.51.100.2"});
}

TEST_CASE("unknowns name at most twenty subjects and count them all") {
  Scene scene;
  scene.targets = {make_target("198.51.100.0/24")};
  scene.kind(0).state = ZoneState::untested;
  const StatusDoc document = scene.status();
  REQUIRE(document.unknowns.size() == 1);
  CHECK(document.unknowns[0].pairs == 256);
  CHECK(document.unknowns[0].subjects.size() == 20);
  CHECK(document.unknowns[0].subjects[0] == "198.51.100.0");
}

TEST_CASE("unsupported is shown but no reason for exit code 3") {
  Scene scene;
  scene.zones.erase(scene.zones.begin() + 1);
  const StatusDoc six = scene.only("six");
  CHECK(six.summary.pairs == 0);
  CHECK(six.summary.unsupported == 1);
  CHECK(exit_code(six) == 0);
  scene.rows.doubts = {doubt("192.0.2.10", "corp", Cause::unsupported)};
  CHECK(scene.status().summary.unknown == 0);
  CHECK(exit_code(scene.status()) == 0);
}

TEST_CASE("a zone shows the worst of its kinds") {
  struct Row {
    std::string name;
    ZoneState ipv4;
    ZoneState ipv6;
    bool quarantined;
    ZoneState shown;
    Timestamp since;
  };
  const auto row = GENERATE(values<Row>({
      {"both see: since the later one", ZoneState::seeing, ZoneState::seeing, false,
       ZoneState::seeing, at(200)},
      {"one is untested", ZoneState::seeing, ZoneState::untested, false, ZoneState::untested,
       at(200)},
      {"one is blind", ZoneState::untested, ZoneState::blind, false, ZoneState::blind, at(200)},
      {"both are blind: since the first", ZoneState::blind, ZoneState::blind, false,
       ZoneState::blind, at(100)},
      {"quarantined", ZoneState::seeing, ZoneState::seeing, true, ZoneState::quarantined, at(300)},
      {"quarantined outranks untested", ZoneState::untested, ZoneState::seeing, true,
       ZoneState::quarantined, at(300)},
      {"blind outranks quarantined", ZoneState::blind, ZoneState::seeing, true, ZoneState::blind,
       at(100)},
  }));
  CAPTURE(row.name);
  Scene scene;
  scene.kind(1).state = row.ipv4;
  scene.kind(2).state = row.ipv6;
  scene.kind(2).since = at(200);
  scene.kind(2).last_test = at(9'400);
  for (KindRow& kind : scene.rows.kinds) {
    if (kind.state == ZoneState::blind) {
      kind.cause = Cause::lame;
    }
  }
  scene.rows.zones[1].quarantined = row.quarantined;
  scene.rows.zones[1].quarantined_since = at(300);
  const StatusDoc document = scene.status();
  const ZoneView& zone = zone_of(document, "both");
  CHECK(zone.state == row.shown);
  CHECK(zone.since == row.since);
  CHECK((zone.cause == Cause::lame) == (row.shown == ZoneState::blind));
  CHECK(zone.last_test == at(9'400));
  CHECK(zone.last_sweep == at(9'505));
  REQUIRE(zone.kinds.size() == 2);
  CHECK(std::min(zone.kinds[0].state, zone.kinds[1].state) == row.shown);
  CHECK((zone.kinds[1].since == at(300)) == (zone.kinds[1].state == ZoneState::quarantined));
  CHECK(zone.subjects == 10);
  CHECK(zone.dns == "both.test");
  const Summary& summary = document.summary;
  CHECK(summary.zones_seeing == 1 + (row.shown == ZoneState::seeing ? 1 : 0));
  CHECK(summary.zones_blind == (row.shown == ZoneState::blind ? 1 : 0));
  CHECK(summary.zones_quarantined == (row.shown == ZoneState::quarantined ? 1 : 0));
  CHECK(summary.zones_untested == (row.shown == ZoneState::untested ? 1 : 0));
}

TEST_CASE("only the kinds that have subjects say how a zone is") {
  Scene scene;
  scene.targets = {make_target("192.0.2.10", "mx1")};
  scene.kind(2).state = ZoneState::blind;
  const StatusDoc document = scene.status();
  CHECK(zone_of(document, "both").state == ZoneState::seeing);
  CHECK(zone_of(document, "both").kinds.size() == 1);
  CHECK(document.summary.unknown == 0);
}

TEST_CASE("the status of a target is about its subjects alone") {
  Scene scene;
  scene.rows.open = {listing(), listing("198.51.100.1")};
  scene.rows.doubts = {doubt("198.51.100.2", "both")};
  struct Row {
    std::string asked;
    std::uint64_t targets;
    std::uint64_t subjects;
    std::uint64_t pairs;
    std::uint64_t listed;
    std::uint64_t unknown;
    std::uint64_t zones;
    int exit_code;
  };
  const auto row = GENERATE(values<Row>({
      {"mx1", 1, 1, 2, 1, 0, 2, 1},
      {"192.0.2.10", 1, 1, 2, 1, 0, 2, 1},
      {"net", 1, 8, 16, 1, 1, 2, 1},
      {"198.51.100.0/29", 1, 8, 16, 1, 1, 2, 1},
      {"198.51.100.2", 1, 1, 2, 0, 1, 2, 3},
      {"198.51.100.3", 1, 1, 2, 0, 0, 2, 0},
      {"2001:DB8:0::1", 1, 1, 1, 0, 0, 1, 0},
      {"six", 1, 1, 1, 0, 0, 1, 0},
      {"nobody", 0, 0, 0, 0, 0, 0, 3},
      {"203.0.113.1", 0, 0, 0, 0, 0, 0, 3},
  }));
  CAPTURE(row.asked);
  const StatusDoc document = scene.only(row.asked);
  CHECK(document.summary.targets == row.targets);
  CHECK(document.summary.subjects == row.subjects);
  CHECK(document.summary.pairs == row.pairs);
  CHECK(document.summary.listed == row.listed);
  CHECK(document.listings.size() == row.listed);
  CHECK(document.summary.unknown == row.unknown);
  CHECK(document.summary.zones == row.zones);
  CHECK(document.zones.size() == row.zones);
  CHECK(exit_code(document) == row.exit_code);
}

TEST_CASE("a /16 on twenty zones takes about a second") {
  Scene scene;
  scene.targets = {make_target("10.0.0.0/16")};
  scene.zones.clear();
  scene.rows.kinds.clear();
  for (int i = 0; i < 20; ++i) {
    scene.zones.push_back(make_zone("zone-" + std::to_string(i), {Kind::ipv4}));
    KindRow row;
    row.zone = scene.zones.back().id;
    row.state = i == 0 ? ZoneState::blind : ZoneState::seeing;
    row.swept_at = kNow;
    scene.rows.kinds.push_back(row);
  }
  const lists::SubjectTable subjects = scene.table();
  const World world{.zones = scene.zones,
                    .subjects = subjects,
                    .interval = kInterval,
                    .confirm_after = kConfirmAfter};
  const StatusRows rows = scene.stored(subjects);
  // Of the processor alone: a busy machine makes nobody's code slow.
  const std::clock_t began = std::clock();
  const StatusDoc document = build_status(world, rows, kNow);
  const double took = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  WARN("1.3 million pairs in " << took << " s of the processor");
  CHECK(document.summary.pairs == 65'536U * 20U);
  CHECK(document.summary.unknown == 65'536U);
}
