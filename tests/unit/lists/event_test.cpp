// SPDX-License-Identifier: Apache-2.0
#include "lists/event.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::lists {

namespace {

core::Timestamp time(std::string_view text) {
  return core::parse_rfc3339(text).value();
}

/// A listing's event at 11:30, opened at 09:10.
Event event(EventType type, Purpose purpose = Purpose::block) {
  Event made;
  made.type = type;
  made.at = time("2026-11-23T11:30:00Z");
  made.target = TargetRef{"mx1", "192.0.2.10", {"outbound"}};
  made.subject = "192.0.2.10";
  made.kind = Kind::ipv4;
  made.zone = ZoneRef{"spamhaus-zen", "zen.spamhaus.org", "Spamhaus", Severity::high, purpose};
  made.codes = {"127.0.0.2", "127.0.0.4"};
  made.meanings = {"SBL", "XBL"};
  made.listed_at = time("2026-11-23T09:10:00Z");
  made.reason = core::Untrusted("\x1b[31mhttps://evil.example/");
  return made;
}

/// A zone's event at 11:30 with a beginning at 09:10.
Event zone_event(EventType type) {
  Event made;
  made.type = type;
  made.at = time("2026-11-23T11:30:00Z");
  made.zone = ZoneRef{"corp", "bl.corp.test", "", Severity::medium, Purpose::block};
  made.cause = "timeout";
  made.since = time("2026-11-23T09:10:00Z");
  made.affected_subjects = 258;
  return made;
}

}  // namespace

TEST_CASE("each event is one sentence a person can read") {
  CHECK(event_text(event(EventType::listed)) ==
        "192.0.2.10 (mx1) is listed on zen.spamhaus.org: SBL, XBL");
  CHECK(event_text(event(EventType::overdue)) ==
        "192.0.2.10 (mx1) is still listed on zen.spamhaus.org, longer than its operator says a "
        "removal takes");
  CHECK(event_text(event(EventType::retired)) ==
        "192.0.2.10 (mx1) is no longer watched on zen.spamhaus.org: its listing is closed");
  CHECK(event_text(zone_event(EventType::zone_blind)) ==
        "corp can't be seen (timeout): 258 subjects unchecked since 09:10 UTC");
  CHECK(event_text(zone_event(EventType::zone_seeing)) ==
        "corp can be seen again after 2 h 20 min");
  Event seeing = zone_event(EventType::zone_seeing);
  seeing.kind = Kind::ipv6;
  CHECK(event_text(seeing) == "corp can be seen again (IPv6 addresses) after 2 h 20 min");
  seeing.since.reset();
  CHECK(event_text(seeing) == "corp can be seen again (IPv6 addresses)");
  CHECK(event_text(zone_event(EventType::zone_quarantined)) ==
        "corp is quarantined: 258 subjects changed at once, and their events are held");
}

TEST_CASE("a changed listing says what came and what went") {
  Event changed = event(EventType::changed);
  changed.added = {"127.0.0.4"};
  CHECK(event_text(changed) ==
        "192.0.2.10 (mx1) is still on zen.spamhaus.org, with other codes: SBL, XBL "
        "(new 127.0.0.4)");
  changed.removed = {"127.0.0.3", "127.0.0.9"};
  CHECK(event_text(changed) ==
        "192.0.2.10 (mx1) is still on zen.spamhaus.org, with other codes: SBL, XBL "
        "(new 127.0.0.4, gone 127.0.0.3, 127.0.0.9)");
  changed.added.clear();
  changed.zone->purpose = Purpose::allow;
  CHECK(event_text(changed) ==
        "192.0.2.10 (mx1) is still on the allowlist zen.spamhaus.org, with other codes: SBL, XBL "
        "(gone 127.0.0.3, 127.0.0.9)");
}

TEST_CASE("a delisting says how long it stood") {
  Event delisted = event(EventType::delisted);
  delisted.delisted_at = time("2026-11-23T11:10:30Z");
  CHECK(event_text(delisted) ==
        "192.0.2.10 (mx1) is no longer listed on zen.spamhaus.org after 2 h: SBL, XBL");
  delisted.listed_at.reset();
  CHECK(event_text(delisted) ==
        "192.0.2.10 (mx1) is no longer listed on zen.spamhaus.org: SBL, XBL");
}

