// SPDX-License-Identifier: Apache-2.0
#include "alerts/notification.hpp"

#include <catch2/catch.hpp>

#include "alerts/wording.hpp"
#include "fixtures.hpp"

namespace rblwatch::alerts {
namespace {

using test::delisted;
using test::listed;
using test::notification;

TEST_CASE("A summary counts what happened") {
  CHECK(summary_of(notification({listed()})) == "1 listed");
  CHECK(summary_of(notification({delisted("192.0.2.11"), listed()})) == "1 listed, 1 delisted");
  CHECK(summary_of(notification({test::zone_blind(), test::zone_blind("timeout")})) ==
        "2 zone blind");
  CHECK(summary_of(notification({test::channel_failed("ops")})) == "1 channel failed");
}

TEST_CASE("A listing that came and went in one message is said as one thing") {
  CHECK(summary_of(notification({listed(), delisted()})) == "1 listed and delisted again");
  CHECK(summary_of(notification({listed(), listed("192.0.2.11"), delisted()})) ==
        "1 listed, 1 listed and delisted again");
  CHECK(summary_of(notification({listed(), delisted(), listed()})) ==
        "1 listed, 1 listed and delisted again");
}

TEST_CASE("A delisting before its next listing is two things") {
  CHECK(summary_of(notification({delisted(), listed()})) == "1 listed, 1 delisted");
}

TEST_CASE("Listings of one subject for different purposes are no pair") {
  lists::Event allow = delisted();
  allow.zone->purpose = lists::Purpose::allow;
  CHECK(summary_of(notification({listed(), allow})) == "1 listed, 1 delisted");
}

TEST_CASE("A message that had to be split says so") {
  Notification part = notification({listed()});
  part.part = 2;
  part.parts = 3;
  CHECK(summary_of(part) == "1 listed (message 2 of 3)");
}

TEST_CASE("The subject line says what, of whom and where") {
  CHECK(subject_line(notification({listed()})) == "listed: 192.0.2.10 (mx1) on zen.spamhaus.org");
  CHECK(subject_line(notification({delisted()})) ==
        "delisted: 192.0.2.10 (mx1) on zen.spamhaus.org");
  CHECK(subject_line(notification({listed(), delisted()})) ==
        "listed and delisted again: 192.0.2.10 (mx1) on zen.spamhaus.org");
  CHECK(subject_line(notification({listed(), listed("192.0.2.11"), listed("192.0.2.12")})) ==
        "3 listed: 192.0.2.10 (mx1) on zen.spamhaus.org and 2 more");
  CHECK(subject_line(notification({test::zone_blind()})) == "zone blind: spamhaus-zen (refused)");
  CHECK(subject_line(notification({test::resolver_blind()})) ==
        "resolver blind: 127.0.0.1:53 (timeout)");
  CHECK(subject_line(notification({test::channel_failed("ops")})) == "channel failed: ops");
}

TEST_CASE("The loss of an allow listing is named as such") {
  lists::Event lost = delisted();
  lost.zone->purpose = lists::Purpose::allow;
  CHECK(subject_line(notification({lost})) ==
        "allowlist, delisted: 192.0.2.10 (mx1) on zen.spamhaus.org");
}

TEST_CASE("The timeline is short lines, newest first, at most 20") {
  EventView view{listed(), test::timeline()};
  CHECK(timeline_lines(view) ==
        std::vector<std::string>{"2026-11-20 09:10 delisted spamhaus-zen 127.0.0.2",
                                 "2026-11-19 21:05 listed spamhaus-zen 127.0.0.2",
                                 "2026-10-01 00:00 listed corp"});
  view.timeline.assign(30, view.timeline.front());
  CHECK(timeline_lines(view).size() == 20);
}

TEST_CASE("How to get off is said of bad news only") {
  CHECK(steps_of(listed()).size() == 2);
  CHECK(steps_of(delisted()).empty());
  lists::Event lost = delisted();
  lost.zone->purpose = lists::Purpose::allow;
  CHECK(steps_of(lost).size() == 2);
}

TEST_CASE("That a zone refuses is told with a link to what its operator says of it") {
  lists::Event refused = test::zone_blind("refused");
  refused.lookup_url = "https://www.spamhaus.org/query/ip/";
  refused.delist_url = "https://www.spamhaus.org/organization/dnsblusage/";
  std::vector<std::string> links;
  for (const Fact& fact : facts_of(refused)) {
    if (fact.is_link) {
      links.push_back(fact.label + ": " + fact.text.raw());
    }
  }
  CHECK(links ==
        std::vector<std::string>{"Operator: https://www.spamhaus.org/",
                                 "Its terms: https://www.spamhaus.org/organization/dnsblusage/"});
}

TEST_CASE("What is over says for how long it lasted, where that is known") {
  struct Row {
    lists::EventType type;
    std::string since;
    std::string duration;
  };
  using E = lists::EventType;
  for (const Row& row : {Row{E::zone_seeing, "Blind since", "Blind for"},
                         Row{E::resolver_seeing, "Blind since", "Blind for"},
                         Row{E::target_resolved, "Unresolved since", "Unresolved for"},
                         Row{E::zone_blind, "Since", ""}, Row{E::channel_failed, "Since", ""}}) {
    INFO(core::enum_word(row.type));
    lists::Event event;
    event.type = row.type;
    event.at = test::at("2026-11-23T12:30:00Z");
    CHECK(facts_of(event).empty());
    event.since = test::at("2026-11-23T09:10:00Z");
    std::vector<std::string> told;
    for (const Fact& fact : facts_of(event)) {
      told.push_back(fact.label + ": " + fact.text.raw());
    }
    std::vector<std::string> expected{row.since + ": 2026-11-23 09:10 UTC"};
    if (!row.duration.empty()) {
      expected.push_back(row.duration + ": 3 h 20 min");
    }
    CHECK(told == expected);
  }
}

TEST_CASE("Every cause of blindness comes with something to do") {
  for (const auto& [cause, word] : core::EnumWords<lists::Cause>::table) {
    INFO(word);
    const lists::Event event = test::zone_blind(std::string(word));
    CHECK_FALSE(meaning_of({event, {}}, test::coverage()).empty());
    CHECK(steps_of(event).empty() == (cause == lists::Cause::unsupported));
  }
}

}  // namespace
}  // namespace rblwatch::alerts
