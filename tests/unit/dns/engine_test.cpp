// SPDX-License-Identifier: Apache-2.0
// The engine as its callers see it: answers, retries, sharing, pace, time.
#include <sys/eventfd.h>

#include <atomic>
#include <set>
#include <thread>

#include "engine_fixture.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;
using core::Micros;
using core::Millis;

TEST_CASE_METHOD(EngineFixture, "a listed name, an unlisted one, and all that is known of how") {
  const LoopbackServer server(honest);
  const auto before = clock.tick();
  const Completion listed = ask(server.group(), "listed.zone.test");
  CHECK(told(listed) == "127.0.0.2");
  CHECK(listed.id == LookupId{1});
  CHECK(listed.server == server.server());
  CHECK(listed.role == ServerRole::authoritative);
  CHECK(listed.transport == Transport::udp);
  CHECK(listed.asked_at >= before);
  CHECK(listed.took > Micros{0});
  const Completion clear = ask(server.group(), "other.zone.test");
  CHECK(told(clear) == "NXDOMAIN");
  CHECK(std::get<Answer>(clear.outcome).ttl == core::Seconds{300});
}

TEST_CASE_METHOD(EngineFixture, "a resolver is asked to recurse, a zone's own server is not") {
  const LoopbackServer server(honest);
  ask(server.group(ServerRole::resolver), "a.zone.test");
  ask(server.group(ServerRole::authoritative), "b.zone.test");
  const auto log = server.log();
  CHECK((log[0].query[2] & 1U) == 1);
  CHECK((log[1].query[2] & 1U) == 0);
}

TEST_CASE_METHOD(EngineFixture, "thousands at a time each get their own answer") {
  const LoopbackServer server([](const Asked& asked) {
    const unsigned number = static_cast<unsigned>(std::stoul(asked.name.substr(1)));
    return say(reply_to(asked, 0x8480,
                        {a(kAsk, {127, 1, static_cast<std::uint8_t>(number / 256),
                                  static_cast<std::uint8_t>(number % 256)})}));
  });
  options.timeout = Millis(2000);
  const auto group = server.group();
  for (int i = 0; i < 3000; ++i)
    submit(group, "n" + std::to_string(i) + ".zone.test");
  CHECK(engine->in_flight() == 3000);
  const auto all = finish();
  REQUIRE(all.size() == 3000);
  for (const Completion& one : all) {
    const auto number = one.id.value - 1;
    REQUIRE(told(one) ==
            "127.1." + std::to_string(number / 256) + "." + std::to_string(number % 256));
  }
}

TEST_CASE_METHOD(EngineFixture,
                 "silence is a time-out after all attempts, neither sooner nor much later") {
  options.timeout = Millis(150);
  const LoopbackServer server(silent);
  const auto start = std::chrono::steady_clock::now();
  CHECK(told(ask(server.group(), "x.zone.test")) == "timeout");
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(took >= Millis(450));
  CHECK(server.count() == 3);
}

