// SPDX-License-Identifier: Apache-2.0
#include "alerts/delivery.hpp"

#include <catch2/catch.hpp>

#include "fixtures.hpp"

namespace rblwatch::alerts {
namespace {

using core::Millis;
using test::at;

std::string kind_of(const Receipt& receipt) {
  constexpr std::array<const char*, 3> kNames{"delivered", "retry", "rejected"};
  return kNames.at(receipt.index());
}

std::string response_of(const Receipt& receipt) {
  return std::visit([](const auto& any) { return any.response; }, receipt);
}

TEST_CASE("An HTTP status decides between delivered, retry and rejected") {
  const auto now = at("2026-11-23T09:10:00Z");
  struct Row {
    int status;
    const char* expected;
  };
  for (const Row& row : std::initializer_list<Row>{
           {200, "delivered"}, {202, "delivered"}, {204, "delivered"}, {299, "delivered"},
           {301, "rejected"},  {302, "rejected"},  {304, "rejected"},  {307, "rejected"},
           {400, "rejected"},  {401, "rejected"},  {403, "rejected"},  {404, "rejected"},
           {407, "rejected"},  {408, "retry"},     {409, "rejected"},  {410, "rejected"},
           {413, "rejected"},  {420, "rejected"},  {421, "retry"},     {422, "rejected"},
           {425, "retry"},     {426, "rejected"},  {429, "retry"},     {451, "rejected"},
           {499, "rejected"},  {500, "retry"},     {501, "retry"},     {503, "retry"},
           {599, "retry"},     {0, "retry"},       {100, "retry"},     {999, "retry"}}) {
    INFO(row.status);
    CHECK(kind_of(http_receipt(row.status, "", "", now)) == row.expected);
  }
}

TEST_CASE("An HTTP response shows the status and the first line of the body, escaped and cut") {
  const auto now = at("2026-11-23T09:10:00Z");
  CHECK(response_of(http_receipt(204, "", "", now)) == "HTTP 204");
  CHECK(response_of(http_receipt(400, "", "\n  invalid_payload \nmore", now)) ==
        "HTTP 400: invalid_payload");
  CHECK(response_of(http_receipt(302, "", "", now)) == "HTTP 302 (redirects are not followed)");
  CHECK(response_of(http_receipt(500, "", "\x1b[31mred\x07", now)) ==
        "HTTP 500: \\x1b[31mred\\x07");
  const std::string long_one = response_of(http_receipt(500, "", std::string(70'000, 'x'), now));
  CHECK(long_one.size() <= 220);
  CHECK(long_one.ends_with("..."));
}

TEST_CASE("An SMTP reply decides between delivered, retry and rejected") {
  struct Row {
    int reply;
    const char* expected;
    bool is_deferral;
  };
  for (const Row& row : std::initializer_list<Row>{{250, "delivered", false},
                                                   {251, "delivered", false},
                                                   {354, "retry", false},
                                                   {421, "retry", true},
                                                   {450, "retry", true},
                                                   {451, "retry", true},
                                                   {452, "retry", true},
                                                   {500, "rejected", false},
                                                   {535, "rejected", false},
                                                   {550, "rejected", false},
                                                   {554, "rejected", false},
                                                   {0, "retry", false},
                                                   {101, "retry", false},
                                                   {650, "retry", false}}) {
    INFO(row.reply);
    const Receipt receipt = smtp_receipt(row.reply, "some text");
    CHECK(kind_of(receipt) == row.expected);
    if (const auto* retry = std::get_if<Retry>(&receipt)) {
      CHECK(retry->is_deferral == row.is_deferral);
    }
  }
  CHECK(response_of(smtp_receipt(550, "5.1.1 no such user\r\n")) == "550 5.1.1 no such user");
  CHECK(response_of(smtp_receipt(0, "")) == "no reply");
}

TEST_CASE("Retry-After is read in both forms, and in the old dates") {
  const auto now = at("2026-11-23T09:10:00Z");
  struct Row {
    const char* value;
    std::optional<std::int64_t> seconds;
  };
  for (const Row& row :
       std::initializer_list<Row>{{"0", 0},
                                  {"120", 120},
                                  {" 7 ", 7},
                                  {"1000000000", 366LL * 24 * 3600},
                                  {"99999999999999999999999999", 366LL * 24 * 3600},
                                  {"Mon, 23 Nov 2026 09:11:00 GMT", 60},
                                  {"Monday, 23-Nov-26 09:11:00 GMT", 60},
                                  {"Mon Nov 23 09:11:00 2026", 60},
                                  {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
                                  {"Sunday, 06-Nov-94 08:49:37 GMT", 0},
                                  {"Sun Nov  6 08:49:37 1994", 0},
                                  {"Fri, 31 Dec 9999 23:59:59 GMT", 366LL * 24 * 3600},
                                  {"", std::nullopt},
                                  {"-5", std::nullopt},
                                  {"1.5", std::nullopt},
                                  {"soon", std::nullopt},
                                  {"Mon, 32 Nov 2026 09:11:00 GMT", std::nullopt},
                                  {"Mon, 23 Abc 2026 09:11:00 GMT", std::nullopt},
                                  {"Mon, 23 Nov 2026 25:11:00 GMT", std::nullopt},
                                  {"Mon, 23 Nov 2026 09:11:00 CET", std::nullopt},
                                  {"a b c d e f", std::nullopt}}) {
    INFO(row.value);
    const auto parsed = parse_retry_after(row.value, now);
    CHECK(parsed.has_value() == row.seconds.has_value());
    if (parsed && row.seconds) {
      CHECK(*parsed == core::Seconds(*row.seconds));
    }
  }
}

class Attempt {
 public:
  explicit Attempt(std::uint32_t attempts) {
    delivery_.created_at = at("2026-11-23T09:10:00Z");
    delivery_.attempts = attempts;
  }
  std::optional<Millis> pause(ChannelType type, const Retry& retry, double jitter,
                              Millis age = Millis(0)) const {
    const auto now = delivery_.created_at + age;
    const auto next = next_attempt(delivery_, type, retry, now, DeliveryOptions{}, jitter);
    return next ? std::optional(*next - now) : std::nullopt;
  }

 private:
  Delivery delivery_;
};

TEST_CASE("The pause doubles from 1 s to 15 min with full jitter") {
  const Retry retry{"HTTP 500", std::nullopt, false};
  struct Row {
    std::uint32_t attempts;
    double jitter;
    std::int64_t millis;
  };
  for (const Row& row : std::initializer_list<Row>{{1, 0.0, 0},
                                                   {1, 0.5, 500},
                                                   {1, 0.999, 999},
                                                   {2, 0.5, 1000},
                                                   {3, 0.5, 2000},
                                                   {10, 0.5, 256'000},
                                                   {11, 0.5, 450'000},
                                                   {1000, 0.5, 450'000},
                                                   {4'000'000'000U, 0.999, 899'100}}) {
    INFO(row.attempts << " " << row.jitter);
    CHECK(Attempt(row.attempts).pause(ChannelType::webhook, retry, row.jitter) ==
          Millis(row.millis));
  }
}

TEST_CASE("A deferred mail waits for a minute at least") {
  const Retry deferred{"450 later", std::nullopt, true};
  CHECK(Attempt(1).pause(ChannelType::email, deferred, 0.0) == Millis(60'000));
  CHECK(Attempt(1).pause(ChannelType::email, deferred, 0.5) == Millis(60'500));
  CHECK(Attempt(2).pause(ChannelType::email, deferred, 0.0) == Millis(60'000));
  CHECK(Attempt(2).pause(ChannelType::email, deferred, 0.5) == Millis(90'000));
  CHECK(Attempt(100).pause(ChannelType::email, deferred, 0.5) == Millis(480'000));
  const Retry network{"Connection refused", std::nullopt, false};
  CHECK(Attempt(1).pause(ChannelType::email, network, 0.5) == Millis(500));
}

TEST_CASE("Retry-After is obeyed, at most for a day") {
  const auto asked = [](std::int64_t seconds) {
    return Retry{"HTTP 429", core::Seconds(seconds), false};
  };
  CHECK(Attempt(1).pause(ChannelType::webhook, asked(30), 0.5) == core::Seconds(30));
  CHECK(Attempt(1).pause(ChannelType::webhook, asked(0), 0.5) == Millis(500));
  CHECK(Attempt(1).pause(ChannelType::webhook, asked(86'400), 0.5) == core::Seconds(86'400));
  CHECK(Attempt(1).pause(ChannelType::webhook, asked(1'000'000'000), 0.5) == core::Seconds(86'400));
  CHECK(Attempt(11).pause(ChannelType::webhook, asked(1), 0.5) == Millis(450'000));
}

TEST_CASE("What a receiver asked for is part of the pause") {
  const DeliveryOptions options;
  const Retry later{"HTTP 429", core::Seconds(30), false};
  const Retry much_later{"HTTP 429", core::Seconds(1'000'000), false};
  const Retry deferred{"450 later", std::nullopt, true};
  const Retry network{"Connection refused", std::nullopt, false};
  CHECK(asked_pause(ChannelType::webhook, later, options) == core::Seconds(30));
  CHECK(asked_pause(ChannelType::webhook, much_later, options) == core::Seconds(86'400));
  CHECK(asked_pause(ChannelType::webhook, network, options) == Millis(0));
  CHECK(asked_pause(ChannelType::email, deferred, options) == core::Seconds(60));
  CHECK(asked_pause(ChannelType::email, network, options) == Millis(0));
}

TEST_CASE("A stored pause longer than the back-off's own was asked for, and of a mail a minute") {
  struct Row {
    bool is_mail;
    std::uint32_t attempts;
    std::int64_t wait;  // s
    std::int64_t over;
    std::int64_t asked;
    std::int64_t hold;
  };
  for (const Row& row : std::initializer_list<Row>{{false, 1, 16, 5, 0, 0},
                                                   {false, 1, 17, 5, 12, 12},
                                                   {false, 1, 600, 700, 0, 0},
                                                   {false, 30, 900, 0, 0, 0},
                                                   {false, 30, 1000, 100, 900, 900},
                                                   {true, 1, 61, 20, 40, 0},
                                                   {true, 1, 1, 0, 1, 0},
                                                   {true, 9, 900, 100, 0, 0}}) {
    INFO(row.is_mail << " " << row.attempts << " " << row.wait);
    Delivery delivery;
    delivery.attempts = row.attempts;
    delivery.parcel = row.is_mail ? Parcel(MailMessage{}) : Parcel(HttpRequest{});
    delivery.last_attempt_at = at("2026-11-23T09:10:00Z");
    delivery.next_attempt_at = *delivery.last_attempt_at + core::Seconds(row.wait);
    const auto remains = resume(delivery, *delivery.last_attempt_at + core::Seconds(row.over), {});
    CHECK(remains.asked == core::Seconds(row.asked));
    CHECK(remains.hold == core::Seconds(row.hold));
  }
}

TEST_CASE("A delivery is given up three days after it was made") {
  const Retry retry{"HTTP 500", std::nullopt, false};
  constexpr Millis kThreeDays{3 * 24 * 3'600'000LL};
  CHECK(Attempt(300).pause(ChannelType::webhook, retry, 0.5, kThreeDays - Millis(1)));
  CHECK_FALSE(Attempt(300).pause(ChannelType::webhook, retry, 0.5, kThreeDays));
  CHECK_FALSE(Attempt(1).pause(ChannelType::webhook, retry, 0.5, kThreeDays * 10));
}

TEST_CASE("Of a stored wait its length is trusted, and the wall clock for what is over of it") {
  Delivery delivery;
  delivery.attempts = 3;
  delivery.last_attempt_at = at("2026-11-23T09:10:00Z");
  delivery.tried_for = core::Seconds(3600);
  struct Row {
    std::int64_t wait;   // s
    std::int64_t later;  // s after the last attempt, by the wall clock
    std::int64_t next_attempt;
    std::int64_t days_over;  // s of the days of trying
  };
  constexpr std::int64_t kDay = 86'400;
  for (const Row& row : std::initializer_list<Row>{{600, 0, 600, 3600},
                                                   {600, 250, 350, 3850},
                                                   {600, 600, 0, 4200},
                                                   {600, 40 * kDay, 0, 4200},
                                                   {600, -1, 600, 3600},
                                                   {600, -40 * kDay, 600, 3600},
                                                   {-600, 0, 0, 3600},
                                                   {9 * kDay, -kDay, kDay, 3600}}) {
    INFO(row.wait << " " << row.later);
    delivery.next_attempt_at = *delivery.last_attempt_at + core::Seconds(row.wait);
    const Resumption remains =
        resume(delivery, *delivery.last_attempt_at + core::Seconds(row.later), {});
    CHECK(remains.next_attempt == core::Seconds(row.next_attempt));
    CHECK(remains.give_up == core::Seconds(3 * kDay - row.days_over));
  }
  delivery.tried_for = core::Seconds(4 * kDay);
  CHECK(resume(delivery, *delivery.last_attempt_at, {}).give_up == Millis(0));
  delivery.attempts = 0;  // sent again by hand
  CHECK(resume(delivery, *delivery.last_attempt_at, {}).give_up == core::Seconds(3 * kDay));
  CHECK(resume(delivery, *delivery.last_attempt_at, {}).next_attempt == Millis(0));
}

}  // namespace
}  // namespace rblwatch::alerts
