// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "alerts/mail_thread.hpp"
#include "alerts/mime.hpp"
#include "alerts/render.hpp"
#include "alerts/test_message.hpp"
#include "core/text.hpp"
#include "fixtures.hpp"
#include "mail_reader.hpp"

namespace rblwatch::alerts {
namespace {

using test::ReadMail;

ReadMail mail_of(std::vector<lists::Event> events, const std::string& delivery = "01JDCVX5P0A") {
  Notification notification = test::notification(std::move(events));
  notification.delivery_id = delivery;
  return test::read_mail(render_email(test::email(), notification).message);
}

TEST_CASE("A mail has the headers of an automatic message") {
  const ReadMail mail = mail_of({test::listed()});
  CHECK(mail.header("From") == "rblwatch@example.com");
  CHECK(mail.header("To") == "postmaster@example.com");
  CHECK(test::decoded_words(mail.header("Subject")) ==
        "[rblwatch] listed: 192.0.2.10 (mx1) on zen.spamhaus.org");
  CHECK(mail.header("Date") == "Mon, 23 Nov 2026 09:10:30 +0000");
  CHECK(mail.header("Auto-Submitted") == "auto-generated");
  CHECK(mail.header("MIME-Version") == "1.0");
  CHECK(mail.header("X-Rblwatch-Events") == "listed");
}

TEST_CASE("A mail says what, where, since when, why, how to get off, and what was before") {
  const ReadMail mail = mail_of({test::listed()});
  for (const std::string& body : {mail.text, mail.html}) {
    for (const char* part :
         {"192.0.2.10 (mx1)", "zen.spamhaus.org", "2026-11-23 09:08 UTC", "SBL",
          "https://www.spamhaus.org/query/ip/192.0.2.10", "https://check.spamhaus.org/",
          "Stop the cause.", "Fill in the form.", "2026-11-20 09:10 delisted spamhaus-zen",
          "9 of 12 zones can be seen"}) {
      INFO(part);
      CHECK(body.find(part) != std::string::npos);
    }
  }
}

TEST_CASE("Every line of a mail ends in CRLF and is at most 78 bytes where it can be") {
  std::vector<lists::Event> events;
  for (int i = 0; i < 60; ++i) {
    events.push_back(test::listed("192.0.2." + std::to_string(i)));
    events.back().reason = core::Untrusted(std::string(3000, 'w'));
  }
  const std::string message = render_email(test::email(), test::notification(events)).message;
  CHECK(message.ends_with("\r\n"));
  for (std::string_view line : core::split(message, '\n')) {
    if (!line.empty()) {
      REQUIRE(line.ends_with('\r'));
      REQUIRE(line.size() <= 120);
      REQUIRE(line.substr(0, line.size() - 1).find('\r') == std::string_view::npos);
    }
  }
}

TEST_CASE("More than 50 events of one mail are a line each") {
  std::vector<lists::Event> events;
  for (int i = 0; i < 52; ++i) {
    events.push_back(test::listed("192.0.2." + std::to_string(i)));
  }
  const ReadMail mail = mail_of(events);
  CHECK(mail.text.find("And 2 more events:\n  192.0.2.50 (mx1) is listed") != std::string::npos);
  CHECK(mail.html.find("<li>192.0.2.51 (mx1) is listed") != std::string::npos);
}

/// A mail of these events, of which each follows the mail beside it.
Notification following(const std::vector<std::pair<lists::Event, std::string>>& events_and_mails) {
  Notification notification = test::notification({});
  for (const auto& [event, mail] : events_and_mails) {
    notification.events.push_back({event, {}, mail});
  }
  return notification;
}

TEST_CASE("A mail's id is its delivery's") {
  CHECK(mail_of({test::listed()}, "01A").header("Message-ID") == "<01A@example.com>");
  CHECK(mail_of({test::listed()}, "01A").header("References").empty());
  CHECK(mail_of({test::listed()}, "01A").header("In-Reply-To").empty());
}

TEST_CASE("Two test messages of one second have ids of their own") {
  const core::Timestamp now = test::at("2026-11-23T09:10:00Z");
  CHECK(mail_thread(test::email(), test_notification("01A", now)).message_id !=
        mail_thread(test::email(), test_notification("01B", now)).message_id);
}

TEST_CASE("A delisting answers the mail that told of its listing") {
  const MailThread thread =
      mail_thread(test::email(), following({{test::delisted(), "<01LISTED@then.example>"}}));
  CHECK(thread.in_reply_to == "<01LISTED@then.example>");
  CHECK(thread.references == std::vector<std::string>{"<01LISTED@then.example>"});
  CHECK(thread.message_id == "<01JDCVX5P0000000000000000A@example.com>");
}

TEST_CASE("The id of a sealed mail is read from its headers, whatever `from` is by now") {
  Notification notification = test::notification({test::listed()});
  notification.delivery_id = "01A";
  Channel channel = test::email();
  for (int i = 0; i < 100; ++i) {
    channel.to.push_back("someone-" + std::to_string(i) + "@example.com");
  }
  CHECK(message_id_of(render_email(channel, notification).message) == "<01A@example.com>");
  CHECK(message_id_of("Subject: x\r\n\r\n\r\nMessage-ID: <no@header.example>\r\n").empty());
  CHECK(message_id_of("").empty());
}

TEST_CASE("Delistings whose listings were told in several mails answer the first, and name all") {
  const MailThread thread =
      mail_thread(test::email(), following({{test::delisted("192.0.2.1"), ""},
                                            {test::delisted("192.0.2.2"), "<01B@example.com>"},
                                            {test::delisted("192.0.2.3"), "<01A@example.com>"},
                                            {test::delisted("192.0.2.4"), "<01B@example.com>"}}));
  CHECK(thread.in_reply_to == "<01B@example.com>");
  CHECK(thread.references == std::vector<std::string>{"<01B@example.com>", "<01A@example.com>"});
}

TEST_CASE("What no mail told is no reference") {
  const MailThread thread = mail_thread(test::email(), following({{test::delisted(), ""}}));
  CHECK(thread.in_reply_to.empty());
  CHECK(thread.references.empty());
}

TEST_CASE("References stay bounded") {
  std::vector<std::pair<lists::Event, std::string>> events;
  for (int i = 0; i < 200; ++i) {
    events.emplace_back(test::delisted("192.0.2." + std::to_string(i)), std::to_string(i));
  }
  CHECK(mail_thread(test::email(), following(events)).references.size() == 50);
}

TEST_CASE("Each type that ends or goes on with something has a beginning, which has none") {
  for (const auto& [type, word] : core::EnumWords<lists::EventType>::table) {
    INFO(word);
    const auto beginning = begun_by(type);
    CHECK((!beginning || !begun_by(*beginning)));
    CHECK(beginning.has_value() == (word == "changed" || word == "delisted" || word == "overdue" ||
                                    word == "retired" || word == "zone_seeing" ||
                                    word == "zone_released" || word == "resolver_seeing" ||
                                    word == "target_resolved"));
  }
}

TEST_CASE("Mail addresses are plain or refused") {
  struct Row {
    std::string text;
    std::optional<std::string> address;
  };
  for (const Row& row :
       std::vector<Row>{{"ops@example.com", "ops@example.com"},
                        {" Ops Team <ops+x@example.com> ", "ops+x@example.com"},
                        {"root@localhost", "root@localhost"},
                        {"", std::nullopt},
                        {"ops", std::nullopt},
                        {"@example.com", std::nullopt},
                        {"ops@", std::nullopt},
                        {"a@b@c", std::nullopt},
                        {"ops@example.com\r\nRCPT TO:<evil@example.com>", std::nullopt},
                        {"ops@example.com\n", std::nullopt},
                        {"a@b.test> <evil@example.com", std::nullopt},
                        {"a b@example.com", std::nullopt},
                        {"a,b@example.com", std::nullopt},
                        {"\"a b\"@example.com", std::nullopt},
                        {"b\xc3\xbcro@example.com", std::nullopt},
                        {std::string(250, 'a') + "@b.test", std::nullopt},
                        {std::string("a\0b@example.com", 15), std::nullopt}}) {
    INFO(row.text);
    CHECK(mail_address(row.text) == row.address);
  }
  CHECK(mail_domain("Ops <ops@Example.COM>") == "example.com");
  CHECK(mail_domain("no address") == "rblwatch.invalid");
  CHECK(mail_domain("a@[192.0.2.1]") == "rblwatch.invalid");
}

TEST_CASE("Quoted-printable keeps lines short and bytes safe") {
  struct Row {
    std::string text;
    std::string encoded;
  };
  for (const Row& row : std::vector<Row>{
           {"", "\r\n"},
           {"abc\n", "abc\r\n"},
           {"a=b", "a=3Db\r\n"},
           {"\xc3\xa9", "=C3=A9\r\n"},
           {"end \nx\t", "end=20\r\nx=09\r\n"},
           {".\n.x", "=2E\r\n=2Ex\r\n"},
           {"From x", "=46rom x\r\n"},
           {"a\rb", "a=0Db\r\n"},
           {std::string(80, 'a'), std::string(75, 'a') + "=\r\n" + std::string(5, 'a') + "\r\n"},
           {std::string(75, 'a') + ".b", std::string(75, 'a') + "=\r\n=2Eb\r\n"}}) {
    INFO(row.text);
    CHECK(quoted_printable(row.text) == row.encoded);
  }
}

}  // namespace
}  // namespace rblwatch::alerts
