// SPDX-License-Identifier: Apache-2.0
// The engine against servers and strangers that lie, stall and break off.
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <set>

#include "engine_fixture.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;
using core::Millis;

namespace {

Octets with_flags(Octets message, unsigned flags) {
  message[2] = static_cast<std::uint8_t>(flags >> 8U);
  message[3] = static_cast<std::uint8_t>(flags);
  return message;
}
Octets swapped_case(Octets message, std::ptrdiff_t end) {
  for (std::ptrdiff_t i = 12; i < end - 4; ++i) {
    auto& octet = message[static_cast<std::size_t>(i)];
    if (std::isalpha(octet) != 0) octet = static_cast<std::uint8_t>(octet ^ 0x20U);
  }
  return message;
}
struct Forgery {
  const char* what;
  Junk reason;
  std::function<Action(const Asked&)> make;
};
using What = Action::What;

const std::vector<Forgery> kForgeries{
    {"wrong id", Junk::unknown_id,
     [](const Asked& q) {
       return Action{What::send, with_id(lie(q), q.id ^ 0x5555U)};
     }},
    {"wrong port", Junk::wrong_source,
     [](const Asked& q) {
       return Action{What::send_from_elsewhere, lie(q)};
     }},
    {"other name", Junk::wrong_question,
     [](const Asked& q) {
       return Action{What::send, renamed(q, "1.zone.test")};
     }},
    {"other type", Junk::wrong_question,
     [](const Asked& q) {
       return Action{What::send, renamed(q, q.name.c_str(), 28)};
     }},
    {"other class", Junk::wrong_question,
     [](const Asked& q) {
       return Action{What::send, renamed(q, q.name.c_str(), 1, 3)};
     }},
    {"QR clear", Junk::not_a_reply,
     [](const Asked& q) {
       return Action{What::send, with_flags(lie(q), 0x0480)};
     }},
    {"opcode", Junk::opcode,
     [](const Asked& q) {
       return Action{What::send, with_flags(lie(q), 0xA480)};
     }},
    {"other case", Junk::wrong_case,
     [](const Asked& q) {
       return Action{What::send, swapped_case(lie(q), q.question_end)};
     }},
    {"no octets", Junk::too_short,
     [](const Asked&) {
       return Action{What::send, {}};
     }},
    {"three octets", Junk::too_short,
     [](const Asked& q) {
       return Action{What::send, u16(q.id) + Octets{0x84}};
     }},
    {"noise", Junk::broken,
     [](const Asked& q) {
       return Action{What::send, with_flags(u16(q.id) + Octets(60, 0xA5), 0x8480)};
     }},
    {"foreign owner", Junk::broken,
     [](const Asked& q) {
       return Action{What::send, reply_to(q, 0x8480, {a(name("x.test"), kFalseCode)})};
     }},
    {"A of 20 octets", Junk::broken,
     [](const Asked& q) {
       return Action{What::send,
                     reply_to(q, 0x8480, {a(kAsk, Octets{8, 8, 8, 8} + a(kAsk, kFalseCode))})};
     }},
    {"more than 4 096 octets", Junk::too_long,
     [](const Asked& q) {
       return Action{What::send, lie(q) + Octets(5000, 0)};
     }},
};

}  // namespace

TEST_CASE_METHOD(EngineFixture,
                 "a wrong reply is counted and ignored, and the true one after it taken") {
  const std::size_t which = GENERATE(range(std::size_t{0}, std::size_t{14}));
  REQUIRE(kForgeries.size() == 14);
  const Forgery& forgery = kForgeries[which];
  CAPTURE(forgery.what);
  const LoopbackServer server([&forgery](const Asked& asked) {
    return Actions{forgery.make(asked), {What::send, truth(asked)}};
  });
  CHECK(told(ask(server.group(), "abc.zone.test")) == "127.0.0.2");
  CHECK(engine->counters().of(forgery.reason) >= 1);  // a busy machine may make us ask twice
}

