// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "report/status.hpp"
#include "status_scene.hpp"

using namespace rblwatch;
using namespace rblwatch::report;
using namespace rblwatch::report::scene;

TEST_CASE("a listing is shown with what is configured now, and seen by the last sweep") {
  Scene scene;
  scene.rows.open = {listing()};
  const StatusDoc document = scene.status();
  REQUIRE(document.listings.size() == 1);
  const ListingView& view = document.listings[0];
  CHECK(view.state == ListingState::listed);
  CHECK(view.target == "mx1");
  CHECK(view.targets == Texts{"mx1"});
  CHECK(view.tags == Texts{"outbound"});
  CHECK(view.dns == "corp.test");
  CHECK(view.operator_name == "Operator of corp");
  CHECK(view.codes == Texts{"127.0.0.2"});
  CHECK(view.meanings == Texts{"SBL"});
  CHECK(view.lookup_url == "https://corp.test/q/192.0.2.10");
  CHECK(view.delist_steps == Texts{"Ask."});
  CHECK(view.listed_at == at(1'000));
  CHECK(view.last_seen == at(9'500));
  CHECK_FALSE(view.delisted_at.has_value());
  CHECK_FALSE(view.pending_to.has_value());
  CHECK_FALSE(view.doubt.has_value());
  CHECK(document.summary.listed == 1);
  CHECK(zone_of(document, "corp").listed == 1);
  CHECK(exit_code(document) == 1);
}

TEST_CASE("a target is in doubt where none of its listings is seen") {
  Scene scene;
  scene.rows.open = {listing(), listing("192.0.2.10", "both"), listing("198.51.100.1"),
                     listing("198.51.100.2"), listing("198.51.100.3", "both", Purpose::info)};
  scene.rows.open[3].last_seen = at(1'500);
  CHECK(scene.target_views()[0].listed_in_doubt == 0);
  scene.kind(0).state = ZoneState::blind;
  scene.kind(0).cause = Cause::timeout;
  scene.kind(0).since = at(5'000);
  const std::vector<TargetView> views = scene.target_views();
  CHECK(views[0].listed == 1);
  CHECK(views[0].listed_in_doubt == 0);  // seen on the other zone
  CHECK_FALSE(views[0].last_seen);
  CHECK(views[1].listed == 2);
  CHECK(views[1].listed_in_doubt == 2);
  CHECK(views[1].last_seen == at(1'500));
  CHECK(views[2].listed_in_doubt == 0);
}

TEST_CASE("a listing that can't be seen now stays listed, in doubt, and is unknown too") {
  struct Row {
    std::string name;
    std::function<void(Scene&)> spoil;
    lists::Doubt doubt;
    Timestamp last_seen;
  };
  const auto row = GENERATE(values<Row>({
      {"its zone is blind",
       [](Scene& scene) {
         scene.kind(0).state = ZoneState::blind;
         scene.kind(0).cause = Cause::timeout;
         scene.kind(0).since = at(5'000);
       },
       {.cause = Cause::timeout, .since = at(5'000)},
       at(2'000)},
      {"its last answer was unknown",
       [](Scene& scene) { scene.rows.doubts = {doubt("192.0.2.10")}; },
       {.cause = Cause::servfail, .since = at(8'000)},
       at(2'000)},
      {"nobody looked for long",
       [](Scene& scene) { scene.kind(0).swept_at = at(3'000); },
       {.cause = Cause::not_asked, .since = at(3'000)},
       at(3'000)},
      {"its zone was never met",
       [](Scene& scene) { scene.rows.kinds.erase(scene.rows.kinds.begin()); },
       {.cause = Cause::not_asked, .since = at(2'000)},
       at(2'000)},
  }));
  CAPTURE(row.name);
  Scene scene;
  scene.rows.open = {listing()};
  row.spoil(scene);
  const StatusDoc document = scene.status();
  REQUIRE(document.listings.size() == 1);
  CHECK(document.listings[0].doubt == row.doubt);
  CHECK(document.listings[0].last_seen == row.last_seen);
  CHECK(document.summary.listed == 1);
  CHECK(document.summary.unknown >= 1);
  CHECK(exit_code(document) == 1);
}

TEST_CASE("purposes count apart: block is listed, a lost allow is lost, info is neither") {
  Scene scene;
  scene.rows.open = {listing("192.0.2.10", "corp", Purpose::info),
                     listing("192.0.2.10", "corp", Purpose::allow)};
  CHECK(scene.status().summary.info == 1);
  CHECK(scene.status().summary.listed == 0);
  CHECK(scene.status().listings.size() == 2);
  CHECK(exit_code(scene.status()) == 0);
  ListingRow lost = listing("198.51.100.1", "both", Purpose::allow);
  lost.ended_at = at(9'000);
  scene.rows.lost_allows = {lost};
  const StatusDoc document = scene.status();
  CHECK(document.summary.allow_lost == 1);
  CHECK(exit_code(document) == 1);
  REQUIRE(document.listings.size() == 3);
  CHECK(document.listings[2].state == ListingState::delisted);
  CHECK(document.listings[2].delisted_at == at(9'000));
  CHECK(document.listings[2].last_seen == at(2'000));
}

TEST_CASE("a sweep is sight of a listing only where nothing speaks against it") {
  struct Row {
    std::string name;
    std::function<void(Scene&)> spoil;
    Timestamp last_seen;
  };
  const auto row = GENERATE(values<Row>({
      {"nothing does", [](Scene&) {}, at(9'500)},
      {"its codes change", [](Scene& scene) { scene.rows.pending = {pending(PendingTo::changed)}; },
       at(9'500)},
      {"it was denied", [](Scene& scene) { scene.rows.pending = {pending(PendingTo::delisted)}; },
       at(2'000)},
      {"its end is held",
       [](Scene& scene) {
         scene.rows.pending = {pending(PendingTo::delisted)};
         scene.rows.pending[0].held = true;
       },
       at(2'000)},
      {"its last answer was unknown before the zone went blind",
       [](Scene& scene) {
         scene.rows.doubts = {doubt("192.0.2.10")};
         scene.kind(0).state = ZoneState::blind;
         scene.kind(0).since = at(9'900);
       },
       at(2'000)},
      {"the zone was blind since that sweep", [](Scene& scene) { scene.kind(0).since = at(9'900); },
       at(2'000)},
  }));
  CAPTURE(row.name);
  Scene scene;
  scene.rows.open = {listing()};
  row.spoil(scene);
  REQUIRE(scene.status().listings.size() == 1);
  CHECK(scene.status().listings[0].last_seen == row.last_seen);
}

TEST_CASE("what is pending or held was last seen by its last vote, or by a sweep since") {
  Scene scene;
  scene.rows.pending = {pending(PendingTo::listed, "198.51.100.1")};
  scene.rows.pending[0].last_vote = at(9'960);
  CHECK(scene.status().listings.at(0).last_seen == at(9'960));
  scene.rows.pending[0].held = true;
  scene.rows.pending[0].first_vote = at(8'000);
  scene.rows.pending[0].last_vote.reset();
  CHECK(scene.status().listings.at(0).last_seen == at(9'500));
  scene.rows.pending[0].is_contested = true;
  CHECK(scene.status().listings.at(0).last_seen == at(8'000));
}

TEST_CASE("a listing is contained as long as its container lists the subject too") {
  Scene scene;
  scene.zones[1].contained_in = {"corp"};
  scene.rows.open = {listing(), listing("192.0.2.10", "both"), listing("198.51.100.1", "both")};
  scene.rows.open[2].contained = true;  // as it was told; its container has let go since
  const StatusDoc document = scene.status();
  REQUIRE(document.listings.size() == 3);
  for (const ListingView& view : document.listings) {
    CAPTURE(view.subject, view.zone);
    CHECK(view.contained == (view.subject == "192.0.2.10" && view.zone == "both"));
  }
  scene.rows.open[0].purpose = Purpose::allow;
  for (const ListingView& view : scene.status().listings) {
    CHECK_FALSE(view.contained);
  }
}

TEST_CASE("pending stands only where no listing is open") {
  Scene scene;
  scene.rows.open = {listing()};
  scene.rows.pending = {pending(PendingTo::delisted), pending(PendingTo::listed, "198.51.100.1"),
                        pending(PendingTo::listed, "192.0.2.10", "corp", Purpose::info),
                        pending(PendingTo::delisted, "198.51.100.2")};  // of nothing: left out
  scene.rows.pending[1].held = true;
  const StatusDoc document = scene.status();
  REQUIRE(document.listings.size() == 3);
  CHECK(document.listings[0].state == ListingState::listed);
  CHECK(document.listings[0].pending_to == PendingTo::delisted);
  CHECK(document.listings[1].state == ListingState::pending);
  CHECK(document.listings[1].purpose == Purpose::info);
  CHECK(document.listings[1].pending_to == PendingTo::listed);
  CHECK(document.listings[1].listed_at == at(9'900));
  CHECK(document.listings[2].subject == "198.51.100.1");
  CHECK(document.listings[2].held);
  CHECK(document.listings[2].target == "net");
  CHECK(document.summary.listed == 1);
  CHECK(document.summary.pending == 2);
}

TEST_CASE("rows of what is not watched are left out") {
  Scene scene;
  scene.zones[0].kinds = {};
  scene.zones[0].kinds.add(Kind::ipv4);
  scene.targets[0].skip_zones = {"corp"};
  scene.rows.open = {listing(), listing("203.0.113.9"), listing("192.0.2.10", "gone"),
                     listing("not a subject!", "both")};
  scene.rows.pending = {pending(PendingTo::listed, "203.0.113.9")};
  scene.rows.doubts = {doubt("192.0.2.10"), doubt("203.0.113.9"), doubt("198.51.100.1", "gone")};
  const StatusDoc document = scene.status();
  CHECK(document.listings.empty());
  CHECK(document.summary.unknown == 0);
  CHECK(document.summary.pairs == 18);
}

TEST_CASE("listings come by state, then severity, then subject") {
  Scene scene;
  scene.zones[1].severity = lists::Severity::high;
  scene.rows.pending = {pending(PendingTo::listed, "198.51.100.0", "both")};
  scene.rows.open = {listing("198.51.100.5"), listing("192.0.2.10"),
                     listing("198.51.100.7", "both")};
  Texts order;
  for (const ListingView& view : scene.status().listings) {
    order.push_back(view.subject);
  }
  CHECK(order == Texts{"198.51.100.7", "192.0.2.10", "198.51.100.5", "198.51.100.0"});
}

TEST_CASE("targets count their subjects, and say the worst that holds of one") {
  Scene scene;
  scene.targets.push_back(make_target("host:mail.example.com", "mail"));
  scene.targets.push_back(make_target("host:lost.example.com", "lost"));
  scene.hosts[3] = {core::IpAddress::parse("192.0.2.50").value()};
  scene.sources[3] = {source(true, true)};
  scene.rows.open = {listing("198.51.100.1"), listing("198.51.100.1", "both"),
                     listing("192.0.2.10", "corp", Purpose::info)};
  scene.rows.doubts = {doubt("198.51.100.2"), doubt("198.51.100.2", "both"),
                       doubt("2001:db8::1", "both")};
  const std::vector<TargetView> views = scene.target_views();
  REQUIRE(views.size() == 5);
  struct Row {
    std::string name;
    std::uint64_t subjects;
    std::uint64_t listed;
    std::uint64_t unknown;
    Texts addresses;
    std::string state;
  };
  const std::vector<Row> rows{
      {"mx1", 1, 0, 0, {"192.0.2.10"}, "clear"},    {"net", 8, 1, 1, {}, "listed"},
      {"six", 1, 0, 1, {"2001:db8::1"}, "unknown"}, {"mail", 1, 0, 0, {"192.0.2.50"}, "clear"},
      {"lost", 0, 0, 0, {}, "unresolved"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(rows[i].name);
    CHECK(views[i].name == rows[i].name);
    CHECK(views[i].subjects == rows[i].subjects);
    CHECK(views[i].listed == rows[i].listed);
    CHECK(views[i].unknown == rows[i].unknown);
    CHECK(views[i].addresses == rows[i].addresses);
    CHECK(views[i].state == rows[i].state);
  }
  CHECK(views[0].tags == Texts{"outbound"});
  CHECK(views[1].type == lists::TargetType::range);
}

TEST_CASE("an address is spelt as its subject is, however it was typed") {
  Scene scene;
  scene.targets = {make_target("2001:DB8::10"), make_target("::ffff:192.0.2.10")};
  CHECK(scene.target_views().at(0).addresses == Texts{"2001:db8::10"});
  CHECK(scene.target_views().at(1).addresses == Texts{"192.0.2.10"});
}

TEST_CASE("what can't be followed of a domain is noted, and only a lost one is unresolved") {
  Scene scene;
  for (const char* name :
       {"fine.example", "old.example", "lost.example", "null.example", "new.example"}) {
    lists::Target domain = make_target(std::string("domain:") + name);
    domain.follow = {lists::Follow::mx};
    scene.targets.push_back(domain);
  }
  constexpr auto kMx = lists::Follow::mx;
  const std::vector<core::IpAddress> some{core::IpAddress::parse("192.0.2.50").value()};
  scene.hosts = {{3, some}, {4, some}};
  scene.sources = {{3, {source(true, true, kMx)}},
                   {4, {source(true, false, kMx)}},
                   {5, {source(false, false, kMx)}},
                   {6, {source(false, true, kMx)}}};
  scene.sources[3][0].notes = {"a note"};
  const std::vector<TargetView> views = scene.target_views();
  REQUIRE(views.size() == 8);
  const std::string lost = "mx can't be found (nxdomain) since " + core::to_rfc3339(at(4'000));
  CHECK(views[3].notes == Texts{"a note"});
  CHECK(views[4].notes == Texts{lost + ": its last addresses stay watched"});
  CHECK(views[5].notes == Texts{lost});
  CHECK(views[6].notes.empty());
  CHECK(views[3].state != "unresolved");
  CHECK(views[4].state != "unresolved");
  CHECK(views[5].state == "unresolved");
  CHECK(views[6].state != "unresolved");
  CHECK(views[7].notes == Texts{"mx was not looked up yet"});
  CHECK(views[7].state == "unresolved");
}

TEST_CASE("a target whose subjects no zone is asked about is unknown, not clear") {
  Scene scene;
  scene.targets = {make_target("192.0.2.10"), make_target("example.org")};
  scene.zones.pop_back();
  const std::vector<TargetView> views = scene.target_views();
  CHECK(views[0].state == "clear");
  CHECK(views[1].state == "unknown");
}

TEST_CASE("zones are shown in full, all that are in use") {
  Scene scene;
  lists::Zone& zone = scene.zones[1];
  zone.codes = {{.pattern = lists::CodePattern::parse("127.0.0.2").value(),
                 .meaning = "spam source",
                 .purpose = Purpose::block}};
  zone.refusals = {lists::CodePattern::parse("127.0.0.255").value()};
  zone.test_codes = {lists::CodePattern::parse("127.0.0.2").value()};
  zone.tests[0] = {.listed = "127.0.0.2", .clear = std::nullopt};
  zone.contained_in = {"corp"};
  zone.limit_per_day = 1000;
  zone.policy = "free for small users";
  scene.rows.zones[1].lookups = 77;
  scene.rows.zones[1].latency_p50_ms = 5;
  const ZonesDoc document = scene.with_world(
      [](const World& world, const StatusRows& all) { return build_zones(world, all, kNow); });
  REQUIRE(document.zones.size() == 3);
  const ZoneDetail& detail = document.zones[1];
  CHECK(detail.view.id == "both");
  CHECK(detail.view.state == ZoneState::seeing);
  CHECK(detail.kinds_supported == std::vector<Kind>{Kind::ipv4, Kind::ipv6});
  REQUIRE(detail.codes.size() == 1);
  CHECK(detail.codes[0].meaning == "spam source");
  CHECK(detail.refusals == Texts{"127.0.0.255"});
  CHECK(detail.test_codes == Texts{"127.0.0.2"});
  REQUIRE(detail.tests.size() == 2);
  CHECK(detail.tests[0].listed == "127.0.0.2");
  CHECK(detail.tests[0].clear.empty());
  CHECK(detail.contained_in == Texts{"corp"});
  CHECK(detail.limit_per_day == 1000);
  CHECK(detail.policy == "free for small users");
  CHECK(detail.lookups == 77);
  CHECK(detail.latency_p50_ms == 5);
  CHECK_FALSE(detail.latency_p99_ms.has_value());
  CHECK(detail.status == "live");
}

TEST_CASE("a listing of a zone that is gone is shown as it was when it opened") {
  ListingRow row = listing();
  ListingView view = view_of(row, nullptr);
  CHECK(view.dns == "old.test");
  CHECK(view.lookup_url == "https://old.test/");
  CHECK(view.target == "an old name");
  CHECK(view.state == ListingState::listed);
  row.ended_at = at(3'000);
  CHECK(view_of(row, nullptr).state == ListingState::delisted);
  CHECK(view_of(row, nullptr).delisted_at == at(3'000));
  row.is_retired = true;
  CHECK(view_of(row, nullptr).state == ListingState::retired);
  CHECK_FALSE(view_of(row, nullptr).delisted_at.has_value());  // nobody voted for an end
  CHECK(view_of(row, nullptr).retired_at == at(3'000));
  CHECK(view_of(row, nullptr).duration(kNow) == core::Seconds(2'000));
}
