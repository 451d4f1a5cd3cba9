// SPDX-License-Identifier: Apache-2.0
#include "dns/server_book.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "engine_fixture.hpp"
#include "support.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using core::Micros;
using core::Millis;
using core::Seconds;
using core::Tick;

namespace {

struct Book {
  core::SeededRandom random{3};
  ResolverOptions options;
  ServerBook servers{options, random};
  ServerGroupPtr group;
  std::uint32_t index = 0;

  explicit Book(unsigned count, ServerRole role = ServerRole::authoritative,
                Millis timeout = Seconds(2))
      : options{.timeout = timeout} {
    ServerGroup made;
    made.role = role;
    for (unsigned i = 0; i < count; ++i) {
      made.servers.push_back(
          {core::IpAddress::v4({192, 0, 2, static_cast<std::uint8_t>(i + 1)}), 53});
    }
    group = std::make_shared<const ServerGroup>(made);
    index = servers.use_group(group);
  }
  ServerState& at(std::size_t place) { return servers.at(servers.group(index).servers[place]); }
  std::vector<int> choices(std::uint32_t tried, int times = 1000) {
    std::vector<int> chosen(group->servers.size());
    for (int i = 0; i < times; ++i)
      ++chosen[servers.choose(servers.group(index), tried)];
    return chosen;
  }
  bool stay_silent(std::size_t place, unsigned lane, Tick sent_at, Tick now) {
    return servers.note_silence(servers.group(index).servers[place], {Lane{lane}, sent_at, false},
                                now);
  }
};

}  // namespace

TEST_CASE("the fastest server gets nearly all questions, the others a look now and then") {
  Book book(3);
  book.at(0).rtt.add(Millis(50));
  book.at(1).rtt.add(Millis(5));
  book.at(2).rtt.add(Millis(20));
  const auto chosen = book.choices(0);
  CHECK(chosen[1] > 950);
  CHECK(chosen[0] > 0);
  CHECK(chosen[2] > 0);
}

TEST_CASE("a retry goes to a server that has not been tried, the fastest of them") {
  Book book(3);
  book.at(0).rtt.add(Millis(50));
  book.at(1).rtt.add(Millis(5));
  book.at(2).rtt.add(Millis(20));
  const auto chosen = book.choices(0b010);
  CHECK(chosen[1] == 0);
  CHECK(chosen[2] > 950);
}

TEST_CASE("a server that doesn't answer is left, unless none does") {
  Book book(2);
  book.at(0).rtt.add(Millis(1));
  book.at(1).rtt.add(Millis(80));
  book.at(0).is_answering = false;
  CHECK(book.choices(0)[0] == 0);
  book.at(1).is_answering = false;
  CHECK(book.choices(0)[0] > 900);
}

TEST_CASE("a retry goes back to the one that answers rather than to one that doesn't") {
  Book book(2);
  book.at(0).rtt.add(Millis(1));
  book.at(1).rtt.add(Millis(80));
  book.at(0).is_answering = false;
  CHECK(book.choices(0b10)[0] == 0);
  CHECK_FALSE(book.servers.has_other(book.servers.group(book.index), 0b10));
  book.at(0).is_answering = true;
  CHECK(book.choices(0b10)[0] == 1000);
  CHECK(book.servers.has_other(book.servers.group(book.index), 0b10));
}

TEST_CASE("one of several that doesn't answer is due to be probed, by one question at a time") {
  Book book(2);
  const GroupState& group = book.servers.group(book.index);
  CHECK_FALSE(book.servers.due_probe(group, kStart));
  for (unsigned i = 0; i < 8; ++i)
    book.stay_silent(1, 0, kStart, kStart);
  CHECK_FALSE(book.servers.due_probe(group, kStart + Millis(249)));
  CHECK(book.servers.due_probe(group, kStart + Millis(250)) == 1);
  book.at(1).queue.push_back({});
  CHECK_FALSE(book.servers.due_probe(group, kStart + Millis(250)));
  book.at(1).queue.clear();
  book.servers.take_probe(book.at(1), kStart + Millis(250));
  CHECK_FALSE(book.servers.due_probe(group, kStart + Millis(251)));
  Book alone(1);
  for (unsigned i = 0; i < 8; ++i)
    alone.stay_silent(0, 0, kStart, kStart);
  CHECK_FALSE(alone.servers.due_probe(alone.servers.group(alone.index), kStart + Seconds(9)));
}

