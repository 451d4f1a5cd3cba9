// SPDX-License-Identifier: Apache-2.0
// The engine over TCP: after truncation, under attack, at its pace, against streams that break.
#include <map>
#include <set>

#include "dns/tcp_pool.hpp"
#include "engine_fixture.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;
using core::Millis;

namespace {

using What = Action::What;

Actions truncating(const Asked& asked) {
  return say(asked.is_tcp ? truth(asked) : truncated(asked));
}

// Enough guesses at the id to raise the alarm.
Actions forged(const Asked& asked) {
  Actions actions;
  for (unsigned i = 1; i <= 150; ++i)
    actions.push_back({What::send, with_id(lie(asked), asked.id + i)});
  return actions;
}

}  // namespace

TEST_CASE_METHOD(EngineFixture,
                 "a truncated reply is asked again over TCP, many on two connections, pipelined") {
  // On each connection nothing is answered before nine questions have come.
  std::map<std::size_t, Actions> kept;
  const LoopbackServer server([&kept](const Asked& asked) {
    if (!asked.is_tcp) return say(truncated(asked));
    Actions& all = kept[asked.connection];
    all.push_back({What::send, truth(asked)});
    return asked.nth_on_connection < 9 ? Actions{} : std::exchange(all, {});
  });
  const auto group = server.group();
  for (int i = 0; i < 300; ++i)
    submit(group, "n" + std::to_string(i) + ".zone.test");
  const auto all = finish();
  CHECK(all.size() == 300);
  for (const Completion& one : all) {
    CHECK(told(one) == "127.0.0.2");
    CHECK(one.transport == Transport::tcp);
  }
  std::set<std::size_t> connections;
  for (const Asked& asked : server.log()) {
    if (asked.is_tcp) connections.insert(asked.connection);
  }
  CHECK(connections.size() <= 2);
}

TEST_CASE_METHOD(EngineFixture, "what goes over TCP keeps to the lane's pace as all else") {
  // Truncates nothing before a hundred have come, so that all want to go on over TCP at once.
  Actions kept;
  const LoopbackServer server([&kept](const Asked& asked) {
    if (asked.is_tcp || asked.name == "first.zone.test") return say(truth(asked));
    kept.push_back({What::send, truncated(asked), asked.port});
    return kept.size() < 100 ? Actions{} : std::exchange(kept, {});
  });
  start();
  const LaneLimit limit{.qps = 100};
  engine->set_lanes({&limit, 1});
  const auto group = server.group();
  ask(group, "first.zone.test");  // a lane that has never answered may ask little at a time
  int submitted = 0;
  while (submitted < 100) {
    while (submitted < 100 && engine->can_submit({0}))
      submit(group, "n" + std::to_string(submitted++) + ".zone.test");
    const auto until = engine->next_slot({0}) - clock.tick();
    engine->wait(std::chrono::ceil<Millis>(std::max(until, core::Micros{1000})));
  }
  finish();
  const auto log = server.log();
  CHECK(log.size() == 201);
  for (const Asked& first : log) {
    const auto within = std::count_if(log.begin(), log.end(), [&first](const Asked& other) {
      return other.at >= first.at && other.at - first.at < Millis(1000);
    });
    CHECK(within <= 140);  // 110, and what a busy machine makes late
  }
}

TEST_CASE_METHOD(EngineFixture, "for a place on a connection nobody waits for ever") {
  const LoopbackServer server(
      [](const Asked& asked) { return asked.is_tcp ? Actions{} : say(truncated(asked)); });
  options.timeout = Millis(500);
  options.attempts = 1;
  for (int i = 0; i < 300; ++i)
    submit(server.group(), "n" + std::to_string(i) + ".zone.test");
  for (const Completion& one : finish())
    CHECK(told(one) == "timeout");
  CHECK(over_tcp(server) < 200);
}