TEST_CASE_METHOD(EngineFixture, "a server over IPv6 is held to the same") {
  if (!LoopbackServer::has_v6()) {
    WARN("this machine has no IPv6");
    return;
  }
  const LoopbackServer server(
      [](const Asked& asked) {
        if (asked.name == "long.zone.test" && !asked.is_tcp) return say(truncated(asked));
        Actions actions;
        for (const Forgery& forgery : kForgeries)
          actions.push_back(forgery.make(asked));
        if (asked.is_tcp) actions.clear();
        actions.push_back({What::send, truth(asked)});
        return actions;
      },
      true, true);
  CHECK(told(ask(server.group(), "abc.zone.test")) == "127.0.0.2");
  for (const Forgery& forgery : kForgeries) {
    CAPTURE(forgery.what);
    CHECK(engine->counters().of(forgery.reason) >= 1);
  }
  const Completion over_tcp = ask(server.group(), "long.zone.test");
  CHECK(told(over_tcp) == "127.0.0.2");
  CHECK(over_tcp.transport == Transport::tcp);
  CHECK(over_tcp.server == server.server());
  const Server nobody{server.server().address, 9};  // the port of discard
  options.timeout = Millis(300);
  start();
  const auto group =
      std::make_shared<const ServerGroup>(ServerGroup{{nobody}, ServerRole::authoritative});
  CHECK(told(ask(group, "abc.zone.test")) == "network");  // ICMPv6: port unreachable
}

TEST_CASE_METHOD(EngineFixture, "fifty junk replies before each true one, a thousand times") {
  const LoopbackServer server([](const Asked& asked) {
    Actions actions;
    for (std::size_t i = 0; i < 50; ++i)
      actions.push_back(kForgeries[i % kForgeries.size()].make(asked));
    actions.push_back({What::send, truth(asked)});
    return actions;
  });
  options.in_flight = 64;
  options.timeout = Millis(2000);
  start();
  const auto group = server.group();
  int submitted = 0;
  int right = 0;
  while (right < 1000) {
    while (submitted < 1000 && engine->in_flight() < 2)
      submit(group, "n" + std::to_string(submitted++) + ".zone.test");
    for (const Completion& one : engine->wait(Millis(500))) {
      REQUIRE(told(one) == "127.0.0.2");
      ++right;
    }
  }
  CHECK(engine->counters().forgery_alarms == 0);
}

TEST_CASE_METHOD(EngineFixture, "junk is held against nobody who only shares its socket") {
  const LoopbackServer server([](const Asked& asked) {
    if (asked.name.starts_with("good")) return say(truth(asked));
    const bool is_noisy = asked.name.starts_with("noisy");
    return is_noisy ? say(Octets(5, 0xA5)) : Actions{};
  });
  options.timeout = Millis(300);
  options.attempts = 2;
  const auto group = server.group();
  ask(group, "good.zone.test");  // a lane that never answers may ask little at a time
  // Enough of both, and quickly enough, that many wait on one socket.
  std::set<std::uint64_t> quiet;
  for (int i = 0; i < 300; ++i) {
    quiet.insert(submit(group, "quiet" + std::to_string(i) + ".zone.test").value);
    submit(group, "noisy" + std::to_string(i) + ".zone.test");
  }
  for (const Completion& one : finish()) {
    if (quiet.contains(one.id.value)) CHECK(told(one) == "timeout");
  }
}

TEST_CASE_METHOD(EngineFixture,
                 "what came to naught is told apart: broken replies, wrong ones, none") {
  const auto [what, expected] =
      GENERATE(table<const char*, const char*>({{"noise", "malformed"},
                                                {"foreign owner", "malformed"},
                                                {"no octets", "malformed"},
                                                {"A of 20 octets", "malformed"},
                                                {"wrong id", "timeout"},
                                                {"other name", "timeout"},
                                                {"wrong port", "timeout"}}));
  const auto forgery =
      std::find_if(kForgeries.begin(), kForgeries.end(),
                   [wanted = std::string(what)](const Forgery& one) { return one.what == wanted; });
  REQUIRE(forgery != kForgeries.end());
  CAPTURE(what);
  const LoopbackServer server(
      [&forgery](const Asked& asked) { return Actions{forgery->make(asked)}; });
  options.timeout = Millis(50);
  CHECK(told(ask(server.group(), "abc.zone.test")) == expected);
}

TEST_CASE_METHOD(EngineFixture, "ids and ports can't be guessed from those before") {
  const LoopbackServer server([](const Asked& asked) { return say(truth(asked)); });
  const auto group = server.group();
  options.timeout = Millis(2000);
  start();
  int submitted = 0;
  while (server.count() < 4000) {
    while (submitted < 4000 && engine->in_flight() < 200)
      submit(group, "n" + std::to_string(submitted++) + ".zone.test");
    engine->wait(Millis(100));
  }
  finish();
  std::set<unsigned> ids;
  std::map<std::uint16_t, int> ports;
  for (const Asked& asked : server.log()) {
    ids.insert(asked.id);
    ++ports[asked.port];
  }
  CHECK(ids.size() > 3750);  // 3 880 expected of 4 000 draws
  CHECK(ports.size() >= 250);
  for (const auto& [port, questions] : ports)
    CHECK(questions <= 64);
}