TEST_CASE("when the best one's window is full, one with room helps out") {
  Book book(2);
  book.at(0).rtt.add(Millis(4));
  book.at(1).rtt.add(Millis(9));
  while (book.at(0).window.has_room())
    book.at(0).window.on_sent();
  CHECK(book.choices(0)[1] > 900);
  book.at(1).rtt = RttEstimate();
  book.at(1).rtt.add(Millis(500));  // far slower than waiting would be
  CHECK(book.choices(0)[1] < 100);
}

TEST_CASE("a server is known by address and role, and is the same in all groups and roles") {
  Book book(2);
  const auto other = std::make_shared<const ServerGroup>(
      ServerGroup{{book.group->servers[1]}, ServerRole::authoritative});
  const auto as_resolver = std::make_shared<const ServerGroup>(
      ServerGroup{{book.group->servers[1]}, ServerRole::resolver});
  const std::uint32_t second = book.servers.use_group(other);
  const std::uint32_t third = book.servers.use_group(as_resolver);
  CHECK(book.servers.share_server(book.index, second));
  CHECK(book.servers.share_server(second, third));
  CHECK(book.servers.size() == 3);
  CHECK(book.servers.is_same_group(second, std::make_shared<const ServerGroup>(*other)));
  CHECK_FALSE(book.servers.is_same_group(second, as_resolver));
}

TEST_CASE("groups that nobody uses are let go of, and those in use stay") {
  Book book(1);
  for (unsigned i = 0; i < 1000; ++i) {
    const auto other = std::make_shared<const ServerGroup>(
        ServerGroup{{book.group->servers[0]}, ServerRole::authoritative});
    const std::uint32_t number = book.servers.use_group(other);
    CHECK(number < 100);
    CHECK(book.servers.group(number).group == other);
    book.servers.drop_group(number);
  }
  CHECK(book.servers.group(book.index).group == book.group);
  CHECK(book.servers.size() == 1);
}

TEST_CASE(
    "servers whose addresses change all the time are forgotten, the many used again are not") {
  Book book(1);
  book.at(0).rtt.add(Millis(5));
  std::set<std::uint32_t> serials;
  for (unsigned i = 0; i < 5000; ++i) {
    const core::IpAddress address = core::IpAddress::v4(
        {198, 51, static_cast<std::uint8_t>(i / 250), static_cast<std::uint8_t>(i % 250)});
    const auto other = std::make_shared<const ServerGroup>(
        ServerGroup{{Server{address, 53}}, ServerRole::authoritative});
    const std::uint32_t number = book.servers.use_group(other);
    ServerState& server = book.servers.at(book.servers.group(number).servers[0]);
    REQUIRE(server.server.address == address);
    REQUIRE_FALSE(server.rtt.is_known());
    if (i == 500) CHECK(serials.size() == book.servers.status().size() - 2);
    serials.insert(server.serial);
    server.rtt.add(Millis(7));
    book.servers.drop_group(number);
  }
  CHECK(serials.size() == 5000);
  CHECK(book.servers.size() < 1100);
  CHECK(book.servers.status().size() < 1100);
  CHECK(book.at(0).rtt.smoothed() == Millis(5));
}

TEST_CASE(
    "eight questions unanswered while nothing else is make a server one that doesn't answer") {
  Book book(1);
  for (unsigned i = 0; i < 7; ++i)
    CHECK_FALSE(book.stay_silent(0, 0, kStart, kStart + Seconds(2)));
  SECTION("an answer in between starts the count anew") {
    book.servers.note_reply(0, {0}, false, kStart + Seconds(2));
    CHECK_FALSE(book.stay_silent(0, 0, kStart + Seconds(1), kStart + Seconds(3)));
    CHECK_FALSE(book.stay_silent(0, 0, kStart + Seconds(3), kStart + Seconds(5)));
    CHECK(book.at(0).is_answering);
  }
  SECTION("the eighth does it; a reply makes it good") {
    CHECK(book.stay_silent(0, 0, kStart, kStart + Seconds(2)));
    CHECK_FALSE(book.at(0).is_answering);
    CHECK(book.servers.note_reply(0, {0}, true, kStart + Seconds(9)));
    CHECK(book.at(0).is_answering);
  }
}

