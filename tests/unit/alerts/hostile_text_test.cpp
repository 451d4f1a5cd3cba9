// SPDX-License-Identifier: Apache-2.0
//
// Nothing that DNS says is code: hostile bytes in every place that comes from outside, through
// every renderer.
#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "alerts/render.hpp"
#include "core/text.hpp"
#include "fixtures.hpp"
#include "mail_reader.hpp"

namespace rblwatch::alerts {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> payloads() {
  return {"\x1b]0;owned\x07\x1b[31m",
          "\xc2\x9b"
          "31m\x9b",
          "a\r\nBcc: evil@example.com\r\n\r\nbody",
          "\r\n.\r\nMAIL FROM:<evil@example.com>",
          std::string("nul\0nul", 7),
          "<!channel> <!here> <@U123> @everyone",
          "<http://evil.example|https://www.spamhaus.org>",
          "`code` *bold* _it_ ~no~ > quote",
          "</script><script>alert(1)</script>",
          "\"><img src=x onerror=alert(1)>",
          "' onmouseover='x",
          "\xe2\x80\xae"
          "gnp.exe",
          "\xff\xfe\xc0\xaf\xed\xa0\x80",
          "\"}{\"",
          "%0a%0dBcc:x",
          "=?utf-8?q?=0d=0aBcc:_x?=",
          "--=_boundary--\r\n--=_x",
          "\xe2\x80\xa8line\xe2\x80\xa9",
          "&amp;&lt;",
          std::string(65'536, 'A'),
          std::string(5'000, '&'),
          std::string(3'000, '<')};
}

lists::Event poisoned(const std::string& payload) {
  lists::Event event = test::listed();
  event.reason = core::Untrusted(payload);
  event.target->name = payload;
  event.target->tags = {payload};
  event.targets = {payload};
  event.meanings = {payload};
  event.zone->operator_name = payload;
  event.delist_steps = {payload};
  event.lookup_url = payload;
  event.delist_url = "https://lists.example/" + payload;
  event.evidence->server = payload;
  return event;
}

lists::Event poisoned_zone(const std::string& payload) {
  lists::Event event = test::zone_blind();
  event.cause = payload;
  event.zone->id = payload;
  event.zone->dns = payload;
  return event;
}

Notification poisoned_notification(const std::string& payload) {
  Notification notification = test::notification(
      {poisoned(payload), poisoned_zone(payload), test::channel_failed(payload)});
  notification.events[0].timeline[0].zone = payload;
  notification.coverage.blind = {payload};
  return notification;
}

bool is_plain_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7F'; });
}

bool has_control(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == '\x7F';
  });
}

/// Calls see(text) for every string in it.
template <class See>
void for_each_text(const Json& json, See see) {
  if (json.is_string()) {
    see(json.get<std::string>());
  } else if (json.is_structured()) {
    for (const Json& child : json) {
      for_each_text(child, see);
    }
  }
}

std::vector<std::string> links_of(const std::string& mrkdwn) {
  std::vector<std::string> links;
  for (std::size_t open = mrkdwn.find('<'); open != std::string::npos;
       open = mrkdwn.find('<', open + 1)) {
    links.push_back(mrkdwn.substr(open, mrkdwn.find('>', open) - open + 1));
  }
  return links;
}

TEST_CASE("Webhook messages hold hostile text as JSON strings and nothing else") {
  for (const std::string& payload : payloads()) {
    INFO(payload.substr(0, 60));
    const std::string body = render_webhook(poisoned_notification(payload)).body;
    CHECK(is_plain_ascii(body));
    const Json json = Json::parse(body);
    CHECK(json["events"].size() == 3);
    CHECK(json["events"][0]["reason"] == core::to_utf8(core::Untrusted(payload)));
  }
}

TEST_CASE("Slack sees neither mentions nor links nor formatting from outside") {
  for (const std::string& payload : payloads()) {
    INFO(payload.substr(0, 60));
    const std::string body = render_slack(poisoned_notification(payload)).body;
    CHECK(is_plain_ascii(body));
    const Json json = Json::parse(body);
    CHECK(json["blocks"].size() <= 50);
    for_each_text(json, [](const std::string& text) {
      CHECK(text.size() <= 3'000);
      CHECK_FALSE(has_control(text));
      for (const std::string& link : links_of(text)) {
        // Only those that we made, of a URL out of the configuration.
        CHECK(link.starts_with("<https://lists.example/"));
        CHECK(link.ends_with("|Get off>"));
        CHECK(std::count(link.begin(), link.end(), '|') == 1);
      }
    });
  }
}

TEST_CASE("Mail headers can't be broken out of") {
  for (const std::string& payload : payloads()) {
    INFO(payload.substr(0, 60));
    Channel channel = test::email();
    channel.from = payload;
    channel.to = {payload, "ops@example.com"};
    const std::string message = render_email(channel, poisoned_notification(payload)).message;
    const test::ReadMail mail = test::read_mail(message);
    const std::vector<std::string> known{"From",
                                         "To",
                                         "Subject",
                                         "Date",
                                         "Message-ID",
                                         "In-Reply-To",
                                         "References",
                                         "Auto-Submitted",
                                         "X-Rblwatch-Delivery",
                                         "X-Rblwatch-Events",
                                         "MIME-Version",
                                         "Content-Type"};
    for (const auto& [name, value] : mail.headers) {
      CHECK(std::find(known.begin(), known.end(), name) != known.end());
      CHECK(is_plain_ascii(value));
    }
    CHECK(mail.header("From") == "rblwatch@rblwatch.invalid");
    CHECK(mail.header("To") == "ops@example.com");
  }
}

TEST_CASE("A mail's bytes are short ASCII lines, whatever it tells") {
  for (const std::string& payload : payloads()) {
    INFO(payload.substr(0, 60));
    const std::string message = render_email(test::email(), poisoned_notification(payload)).message;
    for (std::string_view line : core::split(message, '\n')) {
      if (line.empty()) {
        continue;
      }
      REQUIRE(line.ends_with('\r'));
      line.remove_suffix(1);
      REQUIRE(line.size() <= 998);
      REQUIRE(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c < '\x7F'; }));
      REQUIRE_FALSE(line == ".");
    }
  }
}

TEST_CASE("Mail text moves no cursor, and mail HTML has no markup but ours") {
  for (const std::string& payload : payloads()) {
    INFO(payload.substr(0, 60));
    const test::ReadMail mail =
        test::read_mail(render_email(test::email(), poisoned_notification(payload)).message);
    CHECK_FALSE(has_control(mail.text));
    CHECK_FALSE(has_control(mail.html));
    CHECK(mail.html.find("<script") == std::string::npos);
    CHECK(mail.html.find("<img") == std::string::npos);
    CHECK(mail.html.find("onmouseover='") == std::string::npos);
    CHECK(mail.html.find("\" onerror") == std::string::npos);
    CHECK(mail.html.find("\xe2\x80\xae") == std::string::npos);
    CHECK(mail.text.find("\xe2\x80\xae") == std::string::npos);
  }
}

TEST_CASE("A URL that isn't one of the web is no link") {
  lists::Event event = test::listed();
  event.lookup_url = "javascript:alert(1)";
  event.delist_url = "https://lists.example/a|b";
  const Notification notification = test::notification({event});
  const test::ReadMail mail = test::read_mail(render_email(test::email(), notification).message);
  CHECK(mail.html.find("href=\"javascript") == std::string::npos);
  const std::string slack = render_slack(notification).body;
  CHECK(slack.find("<javascript") == std::string::npos);
  CHECK(slack.find("<https://lists.example/a|b") == std::string::npos);
}

TEST_CASE("Slack gets 20 sections at most, and is told of the rest") {
  std::vector<lists::Event> events(256, test::listed());
  const Json json = Json::parse(render_slack(test::notification(events)).body);
  REQUIRE(json["blocks"].size() == 24);
  CHECK(json["blocks"][22]["elements"][0]["text"] ==
        "and 236 events more: see 'rblwatch history --events'");
  CHECK(json["unfurl_links"] == false);
  CHECK(json["parse"] == "none");
}

}  // namespace
}  // namespace rblwatch::alerts