TEST_CASE_METHOD(EngineFixture, "at a walking pace each question has a port of its own") {
  const LoopbackServer server([](const Asked& asked) { return say(truth(asked)); });
  const auto group = server.group();
  for (int i = 0; i < 16; ++i)
    ask(group, "n" + std::to_string(i) + ".zone.test");
  std::set<std::uint16_t> ports;
  for (const Asked& asked : server.log())
    ports.insert(asked.port);
  CHECK(ports.size() >= 13);  // two may be the same by chance, once in five hundred times
}

TEST_CASE_METHOD(EngineFixture, "letters go out in mixed case, unless that is switched off") {
  const LoopbackServer server([](const Asked& asked) { return say(truth(asked)); });
  options.mixed_case = GENERATE(true, false);
  const std::string long_name = "abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz.test";
  ask(server.group(), long_name);
  const auto question = server.log()[0].question();
  const bool has_upper = std::any_of(question.begin(), question.end() - 4,
                                     [](std::uint8_t c) { return c >= 'A' && c <= 'Z'; });
  CHECK(has_upper == options.mixed_case);
}

TEST_CASE_METHOD(
    EngineFixture,
    "a server that folds case is believed at the second asking, then asked in lower case") {
  const LoopbackServer server(
      [](const Asked& asked) { return say(lower_case(truth(asked), asked.question_end)); });
  const auto group = server.group();
  const std::string letters = "abcdefghijklmnopqrstuvwxyz.zone.test";
  for (int i = 0; i < 6; ++i)
    CHECK(told(ask(group, std::to_string(i) + letters)) == "127.0.0.2");
  CHECK(server.count() == 3 + 6);
}

TEST_CASE_METHOD(EngineFixture, "EDNS offers 1 232 octets, and nothing else but a cookie") {
  const LoopbackServer server([](const Asked& asked) { return say(truth(asked)); });
  ask(server.group(), "a.zone.test");
  const Asked asked = server.log().at(0);
  const Octets record(asked.query.begin() + asked.question_end, asked.query.end());
  REQUIRE(record.size() == 11 + 4 + 8);
  // The root, OPT, 1232 = 0x04D0, no extended code, version or flags, the length, COOKIE, 8.
  CHECK(Octets(record.begin(), record.begin() + 15) ==
        Octets{0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8});
}

TEST_CASE_METHOD(EngineFixture,
                 "a server that doesn't know EDNS is asked without, and that is remembered") {
  const auto refuse = GENERATE(0U, 1U, 2U, 3U);  // FORMERR, NOTIMP, BADVERS, a bare header
  CAPTURE(refuse);
  const LoopbackServer server([refuse](const Asked& asked) {
    if (!asked.has_edns) return say(truth(asked));
    switch (refuse) {
      case 0:
        return say(rcode(asked, 1));
      case 1:
        return say(rcode(asked, 4));
      case 2:
        return say(reply_to(asked, 0x8480, {}, {}, {opt({}, 1)}));
      default:
        return say(u16(asked.id) + u16(0x8481) + Octets(8, 0));
    }
  });
  const auto group = server.group();
  CHECK(told(ask(group, "a.zone.test")) == "127.0.0.2");
  CHECK(told(ask(group, "b.zone.test")) == "127.0.0.2");
  CHECK(server.count() == 3);
}

TEST_CASE_METHOD(EngineFixture,
                 "FORMERR with and without EDNS is the answer, and says nothing about EDNS") {
  const LoopbackServer server([](const Asked& asked) {
    return say(asked.name[0] == 'x' ? rcode(asked, 1) : truth(asked));
  });
  const auto group = server.group();
  CHECK(told(ask(group, "x.zone.test")) == "FORMERR");
  ask(group, "y.zone.test");
  CHECK(server.log().back().has_edns);
}