TEST_CASE("a resolver silent about one zone only is not taken for dead so soon") {
  Book book(1, ServerRole::resolver);
  for (unsigned i = 0; i < 60; ++i)
    CHECK_FALSE(book.stay_silent(0, 5, kStart, kStart + Seconds(2)));
  CHECK(book.stay_silent(0, 6, kStart, kStart + Seconds(2)));
}

TEST_CASE("zones that die together are not a dead resolver while others got replies of late") {
  Book book(1, ServerRole::resolver);
  for (unsigned lane = 0; lane < 20; ++lane)
    book.servers.note_reply(0, Lane{lane}, false, kStart);
  const auto fall_silent = [&book](unsigned lanes, Tick sent_at, unsigned times) {
    bool is_gone = false;
    for (unsigned i = 0; i < times && !is_gone; ++i)
      is_gone = book.stay_silent(0, i % lanes, sent_at, sent_at + Seconds(2));
    return is_gone;
  };
  SECTION("few of many, in a long row") {
    CHECK_FALSE(fall_silent(6, kStart + Millis(1), 500));
    CHECK(book.at(0).is_answering);
  }
  SECTION("most of them") {
    CHECK_FALSE(fall_silent(15, kStart + Millis(1), 500));
    CHECK(fall_silent(16, kStart + Millis(1), 16));
  }
  SECTION("few, when the others have not been asked for long: later") {
    CHECK_FALSE(fall_silent(2, kStart + Seconds(60), 63));
    CHECK(fall_silent(2, kStart + Seconds(60), 1));
  }
}

TEST_CASE("who is asked less gets lookups only where no other of the group can") {
  Book book(2, ServerRole::resolver);
  book.at(0).rtt.add(Millis(1));
  book.at(1).rtt.add(Millis(50));
  for (Tick now = kStart; now < kStart + Seconds(5); now += Millis(11))
    book.servers.note_reply(0, {0}, true, now);
  REQUIRE(book.at(0).distress.pace.is_limited());
  CHECK(book.at(0).distress.wants_relief);
  CHECK(book.choices(0)[1] > 850);
  CHECK(book.choices(0)[0] > 50);  // to see when it does well again, while nobody waits for it
  book.at(0).queue.push_back({});
  CHECK(book.choices(0)[1] > 950);
  while (book.at(1).window.has_room())
    book.at(1).window.on_sent();
  CHECK(book.choices(0)[1] > 950);
  for (unsigned i = 0; i < 8; ++i)
    book.servers.note_silence(1, {{i}, kStart, false}, kStart + Seconds(2));
  REQUIRE_FALSE(book.at(1).is_answering);
  CHECK(book.choices(0)[0] == 1000);
}

