// SPDX-License-Identifier: Apache-2.0
//
// An engine on real sockets with a clock that tests can move forward, and the few steps that tests
// of it repeat.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/handle.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "dns/udp_resolver.hpp"
#include "loopback_server.hpp"

namespace rblwatch::dns::test {

/// The system's clock, ahead by what the test says, and by eight hours once it was read so often.
class MovedClock final : public core::Clock {
 public:
  core::Timestamp now() const override { return system_.now(); }
  core::Tick tick() const override {
    if (sleeps_in > 0 && --sleeps_in == 0) ahead += std::chrono::hours(8);
    return system_.tick() + ahead;
  }
  mutable core::Micros ahead{0};
  mutable int sleeps_in = 0;

 private:
  core::SystemClock system_;
};

struct EngineFixture {
  MovedClock clock;
  core::SystemRandom random;
  ResolverOptions options;
  std::unique_ptr<Resolver> engine;
  std::uint64_t next_id = 1;
  core::Seconds patience{120};  // until lookups that don't end are a failure

  EngineFixture() {
    options.timeout = core::Seconds(10);  // a busy machine must not make a silence of its own
    options.qps = 0;
  }

  Resolver& start() {
    auto made = make_udp_resolver(options, clock, random);
    REQUIRE(made);
    engine = std::move(*made);
    return *engine;
  }
  LookupId submit(const ServerGroupPtr& group, const std::string& name, QType type = QType::a,
                  std::uint32_t lane = 0) {
    if (engine == nullptr) start();
    const LookupId id{next_id++};
    engine->submit({id, {lane}, {*core::DnsName::parse(name), type}, group});
    return id;
  }
  /// Waits until nothing is in flight.
  std::vector<Completion> finish() {
    std::vector<Completion> all;
    const auto latest = std::chrono::steady_clock::now() + patience;
    while (engine->in_flight() > 0) {
      REQUIRE(std::chrono::steady_clock::now() < latest);
      const auto some = engine->wait(core::Millis(500));
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  Completion ask(const ServerGroupPtr& group, const std::string& name, QType type = QType::a) {
    submit(group, name, type);
    const auto all = finish();
    REQUIRE(all.size() == 1);
    return all[0];
  }
};

inline Actions honest(const Asked& asked) {
  if (asked.name.rfind("listed", 0) == 0) return say(truth(asked));
  return say(reply_to(asked, 0x8483, {}, {soa(name("zone.test"), 3600, 300)}));
}
inline Actions silent(const Asked&) {
  return {};
}

inline ServerGroupPtr both(const LoopbackServer& one, const LoopbackServer& two,
                           ServerRole role = ServerRole::authoritative) {
  return std::make_shared<const ServerGroup>(ServerGroup{{one.server(), two.server()}, role});
}

inline std::size_t over_tcp(const LoopbackServer& server) {
  const auto log = server.log();
  return static_cast<std::size_t>(
      std::count_if(log.begin(), log.end(), [](const Asked& asked) { return asked.is_tcp; }));
}

/// "127.0.0.2", "NXDOMAIN", "timeout", "network" or "malformed".
inline std::string told(const Completion& completion) {
  if (const auto* none = std::get_if<NoAnswer>(&completion.outcome)) {
    switch (none->why) {
      case NoAnswer::Why::timeout:
        return "timeout";
      case NoAnswer::Why::network:
        return "network";
      case NoAnswer::Why::malformed:
        return "malformed";
    }
  }
  const Answer& answer = std::get<Answer>(completion.outcome);
  if (answer.rcode == Rcode::noerror && !answer.a.empty()) return answer.a[0].to_text();
  return to_text(answer.rcode);
}

/// What `act` writes to the log.
template <class Act>
std::string log_of(Act act) {
  const core::Handle<std::FILE, std::fclose> file(std::tmpfile());
  const core::Fd saved(dup(STDERR_FILENO));
  REQUIRE((file != nullptr && saved.is_open()));
  REQUIRE(dup2(fileno(file.get()), STDERR_FILENO) >= 0);
  act();
  REQUIRE(dup2(saved.get(), STDERR_FILENO) >= 0);
  std::string text(1U << 20U, '\0');
  std::rewind(file.get());
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  return text;
}

inline std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

}  // namespace rblwatch::dns::test
