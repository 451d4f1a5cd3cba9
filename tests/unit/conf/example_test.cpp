// SPDX-License-Identifier: Apache-2.0
// The commented example that is shipped, and a configuration with nothing in it.
#include <catch2/catch.hpp>

#include "core/file.hpp"
#include "tests/unit/conf/loading.hpp"

namespace rblwatch::conf::test {
namespace {

const std::string kSource = RBL_SOURCE_DIR;

TEST_CASE("The commented example loads without an error") {
  const Loaded loaded = load(kSource + "/conf/rblwatch.toml", environment_of({}));
  CHECK(lines(loaded.errors, kSource) == std::vector<std::string>{});
  CHECK(lines(loaded.warnings, kSource) ==
        std::vector<std::string>{
            "conf/rblwatch.toml: read and checked, but not acted on yet: "
            "zone.delist_time, channel.fallback_after, channel.max_per_minute, channel.flap_limit, "
            "channel.fallback, digest (a later version of rblwatch will; nothing depends on them "
            "until then)"});
  REQUIRE(loaded.config);
  CHECK(loaded.config->targets.size() == 4);
  CHECK(loaded.config->channels.size() == 2);
}

/// What stands between the fences of the README's TOML.
std::vector<std::string> readme_examples() {
  const std::string readme = core::read_file(kSource + "/README.md", std::size_t{1} << 20U).value();
  constexpr std::string_view kFence = "```toml\n";
  std::vector<std::string> examples;
  for (std::size_t at = readme.find(kFence); at != std::string::npos;
       at = readme.find(kFence, at + 1)) {
    const std::size_t begin = at + kFence.size();
    examples.push_back(readme.substr(begin, readme.find("```", begin) - begin));
  }
  return examples;
}

TEST_CASE("The README's first configuration loads as it stands, and its Slack channel beside it") {
  const std::vector<std::string> examples = readme_examples();
  REQUIRE(examples.size() == 2);
  const Folder folder;
  const Loaded first = load(folder.write("my.toml", examples[0]), environment_of({}));
  CHECK(lines(first.errors, folder.path()) == std::vector<std::string>{});
  CHECK(lines(first.warnings, folder.path()) == std::vector<std::string>{});
  REQUIRE(first.config);
  CHECK(first.config->daemon.database == folder.path() / "rblwatch.db");
  CHECK(first.config->targets.size() == 2);
  CHECK(first.config->channels.size() == 1);
  const std::string url = folder.write("slack.url", "https://hooks.slack.com/services/T0/B0/x\n");
  const std::string slack = core::replace_all(examples[1], "/etc/rblwatch/slack.url", url);
  const Loaded both = load(folder.write("both.toml", examples[0] + slack), environment_of({}));
  CHECK(lines(both.errors, folder.path()) == std::vector<std::string>{});
  REQUIRE(both.config);
  CHECK(both.config->channels.size() == 2);
}

TEST_CASE("What the example's sections say are the defaults") {
  const Loaded example = load(kSource + "/conf/rblwatch.toml", environment_of({}));
  const Loaded empty = load_alone("");
  REQUIRE(example.config);
  REQUIRE(empty.config);
  const Config& a = *example.config;
  const Config& b = *empty.config;
  CHECK(a.daemon.database == b.daemon.database);
  CHECK(a.daemon.log_level == b.daemon.log_level);
  CHECK(a.daemon.log_format == b.daemon.log_format);
  CHECK(a.daemon.http_address == b.daemon.http_address);
  CHECK(a.daemon.http_port == b.daemon.http_port);
  CHECK(a.daemon.retention == b.daemon.retention);
  CHECK(a.daemon.max_subjects == b.daemon.max_subjects);
  CHECK(a.daemon.boot_grace == b.daemon.boot_grace);
  CHECK(a.resolver.timeout == b.resolver.timeout);
  CHECK(a.resolver.attempts == b.resolver.attempts);
  CHECK(a.resolver.in_flight == b.resolver.in_flight);
  CHECK(a.resolver.mixed_case == b.resolver.mixed_case);
  CHECK(a.resolver.qps == b.resolver.qps);
  CHECK(a.resolver_servers == b.resolver_servers);
  CHECK(a.schedule.interval == b.schedule.interval);
  CHECK(a.schedule.jitter == b.schedule.jitter);
  CHECK(a.schedule.health.health_interval == b.schedule.health.health_interval);
  CHECK(a.schedule.health.health_retry == b.schedule.health.health_retry);
  CHECK(a.schedule.confirm.confirmations == b.schedule.confirm.confirmations);
  CHECK(a.schedule.confirm.confirm_after == b.schedule.confirm.confirm_after);
  CHECK(a.schedule.confirm.confirm_within == b.schedule.confirm.confirm_within);
  CHECK(a.schedule.confirm.interval == b.schedule.confirm.interval);
  CHECK(a.schedule.confirm.via_authoritative == b.schedule.confirm.via_authoritative);
  CHECK(a.schedule.breaker.share == b.schedule.breaker.share);
  CHECK(a.schedule.breaker.min == b.schedule.breaker.min);
  CHECK(a.schedule.breaker.hold == b.schedule.breaker.hold);
  // The example's own zone and its override are what differs.
  CHECK(a.zones.size() == b.zones.size() + 1);
}

TEST_CASE("Without a file there are the defaults, enough for check") {
  const Loaded loaded = load_alone("");
  REQUIRE(loaded.config);
  CHECK(loaded.errors.empty());
  CHECK(loaded.warnings.empty());
  CHECK(loaded.config->targets.empty());
  CHECK(loaded.config->channels.empty());
  CHECK(loaded.config->zones.size() > 10);
  CHECK(loaded.config->daemon.database == "/var/lib/rblwatch/rblwatch.db");
}

TEST_CASE("A file that is named and isn't there is an error") {
  const Loaded loaded = load("/nonexistent/rblwatch.toml", environment_of({}));
  CHECK_FALSE(loaded.config);
  CHECK(lines(loaded.errors, "/nonexistent") ==
        std::vector<std::string>{
            "rblwatch.toml: opening rblwatch.toml: No such file or "
            "directory (give the path of a file that is there, or write this one)"});
}

TEST_CASE("What is no regular file is an error and is not waited for") {
  for (const char* path : {"/dev/zero", "/dev/null", "/proc"}) {
    const Loaded loaded = load(path, environment_of({}));
    CHECK_FALSE(loaded.config);
    CHECK(loaded.errors.size() == 1);
  }
}

}  // namespace
}  // namespace rblwatch::conf::test