TEST_CASE_METHOD(EngineFixture,
                 "cookies: the server's is given back, a reply with another's is ignored") {
  const Octets theirs(8, 0x77);
  const LoopbackServer server([&theirs](const Asked& asked) {
    // The OPT ends the query; its one option is the cookie, ours its first eight octets.
    const auto begin = asked.query.begin() + asked.question_end + 11 + 4;
    const Octets ours(begin, begin + 8);
    const Octets good =
        reply_to(asked, 0x8480, {a(kAsk, kTrueCode)}, {}, {opt(option(10, ours + theirs))});
    const Octets bad = reply_to(asked, 0x8480, {a(kAsk, kFalseCode)}, {},
                                {opt(option(10, Octets(8, 1) + theirs))});
    return Actions{{What::send, bad}, {What::send, good}};
  });
  const auto group = server.group();
  for (int i = 0; i < 3; ++i)
    CHECK(told(ask(group, "n" + std::to_string(i) + ".zone.test")) == "127.0.0.2");
  const Asked last = server.log().back();
  CHECK(Octets(last.query.end() - 8, last.query.end()) == theirs);
  CHECK(engine->counters().of(Junk::wrong_cookie) == 3);
}

TEST_CASE_METHOD(EngineFixture, "a server that has cookies and a reply without one: TCP tells") {
  const LoopbackServer server([](const Asked& asked) {
    if (asked.is_tcp) return say(truth(asked));
    if (asked.nth > 0) return say(lie(asked));
    const auto begin = asked.query.begin() + asked.question_end + 11 + 4;
    return say(reply_to(asked, 0x8480, {a(kAsk, kTrueCode)}, {},
                        {opt(option(10, Octets(begin, begin + 8) + Octets(8, 7)))}));
  });
  const auto group = server.group();
  CHECK(told(ask(group, "a.zone.test")) == "127.0.0.2");
  const Completion second = ask(group, "b.zone.test");
  CHECK(told(second) == "127.0.0.2");
  CHECK(second.transport == Transport::tcp);
}

TEST_CASE_METHOD(EngineFixture, "a server that ends its cookies, and has no TCP, is seen again") {
  std::atomic<bool> has_cookies = true;
  const auto answer = [&has_cookies](const Asked& asked) {
    if (!has_cookies) return say(truth(asked));
    const auto begin = asked.query.begin() + asked.question_end + 11 + 4;
    const Octets cookie = option(10, Octets(begin, begin + 8) + Octets(8, 7));
    return say(reply_to(asked, 0x8480, {a(kAsk, kTrueCode)}, {}, {opt(cookie)}));
  };
  const LoopbackServer server(answer, false);
  const auto group = server.group();
  CHECK(told(ask(group, "a.zone.test")) == "127.0.0.2");
  has_cookies = false;
  for (int i = 0; i < 6; ++i)
    CHECK(told(ask(group, "b" + std::to_string(i) + ".zone.test")) == "network");
  clock.ahead += core::Seconds(10);
  CHECK(told(ask(group, "c.zone.test")) == "127.0.0.2");
}

TEST_CASE_METHOD(EngineFixture, "BADCOOKIE is asked again with the new cookie, then over TCP") {
  const bool is_stubborn = GENERATE(false, true);
  const LoopbackServer server([is_stubborn](const Asked& asked) {
    const auto begin = asked.query.begin() + asked.question_end + 11 + 4;
    const bool has_server_part = asked.query.end() - begin >= 16;
    if (asked.is_tcp || (has_server_part && !is_stubborn)) return say(truth(asked));
    const Octets cookie = option(10, Octets(begin, begin + 8) + Octets(8, 7));
    return say(reply_to(asked, 0x8487, {}, {}, {opt(cookie, 1)}));
  });
  const Completion done = ask(server.group(), "a.zone.test");
  // Without a cookie of its own in the reply, an agreed server's UDP is not believed either.
  CHECK(told(done) == "127.0.0.2");
  CHECK(done.transport == Transport::tcp);
}

TEST_CASE_METHOD(EngineFixture,
                 "a flood of forged replies moves the lookup to TCP and raises the alarm") {
  const LoopbackServer server([](const Asked& asked) {
    if (asked.is_tcp) return say(truth(asked));
    Actions actions;
    for (unsigned i = 1; i <= 150; ++i)
      actions.push_back({What::send, with_id(lie(asked), asked.id + i)});
    return actions;
  });
  const Completion done = ask(server.group(), "a.zone.test");
  CHECK(told(done) == "127.0.0.2");
  CHECK(done.transport == Transport::tcp);
  CHECK(engine->counters().forgery_alarms == 1);
}

