// SPDX-License-Identifier: Apache-2.0
#include "report/page.hpp"

#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "golden.hpp"
#include "report/html.hpp"
#include "samples.hpp"

namespace rblwatch::report {
namespace {

using namespace std::chrono_literals;
using samples::ago;
using samples::kNow;

PageDoc page_of(StatusDoc status) {
  return {.status = std::move(status), .events = samples::events(), .ailment = {}};
}

StatusDoc blind_resolver() {
  StatusDoc document = samples::quiet();
  document.summary.unknown = document.summary.pairs;
  document.summary.zones_seeing = 0;
  document.summary.zones_blind = 3;
  document.resolvers.front().state = "blind";
  document.resolvers.front().cause = lists::Cause::refused;
  for (ZoneView& zone : document.zones) {
    zone.state = lists::ZoneState::blind;
    zone.cause = lists::Cause::refused;
    zone.unknown = zone.subjects;
    zone.kinds.front().state = zone.state;
    zone.kinds.front().cause = zone.cause;
    document.unknowns.push_back({.zone = zone.id,
                                 .cause = *zone.cause,
                                 .since = ago(2h),
                                 .pairs = zone.subjects,
                                 .subjects = {}});
  }
  return document;
}

/// Every page, by the name of its golden file.
std::map<std::string, PageDoc> pages() {
  using namespace samples;
  PageDoc still = page_of(unresolved());
  still.reloads = false;
  still.events.clear();
  return {{"trouble", page_of(trouble())},       {"quiet", page_of(quiet())},
          {"stopped", page_of(stopped())},       {"still", still},
          {"nothing", page_of(nothing())},       {"blind", page_of(blind_resolver())},
          {"neighbours", page_of(neighbours())}, {"hostile", page_of(hostile_status())}};
}

/// The tags in their order, without the values of attributes.
std::vector<std::string> tags_of(const std::string& html) {
  std::vector<std::string> tags;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at)) {
    std::string tag;
    bool is_value = false;
    for (; at < html.size() && (is_value || html[at] != '>'); ++at) {
      is_value = is_value != (html[at] == '"');
      tag += is_value && html[at] != '"' ? "" : std::string(1, html[at]);
    }
    tags.push_back(tag);
  }
  return tags;
}

std::string name_of(const std::string& tag) {
  return tag.substr(1, tag.find(' ') - 1);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A day with trouble, each of its foreign texts replaced.
PageDoc spoilt(const std::string& text) {
  PageDoc document = page_of(samples::trouble());
  StatusDoc& status = document.status;
  status.daemon->version = text;
  for (ListingView& view : status.listings) {
    view.target = view.zone = view.dns = view.operator_name = view.muted_by = text;
    view.subject = view.lookup_url = view.delist_url = text;
    view.codes = view.meanings = view.delist_steps = {text, text};
    view.reason = core::Untrusted(text);
  }
  for (ZoneView& zone : status.zones) {
    zone.id = zone.dns = zone.operator_name = text;
  }
  for (UnknownView& view : status.unknowns) {
    view.zone = text;
    view.subjects = {text};
  }
  status.resolvers.front().server = status.resolvers.front().state = text;
  status.unresolved = {{text, text, {}}};
  for (lists::Event& event : document.events) {
    event.subject = event.cause = text;
    event.meanings = {text};
    event.zone->id = event.zone->dns = text;
  }
  return document;
}

}  // namespace

TEST_CASE("each page looks as it was found good") {
  for (const auto& [name, document] : pages()) {
    check_golden("page_" + name + ".html", to_page(document));
  }
  check_golden("page.css", std::string(page_style()));
}

TEST_CASE("every tag of a page is closed, and no id is there twice") {
  const std::set<std::string> void_tags{"!DOCTYPE", "meta", "link", "br"};
  for (const auto& [name, document] : pages()) {
    INFO(name);
    const std::string html = to_page(document);
    std::vector<std::string> open;
    for (const std::string& tag : tags_of(html)) {
      const std::string word = name_of(tag);
      if (word.front() == '/') {
        REQUIRE(!open.empty());
        CHECK(open.back() == word.substr(1));
        open.pop_back();
      } else if (!void_tags.contains(word)) {
        open.push_back(word);
      }
    }
    CHECK(open.empty());
    for (const char* id : {"answer", "listed", "pending", "lost", "unseen", "zones", "events"}) {
      CHECK(count(html, std::string(" id=\"") + id + "\"") <= 1);
    }
  }
}

