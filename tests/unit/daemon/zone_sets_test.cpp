// SPDX-License-Identifier: Apache-2.0
#include "daemon/zone_sets.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "fixtures.hpp"

using namespace rblwatch;
using namespace rblwatch::daemon;

namespace {

using Rows = std::vector<report::ZoneSetRow>;
using Book = std::map<std::string, std::optional<std::int64_t>>;  // numbers by subject

struct Wish {
  std::string target;
  std::vector<std::string> skips = {};
};

std::shared_ptr<const World> world(const std::vector<std::string>& zones,
                                   const std::vector<Wish>& wishes) {
  MonitorSetup setup;
  for (const std::string& id : zones) {
    setup.zones.push_back(make_zone(id, {lists::Kind::ipv4}));
  }
  setup.resolver_servers = {*dns::Server::parse("127.0.0.1:53")};
  for (const Wish& wish : wishes) {
    setup.targets.push_back(*lists::parse_target_value(wish.target));
    setup.targets.back().skip_zones = wish.skips;
  }
  return *make_world(std::move(setup), {});
}

Book book_of(const World& world, const ZoneSets& sets) {
  Book book;
  for (std::uint32_t i = 0; i < world.subjects.size(); ++i) {
    book[world.subjects.subject({i}).to_text()] = sets.of({i});
  }
  return book;
}

/// What is stored of the subjects of this world.
StoredSets stored(const World& world, const Book& known) {
  StoredSets sets(world.subjects.size());
  for (std::uint32_t i = 0; i < world.subjects.size(); ++i) {
    const auto found = known.find(world.subjects.subject({i}).to_text());
    sets[i] = found == known.end() ? std::nullopt : found->second;
  }
  return sets;
}

/// Subjects that are to be written.
std::size_t moved(const World& world, const ZoneSets& sets, const Book& known) {
  const Book now = book_of(world, sets);
  return static_cast<std::size_t>(std::count_if(now.begin(), now.end(), [&](const auto& entry) {
    const auto found = known.find(entry.first);
    return found == known.end() || found->second != entry.second;
  }));
}

const std::vector<Wish> kNet{{"192.0.2.0/24"}};

}  // namespace

TEST_CASE("subjects that are asked on the same zones share a set") {
  const auto now = world({"a", "b"}, {{"192.0.2.0/24"}, {"198.51.100.1", {"a"}}, {"2001:db8::1"}});
  const ZoneSets sets(*now, {}, stored(*now, {}));
  CHECK(sets.rows().size() == 3);
  const Book book = book_of(*now, sets);
  CHECK(book.at("192.0.2.0") == book.at("192.0.2.255"));
  const auto zones = [&](const std::string& subject) {
    const auto row = std::find_if(sets.rows().begin(), sets.rows().end(),
                                  [&](const auto& set) { return set.id == book.at(subject); });
    return row->zones;
  };
  CHECK(zones("192.0.2.7") == std::vector<std::string>{"a", "b"});
  CHECK(zones("198.51.100.1") == std::vector<std::string>{"b"});
  CHECK(zones("2001:db8::1").empty());
}

TEST_CASE("what stays as it was is not written anew") {
  const auto before = world({"a", "b"}, {{"192.0.2.0/24"}, {"198.51.100.1", {"a"}}});
  const ZoneSets was(*before, {}, stored(*before, {}));
  const Book known = book_of(*before, was);
  SECTION("the same, in another order") {
    const auto now = world({"b", "a"}, {{"198.51.100.1", {"a"}}, {"192.0.2.0/24"}});
    const ZoneSets sets(*now, was.rows(), stored(*now, known));
    CHECK(sets.rows() == was.rows());
    CHECK(moved(*now, sets, known) == 0);
  }
  SECTION("a zone that comes, one that goes: the sets are written, not the subjects") {
    const std::vector<std::string> zones =
        GENERATE(std::vector<std::string>{"a", "b", "c"}, std::vector<std::string>{"c"});
    const auto now = world(zones, {{"192.0.2.0/24"}, {"198.51.100.1", {"a"}}});
    const ZoneSets sets(*now, was.rows(), stored(*now, known));
    CHECK(sets.rows() != was.rows());
    CHECK(moved(*now, sets, known) <= 1);
  }
  SECTION("one subject that is asked on other zones") {
    const auto now = world({"a", "b"}, {{"192.0.2.0/24"}, {"198.51.100.1", {"b"}}});
    CHECK(moved(*now, ZoneSets(*now, was.rows(), stored(*now, known)), known) == 0);
    const auto all = world({"a", "b"}, {{"192.0.2.0/24"}, {"198.51.100.1"}});
    CHECK(moved(*all, ZoneSets(*all, was.rows(), stored(*all, known)), known) == 1);
  }
}

TEST_CASE("sets that become one, and one that is split, get numbers that mean one thing") {
  const auto before = world({"a", "b"}, {{"192.0.2.0/31"}, {"192.0.2.4/31", {"a"}}});
  const ZoneSets was(*before, {}, stored(*before, {}));
  const auto now = world({"a", "b", "c"}, {{"192.0.2.0"}, {"192.0.2.1", {"c"}}, {"192.0.2.4/31"}});
  const ZoneSets sets(*now, was.rows(), stored(*now, book_of(*before, was)));
  const Book book = book_of(*now, sets);
  CHECK(book.at("192.0.2.0") == book.at("192.0.2.4"));
  CHECK(book.at("192.0.2.0") != book.at("192.0.2.1"));
  REQUIRE(sets.rows().size() == 2);
  CHECK(sets.rows()[0].id < sets.rows()[1].id);
}

TEST_CASE("subjects that were stored without a set get one") {
  const auto now = world({"a"}, kNet);
  Book known;
  for (std::uint32_t i = 0; i < now->subjects.size(); ++i) {
    known[now->subjects.subject({i}).to_text()] = std::nullopt;
  }
  const ZoneSets sets(*now, {}, stored(*now, known));
  CHECK(sets.rows() == Rows{{1, {"a"}}});
  CHECK(moved(*now, sets, known) == 256);
}
