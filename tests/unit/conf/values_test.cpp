// SPDX-License-Identifier: Apache-2.0
// What a good configuration comes to: every key of it ends up where it belongs.
#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/unit/conf/loading.hpp"

namespace rblwatch::conf::test {
namespace {

using core::Millis;
using lists::Kind;
using lists::Purpose;
using lists::Severity;

const std::string kGood = RBL_SOURCE_DIR "/tests/conf/good/";

Config all_keys() {
  Loaded loaded = load(kGood + "all_keys.toml", kVariables);
  REQUIRE(loaded.config);
  return std::move(*loaded.config);
}

const lists::Zone* find_zone(const std::vector<lists::Zone>& zones, const std::string& id) {
  const auto found = std::find_if(zones.begin(), zones.end(),
                                  [&id](const lists::Zone& zone) { return zone.id == id; });
  return found != zones.end() ? &*found : nullptr;
}

std::vector<std::string> ids(const Config& config) {
  std::vector<std::string> ids;
  for (const lists::Zone& zone : config.zones) {
    ids.push_back(zone.id);
  }
  return ids;
}

Config config_of(const std::string& text) {
  Loaded loaded = load_alone(text, kVariables);
  INFO((loaded.errors.empty() ? "" : to_text(loaded.errors[0])));
  REQUIRE(loaded.config);
  return std::move(*loaded.config);
}

TEST_CASE("Settings of the daemon are read, paths relative to the file") {
  const Config config = all_keys();
  const DaemonSettings& daemon = config.daemon;
  CHECK(config.file == kGood + "all_keys.toml");
  CHECK(daemon.database == kGood + "rblwatch.db");
  CHECK(socket_path(daemon) == kGood + "rblwatch.db.sock");
  CHECK(daemon.log_level == core::LogLevel::trace);
  CHECK(daemon.log_format == core::LogFormat::json);
  CHECK(daemon.http_address == "::1");
  CHECK(daemon.http_port == 8025);
  CHECK(daemon.token.reveal() == "CANARY-env-password");
  CHECK(daemon.retention == Millis(52LL * 7 * 24 * 3'600'000));
  CHECK(daemon.max_subjects == 1000);
  CHECK(daemon.heartbeat_url.reveal() == "http://127.0.0.1/beat");
  CHECK(daemon.boot_grace == Millis(0));
  CHECK(config.delivery.proxy.reveal() == "http://127.0.0.1:3128");
}

TEST_CASE("Settings of the resolver are read, servers once each") {
  const Config config = all_keys();
  CHECK(config.resolver.timeout == Millis(10));
  CHECK(config.resolver.attempts == 10);
  CHECK(config.resolver.in_flight == 65535);
  CHECK_FALSE(config.resolver.mixed_case);
  CHECK(config.resolver.qps == 0);
  std::vector<std::string> servers;
  for (const dns::Server& server : config.resolver_servers) {
    servers.push_back(server.to_text());
  }
  CHECK(servers ==
        std::vector<std::string>{"127.0.0.1:53", "127.0.0.1:5353", "[::1]:53", "[::1]:5353"});
}

TEST_CASE("The schedule is read") {
  const ScheduleSettings schedule = all_keys().schedule;
  CHECK(schedule.interval == Millis(1000));
  CHECK(schedule.confirm.interval == Millis(1000));
  CHECK(schedule.jitter == 1);
  CHECK(schedule.health.health_interval == Millis(3'600'000));
  CHECK(schedule.health.health_retry == Millis(10'000));
  CHECK(schedule.confirm.confirmations == 10);
  CHECK(schedule.confirm.confirm_after == Millis(0));
  CHECK(schedule.confirm.confirm_within == Millis(24LL * 3'600'000));
  CHECK(schedule.confirm.via_authoritative);
  CHECK(schedule.breaker.share == 1);
  CHECK(schedule.breaker.min == 1);
  CHECK(schedule.breaker.hold == Millis(7LL * 24 * 3'600'000));
}

TEST_CASE("A zone of one's own is read with all its keys") {
  const Config config = all_keys();
  const lists::Zone* zone = find_zone(config.zones, "corp");
  REQUIRE(zone != nullptr);
  CHECK(zone->dns.pattern() == "{key}.{subject}.bl.corp.test");
  CHECK(zone->dns.ask("2.0.0.127")->to_text() == "canary-key.2.0.0.127.bl.corp.test");
  CHECK(zone->dns.shown() == "<key>.bl.corp.test");
  CHECK((zone->kinds.has(Kind::ipv4) && zone->kinds.has(Kind::ipv6) &&
         zone->kinds.has(Kind::domain)));
  CHECK(zone->operator_name == "Corp");
  CHECK(zone->purpose == Purpose::block);
  CHECK(zone->severity == Severity::high);
  CHECK(zone->match == lists::MatchMode::exact);
  REQUIRE(zone->codes.size() == 4);
  CHECK(zone->codes[0].pattern.text() == "127.0.0.2");
  CHECK(zone->codes[0].meaning == "exact");
  CHECK(zone->codes[1].purpose == Purpose::allow);
  CHECK(zone->codes[2].purpose == Purpose::block);
  CHECK(zone->codes[3].purpose == Purpose::info);
  CHECK(lists::is_refusal(*zone, *core::IpAddress::parse("10.0.0.1")));
  CHECK(lists::is_refusal(*zone, *core::IpAddress::parse("127.255.255.254")));
  REQUIRE(zone->servers.size() == 1);
  CHECK(zone->servers[0].to_text() == "127.0.0.1:5300");
  CHECK(zone->interval == Millis(300'000));
  CHECK(zone->qps == 0.5);
  CHECK(zone->limit_per_day == 100'000);
  CHECK_FALSE(zone->txt);
  CHECK(zone->domain_form == lists::DomainForm::exact);
  CHECK(zone->contained_in == std::vector<std::string>{"spamhaus-zen", "spamhaus-sbl"});
  CHECK(zone->test_of(Kind::ipv4) == lists::TestEntries{"127.0.0.3", "127.0.0.4"});
  CHECK(zone->test_of(Kind::ipv6) == lists::TestEntries{"::FFFF:7F00:3", "::FFFF:7F00:1"});
  CHECK(zone->test_of(Kind::domain) == lists::TestEntries{"listed.test", "INVALID"});
  CHECK_FALSE(zone->test_random);
  CHECK(zone->test_codes.size() == 1);
  CHECK(zone->lookup_url == "https://lists.example/q/{subject}");
  CHECK(zone->delist_url == "mailto:remove@lists.example");
  CHECK(zone->delist_steps == std::vector<std::string>{"Stop the cause.", "Fill in the form."});
  CHECK(zone->delist_time == Millis(24LL * 3'600'000));
}

TEST_CASE("What a zone doesn't say has the contract's defaults") {
  const Config config = config_of("[[zone]]\nid = 'x'\ndns = 'x.test'\nkinds = ['ipv6']\n");
  const lists::Zone* zone = find_zone(config.zones, "x");
  REQUIRE(zone != nullptr);
  lists::Zone expected;
  expected.id = "x";
  expected.dns = *lists::ZoneDns::parse("x.test");
  expected.kinds.add(Kind::ipv6);
  for (const Kind kind : lists::kAllKinds) {
    expected.tests[static_cast<std::size_t>(kind)] = lists::default_test_entries(kind);
  }
  CHECK(*zone == expected);
  CHECK(zone->severity == Severity::medium);
  CHECK(zone->domain_form == lists::DomainForm::registrable);
}

TEST_CASE("Bitmask zones have bits as codes and whole addresses as refusals") {
  const Config config = all_keys();
  const lists::Zone* zone = find_zone(config.zones, "bits");
  REQUIRE(zone != nullptr);
  CHECK(zone->match == lists::MatchMode::bitmask);
  REQUIRE(zone->codes.size() == 2);
  CHECK(zone->codes[0].purpose == Purpose::allow);
  CHECK(zone->codes[1].purpose == Purpose::info);
  REQUIRE(zone->test_codes.size() == 2);
  CHECK(zone->test_codes[0].matches(*core::IpAddress::parse("127.0.0.6")));
  CHECK(zone->test_codes[1].matches(*core::IpAddress::parse("127.0.0.6")));
  CHECK_FALSE(zone->interval);
}

TEST_CASE("An empty array waives a test, of all the zone's kinds") {
  const Config config =
      config_of("[[zone]]\nid = 'x'\ndns = 'x.test'\nkinds = ['ipv4', 'ipv6']\ntest_listed = []\n");
  const lists::Zone* zone = find_zone(config.zones, "x");
  REQUIRE(zone != nullptr);
  CHECK_FALSE(zone->test_of(Kind::ipv4).listed);
  CHECK_FALSE(zone->test_of(Kind::ipv6).listed);
  CHECK(zone->test_of(Kind::ipv4).clear == "127.0.0.1");
}

TEST_CASE(
    "Zones in use are the members of groups and the named ones less the skipped, own ones last") {
  const Config config = all_keys();
  CHECK(find_zone(config.zones, "corp") != nullptr);
  CHECK(find_zone(config.zones, "info-zone") == nullptr);     // skipped
  CHECK(find_zone(config.zones, "spamcop-bl") == nullptr);    // by its DNS name
  CHECK(find_zone(config.zones, "spamhaus-sbl") == nullptr);  // by its id
  CHECK(config.zones.back().id == "bits");
  for (const lists::Zone& zone : config.zones) {
    CHECK(zone.severity != Severity::low);  // a skipped group
    CHECK((!zone.dns.needs_key() || zone.dns.has_key()));
  }
}

TEST_CASE("A keyed zone is a member of its groups as soon as its key is there") {
  const std::string keys = "[keys]\nspamhaus-dqs = 'env:CANARY_KEY'\n";
  const auto uses = [](const std::string& text) {
    return find_zone(config_of(text).zones, "spamhaus-dqs-zen") != nullptr;
  };
  CHECK(uses(keys + "[catalogue]\nuse = ['all']\n"));
  CHECK(uses(keys + "[catalogue]\nuse = ['spamhaus-dqs-zen']\n"));
  CHECK(uses(keys + "[catalogue]\nuse = ['high']\n"));
  CHECK_FALSE(uses(keys + "[catalogue]\nuse = ['default', 'low']\n"));
  CHECK_FALSE(uses(keys + "[catalogue]\nuse = ['all']\nskip = ['high']\n"));
  CHECK_FALSE(uses("[catalogue]\nuse = ['high']\n"));
  CHECK_FALSE(uses("[catalogue]\nuse = ['all']\n"));
}

TEST_CASE("A key of its own goes before the operator's shared one") {
  const Config config = config_of(
      "[keys]\nspamhaus-dqs = 'shared'\n[catalogue]\nuse = ['spamhaus-dqs-zen']\n"
      "[[zone]]\nid = 'spamhaus-dqs-zen'\nkey = 'mine'\n");
  REQUIRE(config.zones.size() == 1);
  CHECK(config.zones[0].dns.ask("x")->to_text() == "x.mine.zen.dq.spamhaus.net");
}

TEST_CASE("An override changes what it gives, and alone puts nothing in use") {
  const Loaded loaded = load(kGood + "overrides.toml", kVariables);
  REQUIRE(loaded.config);
  const Config& config = *loaded.config;
  CHECK(ids(config) == std::vector<std::string>{"spamhaus-zen"});
  const lists::Zone& zen = config.zones[0];
  CHECK(zen.dns.pattern() == "zen.mirror.test");
  CHECK(zen.severity == Severity::low);
  CHECK(zen.purpose == Purpose::info);
  CHECK(zen.kinds.has(Kind::ipv6));
  CHECK(zen.codes.size() == 10);
  // Codes without a purpose of their own follow the zone's.
  CHECK(std::all_of(zen.codes.begin(), zen.codes.end(),
                    [](const lists::CodeEntry& code) { return code.purpose == Purpose::info; }));
  CHECK_FALSE(zen.delist_url.empty());
  const lists::CatalogueZone* spamcop = config.catalogue.find("spamcop-bl");
  REQUIRE(spamcop != nullptr);
  CHECK(spamcop->zone.qps == 1);
  const lists::CatalogueZone* surbl = config.catalogue.find("surbl-multi");
  REQUIRE(surbl != nullptr);
  CHECK(surbl->zone.match == lists::MatchMode::exact);
  CHECK(surbl->zone.codes.size() == 1);
}

TEST_CASE("An override of a zone's kinds leaves the test entries of the others behind") {
  const auto surbl = [](const std::string& kinds) {
    return config_of("[catalogue]\nuse = ['surbl-multi']\n[[zone]]\nid = 'surbl-multi'\nkinds = " +
                     kinds)
        .zones.at(0);
  };
  CHECK(surbl("['domain']").test_of(Kind::domain).listed == "test.surbl.org");
  CHECK(surbl("['ipv4']").test_of(Kind::ipv4).listed == "127.0.0.2");
  const lists::Zone six = surbl("['ipv6']");  // of which the catalogue knows no entry
  CHECK(six.test_of(Kind::ipv6).listed == lists::default_test_entries(Kind::ipv6).listed);
}

TEST_CASE("An empty use leaves one's own zones alone") {
  const std::string own = "[[zone]]\nid = 'corp'\ndns = 'bl.test'\nkinds = ['ipv4']\n";
  CHECK(ids(config_of("[catalogue]\nuse = []\n" + own)) == std::vector<std::string>{"corp"});
  CHECK(ids(config_of("[catalogue]\nuse = []\nskip = ['bl.test']\n" + own)).empty());
  CHECK(ids(config_of("[catalogue]\nuse = ['Spamhaus-ZEN', 'zen.spamhaus.org.']\n")) ==
        std::vector<std::string>{"spamhaus-zen"});
}

TEST_CASE("Targets are read in order, those of files and included files too") {
  const Config config = all_keys();
  std::vector<std::string> names;
  for (const lists::Target& target : config.targets) {
    names.push_back(target.name);
  }
  CHECK(names == std::vector<std::string>{"included", "192.0.2.98", "mx1", "198.51.100.0/24",
                                          "mail.example.com", "xn--bcher-kva.example", "mx2", "net",
                                          "mx.example.com", "example.org", "example.net"});
  const lists::Target& mx1 = config.targets[2];
  CHECK(mx1.type == lists::TargetType::address);
  CHECK(mx1.value == "2001:db8::1");
  CHECK(mx1.tags == std::vector<std::string>{"outbound", "mx"});
  CHECK(mx1.zones == std::vector<std::string>{"corp", "spamhaus-zen"});
  CHECK(mx1.skip_zones == std::vector<std::string>{"spamhaus-sbl"});
  CHECK(mx1.interval == Millis(300'000));
  CHECK(lists::subject_count(config.targets[3]) == 256 - 1 - 16);
  CHECK_FALSE(config.targets[3].interval);
  CHECK(config.targets[4].type == lists::TargetType::host);
  CHECK(config.targets[5].follow == std::vector{lists::Follow::mx, lists::Follow::spf});
  CHECK(config.targets[6].tags == std::vector<std::string>{"a", "b", "many"});
  CHECK(config.targets[7].type == lists::TargetType::range);
}

TEST_CASE("Lines of a text whose quotes are never closed are none of the file's") {
  const std::vector<std::string> errors = errors_of("[daemon]\ndatabase = \"\"\"\nattempts = x");
  REQUIRE(errors.size() == 1);
  CHECK(errors.front().find("parsing string") != std::string::npos);
}

TEST_CASE("What a range leaves out may be written in either family of mapped addresses") {
  for (const std::string range : {"192.0.2.8/29", "::ffff:192.0.2.8/125"}) {
    for (const std::string except : {"192.0.2.12/31", "::ffff:192.0.2.12/127"}) {
      const Loaded loaded =
          load_alone("[[target]]\nrange = '" + range + "'\nexcept = ['" + except + "']\n");
      INFO(range << " " << except);
      REQUIRE(loaded.config);
      CHECK(lists::subject_count(loaded.config->targets.at(0)) == 6);
    }
  }
}

TEST_CASE("A file of targets may come from a system that starts it with a byte order mark") {
  const Folder folder;
  folder.write("targets.txt",
               "\xEF\xBB\xBF"
               "192.0.2.1 name=mx1\r\n192.0.2.2\r\n");
  const Loaded loaded =
      load_text("[[target]]\nfile = 'targets.txt'\n", folder.path() / "test.toml", kVariables);
  REQUIRE(loaded.config);
  REQUIRE(loaded.config->targets.size() == 2);
  CHECK(loaded.config->targets[0].name == "mx1");
  CHECK(loaded.config->targets[0].value == "192.0.2.1");
}

TEST_CASE(
    "A target's zones are named by id or DNS name, in either case, with a dot at the end or not") {
  const Config config = config_of(
      "[catalogue]\nuse = ['spamhaus-zen']\n"
      "[[zone]]\nid = 'corp'\ndns = 'bl.test'\nkinds = ['ipv4']\n"
      "[[target]]\naddress = '192.0.2.1'\nzones = ['BL.test.', 'zen.spamhaus.org.']\n"
      "skip_zones = ['Corp']\n");
  CHECK(config.targets[0].zones == std::vector<std::string>{"corp", "spamhaus-zen"});
  CHECK(config.targets[0].skip_zones == std::vector<std::string>{"corp"});
}

TEST_CASE("A range of one address without a prefix is a range") {
  const Config config = config_of("[[target]]\nrange = '192.0.2.1'\n");
  CHECK(config.targets[0].type == lists::TargetType::range);
  CHECK(lists::subject_count(config.targets[0]) == 1);
}

TEST_CASE("A webhook is read with its decoded secret") {
  const Config config = all_keys();
  REQUIRE(config.channels.size() == 6);
  const alerts::Channel& ops = config.channels[0];
  CHECK(ops.name == "ops");
  CHECK(ops.type == alerts::ChannelType::webhook);
  CHECK(ops.url.reveal() == "https://hooks.example/CANARY-env-url");
  CHECK(ops.secret.reveal() == "CANARY-key-of-more-than-24-bytes");
  CHECK(ops.events.size() == 15);
  CHECK(ops.purposes == std::vector{Purpose::block, Purpose::allow, Purpose::info});
  CHECK(ops.min_severity == Severity::high);
  CHECK(ops.tags == std::vector<std::string>{"outbound"});
  CHECK(ops.group_wait == Millis(0));
  CHECK(ops.allow_private);
}

TEST_CASE("What a channel doesn't say has the contract's defaults, as has what it leaves empty") {
  const Config config = all_keys();
  const alerts::Channel& chat = config.channels[1];
  alerts::Channel expected;
  expected.name = "chat";
  expected.type = alerts::ChannelType::slack;
  expected.url = core::Secret("https://hooks.example/CANARY-env-url");
  expected.min_severity = Severity::medium;
  CHECK(chat == expected);
}

TEST_CASE("A mail channel is read, its domains as A-labels") {
  const Config config = all_keys();
  const alerts::Channel& mail = config.channels[2];
  CHECK(mail.smtp == "smtp://127.0.0.1:587");
  CHECK(mail.starttls == alerts::StartTls::required);
  CHECK(mail.user == "me");
  CHECK(mail.password.reveal() == "CANARY-env-password");
  CHECK(mail.ca_file == kGood + "included/ca.pem");
  CHECK(mail.from == "rblwatch@example.com");
  CHECK(mail.to == std::vector<std::string>{"postmaster@example.com", "ops@xn--bcher-kva.example",
                                            "root@[192.0.2.1]"});
  CHECK(config.channels[3].starttls == alerts::StartTls::attempt);
  CHECK(config.channels[4].starttls == alerts::StartTls::never);
}

TEST_CASE("Secrets in files lose the blanks around them, and files of others' groups are told of") {
  const Folder folder;
  const std::string text =
      "[[zone]]\nid = 'x'\ndns = '{key}.x.test'\nkinds = ['ipv4']\nkey_file = 'key'\n";
  const std::filesystem::path key = folder.write("key", "  canary \r\n\n");
  const auto load_it = [&] { return load_text(text, folder.path() / "test.toml", kVariables); };
  Loaded loaded = load_it();
  REQUIRE(loaded.config);
  CHECK(loaded.warnings.empty());
  CHECK(loaded.config->zones.back().dns.ask("x")->to_text() == "x.canary.x.test");
  std::filesystem::permissions(key, std::filesystem::perms(0604));
  CHECK(load_it().warnings.size() == 1);
}

TEST_CASE("A configuration file that holds secrets as they are must not be open to everybody") {
  const Folder folder;
  const auto warnings = [&](const std::string& text, unsigned mode) {
    const std::filesystem::path file = folder.write("test.toml", text);
    std::filesystem::permissions(file, std::filesystem::perms(mode));
    return load(file, kVariables).warnings.size();
  };
  const std::string channel = "[[channel]]\nname = 'x'\ntype = 'slack'\nurl = ";
  CHECK(warnings(channel + "'https://hooks.example/CANARY'\n", 0644) == 1);
  CHECK(warnings(channel + "'https://hooks.example/CANARY'\n", 0640) == 0);
  CHECK(warnings(channel + "'http://127.0.0.1/CANARY'\n", 0644) == 0);
  CHECK(warnings(channel + "'env:CANARY_URL'\n", 0644) == 0);
  CHECK(warnings("", 0644) == 0);
}

TEST_CASE("Credentials go over smtps or required starttls only") {
  const std::string channel =
      "[[channel]]\nname = 'm'\ntype = 'email'\nfrom = 'a@x.test'\nto = ['b@x.test']\n"
      "user = 'u'\npassword = 'p'\n";
  const auto errors = [&](const std::string& more) { return errors_of(channel + more).size(); };
  CHECK(errors("smtp = 'smtps://mail.test'\n") == 0);
  CHECK(errors("smtp = 'smtp://mail.test'\nstarttls = 'required'\n") == 0);
  const Loaded loaded = load_alone(channel + "smtp = 'smtp://mail.test'\n");
  REQUIRE(loaded.config);
  CHECK(loaded.config->channels.at(0).starttls == alerts::StartTls::required);
  CHECK(errors("smtp = 'smtp://mail.test'\nstarttls = 'try'\n") == 1);
  CHECK(errors("smtp = 'smtp://mail.test'\nstarttls = 'never'\n") == 1);
  CHECK(errors("smtp = 'smtp://127.0.0.1'\nstarttls = 'try'\n") == 1);
}

TEST_CASE("Later keys that ask for nothing are not named") {
  const Loaded loaded = load_alone(
      "[daemon]\nhttp = ''\ntoken = ''\nheartbeat_url = ''\n[schedule]\nconfirm_via = 'resolver'\n"
      "[[target]]\ndomain = 'example.com'\nfollow = []\n"
      "[[channel]]\nname = 'x'\ntype = 'slack'\nurl = 'http://127.0.0.1/'\nrepeat = '0s'\nquiet = "
      "''\n"
      "escalate_after = '0s'\nescalate_to = ''\nfallback = ''\n");
  CHECK(loaded.config);
  CHECK(lines(loaded.warnings, "") == std::vector<std::string>{});
}

TEST_CASE("A relative database is relative to its file, not to the current folder") {
  const Folder folder;
  folder.write("conf.d/a.toml", "[daemon]\ndatabase = 'x.db'\n");
  const Loaded loaded =
      load(folder.write("test.toml", "include = ['conf.d/*.toml']\n"), kVariables);
  REQUIRE(loaded.config);
  CHECK(loaded.config->daemon.database == folder.path() / "conf.d" / "x.db");
}

}  // namespace
}  // namespace rblwatch::conf::test