TEST_CASE("no text from outside changes the markup") {
  const std::vector<std::string> expected = tags_of(to_page(spoilt("harmless")));
  const std::vector<std::string> payloads{"<script>alert(1)</script>",
                                          "</title></style><img src=x onerror=alert(1)>",
                                          "\" onmouseover=\"alert(1)",
                                          "' onfocus='alert(1)' autofocus='",
                                          "<!-- ]]> <![CDATA[ -->",
                                          "&lt;script&gt; &#60;b&#62; &amp",
                                          "javascript:alert(1)",
                                          "data:text/html,<script>alert(1)</script>",
                                          std::string("nul\0here", 8),
                                          "\x01\x02\x07\x1b[31mred\x1b]0;owned\x07 \x7f \xc2\x9b",
                                          "\u202egnp.exe\u2066 \u200f \u2028 \u2029",
                                          "\xff\xfe\xc3( \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82",
                                          std::string("<b>") + std::string(64 * 1024, 'x'),
                                          std::string(64 * 1024, '<'),
                                          std::string(64 * 1024, '\xff'),
                                          samples::kHostile};
  for (const std::string& payload : payloads) {
    const std::string html = to_page(spoilt(payload));
    INFO(payload.substr(0, 80));
    CHECK(tags_of(html) == expected);
    CHECK(core::to_utf8(core::Untrusted(html)) == html);
    CHECK(std::none_of(html.begin(), html.end(), [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return (byte < 0x20 && c != '\n') || byte == 0x7F;
    }));
    for (const char* turned : {"\u202e", "\u2066", "\u200f", "\u2028"}) {
      CHECK(!has(html, turned));
    }
    CHECK(html.size() < 1'000'000);
  }
}

TEST_CASE("no script, no style and no event handler is in a page, and every link is a safe one") {
  for (const auto& [name, document] : pages()) {
    INFO(name);
    const std::string html = to_page(document);
    for (const std::string& tag : tags_of(html)) {
      INFO(tag);
      CHECK(name_of(tag) != "script");
      CHECK(name_of(tag) != "style");
      CHECK(name_of(tag) != "form");
      CHECK(!has(tag, " style="));
      CHECK(!has(tag, " on"));
    }
    CHECK(count(html, "<a href=\"http") == count(html, " rel=\"noopener noreferrer\">"));
    CHECK(count(html, "<a href=") == count(html, "<a href=\"http") + count(html, "<a href=\"/"));
  }
}

TEST_CASE("only http and https become links") {
  CHECK(html::link("https://x.test/a?b=1&c=2", "open") ==
        "<a href=\"https://x.test/a?b=1&amp;c=2\" rel=\"noopener noreferrer\">open</a>");
  CHECK(has(html::link("HTTP://x.test", "open"), "<a href"));
  const std::string far = "https://x.test/" + std::string(3000, 'x');
  for (const std::string& url :
       {std::string("javascript:alert(1)"), std::string("javascript://x.test/%0aalert(1)"),
        std::string("data:text/html,x"), std::string("mailto:a@x.test"), std::string("//x.test"),
        std::string("/relative"), std::string("https:x.test"), std::string(" https://x.test"),
        std::string("https://x.test/\nb"), std::string("https://\u202ex.test"), far,
        std::string()}) {
    INFO(url.substr(0, 60));
    CHECK(!has(html::link(url, "open"), "<a"));
  }
}

TEST_CASE("a long text is cut between characters") {
  const std::string text = html::text(std::string(999, 'x') + "\u20ac\u20ac");
  CHECK(text == std::string(999, 'x') + "…");
  CHECK(html::text(std::string(1000, 'x')) == std::string(1000, 'x'));
}