TEST_CASE_METHOD(EngineFixture,
                 "a server that truncates everything is not one of which nothing is known") {
  const LoopbackServer server(
      [](const Asked& asked) { return say(asked.is_tcp ? truth(asked) : truncated(asked)); });
  CHECK(told(ask(server.group(), "a.zone.test")) == "127.0.0.2");
  REQUIRE(engine->servers().size() == 1);
  CHECK(engine->servers()[0].rtt);
}

TEST_CASE_METHOD(EngineFixture, "BADCOOKIE over TCP is taken as it is") {
  const LoopbackServer server([](const Asked& asked) {
    const auto begin = asked.query.begin() + asked.question_end + 11 + 4;
    const Octets cookie = option(10, Octets(begin, begin + 8) + Octets(8, 7));
    return say(reply_to(asked, 0x8487, {}, {}, {opt(cookie, 1)}));
  });
  CHECK(told(ask(server.group(), "a.zone.test")) == "RCODE23");
  CHECK(over_tcp(server) == 1);
}

TEST_CASE_METHOD(EngineFixture, "asking anew over TCP leaves no later attempt uncounted") {
  const LoopbackServer server([](const Asked& asked) {
    if (!asked.is_tcp) return say(truncated(asked));
    return asked.has_edns ? say(rcode(asked, 1)) : Actions{{What::close, {}}};
  });
  options.attempts = 2;
  CHECK(told(ask(server.group(), "a.zone.test")) == "network");
  CHECK(server.count() - over_tcp(server) == 2);
}

TEST_CASE_METHOD(EngineFixture, "a connection that idles gives way to a server that needs one") {
  options.timeout = Millis(1000);  // less than an idle one is kept
  std::vector<std::unique_ptr<LoopbackServer>> servers;
  for (std::size_t i = 0; i <= TcpPool::kMaxConnections; ++i) {
    servers.push_back(std::make_unique<LoopbackServer>(truncating));
    CHECK(told(ask(servers.back()->group(), "a.zone.test")) == "127.0.0.2");
  }
}

TEST_CASE_METHOD(EngineFixture, "a stream given up takes none with it that was made in its place") {
  // The next try goes over TCP at once, while all connections there may be are open.
  const LoopbackServer first(
      [](const Asked& asked) { return asked.is_tcp ? Actions{} : forged(asked); });
  const LoopbackServer second(truncating);
  options.timeout = Millis(1500);
  options.attempts = 2;
  start();
  const auto group = both(first, second);
  ask(second.group(), "a.zone.test");  // whose round trip is known: the first is asked first
  for (int i = 0; over_tcp(first) == 0; ++i) {
    if (engine->in_flight() == 0) submit(group, "b" + std::to_string(i) + ".zone.test");
    engine->wait(Millis(1));
  }
  std::vector<std::unique_ptr<LoopbackServer>> others;
  for (std::size_t i = 0; i < TcpPool::kMaxConnections; ++i) {
    others.push_back(std::make_unique<LoopbackServer>(truncating));
    submit(others.back()->group(), "c.zone.test");
  }
  for (const Completion& one : finish())
    CHECK(told(one) == "127.0.0.2");
}

TEST_CASE_METHOD(
    EngineFixture,
    "once somebody forges answers, the lookup stays on TCP, which may need a try more") {
  const LoopbackServer server([](const Asked& asked) -> Actions {
    if (!asked.is_tcp) return forged(asked);
    if (asked.connection == 1) return {{What::close, {}}};
    return say(truth(asked));
  });
  std::string log;
  Completion done;
  log = log_of([&] { done = ask(server.group(), "a.zone.test"); });
  CHECK(told(done) == "127.0.0.2");
  CHECK(done.transport == Transport::tcp);
  CHECK(server.count() - over_tcp(server) == 1);
  CHECK(engine->counters().forgery_alarms == 1);
  CHECK(log.find("warn  someone forges answers: the question is asked over TCP server=" +
                 server.server().to_text() + " wrong_replies=100") != std::string::npos);
}

