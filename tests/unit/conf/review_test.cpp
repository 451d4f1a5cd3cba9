// SPDX-License-Identifier: Apache-2.0
#include "conf/review.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/conf/loading.hpp"

namespace rblwatch::conf::test {
namespace {

std::string config_with(const std::string& rest) {
  return "[resolver]\nqps = 0\n[catalogue]\nuse = []\n" + rest;
}

Config loaded(const std::string& rest) {
  const Loaded all = load_alone(config_with(rest));
  INFO(rest);
  for (const Diagnostic& error : all.errors) {
    UNSCOPED_INFO(to_text(error));
  }
  REQUIRE(all.config);
  return *all.config;
}

std::vector<std::string> warnings_of(const std::string& rest) {
  const Config config = loaded(rest);
  return lines(demand_warnings(config, demand_of(config, {}).value()), "/nonexistent");
}

constexpr const char* kZone = "[[zone]]\nid = \"corp\"\ndns = \"bl.test\"\nkinds = [\"ipv4\"]\n";
constexpr const char* kNetwork = "[[target]]\nrange = \"192.0.2.0/24\"\n";

std::string zone(const std::string& more) {
  return kZone + more;
}

TEST_CASE("A demand that fits is told of by nobody") {
  CHECK(warnings_of(zone("limit_per_day = 20000\nqps = 5\n") + kNetwork).empty());
  CHECK(warnings_of(std::string(kZone) + kNetwork).empty());
  CHECK(warnings_of(zone("limit_per_day = 1\n")).empty());  // nothing is asked
}

TEST_CASE("Each warning names the zone's place, the figures and the fix") {
  struct Case {
    std::string config;
    std::string warning;
  };
  const std::vector<Case> cases{
      {zone("limit_per_day = 10000\noperator = \"Corp\"\n") + kNetwork,
       "test.toml:5:1: zone[0]: zone corp is asked 12 432 questions a day, and Corp allows 10 000 "
       "questions: 124 % (an interval of at least 38m (schedule.interval, or zone.interval); or "
       "watch fewer subjects there (skip_zones), skip a zone, or ask the operator for a key or a "
       "higher limit)"},
      {zone("limit_per_day = 12500\n") + kNetwork,
       "test.toml:5:1: zone[0]: zone corp is asked 12 432 questions a day, and its operator allows "
       "12 500 questions: 99 %, which leaves little for confirmations and reasons (watch fewer "
       "subjects there (skip_zones), skip a zone, or ask the operator for a key or a higher "
       "limit)"},
      {zone("qps = 0.1\n") + kNetwork,
       "test.toml:5:1: zone[0]: a sweep of zone corp takes 42 min 40 s at 0.1 questions a second, "
       "and the interval is 30 min: it stretches (an interval of at least 43m, fewer subjects, "
       "or a higher qps of the zone where its operator allows it)"},
  };
  for (const Case& c : cases) {
    const std::vector<std::string> found = warnings_of(c.config);
    REQUIRE(found.size() == 1);
    CHECK(found.front() == c.warning);
  }
}

TEST_CASE("An operator's zones are told of together") {
  const std::vector<std::string> found = warnings_of(
      zone("limit_per_day = 20000\noperator = \"Corp\"\n") +
      "[[zone]]\nid = \"more\"\ndns = \"more.test\"\nkinds = [\"ipv4\"]\noperator = \"Corp\"\n" +
      kNetwork);
  REQUIRE(found.size() == 1);
  CHECK(found.front().find("Corp's zones (corp, more) are asked 24 864 questions a day, and Corp "
                           "allows 20 000 questions: 124 %") != std::string::npos);
}

TEST_CASE("A resolver's qps that holds sweeps back is named once for all zones") {
  const Loaded all =
      load_alone("[resolver]\nqps = 0.1\n[catalogue]\nuse = []\n" + std::string(kZone) +
                 "[[zone]]\nid = \"more\"\ndns = \"more.test\"\nkinds = [\"ipv4\"]\n" + kNetwork);
  REQUIRE(all.config);
  const auto found = demand_warnings(*all.config, demand_of(*all.config, {}).value());
  REQUIRE(found.size() == 1);
  CHECK(found.front().text.find("a sweep of the zones corp, more takes 1 h 25 min at 0.1 questions "
                                "a second over all zones, and the interval is 30 min") == 0);
  CHECK(found.front().allowed.find("resolver.qps") != std::string::npos);
}

TEST_CASE("Zones that hold one another are told of where both are asked") {
  const std::string both = zone("contained_in = [\"whole\"]\n") +
                           "[[zone]]\nid = \"whole\"\ndns = \"whole.test\"\nkinds = [\"ipv4\"]\n";
  const std::vector<std::string> found = warnings_of(both + kNetwork);
  REQUIRE(found.size() == 1);
  CHECK(found.front() ==
        "test.toml:5:1: zone[0]: zone corp is contained in whole, in use too: the same is asked "
        "twice, and told once (leave corp out (catalogue.skip), unless you want its listings "
        "apart)");
  CHECK(warnings_of(both).empty());
}

TEST_CASE("A catalogue zone's place is what put it to use") {
  const Loaded all = load_alone(
      "[schedule]\ninterval = \"1m\"\n[catalogue]\nuse = [\n  \"spamhaus-zen\"]\n[[target]]\n"
      "range = \"192.0.2.0/24\"\n");
  REQUIRE(all.config);
  const auto found = demand_warnings(*all.config, demand_of(*all.config, {}).value());
  REQUIRE(found.size() == 1);
  CHECK(found.front().line == 5);
  CHECK(found.front().key.find("catalogue.use") == 0);
  CHECK(found.front().text.find("zone spamhaus-zen is asked 368 784 questions a day, and Spamhaus "
                                "allows 300 000") == 0);
}

TEST_CASE("The defaults for one mail server are told of by nobody") {
  const Loaded all = load_alone(
      "[[target]]\naddress = \"192.0.2.10\"\n[[target]]\ndomain = "
      "\"example.com\"\n");
  REQUIRE(all.config);
  CHECK(demand_warnings(*all.config, demand_of(*all.config, {}).value()).empty());
}

TEST_CASE("The system's resolvers are looked at where the configuration names none") {
  const std::vector<dns::Server> system{dns::Server::parse("1.1.1.1").value(),
                                        dns::Server::parse("127.0.0.1").value()};
  Config config = loaded("");
  const auto found = resolver_warnings(config, system);
  REQUIRE(found.size() == 1);
  CHECK(found.front().file == "/etc/resolv.conf");
  CHECK(found.front().key == "resolver.servers");
  CHECK(found.front().text.find("1.1.1.1 is a public resolver (Cloudflare)") == 0);
  CHECK_FALSE(found.front().allowed.empty());
  config.resolver_servers = {dns::Server::parse("127.0.0.1").value()};
  CHECK(resolver_warnings(config, system).empty());
}

TEST_CASE("Too many subjects by what hosts resolved to are a warning") {
  Config config = loaded(std::string(kZone) + "[[target]]\nhost = \"mail.example\"\n");
  config.daemon.max_subjects = 1;
  const lists::HostBook hosts{
      {0,
       {core::IpAddress::parse("192.0.2.1").value(), core::IpAddress::parse("192.0.2.2").value()}}};
  CHECK_FALSE(demand_of(config, hosts));
  const auto found = review(config, hosts);
  REQUIRE_FALSE(found.empty());
  CHECK(found.back().text.find("max_subjects") != std::string::npos);
}

TEST_CASE("A plan names what bears on questions, and leaves channels and files to config check") {
  const auto is_about = [](const std::string& key) {
    return is_about_questions({"test.toml", 1, 1, key, "text", "fix"});
  };
  for (const char* key : {"catalogue.use", "catalogue.max_age", "keys.spamhaus-dqs",
                          "resolver.servers", "schedule.interval", "target[3]", "zone[2].dns"}) {
    CHECK(is_about(key));
  }
  for (const char* key :
       {"", "channel[0].url", "daemon.http", "digest[1].at", "zones", "include"}) {
    CHECK_FALSE(is_about(key));
  }
}

TEST_CASE("Every warning of reading a configuration says what to do") {
  const Loaded all = load(
      RBL_SOURCE_DIR "/tests/conf/good/warnings.toml",
      environment_of({{"CANARY_KEY", "canary-key"},
                      {"CANARY_SECRET", "whsec_Q0FOQVJZLWtleS1vZi1tb3JlLXRoYW4tMjQtYnl0ZXM="}}));
  REQUIRE(all.warnings.size() > 10);
  for (const Diagnostic& warning : all.warnings) {
    INFO(to_text(warning));
    CHECK_FALSE(warning.allowed.empty());
  }
}

}  // namespace
}  // namespace rblwatch::conf::test
