// SPDX-License-Identifier: Apache-2.0
// Questions that wait for a place on a connection, or for the pace to use it.
#include <map>
#include <set>

#include "engine_fixture.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;
using core::Millis;
using core::Seconds;

namespace {

using What = Action::What;

/// Truncates over UDP, "late" ones and releases with a letter not before "go" is asked, and keeps
/// what it is to say over TCP until a release comes on the same connection.
class Keeper {
 public:
  Actions operator()(const Asked& asked) {
    const auto is = [&asked](const char* begin) { return asked.name.rfind(begin, 0) == 0; };
    if (asked.is_tcp) {
      Actions& all = kept_[asked.connection];
      all.push_back({What::send, truth(asked)});
      return is("release") ? std::exchange(all, {}) : Actions{};
    }
    if (is("open")) return say(truth(asked));
    if (is("dead")) return {};
    if (is("go")) {
      late_.push_back({What::send, truth(asked), asked.port});
      return std::exchange(late_, {});
    }
    if (!is("release-") && !is("late")) return say(truncated(asked));
    late_.push_back({What::send, truncated(asked), asked.port});
    return {};
  }

 private:
  std::map<std::size_t, Actions> kept_;
  Actions late_;
};

/// A lane that has all of the places it may have on its server's connections, and more waiting.
struct LineFixture : EngineFixture {
  static constexpr std::size_t kPart = 48;
  LoopbackServer server{Keeper()};
  ServerGroupPtr group = server.group();
  std::size_t answered = 0;
  std::size_t timed_out = 0;

  LineFixture() {
    options.attempts = 1;
    options.timeout = core::Seconds(20);
  }
  void step(Millis at_most = Millis(1)) {
    for (const Completion& one : engine->wait(at_most))
      ++(told(one) == "timeout" ? timed_out : answered);
  }
  template <class Reached>
  void step_until(Reached is_reached, Millis at_most = Millis(1)) {
    const auto latest = std::chrono::steady_clock::now() + patience;
    while (!is_reached()) {
      REQUIRE(std::chrono::steady_clock::now() < latest);
      step(at_most);
    }
  }
  /// Moves the clock so far, four times, by less than what is taken for a machine's sleep.
  void pass_four_times(Millis time) {
    for (int i = 0; i < 4; ++i) {
      clock.ahead += time;
      for (int k = 0; k < 20; ++k)
        step();
    }
  }
  void fill(std::size_t count) {
    if (engine == nullptr) start();
    std::size_t submitted = 0;
    step_until([&] {
      while (submitted < count && engine->can_submit({0}))
        submit(group, "n" + std::to_string(submitted++) + ".zone.test");
      return over_tcp(server) == kPart && server.count() == count + kPart;
    });
    // By the time another is answered, all others' truncated replies have been read.
    submit(group, "open.zone.test", QType::a, 2);
    step_until([&] { return answered == 1; });
    answered = 0;
  }
  /// One on each connection, for both truncated replies are read before one of these goes, and the
  /// pace allows both.
  void release_all() {
    const std::size_t before = server.count();
    for (const char* which : {"release-a", "release-b"})
      submit(group, std::string(which) + ".zone.test", QType::a, 1);
    step_until([&] { return server.count() == before + 2; });
    clock.ahead += Seconds(1);
    go();
  }
  /// What was to come late has come, and waits to be read.
  void go() { EngineFixture().ask(group, "go.zone.test"); }
};

}  // namespace

TEST_CASE_METHOD(LineFixture,
                 "who had to wait for a place on a connection has all of its time there") {
  const double qps = GENERATE(0.0, 50.0);
  CAPTURE(qps);
  start();
  const LaneLimit limit{.qps = qps};
  engine->set_lanes({&limit, 1});
  fill(60);
  pass_four_times(Millis(2000));
  release_all();
  step_until([&] { return over_tcp(server) >= 62 && answered >= 50; });
  pass_four_times(Millis(4000));
  CHECK(timed_out == 0);
  CHECK(engine->in_flight() == 12);
}

TEST_CASE_METHOD(LineFixture, "those that the pace keeps back at their turn keep their order") {
  fill(60);
  const LaneLimit limit{.qps = 10};  // one at a time
  engine->set_lanes({&limit, 1});
  release_all();
  step_until([&] { return over_tcp(server) == 62; });
  std::vector<std::string> late;
  for (const Asked& asked : server.log()) {
    if (asked.is_tcp && asked.name[0] == 'n') late.push_back(asked.name);
  }
  late.erase(late.begin(), late.begin() + kPart);
  CHECK(std::is_sorted(late.begin(), late.end()));
}