TEST_CASE("on allowlists the absence is the news") {
  Event lost = event(EventType::delisted, Purpose::allow);
  lost.meanings = {"medium trust"};
  CHECK(event_text(lost) ==
        "192.0.2.10 (mx1) is no longer on the allowlist zen.spamhaus.org: medium trust");
  CHECK(event_text(event(EventType::listed, Purpose::allow)) ==
        "192.0.2.10 (mx1) is on the allowlist zen.spamhaus.org: SBL, XBL");
  CHECK(event_text(event(EventType::listed, Purpose::info)) ==
        "192.0.2.10 (mx1) is listed for information on zen.spamhaus.org: SBL, XBL");
}

TEST_CASE("a target's name stands beside the subject only where it says more") {
  struct Row {
    TargetRef target;
    std::string subject;
    std::string who;
  };
  const auto row =
      GENERATE(Row{{"192.0.2.10", "192.0.2.10", {}}, "192.0.2.10", "192.0.2.10"},
               Row{{"2001:DB8::0:1", "2001:DB8::0:1", {}}, "2001:db8::1", "2001:db8::1"},
               Row{{"198.51.100.0/24", "198.51.100.0/24", {}},
                   "198.51.100.7",
                   "198.51.100.7 (198.51.100.0/24)"},
               Row{{"mail.example.com", "mail.example.com", {}},
                   "192.0.2.1",
                   "192.0.2.1 (mail.example.com)"},
               Row{{"Example.com", "example.com", {}}, "example.com", "example.com"},
               Row{{"office", "192.0.2.10", {}}, "192.0.2.10", "192.0.2.10 (office)"});
  Event listed = event(EventType::listed);
  listed.target = row.target;
  listed.subject = row.subject;
  CHECK(event_text(listed) == row.who + " is listed on zen.spamhaus.org: SBL, XBL");
}

TEST_CASE("what isn't known is left out") {
  Event listed = event(EventType::listed);
  listed.meanings.clear();
  CHECK(event_text(listed) ==
        "192.0.2.10 (mx1) is listed on zen.spamhaus.org: 127.0.0.2, 127.0.0.4");
  listed.codes.clear();
  listed.target.reset();
  CHECK(event_text(listed) == "192.0.2.10 is listed on zen.spamhaus.org");

  Event blind = zone_event(EventType::zone_blind);
  blind.cause.clear();
  blind.since.reset();
  blind.affected_subjects = 1;
  CHECK(event_text(blind) == "corp can't be seen: 1 subject unchecked");
}

TEST_CASE("a moment on another day bears its date, a kind its name") {
  Event blind = zone_event(EventType::zone_blind);
  blind.since = time("2026-11-22T23:59:00Z");
  blind.kind = Kind::ipv6;
  CHECK(event_text(blind) ==
        "corp can't be seen (timeout): 258 IPv6 addresses unchecked since 2026-11-22 23:59 UTC");
  blind.kind = Kind::ipv4;
  CHECK_THAT(event_text(blind), Catch::Contains("258 IPv4 addresses unchecked"));
  blind.kind = Kind::domain;
  CHECK_THAT(event_text(blind), Catch::Contains("258 domains unchecked"));
}

TEST_CASE("a quarantine's end says what passed and what was dropped") {
  Event released = zone_event(EventType::zone_released);
  released.passed = 12;
  released.dropped = 188;
  CHECK(event_text(released) == "corp is out of quarantine: 12 changes passed, 188 dropped");
}

TEST_CASE("resolver events name the servers and what they hide") {
  Event blind = zone_event(EventType::resolver_blind);
  blind.zone.reset();
  blind.resolver_servers = {"127.0.0.1:53"};
  blind.zones = {"corp", "spamhaus-zen"};
  CHECK(event_text(blind) ==
        "resolver 127.0.0.1:53 can't be relied on (timeout): 2 zones can't be seen, 258 subjects "
        "unchecked since 09:10 UTC");
  blind.type = EventType::resolver_seeing;
  blind.resolver_servers = {"127.0.0.1:53", "[::1]:53"};
  CHECK(event_text(blind) ==
        "resolvers 127.0.0.1:53, [::1]:53 can be relied on again after 2 h 20 min");
}

