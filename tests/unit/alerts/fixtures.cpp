// SPDX-License-Identifier: Apache-2.0
#include "fixtures.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::alerts::test {
namespace {

lists::ZoneRef zen() {
  return {"spamhaus-zen", "zen.spamhaus.org", "Spamhaus", lists::Severity::high,
          lists::Purpose::block};
}

lists::Evidence evidence() {
  lists::Evidence evidence;
  evidence.question = "10.2.0.192.zen.spamhaus.org";
  evidence.server = "127.0.0.1:53";
  evidence.rcode = "NOERROR";
  evidence.a = {"127.0.0.2"};
  evidence.ttl = core::Seconds(60);
  evidence.asked_at = at("2026-11-23T09:10:00Z");
  return evidence;
}

lists::Event of_listing(lists::EventType type, std::string subject, std::string_view listed_at) {
  lists::Event event;
  event.id = 17;
  event.type = type;
  event.at = at("2026-11-23T09:10:00Z");
  event.severity = lists::Severity::high;
  event.target = lists::TargetRef{"mx1", subject, {"outbound"}};
  event.targets = {"mx1", "office-net"};
  event.subject = std::move(subject);
  event.kind = lists::Kind::ipv4;
  event.zone = zen();
  event.codes = {"127.0.0.2"};
  event.meanings = {"SBL"};
  event.reason = core::Untrusted("https://www.spamhaus.org/query/ip/" + event.subject);
  event.listed_at = at(listed_at);
  event.lookup_url = "https://check.spamhaus.org/results?a=1&query=" + event.subject;
  event.delist_url = "https://check.spamhaus.org/";
  event.delist_steps = {"Stop the cause.", "Fill in the form."};
  event.evidence = evidence();
  return event;
}

}  // namespace

core::Timestamp at(std::string_view rfc3339) {
  const auto parsed = core::parse_rfc3339(rfc3339);
  REQUIRE(parsed.has_value());
  return *parsed;
}

lists::Event listed(std::string subject, std::string_view listed_at) {
  lists::Event event = of_listing(lists::EventType::listed, std::move(subject), listed_at);
  event.added = event.codes;
  return event;
}

lists::Event delisted(std::string subject, std::string_view listed_at) {
  lists::Event event = of_listing(lists::EventType::delisted, std::move(subject), listed_at);
  event.id = 18;
  event.at = at("2026-11-23T12:30:00Z");
  event.delisted_at = at("2026-11-23T12:28:00Z");
  event.removed = event.codes;
  return event;
}

std::vector<lists::Event> of_range(std::size_t count, const std::string& range) {
  const auto cidr = core::Cidr::parse(range);
  REQUIRE(cidr.has_value());
  core::IpAddress address = cidr->first();
  std::vector<lists::Event> events;
  for (std::size_t i = 0; i < count; ++i) {
    lists::Event event = listed(address.to_text());
    event.id = 100 + static_cast<std::int64_t>(i);
    event.kind = address.is_v6() ? lists::Kind::ipv6 : lists::Kind::ipv4;
    event.severity = lists::Severity::low;
    event.target = lists::TargetRef{"office-net", range, {}};
    event.targets = {"office-net"};
    event.zone = lists::ZoneRef{"uceprotect-2", "dnsbl-2.uceprotect.net", "UCEPROTECT",
                                lists::Severity::low, lists::Purpose::block};
    event.meanings = {"network"};
    event.reason = core::Untrusted("Net " + range + " is UCEPROTECT-Level2 listed");
    events.push_back(std::move(event));
    address = address.next().value_or(address);
  }
  return events;
}

lists::Event zone_blind(std::string cause) {
  lists::Event event;
  event.id = 19;
  event.type = lists::EventType::zone_blind;
  event.at = at("2026-11-23T09:12:00Z");
  event.severity = lists::Severity::medium;
  event.zone = zen();
  event.cause = std::move(cause);
  event.since = at("2026-11-23T09:10:00Z");
  event.affected_subjects = 258;
  return event;
}

lists::Event resolver_blind() {
  lists::Event event;
  event.id = 20;
  event.type = lists::EventType::resolver_blind;
  event.at = at("2026-11-23T09:12:00Z");
  event.severity = lists::Severity::high;
  event.resolver_servers = {"127.0.0.1:53"};
  event.zones = {"spamhaus-zen", "corp"};
  event.cause = "timeout";
  event.since = at("2026-11-23T09:10:00Z");
  event.affected_subjects = 258;
  return event;
}

lists::Event channel_failed(std::string channel) {
  lists::Event event;
  event.id = 21;
  event.type = lists::EventType::channel_failed;
  event.at = at("2026-11-23T09:12:00Z");
  event.severity = lists::Severity::high;
  event.channel = std::move(channel);
  event.cause = "HTTP 410";
  return event;
}

std::vector<lists::TimelineEntry> timeline() {
  return {{lists::EventType::delisted, at("2026-11-20T09:10:00Z"), "spamhaus-zen", {"127.0.0.2"}},
          {lists::EventType::listed, at("2026-11-19T21:05:00Z"), "spamhaus-zen", {"127.0.0.2"}},
          {lists::EventType::listed, at("2026-10-01T00:00:00Z"), "corp", {}}};
}

Coverage coverage() {
  return {12, 9, {"corp"}, {"uceprotect-2"}};
}

Notification notification(std::vector<lists::Event> events) {
  Notification notification;
  notification.delivery_id = "01JDCVX5P0000000000000000A";
  notification.created_at = at("2026-11-23T09:10:30Z");
  for (lists::Event& event : events) {
    const bool has_past = !event.subject.empty();
    notification.events.push_back(
        {std::move(event), has_past ? timeline() : std::vector<lists::TimelineEntry>{}});
  }
  notification.coverage = coverage();
  return notification;
}

Channel webhook(std::string name) {
  Channel channel;
  channel.name = std::move(name);
  channel.type = ChannelType::webhook;
  channel.url = core::Secret("https://alerts.example/hook/0123456789");
  return channel;
}

Channel slack(std::string name) {
  Channel channel = webhook(std::move(name));
  channel.type = ChannelType::slack;
  return channel;
}

Channel email(std::string name) {
  Channel channel;
  channel.name = std::move(name);
  channel.type = ChannelType::email;
  channel.smtp = "smtp://127.0.0.1:25";
  channel.from = "rblwatch@example.com";
  channel.to = {"postmaster@example.com"};
  return channel;
}

}  // namespace rblwatch::alerts::test
