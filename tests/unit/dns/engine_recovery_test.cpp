// SPDX-License-Identifier: Apache-2.0
// What the engine does when something stops, comes back, becomes slow or is refused: nothing is
// asked twice at once, nothing waits for ever, and no server is given up for good.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <map>
#include <set>
#include <thread>

#include "dns/engine.hpp"
#include "engine_fixture.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;
using core::Micros;
using core::Millis;

namespace {

std::string listed(std::size_t number) {
  return "listed" + std::to_string(number) + ".zone.test";
}

// From here on this thread gets what a kernel without IPv6 would give it. Whether that was done.
bool be_without_v6() {
  std::array<sock_filter, 6> rules{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{.len = rules.size(), .filter = rules.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

std::size_t sendings(const LoopbackServer& server, const std::string& name) {
  const auto log = server.log();
  return static_cast<std::size_t>(std::count_if(
      log.begin(), log.end(), [&name](const Asked& asked) { return asked.name == name; }));
}

/// Two servers of one group, of which the first is silent until it is told to answer.
struct Pair : EngineFixture {
  std::atomic<bool> is_up{false};
  std::atomic<bool> is_lossy{false};
  std::set<std::string> seen;
  LoopbackServer silent_one{
      [this](const Asked& asked) { return is_up ? honest(asked) : Actions{}; }};
  // When lossy, it answers each name from the second asking on.
  LoopbackServer good_one{[this](const Asked& asked) {
    return is_lossy && seen.insert(asked.name).second ? Actions{} : honest(asked);
  }};
  ServerGroupPtr group = both(silent_one, good_one);
  std::size_t asked_so_far = 0;

  Pair() { options.timeout = Millis(200); }

  Completion ask_next() { return ask(group, listed(asked_so_far++)); }
  bool is_first_answering() {
    for (const ServerStatus& status : engine->servers()) {
      if (status.server == silent_one.server()) return status.is_answering;
    }
    return true;
  }
  void let_first_die() {
    start();
    while (is_first_answering()) {
      for (int i = 0; i < 8; ++i)
        submit(group, listed(asked_so_far++));
      finish();
    }
  }
};

}  // namespace

TEST_CASE_METHOD(EngineFixture, "a packet that the kernel refuses takes nothing from the pace") {
  // The kernel refuses to send to a broadcast address.
  const auto group = std::make_shared<const ServerGroup>(
      ServerGroup{{*Server::parse("255.255.255.255:53")}, ServerRole::resolver});
  options.qps = 20;
  options.timeout = Millis(500);
  patience = core::Seconds(20);
  CHECK(told(ask(group, "x.zone.test")) == "network");
  clock.ahead += core::Seconds(10);
  engine->wait(Millis(0));
  CHECK(engine->can_submit({0}));
}

TEST_CASE_METHOD(Pair, "a server of a group is noticed to be back while the other does well") {
  let_first_die();
  const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  // Each lookup has one attempt, and none is lost to a probe.
  options.attempts = 1;
  let_first_die();
  const std::size_t before = silent_one.count();
  while (silent_one.count() < before + 2) {
    REQUIRE(std::chrono::steady_clock::now() < latest);
    CHECK(told(ask_next()) == "127.0.0.2");
  }
  is_up = true;
  while (!is_first_answering()) {
    REQUIRE(std::chrono::steady_clock::now() < latest);
    CHECK(told(ask_next()) == "127.0.0.2");
  }
}

TEST_CASE_METHOD(Pair, "a lost question goes back to the server that answers, not to a dead one") {
  let_first_die();
  is_lossy = true;
  for (int i = 0; i < 6; ++i)  // eight in a row, and it would seem dead itself
    submit(group, listed(asked_so_far++));
  for (const Completion& done : finish()) {
    CHECK(told(done) == "127.0.0.2");
    CHECK(done.server == good_one.server());
  }
}

TEST_CASE_METHOD(Pair, "when only a dead server is left to ask, a failure is the answer at once") {
  let_first_die();
  const LoopbackServer failing([](const Asked& asked) { return say(rcode(asked, 2)); });
  const auto group_of_both = both(silent_one, failing);
  options.timeout = core::Seconds(10);
  for (int i = 0; i < 3; ++i) {
    const std::string name = listed(asked_so_far++);
    CHECK(told(ask(group_of_both, name)) == "SERVFAIL");
    CHECK(sendings(failing, name) == 1);
  }
}

TEST_CASE_METHOD(EngineFixture, "a failure is not the last word while another lost a question") {
  const LoopbackServer failing([](const Asked& asked) { return say(rcode(asked, 5)); });
  std::set<std::string> seen;
  const LoopbackServer losing([&seen](const Asked& asked) {
    const bool is_lost = asked.name.starts_with("listed") && seen.insert(asked.name).second;
    return is_lost ? Actions{} : honest(asked);
  });
  options.attempts = 6;  // of which a busy machine may need some
  for (std::size_t i = 0; i < 8; ++i)
    ask(losing.group(), "n" + std::to_string(i) + ".zone.test");  // how quick it is
  const auto group = both(failing, losing);
  for (std::size_t i = 0; i < 10; ++i)
    CHECK(told(ask(group, listed(i))) == "127.0.0.2");
  for (std::size_t i = 0; i < 10; ++i)
    CHECK(sendings(failing, listed(i)) <= 2);
}

TEST_CASE_METHOD(EngineFixture, "a window full of a zone that died is looked past") {
  const LoopbackServer server([](const Asked& asked) {
    return asked.name.rfind("dead", 0) == 0 ? Actions{} : honest(asked);
  });
  const auto group = server.group(ServerRole::resolver);
  for (const std::uint32_t lane : {1U, 2U}) {
    submit(group, "first" + std::to_string(lane) + ".zone.test", QType::a, lane);
    finish();
  }
  for (int i = 0; i < 200; ++i)
    submit(group, "dead" + std::to_string(i) + ".zone.test", QType::a, 1);
  engine->wait(Millis(0));
  const auto began = std::chrono::steady_clock::now();
  submit(group, "live.zone.test", QType::a, 2);
  while (engine->in_flight() > 200)
    engine->wait(Millis(500));
  CHECK(std::chrono::steady_clock::now() - began < options.timeout / 2);
}

TEST_CASE_METHOD(EngineFixture, "a question that goes to another server is one sent again") {
  options.timeout = Millis(200);
  const LoopbackServer gone(silent);
  const LoopbackServer good(honest);
  CHECK(told(ask(both(gone, good), "a.zone.test")) == "NXDOMAIN");
  CHECK(engine->counters().udp_sent == 2);
  CHECK(engine->counters().retries == 1);
}

TEST_CASE_METHOD(EngineFixture, "a zone that became slow is soon waited for, and asked once") {
  std::atomic<bool> is_slow{false};
  std::set<unsigned> seen;
  const LoopbackServer server([&](const Asked& asked) {
    if (is_slow && seen.insert(asked.id).second) std::this_thread::sleep_for(Millis(150));
    return honest(asked);
  });
  const auto group = server.group();
  for (std::size_t i = 0; i < 8; ++i)
    ask(group, listed(i));
  is_slow = true;
  for (std::size_t i = 8; i < 24; ++i)
    CHECK(told(ask(group, listed(i))) == "127.0.0.2");
  std::size_t fewest = 100;
  for (std::size_t i = 19; i < 24; ++i)
    fewest = std::min(fewest, sendings(server, listed(i)));
  CHECK(fewest == 1);
}

TEST_CASE_METHOD(EngineFixture, "two hundred equal lookups get two hundred equal answers") {
  const LoopbackServer server(honest);
  const auto group = server.group();
  for (int i = 0; i < 200; ++i)
    submit(group, "listed.zone.test");
  const auto all = finish();
  CHECK(all.size() == 200);
  for (const Completion& one : all) {
    CHECK(told(one) == "127.0.0.2");
    CHECK(one.server == server.server());
  }
  CHECK(server.count() == 1);
}

TEST_CASE_METHOD(EngineFixture,
                 "a late reply that has a waiting question asked anew has it asked once") {
  // Silent, then FORMERR to all that was ever asked with EDNS, then the truth.
  std::atomic<bool> is_back{false};
  std::map<std::string, Asked> kept;
  const LoopbackServer server([&](const Asked& asked) {
    if (!asked.has_edns) return honest(asked);
    kept[asked.name] = asked;
    Actions actions;
    if (!is_back) return actions;
    for (const auto& [name, one] : kept)
      actions.push_back({Action::What::send, rcode(one, 1), one.port});
    kept.clear();
    return actions;
  });
  options.timeout = Millis(100);
  options.attempts = 10;
  const auto group = server.group();
  // In four lanes, of which each may have twice as many on its way.
  for (unsigned i = 0; i < 20; ++i)
    submit(group, listed(i), QType::a, i % 4);
  while (engine->servers().empty() || engine->servers()[0].is_answering)
    engine->wait(Millis(20));
  is_back = true;
  for (const Completion& one : finish())
    CHECK(told(one) == "127.0.0.2");
  std::map<std::string, std::set<unsigned>> ids;
  for (const Asked& asked : server.log()) {
    if (!asked.has_edns) ids[asked.name].insert(asked.id);
  }
  CHECK(ids.size() == 20);
  for (const auto& [name, of_one] : ids)
    CHECK(of_one.size() == 1);
}

TEST_CASE_METHOD(EngineFixture,
                 "a lane's questions to a dead server don't keep back those to one that answers") {
  const LoopbackServer dead(silent);
  const LoopbackServer good(honest);
  options.timeout = Millis(150);  // all are given up before the first probe
  options.attempts = 1;
  patience = core::Seconds(20);
  const auto to_dead = dead.group();
  const auto to_good = good.group(ServerRole::resolver);
  // More than a lane that has never answered may have on its way: the others wait for a place.
  for (std::size_t i = 0; i < 24; ++i)
    submit(to_dead, "dead" + std::to_string(i) + ".zone.test");
  for (std::size_t i = 0; i < 5; ++i)
    submit(to_good, listed(i));
  CHECK(finish().size() == 29);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(sendings(good, listed(i)) > 0);
}

TEST_CASE_METHOD(EngineFixture, "lookups that waited for an equal question keep to the pace") {
  const LoopbackServer shared(honest);
  const LoopbackServer other(silent);
  start();
  const LaneLimit limit{.qps = 50};
  engine->set_lanes({&limit, 1});
  // Five go at once, which is the burst; five wait for them, since a server of theirs is the same.
  const auto one = shared.group();
  const auto two =
      std::make_shared<const ServerGroup>(ServerGroup{{shared.server()}, ServerRole::resolver});
  for (const auto& group : {one, two}) {
    for (std::size_t i = 0; i < 5; ++i)
      submit(group, listed(i));
  }
  CHECK(finish().size() == 10);
  const auto log = shared.log();
  REQUIRE(log.size() == 10);
  CHECK(log[9].at - log[0].at >= Millis(80));  // a hundred, and a tick
}

TEST_CASE_METHOD(EngineFixture, "after case was folded the question comes from another port") {
  static_cast<void>(GENERATE(range(0, 6)));  // again, for the same port would be chance
  const LoopbackServer busy(honest);
  std::vector<std::unique_ptr<LoopbackServer>> folding;  // each is believed after three
  for (int i = 0; i < 12; ++i) {
    folding.push_back(std::make_unique<LoopbackServer>(
        [](const Asked& asked) { return say(lower_case(truth(asked), asked.question_end)); }));
  }
  // So few ports that the same would come up again soon.
  engine = std::make_unique<Engine>(options, clock, random, core::Fd(epoll_create1(EPOLL_CLOEXEC)),
                                    SocketLimits{.in_use = 16, .open = 128});
  for (std::size_t i = 0; i < 200; ++i)
    submit(busy.group(), listed(i));
  finish();
  for (const auto& server : folding) {
    for (const char* tail : {".a.test", ".b.test", ".c.test"})
      submit(server->group(), "abcdefghijklmnopqrstuvwxyz" + std::string(tail));
  }
  finish();
  std::size_t asked_anew = 0;
  for (const auto& server : folding) {
    std::map<std::string, std::set<std::pair<std::uint16_t, unsigned>>> ways;  // port and id
    for (const Asked& asked : server->log())
      ways[asked.name].emplace(asked.port, asked.id);  // the new id may be the old one by chance
    for (const auto& [name, of_one] : ways) {
      asked_anew += of_one.size() - 1;
      CHECK((of_one.size() < 2 || of_one.begin()->first != of_one.rbegin()->first));
    }
  }
  CHECK(asked_anew == 36);
}

TEST_CASE_METHOD(EngineFixture, "a kernel without IPv6 loses no lookup and keeps back no other") {
  const LoopbackServer good(honest);
  const Server v6{*core::IpAddress::parse("::1"), 53};
  const auto alone = std::make_shared<const ServerGroup>(ServerGroup{{v6}, ServerRole::resolver});
  const auto one_of_two =
      std::make_shared<const ServerGroup>(ServerGroup{{v6, good.server()}, ServerRole::resolver});
  options.timeout = core::Seconds(2);
  start();
  bool is_without = false;
  std::vector<Completion> all;
  std::thread([&] {
    is_without = be_without_v6();
    for (std::size_t i = 0; i < 100; ++i) {
      submit(alone, listed(i), QType::a, 0);
      submit(one_of_two, listed(100 + i), QType::a, 1);
      submit(good.group(), listed(200 + i), QType::a, 2);
    }
    for (int i = 0; i < 300 && engine->in_flight() > 0; ++i) {
      const auto some = engine->wait(Millis(100));
      all.insert(all.end(), some.begin(), some.end());
    }
  }).join();
  REQUIRE(is_without);
  CHECK(all.size() == 300);
  for (const Completion& one : all)
    CHECK(told(one) == (one.id.value % 3 == 1 ? "network" : "127.0.0.2"));
}

TEST_CASE("too few descriptors for a thousand ports are told") {
  int status = 0;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit few{.rlim_cur = 1024, .rlim_max = 1024};
    const core::SystemClock clock;
    core::SystemRandom random;
    const bool is_set = setrlimit(RLIMIT_NOFILE, &few) == 0;
    const std::string log = log_of([&] { make_udp_resolver({}, clock, random); });
    const bool is_told = log.find("few descriptors") != std::string::npos &&
                         log.find("ports=448") != std::string::npos;
    _exit(is_set && is_told ? 0 : 1);
  }
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}
