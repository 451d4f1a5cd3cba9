// SPDX-License-Identifier: Apache-2.0
#include "alerts/event_group.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "alerts/mail_body.hpp"
#include "alerts/render.hpp"
#include "alerts/wording.hpp"
#include "core/text.hpp"
#include "fixtures.hpp"

namespace rblwatch::alerts {
namespace {

using Json = nlohmann::ordered_json;
using test::notification;

std::vector<EventView> views(std::vector<lists::Event> events) {
  return notification(std::move(events)).events;
}

lists::Event of_kind(lists::EventType type, std::string subject) {
  lists::Event event = type == lists::EventType::delisted ? test::delisted(std::move(subject))
                                                          : test::listed(std::move(subject));
  event.type = type;
  return event;
}

std::vector<std::string> texts(const std::vector<lists::Event>& events) {
  std::vector<std::string> all;
  const std::vector<EventView> of = views(events);
  for (const EventGroup& group : group_events(of)) {
    all.push_back(group_text(group));
  }
  return all;
}

std::vector<lists::Event> joined(std::vector<lists::Event> a, const std::vector<lists::Event>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::size_t count_in(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

std::string slack_text(const Notification& message) {
  std::string text;
  const Json rendered = Json::parse(render_slack(message).body);
  for (const Json& block : rendered["blocks"]) {
    text += block.dump() + "\n";
  }
  return text;
}

struct Row {
  const char* what;
  std::vector<lists::Event> events;
  std::vector<std::string> expected;
};

TEST_CASE("Many of one range are told as one, and what is not alike by itself") {
  lists::Event other_code = test::of_range(4).front();
  other_code.subject = "203.0.113.200";
  other_code.codes = {"127.0.0.9"};
  other_code.meanings = {"other"};
  std::vector<lists::Event> changed = test::of_range(5);
  for (lists::Event& event : changed) {
    event.type = lists::EventType::changed;
  }
  std::vector<lists::Event> gone = test::of_range(6);
  for (lists::Event& event : gone) {
    event.type = lists::EventType::delisted;
  }
  std::vector<lists::Event> allowed = gone;
  for (lists::Event& event : allowed) {
    event.zone->purpose = lists::Purpose::allow;
  }
  const Row rows[] = {
      {"three",
       test::of_range(3),
       {"203.0.113.0 (office-net) is listed on dnsbl-2.uceprotect.net: network",
        "203.0.113.1 (office-net) is listed on dnsbl-2.uceprotect.net: network",
        "203.0.113.2 (office-net) is listed on dnsbl-2.uceprotect.net: network"}},
      {"four", test::of_range(4), {"203.0.113.0/24: 4 of 256 on uceprotect-2"}},
      {"the contract's example",
       test::of_range(200),
       {"203.0.113.0/24: 200 of 256 on uceprotect-2, dnsbl covers the whole network"}},
      {"changed", changed, {"203.0.113.0/24: 5 of 256 still on uceprotect-2, with other codes"}},
      {"delisted", gone, {"203.0.113.0/24: 6 of 256 no longer on uceprotect-2"}},
      {"lost from an allowlist",
       allowed,
       {"203.0.113.0/24: 6 of 256 no longer on the allowlist uceprotect-2"}},
      {"others between them",
       joined({test::zone_blind()}, joined(test::of_range(4), {other_code})),
       {"spamhaus-zen can't be seen (refused): 258 subjects unchecked since 09:10 UTC",
        "203.0.113.0/24: 4 of 256 on uceprotect-2",
        "203.0.113.200 (office-net) is listed on dnsbl-2.uceprotect.net: other"}},
      {"come and gone",
       joined(test::of_range(4), gone),
       {"203.0.113.0/24: 4 of 256 on uceprotect-2",
        "203.0.113.0/24: 6 of 256 no longer on uceprotect-2"}},
      {"twice",
       joined(test::of_range(4), {test::of_range(1)}),
       {"203.0.113.0/24: 4 of 256 on uceprotect-2",
        "203.0.113.0 (office-net) is listed on dnsbl-2.uceprotect.net: network"}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(texts(row.events) == row.expected);
  }
}

TEST_CASE("Single targets are told singly, but for those of one /64") {
  const Row rows[] = {
      {"single targets side by side",
       {test::listed("192.0.2.10"), test::listed("192.0.2.11"), test::listed("192.0.2.12"),
        test::listed("192.0.2.13")},
       {"192.0.2.10 (mx1) is listed on zen.spamhaus.org: SBL",
        "192.0.2.11 (mx1) is listed on zen.spamhaus.org: SBL",
        "192.0.2.12 (mx1) is listed on zen.spamhaus.org: SBL",
        "192.0.2.13 (mx1) is listed on zen.spamhaus.org: SBL"}},
      {"single targets of one /64",
       {test::listed("2001:db8::1"), test::listed("2001:db8::2")},
       {"2001:db8::/64: 2 addresses on spamhaus-zen"}},
      {"an IPv6 range in full",
       test::of_range(16, "2001:db8::/124"),
       {"2001:db8::/64: 16 addresses on uceprotect-2, dnsbl covers the whole network"}},
      {"a part of an IPv6 range",
       test::of_range(5, "2001:db8::/124"),
       {"2001:db8::/124: 5 of 16 on uceprotect-2"}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(texts(row.events) == row.expected);
  }
}

TEST_CASE("Of a range with exceptions those that are watched count") {
  std::vector<EventView> some = views(test::of_range(180));
  for (EventView& view : some) {
    view.watched = 240;
  }
  REQUIRE(group_events(some).size() == 1);
  CHECK(group_text(group_events(some).front()) ==
        "203.0.113.0/24: 180 of 240 watched on uceprotect-2, dnsbl covers the whole network");
  std::vector<EventView> six = views(test::of_range(13, "2001:db8::/124"));
  CHECK(group_text(group_events(six).front()) ==
        "2001:db8::/124: 13 of 16 on uceprotect-2, dnsbl covers the whole network");
  for (EventView& view : six) {
    view.watched = 13;
  }
  CHECK(group_text(group_events(six).front()) ==
        "2001:db8::/64: 13 addresses on uceprotect-2, dnsbl covers the whole network");
}

TEST_CASE("An address with a name of its own is told with its range, by its name") {
  std::vector<lists::Event> events = test::of_range(5);
  events[2].target = lists::TargetRef{"mx1", events[2].subject, {}};
  const std::vector<EventView> all = views(events);
  const std::vector<EventGroup> groups = group_events(all);
  REQUIRE(groups.size() == 1);
  CHECK(members_of(groups[0]) == std::vector<std::string>{"203.0.113.0", "203.0.113.1",
                                                          "203.0.113.2 (mx1)", "203.0.113.3",
                                                          "203.0.113.4"});
  CHECK(where_to_see(groups[0]) == "rblwatch history --events 203.0.113.0/24");
}

TEST_CASE("A summary counts single events and names the networks") {
  CHECK(summary_of(notification(test::of_range(200))) ==
        "200 listed: 203.0.113.0/24 on uceprotect-2");
  CHECK(summary_of(notification(joined(test::of_range(200), {test::delisted()}))) ==
        "200 listed, 1 delisted: 200 in 203.0.113.0/24 on uceprotect-2");
  std::vector<lists::Event> gone = test::of_range(4);
  for (lists::Event& event : gone) {
    event = of_kind(lists::EventType::delisted, event.subject);
    event.target = lists::TargetRef{"office-net", "203.0.113.0/24", {}};
  }
  std::vector<lists::Event> come = gone;
  for (lists::Event& event : come) {
    event = of_kind(lists::EventType::listed, event.subject);
    event.target = lists::TargetRef{"office-net", "203.0.113.0/24", {}};
  }
  CHECK(summary_of(notification(joined(come, gone))) ==
        "4 listed and delisted again: 203.0.113.0/24 on spamhaus-zen");
  std::vector<lists::Event> many;
  for (const char* range : {"203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "2001:db8::/120",
                            "2001:db8:1::/120"}) {
    many = joined(many, test::of_range(4, range));
  }
  CHECK(summary_of(notification(many)) ==
        "20 listed: 4 in 203.0.113.0/24 on uceprotect-2, 4 in 198.51.100.0/24 on uceprotect-2, "
        "4 in 192.0.2.0/24 on uceprotect-2, and 2 networks more");
  CHECK(subject_line(notification(test::of_range(200))) ==
        "200 listed: 203.0.113.0/24 on uceprotect-2");
}

TEST_CASE("The webhook's JSON keeps every event single") {
  const Json message = Json::parse(render_webhook(notification(test::of_range(200))).body);
  CHECK(message["summary"] == "200 listed: 203.0.113.0/24 on uceprotect-2");
  REQUIRE(message["events"].size() == 200);
  CHECK(message["events"][77]["subject"] == "203.0.113.77");
}

TEST_CASE("A mail tells a network once, and names every address behind it") {
  const Notification message = notification(test::of_range(200));
  for (const std::string& body : {mail_text(message), mail_html(message)}) {
    CHECK(count_in(body, "200 of 256 on uceprotect-2, dnsbl covers the whole network") == 1);
    CHECK(count_in(body, "What to do") == 1);
    CHECK(count_in(body, "The 200 addresses behind it:") == 1);
    for (int i = 0; i < 200; ++i) {
      const std::string address = "203.0.113." + std::to_string(i);
      INFO(address);
      CHECK((body.find(address + ",") != std::string::npos ||
             body.find(address + "\n") != std::string::npos ||
             body.find(address + "<") != std::string::npos));
    }
  }
  const std::string text = mail_text(message);
  for (const std::string_view line : core::split(text, '\n')) {
    CHECK((!line.starts_with("    203.") || line.size() <= 78));
  }
}

TEST_CASE("Slack gets one section for a network, with the first addresses and where the rest is") {
  const std::string text = slack_text(notification(test::of_range(200)));
  CHECK(count_in(text, "\"type\":\"section\"") == 1);
  CHECK(text.find("200 of 256 on uceprotect-2, dnsbl covers the whole network") !=
        std::string::npos);
  CHECK(text.find("203.0.113.19 and 180 more: 'rblwatch history --events 203.0.113.0/24'") !=
        std::string::npos);
}

TEST_CASE("However many networks, Slack's limits hold and what is left out is counted") {
  std::vector<lists::Event> many;
  for (int i = 0; i < 30; ++i) {
    many = joined(many, test::of_range(30, "198.18." + std::to_string(i) + ".0/24"));
  }
  const Json blocks = Json::parse(render_slack(notification(many)).body)["blocks"];
  CHECK(blocks.size() <= 50);
  for (const Json& block : blocks) {
    if (block["type"] == "section") {
      CHECK(block["text"]["text"].get<std::string>().size() <= 3000);
    }
  }
  CHECK(blocks.dump().find("and 300 events more") != std::string::npos);
}

TEST_CASE("Facts of a network say which address they are of") {
  const std::vector<EventView> all = views(test::of_range(200));
  const std::vector<EventGroup> groups = group_events(all);
  REQUIRE(groups.size() == 1);
  std::vector<std::string> labels;
  for (const Fact& fact : facts_of(groups[0])) {
    labels.push_back(fact.label);
  }
  CHECK(labels == std::vector<std::string>{"What", "Where", "Codes", "Listed since", "For example",
                                           "Why", "Seen", "Look up", "Get off"});
}

TEST_CASE("Reasons that differ by more than the address are told, the first few of them") {
  std::vector<lists::Event> events = test::of_range(12);
  for (lists::Event& event : events) {
    event.reason = core::Untrusted("see https://lists.example/?ip=" + event.subject);
  }
  CHECK(mail_text(notification(events)).find("Why,") == std::string::npos);
  for (std::size_t i = 3; i < events.size(); ++i) {
    events[i].reason = core::Untrusted("case " + std::to_string(i) + " <!channel>");
  }
  for (const std::string& text :
       {mail_text(notification(events)), slack_text(notification(events))}) {
    CHECK(text.find("Why, 203.0.113.3:") != std::string::npos);
    CHECK(text.find("case 6") != std::string::npos);
    CHECK(text.find("case 7") == std::string::npos);
    CHECK(text.find("5 more texts: see 'rblwatch history --events 203.0.113.0/24'") !=
          std::string::npos);
  }
  const std::string slack = slack_text(notification(events));
  CHECK(slack.find("&lt;!channel&gt;") != std::string::npos);
  CHECK(slack.find("<!channel>") == std::string::npos);
}

TEST_CASE("Each message says how much can be seen") {
  for (const std::string& text :
       {mail_text(notification({test::listed()})), mail_html(notification({test::listed()})),
        slack_text(notification({test::listed()}))}) {
    CHECK(text.find("9 of 12 zones can be seen; blind: corp; quarantined: uceprotect-2; 1 not "
                    "tested yet") != std::string::npos);
  }
}

UnseenListing unseen_on(const std::string& zone, const std::string& last_seen) {
  return {.zone = zone,
          .codes = {"127.0.0.2"},
          .listed_at = test::at("2026-11-20T09:10:00Z"),
          .last_seen = test::at(last_seen),
          .doubt = {lists::Cause::timeout, test::at("2026-11-23T06:11:00Z")},
          .is_zone_blind = true};
}

TEST_CASE("Where else a subject is listed without being seen, its alert says so") {
  const std::string line =
      "on corp since 2026-11-20 09:10 UTC, last seen 2026-11-23 06:10 UTC (blind: timeout)";
  Notification message = notification({test::listed(), test::delisted()});
  CHECK(mail_text(message).find(" listed:") == std::string::npos);
  for (EventView& view : message.events) {
    view.unseen = {unseen_on("corp", "2026-11-23T06:10:00Z"),
                   unseen_on("uceprotect-2", "2026-11-23T06:10:00Z")};
    view.unseen[1].is_zone_blind = false;
  }
  const std::string mail = mail_text(message);
  CHECK(mail.find("  Also listed:      " + line + "\n") != std::string::npos);
  CHECK(mail.find("  Still listed:     " + line + "\n") != std::string::npos);
  CHECK(mail.find("06:10 UTC (unknown: timeout)\n") != std::string::npos);
  CHECK(mail_html(message).find("Still listed</th><td>" + line + "</td>") != std::string::npos);
  CHECK(slack_text(message).find("*Still listed:* " + line) != std::string::npos);
}

TEST_CASE(
    "Of a network it is counted how many are listed elsewhere, and when they were last seen") {
  Notification message = notification(test::of_range(200));
  message.events[3].unseen = {unseen_on("corp", "2026-11-23T06:10:00Z")};
  message.events[7].unseen = {unseen_on("corp", "2026-11-23T06:40:00Z")};
  CHECK(mail_text(message).find(
            "  Also listed:      2 addresses on corp, last seen from 2026-11-23 06:10 UTC to "
            "2026-11-23 06:40 UTC (blind: timeout)\n") != std::string::npos);
}

TEST_CASE("A webhook's message names each listing in doubt once") {
  Notification message = notification({test::listed(), test::delisted()});
  CHECK(nlohmann::json::parse(render_webhook(message).body)["in_doubt"] == nlohmann::json::array());
  for (EventView& view : message.events) {
    view.unseen = {unseen_on("corp", "2026-11-23T06:10:00Z")};
  }
  CHECK(nlohmann::json::parse(render_webhook(message).body)["in_doubt"] ==
        nlohmann::json::parse(R"([{"subject":"192.0.2.10","zone":"corp","codes":["127.0.0.2"],
            "listed_at":"2026-11-20T09:10:00Z","last_seen":"2026-11-23T06:10:00Z",
            "doubt":{"cause":"timeout","since":"2026-11-23T06:11:00Z"}}])"));
}

TEST_CASE("That a zone is blind is told with what it means and what to do") {
  lists::Event blind = test::zone_blind();
  blind.kind = lists::Kind::ipv4;
  Notification message = notification({blind});
  message.coverage = {12, 10, {"corp", "spamhaus-zen"}, {}};
  for (const std::string& text : {mail_text(message), slack_text(message)}) {
    CHECK(text.find("2 of 12 zones can't be seen: 258 addresses unchecked on spamhaus-zen since "
                    "2026-11-23 09:10 UTC.") != std::string::npos);
    CHECK(text.find("recursive resolver of your own") != std::string::npos);
    CHECK(text.find("wants a key") != std::string::npos);
    CHECK(text.find("'rblwatch zones spamhaus-zen' shows its terms and links") !=
          std::string::npos);
  }
  message.events[0].in_doubt = {1, test::at("2026-11-23T09:08:00Z"),
                                test::at("2026-11-23T09:08:00Z")};
  CHECK(mail_text(message).find(
            " UTC. 1 listing there stays open, last seen 2026-11-23 09:08 UTC. ") !=
        std::string::npos);
  message.coverage = {12, 12, {}, {}};
  CHECK(mail_text(message).find("of 12 zones can't be seen") == std::string::npos);
  CHECK(mail_text(message).find("stays open") == std::string::npos);
}

}  // namespace
}  // namespace rblwatch::alerts
