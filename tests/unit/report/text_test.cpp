// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>

#include <catch2/catch.hpp>

#include "core/text.hpp"
#include "golden.hpp"
#include "plan_doctor_samples.hpp"
#include "report/shown.hpp"
#include "report/text_listing.hpp"
#include "samples.hpp"

namespace rblwatch::report {
namespace {

using namespace std::chrono_literals;

/// Local times are those of UTC in these tests.
void use_utc() {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
}

using Writer = std::function<std::string(const TextStyle&)>;

/// Every kind of text, by the name of its golden file.
std::map<std::string, Writer> texts() {
  using namespace samples;
  return {
      {"status_trouble", [](const TextStyle& style) { return to_text(trouble(), style); }},
      {"status_quiet", [](const TextStyle& style) { return to_text(quiet(), style); }},
      {"status_stopped", [](const TextStyle& style) { return to_text(stopped(), style); }},
      {"status_unresolved", [](const TextStyle& style) { return to_text(unresolved(), style); }},
      {"status_nothing", [](const TextStyle& style) { return to_text(nothing(), style); }},
      {"status_crowd", [](const TextStyle& style) { return to_text(crowd(), style); }},
      {"status_neighbours", [](const TextStyle& style) { return to_text(neighbours(), style); }},
      {"status_each_neighbour",
       [](TextStyle style) {
         style.each_single = true;
         return to_text(few_neighbours(), style);
       }},
      {"check", [](const TextStyle& style) { return check_to_text(checked(), style); }},
      {"check_neighbours",
       [](const TextStyle& style) { return check_to_text(few_neighbours(), style); }},
      {"history", [](const TextStyle& style) { return to_text(history(), style); }},
      {"why", [](const TextStyle& style) { return to_text(why(), style); }},
      {"zones", [](const TextStyle& style) { return to_text(zones(), style); }},
      {"zone", [](const TextStyle& style) { return zone_to_text(zones().zones[3], style, kNow); }},
      {"targets", [](const TextStyle& style) { return to_text(targets(), style); }},
      {"alerts", [](const TextStyle& style) { return to_text(alerts(), style); }},
      {"config_check", [](const TextStyle& style) { return to_text(config_check(), style); }},
      {"plan", [](const TextStyle& style) { return to_text(plan(), style); }},
      {"doctor", [](const TextStyle& style) { return to_text(doctor(), style); }},
      {"events",
       [](const TextStyle& style) { return events_to_text(events(), true, style, kNow); }},
  };
}

std::map<std::string, Writer> hostile_texts() {
  using namespace samples;
  return {
      {"status", [](const TextStyle& style) { return to_text(hostile_status(), style); }},
      {"check", [](const TextStyle& style) { return check_to_text(hostile_status(), style); }},
      {"neighbours", [](const TextStyle& style) { return to_text(hostile_neighbours(), style); }},
      {"check of neighbours",
       [](const TextStyle& style) { return check_to_text(hostile_neighbours(), style); }},
      {"history", [](const TextStyle& style) { return to_text(hostile_history(), style); }},
      {"why", [](const TextStyle& style) { return to_text(hostile_why(), style); }},
      {"zones", [](const TextStyle& style) { return to_text(hostile_zones(), style); }},
      {"zone",
       [](const TextStyle& style) { return zone_to_text(hostile_zones().zones[0], style, kNow); }},
      {"targets", [](const TextStyle& style) { return to_text(hostile_targets(), style); }},
      {"alerts", [](const TextStyle& style) { return to_text(hostile_alerts(), style); }},
      {"config_check",
       [](const TextStyle& style) { return to_text(hostile_config_check(), style); }},
      {"plan", [](const TextStyle& style) { return to_text(hostile_plan(), style); }},
      {"doctor", [](const TextStyle& style) { return to_text(hostile_doctor(), style); }},
      {"events",
       [](const TextStyle& style) { return events_to_text(hostile_events(), false, style, kNow); }},
  };
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

/// Links, dig lines, places in files and words that name a row are never broken: they are there to
/// be copied.
bool may_be_long(const std::string& line) {
  return line.find("://") != std::string::npos || line.find("dig +") != std::string::npos ||
         line.find("error: ") != std::string::npos || line.find("warning: ") != std::string::npos ||
         line.find(' ', 2) == std::string::npos;
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

TEST_CASE("each text looks as it was found good, at every width") {
  use_utc();
  for (const auto& [name, write] : texts()) {
    for (const unsigned width : {60U, 80U, 120U}) {
      TextStyle style;
      style.width = width;
      check_golden(name + "_" + std::to_string(width) + ".txt", write(style));
    }
  }
}

TEST_CASE("with UTF-8 and colour each text looks as it was found good") {
  use_utc();
  for (const char* name : {"status_trouble", "status_crowd", "check", "why"}) {
    TextStyle style;
    style.color = true;
    style.utf8 = true;
    check_golden(std::string(name) + "_color.txt", texts().at(name)(style));
  }
}

TEST_CASE("no line is wider than the terminal but what is there to be copied") {
  use_utc();
  for (const auto& [name, write] : texts()) {
    for (unsigned width = 60; width <= 200; width += 7) {
      TextStyle style;
      style.width = width;
      for (const std::string& line : lines_of(write(style))) {
        INFO(name << " at " << width << ": " << line);
        CHECK((columns_of(line) <= width || may_be_long(line)));
      }
    }
  }
}

TEST_CASE("no line ends in blanks, and each text ends in one newline") {
  use_utc();
  for (const auto& [name, write] : texts()) {
    const std::string text = write(TextStyle{});
    INFO(name);
    CHECK(text.ends_with('\n'));
    CHECK_FALSE(text.ends_with("\n\n"));
    CHECK(text.find(" \n") == std::string::npos);
  }
}

TEST_CASE("a width beyond reason is taken for the nearest that works") {
  use_utc();
  for (const auto& [name, write] : texts()) {
    INFO(name);
    TextStyle narrow;
    narrow.width = 0;
    TextStyle sixty;
    sixty.width = 60;
    CHECK(write(narrow) == write(sixty));
    TextStyle wide;
    wide.width = 100'000;
    TextStyle two_hundred;
    two_hundred.width = 200;
    CHECK(write(wide) == write(two_hundred));
  }
}

TEST_CASE("without UTF-8 nothing but ASCII is shown, whatever is in it") {
  for (const auto& all : {texts(), hostile_texts()}) {
    for (const auto& [name, write] : all) {
      INFO(name);
      CHECK(is_ascii(write(TextStyle{})));
    }
  }
}

TEST_CASE("foreign text never steers the terminal") {
  for (const auto& [name, write] : hostile_texts()) {
    for (const bool utf8 : {false, true}) {
      TextStyle style;
      style.utf8 = utf8;
      const std::string text = write(style);
      INFO(name << (utf8 ? " with UTF-8" : " in ASCII"));
      for (const char c : text) {
        CHECK_FALSE((static_cast<unsigned char>(c) < 0x20 && c != '\n'));
        CHECK(c != '\x7f');
      }
      CHECK(text.find("\u009b") == std::string::npos);
      CHECK(text.find("\u202e") == std::string::npos);
      CHECK(core::to_utf8(core::Untrusted(text)) == text);  // valid UTF-8
    }
  }
}

TEST_CASE("with colour the only escape codes are our own") {
  TextStyle style;
  style.color = true;
  for (const auto& [name, write] : hostile_texts()) {
    std::string text = write(style);
    INFO(name);
    for (const char* code : {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"}) {
      text = core::replace_all(std::move(text), code, "");
    }
    CHECK(text.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("colour changes nothing but the colour") {
  use_utc();
  for (const auto& [name, write] : texts()) {
    TextStyle style;
    style.color = true;
    std::string text = write(style);
    INFO(name);
    for (const char* code : {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"}) {
      text = core::replace_all(std::move(text), code, "");
    }
    CHECK(text == write(TextStyle{}));
  }
}

TEST_CASE("a status always says how much of the world it stands on") {
  const std::string quiet = to_text(samples::quiet(), TextStyle{});
  CHECK(quiet.find("Nothing is listed.") == 0);
  CHECK(quiet.find("3 zones, all of them seeing") != std::string::npos);
  const std::string trouble = to_text(samples::trouble(), TextStyle{});
  CHECK(trouble.find("8 seeing, 2 blind, 1 quarantined") != std::string::npos);
  CHECK(trouble.find("771 of 15 096 pairs unknown") != std::string::npos);
  const std::string stopped = to_text(samples::stopped(), TextStyle{});
  CHECK(stopped.find("Nothing is known to be listed; 774 of 774 pairs unknown (100 %)") == 0);
  CHECK(stopped.find("rblwatchd is not running") != std::string::npos);
}

TEST_CASE("what is unknown is never said to be nothing of the whole") {
  StatusDoc document = samples::quiet();
  document.summary.pairs = 100'000;
  document.summary.unknown = 3;
  CHECK(to_text(document, TextStyle{}).find("(under 1 %)") != std::string::npos);
}

TEST_CASE("where nothing is asked a status says how to begin") {
  CHECK(to_text(samples::nothing(), TextStyle{}).find("[[target]]") != std::string::npos);
  StatusDoc document = samples::nothing();
  document.zones.clear();
  document.summary.targets = 2;
  CHECK(to_text(document, TextStyle{}).find("[catalogue]") != std::string::npos);
  document.zones = samples::quiet().zones;
  CHECK(to_text(document, TextStyle{}).find("Nothing is asked") != std::string::npos);
}

TEST_CASE("what no zone has data for is said to be unsupported") {
  StatusDoc document = samples::nothing();
  const TextStyle wide{.width = 120};
  document.summary.targets = 1;
  document.summary.subjects = 1;
  CHECK(check_to_text(document, wide) == "Nothing was asked: no zone in use answers for this.\n");
  document.summary.unsupported = 12;
  CHECK(check_to_text(document, wide) ==
        "Nothing was asked: the zones in use have no data for this (12 pairs unsupported).\n");
  CHECK(to_text(document, wide)
            .starts_with("Nothing is asked: the zones in use have no data for this (12 pairs "
                         "unsupported).\n"));
}

TEST_CASE("what check could not ask is no matter of the daemon") {
  StatusDoc document = samples::quiet();
  document.unknowns = {{.zone = "psbl-surriel",
                        .cause = lists::Cause::not_asked,
                        .since = {},
                        .pairs = 1,
                        .subjects = {"mail.example.com"}}};
  document.summary.unknown = 1;
  CHECK(to_text(document, TextStyle{}).find("See that rblwatchd runs") != std::string::npos);
  document.daemon.reset();
  const std::string text = check_to_text(document, TextStyle{});
  CHECK(text.find("\n  not_asked  ") != std::string::npos);
  CHECK(text.find("rblwatchd") == std::string::npos);
}

TEST_CASE("each cause that is shown has its advice, once") {
  StatusDoc document = samples::quiet();
  for (const auto& [cause, word] : core::EnumWords<lists::Cause>::table) {
    document.unknowns = {
        {.zone = "psbl-surriel", .cause = cause, .since = {}, .pairs = 1, .subjects = {}},
        {.zone = "spamcop-bl", .cause = cause, .since = {}, .pairs = 1, .subjects = {}}};
    const std::string text = to_text(document, TextStyle{});
    const std::size_t hints = text.find("What it means");
    INFO(word);
    REQUIRE(hints != std::string::npos);
    const std::size_t first = text.find(word, hints);
    CHECK(first != std::string::npos);
    CHECK(text.find("\n  " + std::string(word), first) == std::string::npos);
  }
}

TEST_CASE("a check shows reason, link and every step of each listing") {
  const std::string text = check_to_text(samples::checked(), TextStyle{});
  for (const char* part :
       {"192.0.2.10 (mx1) is listed on zen.spamhaus.org",
        "https://www.spamhaus.org/query/ip/192.0.2.10", "https://check.spamhaus.org/",
        "1. Find and stop", "2. Open the check page"}) {
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("why names what was not kept, and the line that repeats a question") {
  const std::string text = to_text(samples::why(), TextStyle{});
  CHECK(text.find("not kept") != std::string::npos);
  CHECK(
      text.find("dig +noall +answer +comments A 10.2.0.192.zen.spamhaus.org @127.0.0.1 -p 53\n") !=
      std::string::npos);
  WhyDoc unwatched = samples::why();
  unwatched.target = "";
  unwatched.answers.clear();
  CHECK(to_text(unwatched, TextStyle{}).find("192.0.2.10: not watched") == 0);
}

TEST_CASE("an answer within a millisecond took some time") {
  WhyDoc document = samples::why();
  document.answers[0].evidence->took = core::Millis(0);
  const std::string text = to_text(document, TextStyle{});
  CHECK_THAT(text, Catch::Contains("under 1 ms"));
  CHECK_THAT(text, !Catch::Contains("took 0"));
}

TEST_CASE("why names a zone that is not asked, and no line that would ask it") {
  WhyDoc document = samples::why();
  document.answers.erase(document.answers.begin(), document.answers.begin() + 2);
  document.answers[0].verdict = "unknown";
  document.answers[0].cause = lists::Cause::unsupported;
  const std::string text = to_text(document, TextStyle{});
  CHECK_THAT(text, Catch::Contains("psbl-surriel: unknown (unsupported)"));
  CHECK_THAT(text, Catch::Contains("none: the zone is not asked about it"));
  CHECK_THAT(text, !Catch::Contains("dig ") && !Catch::Contains("No zone"));
}

TEST_CASE("why says what stands of a pair that can't be seen, and when it was last seen") {
  WhyDoc document = samples::why();
  document.answers.resize(1);
  document.answers[0].verdict = "unknown";
  document.answers[0].cause = lists::Cause::timeout;
  ListingView view;
  view.subject = document.subject;
  view.zone = document.answers[0].zone;
  view.listed_at = document.generated_at - 5h;
  view.last_seen = document.generated_at - 3h;
  view.doubt = lists::Doubt{lists::Cause::timeout, document.generated_at - 2h};
  document.listings = {view};
  TextStyle wide;
  wide.width = 160;
  const std::string text = to_text(document, wide);
  CHECK_THAT(text, Catch::Contains("  stands as listed since "));
  CHECK_THAT(text, Catch::Contains("(5 h ago), in doubt (timeout): last seen 3 h ago\n"));
  document.listings[0].zone = "another";
  CHECK_THAT(to_text(document, wide), !Catch::Contains("stands as"));
}

TEST_CASE("with the daemon down why doesn't say that nobody was asked") {
  WhyDoc document = samples::why();
  document.answers.resize(1);
  document.answers[0].verdict = "unknown";
  document.answers[0].cause = lists::Cause::not_asked;
  document.answers[0].kept = false;
  TextStyle wide;
  wide.width = 160;
  CHECK_THAT(to_text(document, wide), Catch::Contains("not kept: only a running rblwatchd has"));
  document.is_from_daemon = true;
  CHECK_THAT(to_text(document, wide), Catch::Contains("none: it was not asked yet"));
}

TEST_CASE("an allow listing that was lost may be back where its zone can't be seen") {
  StatusDoc document = samples::trouble();
  bool has_lost = false;
  for (ListingView& view : document.listings) {
    if (view.state == lists::ListingState::delisted) {
      has_lost = true;
      view.last_seen = document.generated_at - 3h;
      view.doubt = lists::Doubt{lists::Cause::timeout, document.generated_at - 2h};
    }
  }
  REQUIRE(has_lost);
  TextStyle wide;
  wide.width = 160;
  CHECK_THAT(to_text(document, wide), Catch::Contains("in doubt (timeout) since 2026-11-23 ") &&
                                          Catch::Contains(": it may be back; last seen there 3 h "
                                                          "ago\n"));
}

TEST_CASE("zones, targets and alerts say that no daemon runs, and how old it all is") {
  const std::string stopped = "rblwatchd is not running. This is what it knew last; its last sweep";
  DaemonView daemon;
  daemon.last_sweep = samples::kNow - 72h;
  TextStyle wide;
  wide.width = 160;
  ZonesDoc zones = samples::zones();
  zones.daemon = daemon;
  CHECK(to_text(zones, wide)
            .find("3 of 7 zones could be seen then: 2 blind, 1 quarantined, 1 "
                  "untested.\n" +
                  stopped) == 0);
  CHECK_THAT(zone_to_text(zones.zones[0], wide, zones.generated_at, zones.daemon),
             Catch::Contains("\n" + stopped));
  TargetsDoc targets = samples::targets();
  targets.daemon = daemon;
  CHECK(to_text(targets, wide).find(stopped) == 0);
  AlertsDoc alerts = samples::alerts();
  alerts.has_stopped = true;
  CHECK(to_text(alerts, wide).find("rblwatchd is not running: 1 delivery waits for its start.\n") ==
        0);
  CHECK_THAT(to_text(alerts, wide), Catch::Contains("at start\n"));
  daemon.running = true;
  zones.daemon = targets.daemon = daemon;
  alerts.deliveries.erase(alerts.deliveries.begin());
  for (const std::string& text :
       {to_text(zones, wide), to_text(targets, wide), to_text(alerts, wide)}) {
    CHECK_THAT(text, !Catch::Contains("not running") && !Catch::Contains("then"));
  }
}

TEST_CASE("a target that no zone is seen to list says when it was last seen so") {
  TargetsDoc document = samples::targets();
  document.targets[0].listed_in_doubt = 1;
  document.targets[0].last_seen = document.generated_at - 3h;
  document.targets[1].listed = 3;
  document.targets[1].listed_in_doubt = 2;
  document.targets[1].last_seen = document.generated_at - 5h;
  const std::string text = to_text(document, TextStyle{});
  CHECK_THAT(text, Catch::Contains("\n      in doubt: last seen 3 h ago\n"));
  CHECK_THAT(text, Catch::Contains("      2 of the 3 listed in doubt: last seen 5 h ago or later"));
}

TEST_CASE("a delivery that didn't arrive says what it was about") {
  AlertsDoc document = samples::alerts();
  for (DeliveryView& view : document.deliveries) {
    view.about = view.state == "delivered" ? "" : "192.0.2.10 (mx1) is listed on zen.spamhaus.org";
  }
  const std::string text = to_text(document, TextStyle{});
  CHECK_THAT(text, Catch::Contains("      192.0.2.10 (mx1) is listed on zen.spamhaus.org, and 1 "
                                   "more event\n      503 Service"));
  CHECK_THAT(text, Catch::Contains("      192.0.2.10 (mx1) is listed on zen.spamhaus.org\n      "
                                   "404 no_service"));
  document.deliveries.clear();
  document.only_failed = true;
  CHECK(to_text(document, TextStyle{}) == "No delivery has failed.\n");
}

TEST_CASE("lists without anything say so") {
  CHECK(to_text(HistoryDoc{}, TextStyle{}) == "No listings.\n");
  CHECK(to_text(AlertsDoc{}, TextStyle{}) == "No deliveries.\n");
  CHECK(to_text(TargetsDoc{}, TextStyle{}).find("No targets.") == 0);
  CHECK(to_text(ZonesDoc{}, TextStyle{}).find("No zone is in use.") == 0);
  CHECK(events_to_text({}, false, TextStyle{}, samples::kNow) == "No events.\n");
  CHECK(to_text(ConfigCheckDoc{}, TextStyle{}) == "The configuration is good.\n");
}

TEST_CASE("a diagnostic begins with the place as editors read it, on one line") {
  const std::vector<std::string> lines = lines_of(to_text(samples::config_check(), TextStyle{}));
  REQUIRE(lines.size() == 4);
  CHECK(
      lines[0].find(
          "/etc/rblwatch/rblwatch.toml:12:3: error: schedule.intervall: unknown key (allowed: ") ==
      0);
  CHECK(lines[1] == "/etc/rblwatch/conf.d/mx.toml:4: error: not TOML");
  CHECK(lines[2].find("warning: catalogue.use: ") == 0);
  CHECK(lines[3] == "2 errors, 1 warning");
}

TEST_CASE("zones that nobody is asked about are not counted as unseen") {
  ZonesDoc document = samples::zones();
  TextStyle wide;
  wide.width = 120;
  CHECK(to_text(document, wide)
            .find("3 of 7 zones can be seen: 2 blind, 1 quarantined, 1 untested.\n") == 0);
  document.zones[6].view.subjects = 0;
  CHECK(to_text(document, wide)
            .find("3 of 6 zones can be seen: 2 blind, 1 quarantined, 0 untested; 1 more has no "
                  "subjects.\n") == 0);
  document.zones.resize(3);
  CHECK(to_text(document, wide).find("All 3 zones can be seen.\n") == 0);
  document.zones.resize(1);
  CHECK(to_text(document, wide).find("The zone can be seen.\n") == 0);
}

TEST_CASE("what a quarantine holds awaits no more answers") {
  const auto remark_on = [](lists::PendingTo to, lists::ListingState state) {
    ListingView view = samples::listing();
    view.state = state;
    view.pending_to = to;
    view.held = true;
    return core::join(remarks_on(view, samples::kNow, TextStyle{}), "\n");
  };
  using lists::ListingState;
  using lists::PendingTo;
  const std::string kept = ": held, for its zone is quarantined, and nobody has been told";
  CHECK(remark_on(PendingTo::listed, ListingState::pending) == "confirmed" + kept);
  CHECK(remark_on(PendingTo::changed, ListingState::listed) == "its codes have changed" + kept);
  CHECK(remark_on(PendingTo::delisted, ListingState::listed) ==
        "gone by all answers" + kept + "; counts as listed until then");
}

TEST_CASE("what is fine can be left out") {
  TextStyle style;
  style.quiet_clear = true;
  CHECK(to_text(samples::targets(), style).find("mail.example.com") == std::string::npos);
  CHECK(to_text(samples::zones(), style).find("spamcop-bl") == std::string::npos);
  CHECK(to_text(samples::zones(), style).find("corp") != std::string::npos);
  CHECK(to_text(samples::quiet(), style).find("rblwatchd") == std::string::npos);
}

}  // namespace
}  // namespace rblwatch::report