TEST_CASE_METHOD(EngineFixture,
                 "a hundred wrong replies are a server's mistakes, one more is a forger's") {
  const unsigned wrong = GENERATE(100U, 101U);
  const LoopbackServer server([wrong](const Asked& asked) {
    if (asked.is_tcp) return say(truth(asked));
    Actions actions;
    for (unsigned i = 1; i <= wrong; ++i)
      actions.push_back({What::send, with_id(lie(asked), asked.id + i)});
    actions.push_back({What::send, truth(asked)});
    return actions;
  });
  const Completion done = ask(server.group(), "a.zone.test");
  CHECK(told(done) == "127.0.0.2");
  CHECK(done.transport == (wrong > 100 ? Transport::tcp : Transport::udp));
  CHECK(engine->counters().forgery_alarms == (wrong > 100 ? 1 : 0));
}

TEST_CASE_METHOD(
    EngineFixture,
    "of a hundred thousand forged replies with the right port, name and case none is taken") {
  core::SeededRandom chance(7);
  const LoopbackServer server([&chance](const Asked& asked) {
    if (asked.is_tcp) return say(truth(asked));
    Actions actions;
    for (unsigned i = 0; i < 200; ++i) {
      const auto guess = static_cast<unsigned>(chance.below(65535)) + 1;  // never the right one
      actions.push_back({What::send, with_id(lie(asked), asked.id + guess)});
    }
    actions.push_back({What::send, truth(asked)});
    return actions;
  });
  for (int i = 0; i < 500; ++i)
    CHECK(told(ask(server.group(), "n" + std::to_string(i) + ".zone.test")) == "127.0.0.2");
  CHECK(engine->counters().forgery_alarms > 400);
}

TEST_CASE_METHOD(EngineFixture, "too few descriptors delay lookups and lose none") {
  const LoopbackServer server([](const Asked& asked) { return say(truth(asked)); });
  options.in_flight = 2000;
  start();
  // The limit is a number that no new descriptor may reach: the next free one is the first refused.
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(core::Fd(dup(STDERR_FILENO)).get());
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto group = server.group();
  for (int i = 0; i < 1000; ++i)
    submit(group, "n" + std::to_string(i) + ".zone.test");
  std::size_t told_of = 0;
  for (int i = 0; i < 5; ++i)
    told_of += engine->wait(Millis(20)).size();
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(told_of == 0);
  CHECK(server.count() == 0);
  for (const Completion& one : finish())
    CHECK(told(one) == "127.0.0.2");
  CHECK(server.count() >= 1000);
}

TEST_CASE_METHOD(
    EngineFixture,
    "a storm of every trouble at once ends with every lookup told and no descriptor lost") {
  const LoopbackServer server([](const Asked& asked) -> Actions {
    if (asked.is_tcp) {
      if (asked.nth % 3 == 0) return {{What::close, {}}};
      return say(truth(asked));
    }
    switch (asked.nth % 7) {
      case 0:
        return {};
      case 1:
        return say(truncated(asked));
      case 2:
        return say(asked.has_edns ? rcode(asked, 1) : truth(asked));
      case 3:
        return {kForgeries[asked.nth % kForgeries.size()].make(asked)};
      case 4:
        return say(lower_case(truth(asked), asked.question_end));
      case 5:
        return say(rcode(asked, 2));
      default:
        return say(truth(asked));
    }
  });
  const LoopbackServer other(
      [](const Asked& asked) { return say(asked.nth % 2 == 0 ? truth(asked) : rcode(asked, 5)); });
  const auto group = std::make_shared<const ServerGroup>(
      ServerGroup{{server.server(), other.server()}, ServerRole::resolver});
  const auto before = open_descriptors();
  options.timeout = Millis(60);
  options.in_flight = 256;
  start();
  int submitted = 0;
  int told_of = 0;
  while (told_of < 5000) {
    while (submitted < 5000 && engine->can_submit({0}))
      submit(group, "n" + std::to_string(submitted++) + ".zone.test");
    for (const Completion& one : engine->wait(Millis(500))) {
      ++told_of;
      CHECK(told(one) != "127.0.0.99");
    }
  }
  CHECK(engine->in_flight() == 0);
  engine.reset();
  CHECK(open_descriptors() - before <= 64);  // the server's own ends of connections
}