TEST_CASE_METHOD(LineFixture, "who comes stands behind those of its lane that wait for a place") {
  fill(60);
  submit(group, "late.zone.test");
  submit(group, "release.zone.test", QType::a, 1);
  step_until([&] { return engine->counters().tcp_sent == 49; }, Millis(0));
  const auto latest = std::chrono::steady_clock::now() + patience;
  while (over_tcp(server) < 49)
    REQUIRE(std::chrono::steady_clock::now() < latest);
  // What frees one connection's places has come, and then what makes the late one go on to TCP.
  go();
  step_until([&] { return over_tcp(server) == 62; });
  CHECK(server.log().back().name == "late.zone.test");
}

TEST_CASE_METHOD(LineFixture, "a zone is not silent because its questions found no place") {
  options.in_flight = 256;
  fill(120);
  pass_four_times(Millis(2000));
  release_all();
  step_until([&] { return over_tcp(server) == 2 * kPart + 2 && answered == 50; });
  pass_four_times(Millis(3500));
  CHECK(timed_out == 24);
  CHECK(engine->in_flight() == kPart);
  CHECK(engine->can_submit({0}));
}

TEST_CASE_METHOD(LineFixture, "zones that are silent over TCP get places by turns") {
  start();
  constexpr std::uint32_t kLanes = 10;
  std::size_t submitted = 0;
  const auto submit_to_all = [&](int each) {
    for (int i = 0; i < each; ++i) {
      for (std::uint32_t lane = 0; lane < kLanes; ++lane)
        submit(group, "n" + std::to_string(submitted++) + ".zone" + std::to_string(lane) + ".test",
               QType::a, lane);
    }
  };
  const auto zones_asked = [&](std::size_t after) {
    std::set<std::string> zones;
    for (const Asked& asked : server.log()) {
      if (asked.is_tcp && asked.nth >= after) zones.insert(asked.name.substr(asked.name.find('.')));
    }
    return zones.size();
  };
  submit_to_all(4);
  step_until([&] { return zones_asked(0) == kLanes; });
  pass_four_times(Millis(3500));
  submit_to_all(24);
  step_until([&] { return server.count() - over_tcp(server) == submitted; });
  const std::size_t before = server.count();
  pass_four_times(Millis(2000));  // whoever has a place loses it
  step_until([&] { return over_tcp(server) > before - submitted; });
  for (int i = 0; i < 2'000 && zones_asked(before) < kLanes; ++i)
    step();
  CHECK(zones_asked(before) == kLanes);
}

TEST_CASE_METHOD(LineFixture, "new lookups stand behind all that the pace keeps in the line") {
  fill(88);
  const LaneLimit limit{.qps = 100};
  engine->set_lanes({&limit, 1});
  release_all();
  step_until([&] { return answered >= 50; });
  std::size_t fresh = 0;
  step_until([&] {
    while (engine->can_submit({0}))
      submit(group, "open" + std::to_string(fresh++) + ".zone.test");
    return over_tcp(server) == 90;
  });
  CHECK(fresh <= 20);
}

TEST_CASE_METHOD(LineFixture, "nor do other zones' new lookups starve a line to a resolver") {
  options.qps = 500;
  group = server.group(ServerRole::resolver);
  fill(96);
  release_all();
  step_until([&] { return answered >= 50; });
  std::size_t fresh = 0;
  step_until([&] {
    while (engine->can_submit({7}))
      submit(group, "open" + std::to_string(fresh++) + ".zone.test", QType::a, 7);
    return over_tcp(server) == 98;
  });
  CHECK(fresh < 200);
}

TEST_CASE_METHOD(LineFixture, "new lookups do not overtake what was truncated") {
  start();
  const LaneLimit limit{.qps = 1};
  engine->set_lanes({&limit, 1});
  submit(group, "late.zone.test");
  step_until([&] { return server.count() == 1; });
  clock.ahead += Seconds(1);
  submit(group, "go.zone.test", QType::a, 1);
  step_until([&] { return answered == 1; });
  CHECK_FALSE(engine->can_submit({0}));
}

TEST_CASE_METHOD(LineFixture, "who has no place does not hold up its lane's new lookups") {
  fill(60);
  const LaneLimit limit{.qps = 1};
  engine->set_lanes({&limit, 1});
  submit(group, "open.zone.test");
  step_until([&] { return answered == 1; });
  engine->set_lanes({&limit, 1});  // a round, while there is neither place nor pace
  step();
  CHECK(engine->next_slot({0}) - clock.tick() <= Seconds(1));
}

TEST_CASE_METHOD(LineFixture, "who waits for the pace alone does not time out") {
  fill(60);
  const LaneLimit limit{.qps = 0.2};  // a minute for the twelve that wait
  engine->set_lanes({&limit, 1});
  release_all();
  const auto names = [&] {
    std::set<std::string> all;
    for (const Asked& asked : server.log()) {
      if (asked.is_tcp && asked.name[0] == 'n') all.insert(asked.name);
    }
    return all.size();
  };
  for (int i = 0; i < 40 && names() < 60; ++i)
    pass_four_times(Millis(1000));
  CHECK(names() == 60);
}

TEST_CASE_METHOD(LineFixture, "a new try has a time of its own") {
  start();
  const auto ask_in_vain = [&](const std::string& name, std::uint32_t lane) {
    const std::size_t next = over_tcp(server) + 1;
    submit(group, name + ".zone.test", QType::a, lane);
    step_until([&] { return over_tcp(server) == next; });
  };
  ask_in_vain("a1", 5);
  ask_in_vain("b1", 0);  // opens the second connection
  ask_in_vain("a2", 5);
  submit(group, "release.zone.test", QType::a, 6);  // empties it
  step_until([&] { return answered == 2; });
  clock.ahead += Seconds(4);
  step();
  for (const char* late : {"b2", "b3", "a3"})
    ask_in_vain(late, 5);
  for (int i = 0; i < 8; ++i) {
    for (std::uint32_t lane = 0; lane < 5; ++lane)
      ask_in_vain("n" + std::to_string(i) + "-" + std::to_string(lane), lane);
  }
  const auto log = server.log();
  const auto on_first = std::count_if(log.begin(), log.end(), [](const Asked& asked) {
    return asked.is_tcp && asked.connection == 1;
  });
  const std::size_t before = over_tcp(server);
  pass_four_times(Millis(4000));  // 20 s of a1 and a2, whose connection goes; 16 s of all others
  CHECK(timed_out == 2);
  pass_four_times(Millis(1100));  // 20 s of those on the other one
  step_until([&] { return over_tcp(server) == before + static_cast<std::size_t>(on_first) - 2; });
}

TEST_CASE_METHOD(EngineFixture,
                 "zones that were silent on a connection all of their time keep to one") {
  const LoopbackServer server(
      [](const Asked& asked) { return asked.is_tcp ? Actions{} : say(truncated(asked)); });
  options.attempts = 1;
  for (std::uint32_t lane = 0; lane < 20; ++lane)
    submit(server.group(), "n" + std::to_string(lane) + ".zone.test", QType::a, lane);
  while (over_tcp(server) < 20)
    REQUIRE(engine->wait(Millis(0)).empty());
  for (int i = 0; i < 3; ++i) {
    clock.ahead += Millis(3400);
    engine->wait(Millis(0));
  }
  finish();
  CHECK(over_tcp(server) == 20);
  for (std::uint32_t lane = 0; lane < 20; ++lane)
    submit(server.group(), "m" + std::to_string(lane) + ".zone.test", QType::a, lane);
  while (over_tcp(server) < 40)
    REQUIRE(engine->wait(Millis(0)).empty());
  std::set<std::size_t> connections;
  for (const Asked& asked : server.log()) {
    if (asked.is_tcp && asked.name[0] == 'm') connections.insert(asked.connection);
  }
  CHECK(connections.size() == 1);
}

TEST_CASE_METHOD(EngineFixture, "a new try that the pace keeps back is made") {
  // Closes the connection on which the twentieth comes.
  std::size_t count = 0;
  const LoopbackServer server([&count](const Asked& asked) -> Actions {
    if (!asked.is_tcp) return say(truncated(asked));
    if (asked.connection > 2) return say(truth(asked));
    return ++count < 20 ? Actions{} : Actions{{What::close, {}}};
  });
  const auto group = server.group();
  options.timeout = Millis(4000);
  options.attempts = 1;
  for (int i = 0; i < 19; ++i)
    submit(group, "n" + std::to_string(i) + ".zone.test");
  while (over_tcp(server) < 19)
    REQUIRE(engine->wait(Millis(0)).empty());
  const LaneLimit limit{.qps = 5};
  engine->set_lanes({&limit, 1});
  clock.ahead += Millis(3000);
  submit(group, "last.zone.test");
  std::map<std::string, int> all;
  for (const Completion& one : finish())
    ++all[told(one)];
  CHECK(all["127.0.0.2"] >= 9);  // all but the first, for which the connection was made
  CHECK(all["network"] == 1);
}

TEST_CASE_METHOD(LineFixture, "what was truncated has the pace before retries over UDP") {
  options.attempts = 2;
  for (int i = 0; i < 30; ++i)
    submit(group, "open" + std::to_string(i) + ".zone.test");  // a known round trip
  step_until([&] { return answered == 30; });
  for (int i = 0; i < 10; ++i)
    submit(group, "late" + std::to_string(i) + ".zone.test");
  for (int i = 0; i < 30; ++i)
    submit(group, "dead" + std::to_string(i) + ".zone.test");
  step_until([&] { return server.count() >= 70; });
  const LaneLimit limit{.qps = 20};
  engine->set_lanes({&limit, 1});
  step_until([&] { return server.count() >= 74; });
  go();
  const std::size_t before = server.count();
  step_until([&] { return over_tcp(server) == 10; });
  CHECK(server.count() - before < 15);
}