TEST_CASE("how quick a server can be is forgotten by time, however many slow answers come") {
  Book book(1);
  ServerState& server = book.at(0);
  Tick now = kStart;
  server.note_quickness(Millis(1), now);
  for (int i = 0; i < 100'000; ++i)
    server.note_quickness(Millis(800), now += Micros(10));
  CHECK(server.quickest < Millis(150));
  for (int i = 0; i < 6'000'000; ++i)
    server.note_quickness(Millis(800), now += Micros(10));
  CHECK(server.quickest > Millis(700));
  server.note_quickness(Millis(2), now);
  CHECK(server.quickest == Millis(2));
}

TEST_CASE(
    "a server that doesn't answer is probed at growing pauses, of one to two seconds at last") {
  const Millis timeout = GENERATE(Millis(50), Millis(1000), Millis(1500), Millis(60'000));
  CAPTURE(timeout.count());
  Book book(1, ServerRole::authoritative, timeout);
  for (unsigned i = 0; i < 8; ++i)
    book.stay_silent(0, 0, kStart, kStart);
  std::vector<Tick> probes;
  for (Tick now = kStart; now < kStart + Seconds(20); now += Millis(1)) {
    if (book.servers.take_probe(book.at(0), now)) probes.push_back(now);
  }
  REQUIRE(probes.size() >= 10);
  CHECK(probes[0] == kStart + Millis(250));
  CHECK(probes.back() - *(probes.end() - 2) == std::clamp(timeout, Millis(1000), Millis(2000)));
  for (std::size_t i = 2; i < probes.size(); ++i) {
    CHECK(probes[i] - probes[i - 1] >= probes[i - 1] - probes[i - 2]);
  }
}

TEST_CASE(
    "a server that fails in mass is asked less and less, then more again; one with dead zones is "
    "not") {
  Book book(1, ServerRole::resolver);
  Tick now = kStart;
  const auto second = [&](unsigned failing_of_ten) {
    for (unsigned i = 0; i < 100; ++i) {
      book.servers.note_reply(0, Lane{i % 10}, i % 10 < failing_of_ten, now);
      now += Millis(11);
    }
  };
  second(7);
  second(7);
  CHECK_FALSE(book.at(0).distress.pace.is_limited());
  // Nor when the dead ones alone have their turn for some seconds.
  for (unsigned i = 0; i < 300; ++i, now += Millis(11))
    book.servers.note_silence(0, {{i % 7}, now, false}, now);
  CHECK_FALSE(book.at(0).distress.pace.is_limited());
  second(10);
  second(10);
  REQUIRE(book.at(0).distress.pace.is_limited());
  const double first = book.at(0).distress.pace.per_second();
  second(10);
  CHECK(book.at(0).distress.pace.per_second() < first);
  for (int i = 0; i < 40; ++i)
    second(0);
  CHECK_FALSE(book.at(0).distress.pace.is_limited());
}

TEST_CASE("a server that fails most of what it is asked is noticed where zones take turns") {
  Book book(1, ServerRole::resolver);
  Tick now = kStart;
  unsigned asked = 0;
  const auto ask = [&](bool fails) {
    book.servers.note_reply(0, Lane{asked++ / 32 % 10}, fails, now);
    now += Millis(10);
  };
  for (int i = 0; i < 640; ++i)
    ask(false);
  for (int i = 0; i < 2000; ++i)
    ask(i % 10 != 0);
  CHECK(book.at(0).distress.pace.is_limited());
}

TEST_CASE(
    "what a failing server gets is halved each second, down to a sixteenth, then grows by a tenth "
    "of it; told once") {
  Book book(1, ServerRole::resolver);
  const Distress& distress = book.at(0).distress;
  Tick now = kStart;
  const auto second = [&](bool fails) {
    const Tick end = distress.period_end;
    for (unsigned i = 0; distress.period_end == end && i < 1000; ++i, now += Millis(4))
      book.servers.note_reply(0, Lane{i % 10}, fails, now);
  };
  const std::string log = test::log_of([&] {
    second(true);  // of which nothing is known before
    second(true);
    const double full = distress.full_rate;
    CHECK(full == 250);
    for (const double part : {2.0, 4.0, 8.0, 16.0, 16.0}) {
      CHECK(distress.pace.per_second() == Approx(full / part));
      second(true);
    }
    for (int tenths = 1; tenths < 10; ++tenths) {
      second(false);
      CHECK(distress.pace.per_second() == Approx(full / 16 + full * tenths / 10));
    }
    second(false);
    CHECK_FALSE(distress.pace.is_limited());
  });
  CHECK(log.find("is asked less") != std::string::npos);
  CHECK(log.find("is asked less") == log.rfind("is asked less"));
  CHECK(log.find("does well again") != std::string::npos);
}

TEST_CASE("a resolver that fails the only lane there is is asked less") {
  Book book(1, ServerRole::resolver);
  Tick now = kStart;
  for (unsigned i = 0; i < 300; ++i) {
    book.servers.note_reply(0, {0}, true, now);
    now += Millis(11);
  }
  CHECK(book.at(0).distress.pace.is_limited());
}
