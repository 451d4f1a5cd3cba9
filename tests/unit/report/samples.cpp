// SPDX-License-Identifier: Apache-2.0
#include "samples.hpp"

namespace rblwatch::report::samples {

using core::Untrusted;
using lists::Cause;
using lists::Kind;
using lists::ListingState;
using lists::PendingTo;
using lists::Purpose;
using lists::Severity;
using lists::ZoneState;
using namespace std::chrono_literals;

const Timestamp kNow = *core::parse_rfc3339("2026-11-23T12:30:00Z");

Timestamp ago(core::Millis distance) {
  return kNow - distance;
}

ListingView listing() {
  ListingView view;
  view.target = "mx1";
  view.targets = {"mx1", "office-net"};
  view.tags = {"outbound"};
  view.subject = "192.0.2.10";
  view.zone = "spamhaus-zen";
  view.dns = "zen.spamhaus.org";
  view.operator_name = "Spamhaus";
  view.severity = Severity::high;
  view.codes = {"127.0.0.2", "127.0.0.4"};
  view.meanings = {"SBL - spam source", "XBL - exploited host"};
  view.reason = Untrusted("https://www.spamhaus.org/query/ip/192.0.2.10");
  view.listed_at = ago(3h + 20min);
  view.last_seen = ago(12min);
  view.lookup_url = "https://www.spamhaus.org/query/ip/192.0.2.10";
  view.delist_url = "https://check.spamhaus.org/";
  view.delist_steps = {
      "Find and stop the cause first: a removed address is listed again when the abuse goes on.",
      "Open the check page and enter the address; removal is free."};
  return view;
}

ListingView pending() {
  ListingView view = listing();
  view.subject = "198.51.100.77";
  view.target = "office-net";
  view.targets = {"office-net"};
  view.zone = "corp";
  view.dns = "bl.corp.test";
  view.operator_name = "";
  view.severity = Severity::medium;
  view.state = ListingState::pending;
  view.pending_to = PendingTo::listed;
  view.codes = {"127.0.0.2"};
  view.meanings = {"spam source"};
  view.reason = Untrusted();
  view.listed_at = ago(90s);
  view.last_seen = ago(90s);
  view.lookup_url = "";
  view.delist_url = "";
  view.delist_steps = {};
  return view;
}

ListingView lost_allow() {
  ListingView view = pending();
  view.subject = "192.0.2.10";
  view.target = "mx1";
  view.zone = "dnswl-list";
  view.dns = "list.dnswl.org";
  view.operator_name = "dnswl.org";
  view.purpose = Purpose::allow;
  view.state = ListingState::delisted;
  view.pending_to.reset();
  view.codes = {"127.0.10.2"};
  view.meanings = {"medium trust"};
  view.listed_at = ago(24h * 300);
  view.delisted_at = ago(26h);
  return view;
}

ListingView doubted() {
  ListingView view = listing();
  view.subject = "192.0.2.11";
  view.target = "192.0.2.11";
  view.zone = "psbl-surriel";
  view.dns = "psbl.surriel.com";
  view.operator_name = "PSBL";
  view.codes = {"127.0.0.2"};
  view.meanings = {"listed"};
  view.listed_at = ago(24h * 5);
  view.last_seen = ago(3h);
  view.doubt = lists::Doubt{Cause::timeout, ago(2h + 50min)};
  view.acked = true;
  return view;
}

ListingView ended() {
  ListingView view = listing();
  view.state = ListingState::delisted;
  view.listed_at = ago(24h * 20);
  view.delisted_at = ago(24h * 18 + 3h);
  return view;
}

ListingView of_ipv6() {
  ListingView view = listing();
  view.subject = "2001:db8:85a3:1234:5678:8a2e:370:7334";
  view.kind = Kind::ipv6;
  view.target = "mx6";
  return view;
}

ListingView of_long_domain() {
  ListingView view = listing();
  view.subject = std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') +
                 ".example.com";
  view.kind = Kind::domain;
  view.target = view.subject;
  view.zone = "spamhaus-dbl";
  view.dns = "dbl.spamhaus.org";
  view.codes = {"127.0.1.2"};
  view.meanings = {"spam domain"};
  return view;
}

namespace {

ZoneView zone(const std::string& id, const std::string& dns, ZoneState state,
              std::optional<Cause> cause) {
  ZoneView view;
  view.id = id;
  view.dns = dns;
  view.operator_name = "Spamhaus";
  view.severity = Severity::high;
  view.state = state;
  view.cause = cause;
  view.since = ago(2h);
  view.last_test = ago(5min);
  view.last_sweep = ago(12min);
  view.kinds = {{Kind::ipv4, state, cause, ago(2h), ago(5min)}};
  view.subjects = 256;
  view.unknown = cause ? 256 : 0;
  return view;
}

DaemonView daemon() {
  return {
      .running = true, .version = "0.1.0", .started_at = ago(24h * 3), .last_sweep = ago(12min)};
}

}  // namespace

StatusDoc quiet() {
  StatusDoc document;
  document.generated_at = kNow;
  document.daemon = daemon();
  document.summary = {.targets = 3, .subjects = 258, .pairs = 774, .zones = 3, .zones_seeing = 3};
  document.zones = {zone("spamhaus-zen", "zen.spamhaus.org", ZoneState::seeing, {}),
                    zone("psbl-surriel", "psbl.surriel.com", ZoneState::seeing, {}),
                    zone("spamcop-bl", "bl.spamcop.net", ZoneState::seeing, {})};
  document.resolvers = {{"127.0.0.1:53", "seeing", {}, ago(24h * 3), 3}};
  return document;
}

StatusDoc trouble() {
  StatusDoc document = quiet();
  document.summary = {.targets = 3,
                      .subjects = 258,
                      .pairs = 15'096,
                      .zones = 12,
                      .zones_seeing = 8,
                      .zones_blind = 2,
                      .zones_quarantined = 1,
                      .zones_untested = 1,
                      .listed = 2,
                      .allow_lost = 1,
                      .info = 0,
                      .pending = 1,
                      .unknown = 771,
                      .unsupported = 4};
  document.listings = {listing(), doubted(), pending(), lost_allow()};
  document.zones.push_back(
      zone("spamhaus-sbl", "sbl.spamhaus.org", ZoneState::blind, Cause::refused));
  document.zones.push_back(zone("corp", "bl.corp.test", ZoneState::blind, Cause::timeout));
  document.zones.push_back(
      zone("uceprotect-level1", "dnsbl-1.uceprotect.net", ZoneState::quarantined, {}));
  document.zones.push_back(zone("new", "new.example", ZoneState::untested, {}));
  document.unknowns = {{.zone = "spamhaus-sbl",
                        .cause = Cause::refused,
                        .since = ago(2h),
                        .pairs = 256,
                        .subjects = {"192.0.2.10"}},
                       {.zone = "corp",
                        .cause = Cause::timeout,
                        .since = ago(2h),
                        .pairs = 256,
                        .subjects = {"192.0.2.10"}},
                       {.zone = "new",
                        .cause = Cause::not_asked,
                        .since = ago(2h),
                        .pairs = 256,
                        .subjects = {"192.0.2.10"}},
                       {.zone = "psbl-surriel",
                        .cause = Cause::timeout,
                        .since = ago(2h + 50min),
                        .pairs = 3,
                        .subjects = {"192.0.2.11", "192.0.2.12", "192.0.2.13"}}};
  document.zones[1].unknown = 3;
  return document;
}

StatusDoc stopped() {
  StatusDoc document = quiet();
  document.daemon =
      DaemonView{.running = false, .version = "0.1.0", .started_at = {}, .last_sweep = ago(26h)};
  document.summary.unknown = 774;
  document.unknowns = {{.zone = "spamhaus-zen",
                        .cause = Cause::not_asked,
                        .since = ago(26h),
                        .pairs = 258,
                        .subjects = {"192.0.2.10", "192.0.2.11"}}};
  return document;
}

StatusDoc unresolved() {
  StatusDoc document = quiet();
  document.summary.unknown = 2;
  document.unresolved = {{"mail", "the name doesn't resolve (nxdomain)", ago(2h)},
                         {"example.com", "spf was not looked up yet", {}}};
  document.unknowns = {{.zone = "spamhaus-zen",
                        .cause = Cause::not_asked,
                        .since = ago(2h),
                        .pairs = 2,
                        .subjects = {"mail.example.com", "example.com"}}};
  return document;
}

StatusDoc nothing() {
  StatusDoc document;
  document.generated_at = kNow;
  document.daemon = daemon();
  document.zones = {zone("spamhaus-zen", "zen.spamhaus.org", ZoneState::untested, {})};
  document.zones[0].subjects = 0;
  document.zones[0].kinds.clear();
  return document;
}

StatusDoc checked() {
  StatusDoc document = trouble();
  document.daemon.reset();
  document.listings = {listing(), of_ipv6()};
  document.summary = {.targets = 2,
                      .subjects = 2,
                      .pairs = 8,
                      .zones = 7,
                      .zones_seeing = 4,
                      .zones_blind = 2,
                      .zones_quarantined = 0,
                      .zones_untested = 1,
                      .listed = 2,
                      .unknown = 3};
  for (ZoneView& view : document.zones) {
    view.last_sweep.reset();
  }
  return document;
}

StatusDoc crowd() {
  StatusDoc document = quiet();
  document.summary.listed = 40;
  for (int i = 0; i < 37; ++i) {
    ListingView view = listing();
    view.subject = "198.51.100." + std::to_string(i * 7 % 256);
    view.target = "a-rather-long-name-for-an-office-network";
    view.listed_at = ago(24h * i * 12 + 5min);
    document.listings.push_back(view);
  }
  document.listings.push_back(of_ipv6());
  document.listings.push_back(of_long_domain());
  document.listings.push_back(doubted());
  return document;
}

HistoryDoc history() {
  HistoryDoc document;
  document.generated_at = kNow;
  ListingView retired = ended();
  retired.state = ListingState::retired;
  retired.zone = "uceprotect-level1";
  retired.listed_at = ago(24h * 400);
  retired.delisted_at.reset();
  retired.retired_at = ago(24h * 399);
  document.listings = {listing(), doubted(), lost_allow(), ended(), retired};
  document.more = true;
  return document;
}

WhyDoc why() {
  lists::Evidence evidence;
  evidence.question = "10.2.0.192.zen.spamhaus.org";
  evidence.server = "127.0.0.1:53";
  evidence.rcode = "NOERROR";
  evidence.a = {"127.0.0.2", "127.0.0.4"};
  evidence.txt = Untrusted("https://www.spamhaus.org/query/ip/192.0.2.10\nsecond record");
  evidence.ttl = 60s;
  evidence.asked_at = ago(3min);
  evidence.took = 12ms;
  evidence.test_state = ZoneState::seeing;
  evidence.test_at = ago(5min);

  WhyDoc document;
  document.generated_at = kNow;
  document.subject = "192.0.2.10";
  document.target = "mx1";
  WhyAnswer listed;
  listed.zone = "spamhaus-zen";
  listed.dns = "zen.spamhaus.org";
  listed.verdict = "listed";
  listed.evidence = evidence;
  listed.votes = {{"listed", {"127.0.0.2", "127.0.0.4"}, ago(3h + 20min), true},
                  {"listed", {"127.0.0.2", "127.0.0.4"}, ago(3h + 19min), false},
                  {"listed", {"127.0.0.2", "127.0.0.4"}, ago(3h + 17min), true}};
  listed.test_state = ZoneState::seeing;
  listed.test_at = ago(5min);
  WhyAnswer unknown;
  unknown.zone = "corp";
  unknown.dns = "bl.corp.test";
  unknown.verdict = "unknown";
  unknown.cause = Cause::timeout;
  unknown.evidence = lists::Evidence{};
  unknown.evidence->question = "10.2.0.192.bl.corp.test";
  unknown.evidence->server = "127.0.0.1:53";
  unknown.evidence->asked_at = ago(4min);
  unknown.evidence->took = 6s;
  unknown.evidence->ede = {22, 999};
  unknown.evidence->test_state = ZoneState::blind;
  unknown.evidence->test_at = ago(1min);
  unknown.evidence->test_cause = Cause::timeout;
  unknown.test_state = ZoneState::blind;
  unknown.test_at = ago(1min);
  unknown.test_cause = Cause::timeout;
  WhyAnswer unkept;
  unkept.zone = "psbl-surriel";
  unkept.dns = "psbl.surriel.com";
  unkept.verdict = "clear";
  unkept.kept = false;
  unkept.evidence = lists::Evidence{};
  unkept.evidence->question = "10.2.0.192.psbl.surriel.com";
  unkept.evidence->test_state = ZoneState::seeing;
  unkept.evidence->test_at = ago(9min);
  unkept.dig = "dig +noall +answer +comments A 10.2.0.192.psbl.surriel.com @127.0.0.1 -p 53";
  unkept.test_state = ZoneState::seeing;
  unkept.test_at = ago(9min);
  document.answers = {listed, unknown, unkept};
  return document;
}

ZonesDoc zones() {
  ZonesDoc document;
  document.generated_at = kNow;
  for (const ZoneView& view : trouble().zones) {
    ZoneDetail detail;
    detail.view = view;
    detail.kinds_supported = {Kind::ipv4, Kind::ipv6};
    detail.codes = {
        {"127.0.0.2", "SBL - spam source", Purpose::block},
        {"127.0.0.10-127.0.0.11", "PBL - range that sends no mail itself", Purpose::info}};
    detail.refusals = {"127.0.0.255"};
    detail.tests = {{Kind::ipv4, "127.0.0.2", "127.0.0.1"}, {Kind::ipv6, "::FFFF:7F00:2", ""}};
    detail.test_codes = {"127.0.0.2"};
    detail.lookup_url = "https://www.spamhaus.org/query/ip/{subject}";
    detail.delist_url = "https://check.spamhaus.org/";
    detail.delist_steps = listing().delist_steps;
    detail.contained_in = {"spamhaus-zen"};
    detail.limit_per_day = 300'000;
    detail.policy =
        "Free for non-commercial use below 300 000 questions a day; no public resolvers.";
    detail.note = "Several A records in one answer are normal.";
    detail.lookups = 123'456;
    detail.latency_p50_ms = 12;
    detail.latency_p99_ms = 340;
    document.zones.push_back(std::move(detail));
  }
  document.zones[0].view.listed = 1;
  document.zones[6].lookups = 0;
  document.zones[6].latency_p50_ms.reset();
  document.zones[6].latency_p99_ms.reset();
  document.zones[6].limit_per_day = 0;
  return document;
}

TargetsDoc targets() {
  TargetsDoc document;
  document.generated_at = kNow;
  TargetView mx;
  mx.name = "mx1";
  mx.type = lists::TargetType::address;
  mx.value = "192.0.2.10";
  mx.tags = {"outbound"};
  mx.subjects = 1;
  mx.listed = 1;
  mx.addresses = {"192.0.2.10"};
  mx.state = "listed";
  TargetView net;
  net.name = "office-net";
  net.type = lists::TargetType::range;
  net.value = "198.51.100.0/24";
  net.subjects = 256;
  net.unknown = 256;
  net.state = "unknown";
  TargetView host;
  host.name = "mail.example.com";
  host.type = lists::TargetType::host;
  host.value = "mail.example.com";
  host.tags = {"outbound", "vienna"};
  host.subjects = 2;
  host.addresses = {"192.0.2.20", "2001:db8::20"};
  host.state = "clear";
  TargetView gone;
  gone.name = "old";
  gone.type = lists::TargetType::host;
  gone.value = "old.example.com";
  gone.state = "unresolved";
  gone.notes = {"the name doesn't resolve (nxdomain) since 2026-03-01T09:00:00Z"};
  TargetView ours;
  ours.name = "ours";
  ours.type = lists::TargetType::domain;
  ours.value = "example.com";
  ours.subjects = 31;
  for (int i = 0; i < 30; ++i) {
    ours.addresses.push_back("198.51.100." + std::to_string(i));
  }
  ours.state = "clear";
  ours.notes = {
      "mx can't be found (servfail for A of mx1.example.net) since 2026-03-01T09:00:00Z: its last "
      "addresses stay watched",
      "SPF of example.com: \"exists:%{ir}._spf.example.com\" can't be followed: it depends on who "
      "sends"};
  document.targets = {mx, net, host, gone, ours};
  return document;
}

AlertsDoc alerts() {
  AlertsDoc document;
  document.generated_at = kNow;
  DeliveryView waiting;
  waiting.id = "01JDCM0000000000000000000A";
  waiting.channel = "ops";
  waiting.state = "waiting";
  waiting.created_at = ago(10min);
  waiting.attempts = 3;
  waiting.last_attempt_at = ago(1min);
  waiting.next_attempt_at = kNow + 3min;
  waiting.response = "503 Service Unavailable: try later";
  waiting.events = {17, 18};
  DeliveryView delivered;
  delivered.id = "01JDCM0000000000000000000B";
  delivered.channel = "mail";
  delivered.state = "delivered";
  delivered.created_at = ago(3h);
  delivered.attempts = 1;
  delivered.last_attempt_at = ago(3h);
  delivered.response = "250 2.0.0 Ok: queued";
  delivered.events = {17};
  DeliveryView failed = delivered;
  failed.id = "01JDCM0000000000000000000C";
  failed.channel = "chat";
  failed.state = "failed";
  failed.response = "404 no_service";
  document.deliveries = {waiting, delivered, failed};
  return document;
}

ConfigCheckDoc config_check() {
  ConfigCheckDoc document;
  document.generated_at = kNow;
  document.errors = {{.file = "/etc/rblwatch/rblwatch.toml",
                      .line = 12,
                      .column = 3,
                      .key = "schedule.intervall",
                      .text = "unknown key",
                      .allowed = "interval (did you mean that?), jitter, confirmations"},
                     {.file = "/etc/rblwatch/conf.d/mx.toml",
                      .line = 4,
                      .column = 0,
                      .key = "",
                      .text = "not TOML",
                      .allowed = ""}};
  document.warnings = {
      {.file = "",
       .line = 0,
       .column = 0,
       .key = "catalogue.use",
       .text = "the zone spamhaus-sbl is contained in spamhaus-zen, which is in use too",
       .allowed = ""}};
  return document;
}

std::vector<lists::Event> events() {
  lists::Event listed;
  listed.type = lists::EventType::listed;
  listed.at = ago(3h + 17min);
  listed.target = lists::TargetRef{"mx1", "192.0.2.10", {}};
  listed.subject = "192.0.2.10";
  listed.zone = lists::ZoneRef{"spamhaus-zen", "zen.spamhaus.org", "Spamhaus", Severity::high,
                               Purpose::block};
  listed.meanings = {"SBL - spam source", "XBL - exploited host",
                     "PBL - range that sends no mail itself"};
  lists::Event blind;
  blind.type = lists::EventType::zone_blind;
  blind.at = ago(2h);
  blind.zone = lists::ZoneRef{"corp", "bl.corp.test", "", Severity::high, Purpose::block};
  blind.cause = "timeout";
  blind.since = ago(2h + 1min);
  blind.affected_subjects = 258;
  lists::Event delisted = listed;
  delisted.type = lists::EventType::delisted;
  delisted.at = ago(5min);
  delisted.listed_at = ago(3h + 20min);
  delisted.delisted_at = ago(10min);
  return {delisted, blind, listed};
}

}  // namespace rblwatch::report::samples