TEST_CASE("a target that stops resolving keeps its addresses") {
  Event unresolved;
  unresolved.type = EventType::target_unresolved;
  unresolved.at = time("2026-11-23T11:30:00Z");
  unresolved.since = time("2026-11-23T09:10:00Z");
  unresolved.target = TargetRef{"mail", "mail.example.com", {}};
  unresolved.cause = "servfail";
  CHECK(event_text(unresolved) ==
        "mail.example.com (mail) doesn't resolve (servfail) since 09:10 UTC: its last addresses "
        "stay watched");
  unresolved.type = EventType::target_resolved;
  CHECK(event_text(unresolved) == "mail.example.com (mail) resolves again after 2 h 20 min");
}

TEST_CASE("our own trouble has its sentence too") {
  Event failed;
  failed.type = EventType::channel_failed;
  failed.at = time("2026-11-23T11:30:00Z");
  failed.channel = "ops";
  failed.cause = "HTTP 410 Gone";
  CHECK(event_text(failed) == "alerts to channel ops fail: HTTP 410 Gone");
  failed.type = EventType::storage_failed;
  failed.cause = "database or disk is full";
  CHECK(event_text(failed) == "events can't be stored: database or disk is full");
}

TEST_CASE("text from outside is in no sentence") {
  for (const auto& [type, word] : core::EnumWords<EventType>::table) {
    CAPTURE(word);
    const std::string text = event_text(event(type));
    CHECK_FALSE(text.empty());
    CHECK_THAT(text, !Catch::Contains("evil") && !Catch::Contains("\x1b"));
    CHECK(text.find('\n') == std::string::npos);
    CHECK(text.back() != '.');
  }
}

TEST_CASE("a listing's events bear its zone's severity, good news that of the bad news it ends") {
  for (const auto& [zone_severity, word] : core::EnumWords<Severity>::table) {
    for (const EventType type : {EventType::listed, EventType::changed, EventType::delisted,
                                 EventType::overdue, EventType::retired}) {
      CHECK(event_severity(type, zone_severity) == zone_severity);
    }
    for (const EventType type :
         {EventType::zone_blind, EventType::zone_seeing, EventType::zone_quarantined,
          EventType::zone_released, EventType::target_unresolved, EventType::target_resolved}) {
      CHECK(event_severity(type, zone_severity) == Severity::medium);
    }
    for (const EventType type : {EventType::resolver_blind, EventType::resolver_seeing,
                                 EventType::channel_failed, EventType::storage_failed}) {
      CHECK(event_severity(type, zone_severity) == Severity::high);
    }
  }
}

TEST_CASE("what alarms depends on the listing's purpose") {
  struct Row {
    EventType type;
    bool block;
    bool allow;
    bool info;
  };
  using E = EventType;
  const auto row = GENERATE(
      Row{E::listed, true, false, false}, Row{E::changed, true, false, false},
      Row{E::delisted, false, true, false}, Row{E::overdue, true, false, false},
      Row{E::retired, false, false, false}, Row{E::zone_blind, true, true, true},
      Row{E::zone_seeing, false, false, false}, Row{E::zone_quarantined, true, true, true},
      Row{E::zone_released, false, false, false}, Row{E::resolver_blind, true, true, true},
      Row{E::resolver_seeing, false, false, false}, Row{E::target_unresolved, true, true, true},
      Row{E::target_resolved, false, false, false}, Row{E::channel_failed, true, true, true},
      Row{E::storage_failed, true, true, true});
  CAPTURE(core::enum_word(row.type));
  CHECK(is_alarming(event(row.type, Purpose::block)) == row.block);
  CHECK(is_alarming(event(row.type, Purpose::allow)) == row.allow);
  CHECK(is_alarming(event(row.type, Purpose::info)) == row.info);
}

}  // namespace rblwatch::lists