TEST_CASE_METHOD(EngineFixture,
                 "a closed port is a network error, found without waiting out the time") {
  std::uint16_t port = 0;
  {
    const LoopbackServer gone(silent);
    port = gone.server().port;
  }
  const auto group = std::make_shared<const ServerGroup>(
      ServerGroup{{Server{core::IpAddress::v4({127, 0, 0, 1}), port}}, ServerRole::resolver});
  options.timeout = std::chrono::seconds(20);
  const auto start = std::chrono::steady_clock::now();
  CHECK(told(ask(group, "x.zone.test")) == "network");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE_METHOD(EngineFixture, "a network that isn't there is a network error") {
  // A route to nowhere: the kernel refuses to send to a broadcast address.
  const auto group = std::make_shared<const ServerGroup>(
      ServerGroup{{*Server::parse("255.255.255.255:53")}, ServerRole::resolver});
  CHECK(told(ask(group, "x.zone.test")) == "network");
  CHECK(engine->in_flight() == 0);
}

TEST_CASE_METHOD(EngineFixture, "a lost reply is made up for by the next attempt") {
  options.timeout = Millis(150);
  const LoopbackServer server(
      [](const Asked& asked) { return asked.nth == 0 ? Actions{} : honest(asked); });
  CHECK(told(ask(server.group(), "listed.zone.test")) == "127.0.0.2");
  CHECK(server.count() >= 2);
}

TEST_CASE_METHOD(EngineFixture, "a reply to the first sending is taken after the second went out") {
  options.timeout = Millis(150);
  Octets first;
  const LoopbackServer server([&first](const Asked& asked) {
    if (asked.nth == 0) {
      first = truth(asked);
      return Actions{};
    }
    return say(first);
  });
  CHECK(told(ask(server.group(), "listed.zone.test")) == "127.0.0.2");
  const auto log = server.log();
  CHECK(log[0].id == log[1].id);
  CHECK(log[0].port == log[1].port);
}

TEST_CASE_METHOD(EngineFixture, "a retry goes to another server where there is one") {
  options.timeout = Millis(150);
  const LoopbackServer dead(silent);
  const LoopbackServer alive(honest);
  const auto group = both(dead, alive);
  for (int i = 0; i < 8; ++i)
    submit(group, "listed" + std::to_string(i) + ".zone.test");
  for (const Completion& one : finish()) {
    CHECK(told(one) == "127.0.0.2");
    CHECK(one.server == alive.server());
  }
}

TEST_CASE_METHOD(EngineFixture, "a failure of one server of several is not the last word") {
  const unsigned code = GENERATE(2U, 5U);
  const LoopbackServer failing([code](const Asked& asked) { return say(rcode(asked, code)); });
  const LoopbackServer good(honest);
  const auto group = both(failing, good);
  for (int i = 0; i < 10; ++i)
    CHECK(told(ask(group, "listed" + std::to_string(i) + ".zone.test")) == "127.0.0.2");
}

TEST_CASE_METHOD(EngineFixture, "when all fail, the last answer is the outcome") {
  options.timeout = Millis(150);
  const LoopbackServer failing([](const Asked& asked) { return say(rcode(asked, 2)); });
  const LoopbackServer dead(silent);
  CHECK(told(ask(both(failing, dead), "x.zone.test")) == "SERVFAIL");
  CHECK(told(ask(failing.group(), "y.zone.test")) == "SERVFAIL");
}

TEST_CASE_METHOD(EngineFixture, "equal questions in flight are asked once and answered to all") {
  const LoopbackServer server(honest);
  const auto group = server.group();
  const auto equal_group = server.group();
  submit(group, "listed.zone.test");
  submit(group, "LISTED.zone.test", QType::a, 3);
  submit(equal_group, "listed.zone.test");
  submit(group, "listed.zone.test", QType::txt);
  const auto all = finish();
  CHECK(all.size() == 4);
  std::set<std::uint64_t> ids;
  for (const Completion& one : all)
    ids.insert(one.id.value);
  CHECK(ids.size() == 4);
  CHECK(server.count() == 2);
  CHECK(engine->counters().shared == 2);
}

TEST_CASE_METHOD(EngineFixture, "a server never has the same name and type twice in flight") {
  options.timeout = Millis(150);
  const LoopbackServer shared(
      [](const Asked& asked) { return asked.nth < 2 ? Actions{} : honest(asked); });
  const LoopbackServer other(silent);
  // Two groups with a server in common: the second lookup waits until the first is through.
  submit(shared.group(), "listed.zone.test");
  submit(both(shared, other), "listed.zone.test");
  CHECK(engine->in_flight() == 2);
  const auto all = finish();
  REQUIRE(all.size() == 2);
  CHECK(told(all[0]) == "127.0.0.2");
  CHECK(told(all[1]) == "127.0.0.2");
  std::vector<unsigned> ids;
  for (const Asked& asked : shared.log())
    ids.push_back(asked.id);
  // Its first question and its repetitions, then the answer, and only then the second lookup's.
  REQUIRE(ids.size() >= 4);
  const auto second =
      std::find_if(ids.begin(), ids.end(), [&ids](unsigned id) { return id != ids[0]; });
  CHECK(second - ids.begin() >= 3);
  CHECK(std::find(second, ids.end(), ids[0]) == ids.end());
}

TEST_CASE_METHOD(
    EngineFixture,
    "no second holds more of a lane's questions than its pace and a burst, retries included") {
  options.timeout = Millis(150);
  const LoopbackServer server(
      [](const Asked& asked) { return asked.nth % 3 == 0 ? Actions{} : honest(asked); });
  start();
  const LaneLimit limit{.qps = 100};
  engine->set_lanes({&limit, 1});
  const auto group = server.group();
  int submitted = 0;
  while (submitted < 130) {
    while (submitted < 130 && engine->can_submit({0}))
      submit(group, "n" + std::to_string(submitted++) + ".zone.test");
    const auto until = engine->next_slot({0}) - clock.tick();
    engine->wait(std::chrono::ceil<Millis>(std::max(until, Micros{1000})));
  }
  finish();
  const auto log = server.log();
  for (std::size_t i = 0; i < log.size(); ++i) {
    std::size_t within = 0;
    for (std::size_t k = i; k < log.size() && log[k].at - log[i].at < Millis(1000); ++k)
      ++within;
    CHECK(within <= 112);
  }
  CHECK(log.size() > 130);
}

TEST_CASE_METHOD(EngineFixture,
                 "the pace over all holds for resolvers, not for zones' own servers") {
  const LoopbackServer server(honest);
  options.qps = 10;
  start();
  submit(server.group(ServerRole::resolver), "a.zone.test", QType::a, 0);
  CHECK_FALSE(engine->can_submit({0}));
  CHECK_FALSE(engine->can_submit({1}));
  CHECK(engine->next_slot({0}) > clock.tick());
  submit(server.group(ServerRole::authoritative), "b.zone.test", QType::a, 1);
  CHECK(engine->can_submit({1}));
  CHECK_FALSE(engine->can_submit({0}));
  finish();
}

TEST_CASE_METHOD(EngineFixture,
                 "lookups that come back to the resolver from zones' own servers keep its pace") {
  const LoopbackServer server(honest);
  options.qps = 50;
  for (std::uint32_t lane = 0; lane < 20; ++lane)
    submit(server.group(), "own" + std::to_string(lane) + ".zone.test", QType::a, lane);
  finish();
  const std::size_t before = server.count();
  for (std::uint32_t lane = 0; lane < 20; ++lane) {
    CHECK(engine->can_submit({lane}));  // it isn't known where to
    submit(server.group(ServerRole::resolver), "n" + std::to_string(lane) + ".zone.test", QType::a,
           lane);
  }
  CHECK(finish().size() == 20);
  const auto log = server.log();
  REQUIRE(log.size() == before + 20);
  CHECK(log.back().at - log[before].at >= Millis(200));  // 15 behind a burst of five, less a tick
}

TEST_CASE_METHOD(EngineFixture, "what was sent makes room for more before anything is answered") {
  const LoopbackServer server(
      [](const Asked& asked) { return asked.nth == 0 ? honest(asked) : Actions{}; });
  start();
  const auto group = server.group();
  submit(group, "first.zone.test");
  finish();
  for (int i = 0; i < 200; ++i)
    submit(group, "n" + std::to_string(i) + ".zone.test");
  CHECK(engine->wait(std::chrono::minutes(1)).empty());
  CHECK(engine->in_flight() == 200);
}

TEST_CASE_METHOD(EngineFixture, "a dead zone takes its share of the places and delays nobody") {
  const LoopbackServer server([](const Asked& asked) {
    return asked.name.find(".dead.test") != std::string::npos ? Actions{} : honest(asked);
  });
  options.in_flight = 512;
  options.timeout = Millis(400);
  start();
  const auto group = server.group(ServerRole::resolver);
  int dead = 0;
  int good = 0;
  int answered = 0;
  const auto start_at = std::chrono::steady_clock::now();
  while (answered < 4000) {
    while (engine->can_submit({0}))
      submit(group, "d" + std::to_string(dead++) + ".dead.test", QType::a, 0);
    while (good < 4000 && engine->can_submit({1}))
      submit(group, "listed" + std::to_string(good++) + ".live.test", QType::a, 1);
    for (const Completion& one : engine->wait(Millis(200))) {
      if (told(one) == "127.0.0.2") ++answered;
    }
    REQUIRE(std::chrono::steady_clock::now() - start_at < std::chrono::seconds(200));
  }
  CHECK(engine->can_submit({1}));
  CHECK(dead < 4000);
  finish();
}

TEST_CASE_METHOD(EngineFixture,
                 "a server that stops answering is only probed, and used again once it is back") {
  std::atomic<bool> is_up{false};
  const LoopbackServer server(
      [&is_up](const Asked& asked) { return is_up ? honest(asked) : Actions{}; });
  options.timeout = Millis(100);
  options.attempts = 10;
  const auto group = server.group();
  for (int i = 0; i < 100; ++i)
    submit(group, "listed" + std::to_string(i) + ".zone.test");
  while (engine->servers().empty() || engine->servers()[0].is_answering)
    engine->wait(Millis(20));
  const std::size_t before = server.count();
  is_up = true;
  for (const Completion& one : finish())
    CHECK(told(one) == "127.0.0.2");
  CHECK(before < 250);
  CHECK(engine->servers().at(0).is_answering);
  CHECK(told(ask(group, "listed.again.test")) == "127.0.0.2");
  CHECK(engine->servers().at(0).rtt);
}

TEST_CASE_METHOD(
    EngineFixture,
    "while a server is down it gets a few questions a second, and lookups still end in time") {
  const LoopbackServer server(silent);
  options.timeout = Millis(200);
  const auto group = server.group();
  for (int i = 0; i < 20; ++i)
    submit(group, "a" + std::to_string(i) + ".zone.test");
  finish();
  const std::size_t before = server.count();
  const auto start_at = std::chrono::steady_clock::now();
  for (int i = 0; i < 300; ++i)
    submit(group, "b" + std::to_string(i) + ".zone.test");
  for (const Completion& one : finish())
    CHECK(told(one) == "timeout");
  // At pauses of a quarter of a second and more, plus one on its way and one revived.
  const auto quarters = (std::chrono::steady_clock::now() - start_at) / Millis(250);
  CHECK(static_cast<long>(server.count() - before) <= quarters + 4);
}

TEST_CASE_METHOD(EngineFixture, "the wake descriptor ends the wait") {
  const core::Fd wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  options.wake_fd = wake.get();
  start();
  const auto start_at = std::chrono::steady_clock::now();
  std::thread waker([&wake] { eventfd_write(wake.get(), 1); });
  CHECK(engine->wait(std::chrono::minutes(1)).empty());
  waker.join();
  CHECK(std::chrono::steady_clock::now() - start_at < std::chrono::seconds(30));
}

TEST_CASE_METHOD(EngineFixture, "wait returns after its time when nothing happens") {
  start();
  const auto start_at = std::chrono::steady_clock::now();
  CHECK(engine->wait(Millis(0)).empty());
  CHECK(engine->wait(Millis(30)).empty());
  CHECK(std::chrono::steady_clock::now() - start_at >= Millis(30));
}

TEST_CASE_METHOD(EngineFixture,
                 "after a sleep of hours what was in flight is asked again, once, and answered") {
  const LoopbackServer server(
      [](const Asked& asked) { return asked.nth < 20 ? Actions{} : honest(asked); });
  options.timeout = Millis(60000);
  const auto group = server.group();
  for (int i = 0; i < 20; ++i)
    submit(group, "listed" + std::to_string(i) + ".zone.test");
  while (server.count() < 20)
    engine->wait(Millis(1));
  clock.ahead = std::chrono::hours(8);
  for (const Completion& one : finish())
    CHECK(told(one) == "127.0.0.2");
  CHECK(server.count() == 40);
}

TEST_CASE_METHOD(EngineFixture, "a sleep is no reason to ask a server less") {
  const LoopbackServer server([](const Asked& asked) {
    return asked.nth >= 20 && asked.nth < 50 ? Actions{} : honest(asked);
  });
  const auto group = server.group();
  while (next_id <= 20)
    submit(group, "n" + std::to_string(next_id) + ".zone.test");
  finish();
  while (next_id <= 50)
    submit(group, "n" + std::to_string(next_id) + ".zone.test");
  while (server.count() < 50)
    engine->wait(Millis(1));
  clock.ahead = std::chrono::hours(8);
  finish();
  CHECK(server.count() == 80);
  CHECK_FALSE(engine->servers()[0].is_asked_less);
}

TEST_CASE_METHOD(EngineFixture, "a sleep costs no attempt, over UDP or TCP") {
  const bool is_tcp = GENERATE(false, true);
  const LoopbackServer server([is_tcp](const Asked& asked) {
    if (is_tcp && !asked.is_tcp) return say(truncated(asked));
    return asked.nth < (is_tcp ? 2 : 1) ? Actions{} : honest(asked);
  });
  options.attempts = 1;
  submit(server.group(), "listed.zone.test");
  while (server.count() < (is_tcp ? 2 : 1))
    engine->wait(Millis(1));
  clock.ahead = std::chrono::hours(8);
  CHECK(told(finish().at(0)) == "127.0.0.2");
}

TEST_CASE_METHOD(EngineFixture, "a connection that a sleep ended costs no attempt") {
  std::atomic<bool> is_asked = false;
  std::atomic<bool> has_slept = false;
  const LoopbackServer server([&](const Asked& asked) {
    if (!asked.is_tcp) return say(truncated(asked));
    if (is_asked.exchange(true)) return honest(asked);
    while (!has_slept)
      std::this_thread::yield();
    return Actions{{Action::What::close, {}}};
  });
  options.attempts = 1;
  options.timeout = core::Seconds(60);  // more than the sleep: the connection's end is what is seen
  submit(server.group(), "listed.zone.test");
  while (!is_asked)
    engine->wait(Millis(1));
  clock.ahead = core::Seconds(10);
  has_slept = true;
  CHECK(told(finish().at(0)) == "127.0.0.2");
}

TEST_CASE_METHOD(EngineFixture, "one sleep gives one attempt back, and silence ends in a timeout") {
  const LoopbackServer server(silent);
  options.attempts = 1;
  options.timeout = Millis(100);
  submit(server.group(), "n.zone.test");
  while (server.count() < 1)
    engine->wait(Millis(1));
  clock.ahead = std::chrono::hours(8);
  CHECK(std::get<NoAnswer>(finish().at(0).outcome).why == NoAnswer::Why::timeout);
  CHECK(server.count() == 2);
}

TEST_CASE_METHOD(EngineFixture, "a reply that lay there while the machine slept tells no time") {
  const LoopbackServer server(honest);
  submit(server.group(), "n.zone.test");
  engine->wait(Millis(0));
  while (server.count() < 1)
    std::this_thread::yield();
  clock.ahead = std::chrono::hours(8);
  const auto all = finish();
  CHECK(all.at(0).took < core::Seconds(60));
  CHECK(engine->servers()[0].rtt.value_or(Millis(0)) < core::Seconds(60));
}

TEST_CASE_METHOD(EngineFixture, "whenever the machine sleeps, what was in flight is no silence") {
  const LoopbackServer server(silent);
  for (int i = 0; i < 8; ++i)
    submit(server.group(), "n" + std::to_string(i) + ".zone.test");
  engine->wait(Millis(0));
  while (server.count() < 8)
    engine->wait(Millis(1));
  const bool is_callers_turn = GENERATE(true, false);
  if (is_callers_turn) {
    clock.ahead += std::chrono::hours(8);
  } else {
    clock.sleeps_in = GENERATE(range(1, 6));
  }
  while (engine->counters().timeouts < 8)
    engine->wait(Millis(1));
  CHECK(engine->servers()[0].is_answering);
}

TEST_CASE_METHOD(EngineFixture, "lanes may change while lookups are in flight") {
  options.timeout = Millis(150);
  const LoopbackServer server(
      [](const Asked& asked) { return asked.nth == 0 ? Actions{} : honest(asked); });
  start();
  const std::vector<LaneLimit> many(5, LaneLimit{.qps = 50});
  engine->set_lanes(many);
  submit(server.group(), "listed.zone.test", QType::a, 4);
  engine->wait(Millis(5));
  engine->set_lanes({many.data(), 2});
  const auto all = finish();
  REQUIRE(all.size() == 1);
  CHECK(told(all[0]) == "127.0.0.2");
}