TEST_CASE_METHOD(EngineFixture, "under attack and without TCP there is no answer, but an end") {
  const LoopbackServer server(forged, false);
  CHECK(told(ask(server.group(), "a.zone.test")) == "network");
  CHECK(server.count() == 1);
}

TEST_CASE_METHOD(EngineFixture,
                 "a TCP stream that breaks off or never ends is no answer and holds nothing") {
  struct Break {
    const char* what;
    const char* expected;
    std::function<Actions(const Asked&)> make;
  };
  static const std::vector<Break> breaks{
      {"closed at once", "network",
       [](const Asked&) {
         return Actions{{What::close, {}}};
       }},
      {"closed within the message", "network",
       [](const Asked& q) {
         return Actions{{What::raw, u16(80) + truth(q)}, {What::close, {}}};
       }},
      {"silent", "timeout", [](const Asked&) { return Actions{}; }},
      {"one octet of the length", "timeout",
       [](const Asked&) {
         return Actions{{What::raw, {0}}};
       }},
      {"65 535 announced", "timeout",
       [](const Asked& q) {
         return Actions{{What::raw, u16(65535) + truth(q)}};
       }},
      {"length 0", "malformed",
       [](const Asked&) {
         return Actions{{What::raw, u16(0)}};
       }},
      {"length 1", "malformed",
       [](const Asked&) {
         return Actions{{What::raw, u16(1) + Octets{7}}};
       }},
      {"truncated again", "malformed", [](const Asked& q) { return say(truncated(q)); }},
      {"another id", "timeout", [](const Asked& q) { return say(with_id(lie(q), q.id ^ 1U)); }},
      {"another question", "timeout", [](const Asked& q) { return say(renamed(q, "other.test")); }},
  };
  const std::size_t which = GENERATE(range(std::size_t{0}, std::size_t{10}));
  const Break& broken = breaks.at(which);
  CAPTURE(broken.what);
  const LoopbackServer server([&broken](const Asked& asked) {
    return asked.is_tcp ? broken.make(asked) : say(truncated(asked));
  });
  options.timeout = Millis(60);
  CHECK(told(ask(server.group(), "a.zone.test")) == broken.expected);
  std::size_t over_tcp = 0;
  for (const Asked& asked : server.log())
    over_tcp += asked.is_tcp ? 1 : 0;
  CHECK(over_tcp <= 3);
}

TEST_CASE_METHOD(EngineFixture,
                 "a reply over TCP in pieces, behind one of another id, is put together") {
  const LoopbackServer server([](const Asked& asked) {
    if (!asked.is_tcp) return say(truncated(asked));
    const Octets wrong = with_id(lie(asked), asked.id ^ 1U);
    const Octets right = truth(asked);
    const Octets stream = u16(static_cast<unsigned>(wrong.size())) + wrong +
                          u16(static_cast<unsigned>(right.size())) + right;
    Actions actions;
    for (const std::uint8_t octet : stream)
      actions.push_back({What::raw, {octet}});
    return actions;
  });
  CHECK(told(ask(server.group(), "a.zone.test")) == "127.0.0.2");
}

TEST_CASE_METHOD(EngineFixture,
                 "TCP that isn't there is a network error, and UDP is tried again after it") {
  const LoopbackServer server(
      [](const Asked& asked) { return say(asked.nth == 0 ? truncated(asked) : truth(asked)); },
      false);
  CHECK(told(ask(server.group(), "a.zone.test")) == "127.0.0.2");
}

TEST_CASE_METHOD(EngineFixture, "65 000 empty TXT strings over TCP cost nothing to speak of") {
  const LoopbackServer server([](const Asked& asked) {
    return say(asked.is_tcp ? reply_to(asked, 0x8480, {record(kAsk, 16, 5, Octets(65000, 0))})
                            : truncated(asked));
  });
  const Completion done = ask(server.group(), "a.zone.test", QType::txt);
  REQUIRE(std::holds_alternative<Answer>(done.outcome));
  CHECK(std::get<Answer>(done.outcome).txt.at(0).is_empty());
}
