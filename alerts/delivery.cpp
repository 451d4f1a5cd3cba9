// SPDX-License-Identifier: Apache-2.0
#include "alerts/delivery.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "alerts/plain_text.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

using core::Millis;
using core::Timestamp;

constexpr std::size_t kShownReply = 200;
constexpr std::int64_t kLongestWait = 366LL * 24 * 3600;  // seconds; more than anybody obeys

bool is_retried(int status) {
  return status == 408 || status == 421 || status == 425 || status == 429 || status < 200 ||
         status >= 500;
}

std::string http_response(int status, std::string_view body) {
  if (status == 0) {
    return "no HTTP status came";
  }
  std::string response = "HTTP " + std::to_string(status);
  const std::string said = first_line(body, kShownReply);
  if (!said.empty()) {
    response += ": " + said;
  }
  if (status >= 300 && status < 400) {
    response += " (redirects are not followed)";
  }
  return response;
}

std::optional<int> number(std::string_view digits) {
  const auto value = core::parse_int(digits);
  const bool is_plain =
      !digits.empty() && digits.size() <= 4 &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_plain && value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

std::optional<unsigned> month_of(std::string_view name) {
  constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
  const std::string wanted = core::to_lower(name);
  const auto* found = std::find(kMonths.begin(), kMonths.end(), wanted);
  if (found == kMonths.end()) {
    return std::nullopt;
  }
  return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

std::optional<core::Seconds> time_of_day(std::string_view text) {
  const auto parts = core::split(text, ':');
  if (parts.size() != 3) {
    return std::nullopt;
  }
  const auto hour = number(parts[0]);
  const auto minute = number(parts[1]);
  const auto second = number(parts[2]);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

/// RFC 9110 section 5.6.7: a two-digit year that seems more than 50 years ahead is past.
int full_year(std::string_view digits, int value, Timestamp now) {
  if (digits.size() != 2) {
    return value;
  }
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
  const int this_year = static_cast<int>(today.year());
  const int year = this_year - this_year % 100 + value;
  return year > this_year + 50 ? year - 100 : year;
}

std::optional<Timestamp> date_of(std::string_view day, std::string_view month,
                                 std::string_view year, std::string_view time, Timestamp now) {
  const auto day_number = number(day);
  const auto month_number = month_of(month);
  const auto year_number = number(year);
  const auto clock = time_of_day(time);
  if (!day_number || !month_number || !year_number || !clock) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(full_year(year, *year_number, now)),
                                         std::chrono::month(*month_number),
                                         std::chrono::day(static_cast<unsigned>(*day_number)));
  if (!date.ok()) {
    return std::nullopt;
  }
  return Timestamp(std::chrono::sys_days(date)) + *clock;
}

/// The three forms of RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT",
/// "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994".
std::optional<Timestamp> http_date(std::string_view text, Timestamp now) {
  const auto words = core::split_blanks(text);
  if (words.size() == 6 && words[5] == "GMT") {
    return date_of(words[1], words[2], words[3], words[4], now);
  }
  if (words.size() == 4 && words[3] == "GMT") {
    const auto date = core::split(words[1], '-');
    return date.size() == 3 ? date_of(date[0], date[1], date[2], words[2], now) : std::nullopt;
  }
  if (words.size() == 5) {
    return date_of(words[2], words[1], words[4], words[3], now);
  }
  return std::nullopt;
}

/// first, doubled with each attempt after the first, at most `longest`.
Millis doubled(Millis first, std::uint32_t attempts, Millis longest) {
  Millis pause = first;
  for (std::uint32_t i = 1; i < attempts && pause < longest; ++i) {
    pause *= 2;
  }
  return std::min(pause, longest);
}

Millis scaled(Millis most, double jitter) {
  return Millis(static_cast<std::int64_t>(static_cast<double>(most.count()) * jitter));
}

Millis pause_after(const Delivery& delivery, bool is_deferred_mail, const DeliveryOptions& options,
                   double jitter) {
  if (!is_deferred_mail) {
    return scaled(doubled(options.first_pause, delivery.attempts, options.longest_pause), jitter);
  }
  const Millis least = options.mail_first_pause;
  if (delivery.attempts <= 1) {
    return least + scaled(std::min(options.first_pause, least), jitter);
  }
  const Millis most = std::max(least, doubled(least, delivery.attempts, options.longest_pause));
  return least + scaled(most - least, jitter);
}

}  // namespace

Receipt http_receipt(int status, std::string_view retry_after, std::string_view body,
                     Timestamp now) {
  std::string response = http_response(status, body);
  if (status >= 200 && status < 300) {
    return Delivered{std::move(response)};
  }
  if (is_retried(status)) {
    return Retry{std::move(response), parse_retry_after(retry_after, now), false};
  }
  return Rejected{std::move(response)};
}

Receipt smtp_receipt(int reply, std::string_view text) {
  const std::string said = first_line(text, kShownReply);
  if (reply < 200 || reply >= 600) {
    return Retry{said.empty() ? "no reply" : said, std::nullopt, false};
  }
  std::string response = std::to_string(reply);
  if (!said.empty()) {
    response += " " + said;
  }
  if (reply < 300) {
    return Delivered{std::move(response)};
  }
  if (reply >= 500) {
    return Rejected{std::move(response)};
  }
  return Retry{std::move(response), std::nullopt, reply >= 400};
}

std::optional<Millis> parse_retry_after(std::string_view value, Timestamp now) {
  const std::string_view text = core::trim(value);
  if (text.empty()) {
    return std::nullopt;
  }
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    const std::int64_t seconds = core::parse_int(text).value_or(kLongestWait);
    return core::Seconds(std::min(seconds, kLongestWait));
  }
  const auto at = http_date(text, now);
  if (!at) {
    return std::nullopt;
  }
  return std::clamp<Millis>(*at - now, Millis(0), core::Seconds(kLongestWait));
}