TEST_CASE("the page is green only where everything is seen and nothing is open") {
  const auto is_green = [](const StatusDoc& status) {
    return has(to_page(page_of(status)), "class=\"answer good\"");
  };
  CHECK(is_green(samples::quiet()));
  const std::vector<std::function<void(StatusDoc&)>> doubts{
      [](StatusDoc& status) { status.summary.unknown = 1; },
      [](StatusDoc& status) { status.summary.listed = 1; },
      [](StatusDoc& status) { status.summary.pending = 1; },
      [](StatusDoc& status) { status.summary.allow_lost = 1; },
      [](StatusDoc& status) { status.summary.info = 1; },
      [](StatusDoc& status) { status.summary.zones_quarantined = 1; },
      [](StatusDoc& status) { status.summary.pairs = 0; },
      [](StatusDoc& status) { status.daemon->running = false; },
      [](StatusDoc& status) {
        status.unresolved = {{"mail", "not found", {}}};
      }};
  for (const auto& doubt : doubts) {
    StatusDoc status = samples::quiet();
    doubt(status);
    const std::string html = to_page(page_of(status));
    CHECK(!has(html, "class=\"answer good\""));
    CHECK(!has(html, "<li class=\"good\">"));
  }
  PageDoc ailing = page_of(samples::quiet());
  ailing.ailment = "events can't be stored: <disk full>";
  CHECK(!has(to_page(ailing), "class=\"answer good\""));
  CHECK(has(to_page(ailing), "events can&#39;t be stored: &lt;disk full&gt;"));
  const std::string stopped = to_page({.status = samples::stopped(), .events = {}, .ailment = {}});
  CHECK(!has(stopped, "good"));
}

TEST_CASE("the title begins with the state") {
  const auto title = [](const StatusDoc& status) {
    const std::string html = to_page(page_of(status));
    const std::size_t at = html.find("<title>") + 7;
    return html.substr(at, html.find("</title>") - at);
  };
  CHECK(title(samples::quiet()) == "Nothing is listed - rblwatch");
  CHECK(title(samples::trouble()) ==
        "2 listed, 1 lost from an allowlist, 1 pending, 771 unknown - rblwatch");
  CHECK(title(samples::stopped()).substr(0, 8) == "Stopped:");
  CHECK(title(samples::nothing()) == "Nothing is asked - rblwatch");
}

TEST_CASE("clear are the pairs that are seen and don't stand anywhere") {
  // 15 096 pairs, 771 unknown (one of them listed in doubt), one listed, one pending, one lost.
  CHECK(has(to_page(page_of(samples::trouble())), "<strong>14 322</strong> clear"));
  CHECK(has(to_page(page_of(samples::stopped())), "<strong>0</strong> clear then"));
}

TEST_CASE("what isn't fresh says when it was last seen") {
  const std::string html = to_page(page_of(samples::trouble()));
  CHECK(has(html, "in doubt (timeout): last seen 3 h ago"));
}

TEST_CASE("times are in UTC whatever the machine's zone is") {
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  const std::string tokyo = to_page(page_of(samples::trouble()));
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  CHECK(to_page(page_of(samples::trouble())) == tokyo);
  CHECK(has(tokyo, "<time datetime=\"2026-11-23T09:10:00Z\">2026-11-23 09:10</time> (3 h 20 min)"));
}

TEST_CASE("the page stays bounded where a whole /16 is listed, and says what it leaves out") {
  StatusDoc document = samples::quiet();
  for (int i = 0; i < 65'536; ++i) {
    ListingView view = samples::listing();
    view.subject = "198.18." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    view.target = "198.18.0.0/16";
    // Every other one is alike; of the others no two are.
    view.codes = {i % 2 == 0 ? std::string("127.0.0.2") : "127.0.1." + std::to_string(i)};
    document.listings.push_back(std::move(view));
  }
  document.networks = {{*core::Cidr::parse("198.18.0.0/16"), "198.18.0.0/16", 65'536}};
  const std::string html = to_page(page_of(std::move(document)));
  CHECK(html.size() < 300'000);
  CHECK(has(html, "198.18.0.0/16: 32 768 of 65 536 on spamhaus-zen"));
  CHECK(has(html, "And 32 512 more: <code>rblwatch status 198.18.0.0/16</code> shows them."));
  CHECK(has(html, "And 32 668 more: <code>rblwatch status</code> shows them."));
}

TEST_CASE("at most twenty events are shown, the newest first") {
  PageDoc document = page_of(samples::quiet());
  document.events.resize(25, document.events.back());
  const std::string html = to_page(document);
  CHECK(count(html.substr(html.find("<ol class=\"events\">")), "<li>") == kPageEvents);
}

TEST_CASE("the page reloads by itself unless it is kept still") {
  PageDoc document = page_of(samples::quiet());
  CHECK(has(to_page(document), "<meta http-equiv=\"refresh\" content=\"60\">"));
  CHECK(has(to_page(document), "<a href=\"/?still\">"));
  document.reloads = false;
  CHECK(!has(to_page(document), "http-equiv=\"refresh\""));
  CHECK(has(to_page(document), "<a href=\"/\">"));
}

}  // namespace rblwatch::report