Millis asked_pause(ChannelType type, const Retry& retry, const DeliveryOptions& options) {
  if (retry.retry_after) {
    return std::min(*retry.retry_after, options.longest_retry_after);
  }
  return type == ChannelType::email && retry.is_deferral ? options.mail_first_pause : Millis(0);
}

std::optional<Timestamp> next_attempt(const Delivery& delivery, ChannelType type,
                                      const Retry& retry, Timestamp now,
                                      const DeliveryOptions& options, double jitter) {
  if (now - delivery.created_at >= options.give_up_after) {
    return std::nullopt;
  }
  const bool is_deferred_mail = type == ChannelType::email && retry.is_deferral;
  const Millis pause = pause_after(delivery, is_deferred_mail, options, jitter);
  return now + std::max(pause, asked_pause(type, retry, options));
}

Resumption resume(const Delivery& delivery, Timestamp now, const DeliveryOptions& options) {
  if (delivery.attempts == 0 || !delivery.last_attempt_at || !delivery.next_attempt_at) {
    return {.give_up = options.give_up_after};
  }
  const Timestamp began = *delivery.last_attempt_at;
  const Millis wait =
      std::clamp(*delivery.next_attempt_at - began, Millis(0), options.longest_retry_after);
  const Millis over = std::clamp(now - began, Millis(0), wait);
  Resumption remains;
  remains.next_attempt = wait - over;
  remains.give_up = std::clamp(options.give_up_after - delivery.tried_for - over, Millis(0),
                               options.give_up_after);
  if (std::holds_alternative<MailMessage>(delivery.parcel)) {
    remains.asked = std::max(std::min(wait, options.mail_first_pause) - over, Millis(0));
    return remains;
  }
  // The wait is counted from the beginning of the attempt.
  const Millis own = options.request_timeout +
                     doubled(options.first_pause, delivery.attempts, options.longest_pause);
  if (wait > own) {
    remains.asked = remains.hold = remains.next_attempt;
  }
  return remains;
}

}  // namespace rblwatch::alerts
