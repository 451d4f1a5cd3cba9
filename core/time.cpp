// SPDX-License-Identifier: Apache-2.0
#include "core/time.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "core/check.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::core {
namespace {

timespec read_clock(clockid_t which) {
  timespec reading{};
  RBL_CHECK(::clock_gettime(which, &reading) == 0);
  return reading;
}

template <class Duration>
Duration since_epoch(const timespec& reading) {
  return std::chrono::floor<Duration>(Seconds(reading.tv_sec) +
                                      std::chrono::nanoseconds(reading.tv_nsec));
}

std::string padded(std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  return digits.size() < width ? digits.insert(0, width - digits.size(), '0') : digits;
}

std::string padded(unsigned number) {
  return padded(static_cast<std::int64_t>(number), 2);
}

/// A moment of the UTC calendar.
struct Civil {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<Millis> time;
};

Civil to_civil(Timestamp at) {
  using std::chrono::sys_days;
  using namespace std::chrono_literals;
  constexpr Timestamp kFirst = sys_days(0y / 1 / 1);
  constexpr Timestamp kLast = sys_days(9999y / 12 / 31) + 24h - 1ms;
  const Timestamp shown = std::clamp(at, kFirst, kLast);
  const auto day = std::chrono::floor<std::chrono::days>(shown);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<Millis>(shown - day)};
}

std::string date_text(const std::chrono::year_month_day& date) {
  return padded(static_cast<int>(date.year()), 4) + '-' +
         padded(static_cast<unsigned>(date.month())) + '-' +
         padded(static_cast<unsigned>(date.day()));
}

std::string time_text(const std::chrono::hh_mm_ss<Millis>& time) {
  return padded(time.hours().count(), 2) + ':' + padded(time.minutes().count(), 2) + ':' +
         padded(time.seconds().count(), 2);
}

struct Unit {
  std::string_view word;
  Millis length;
};

using namespace std::chrono_literals;

/// Largest first.
constexpr std::array<Unit, 6> kContractUnits{
    {{"w", 7 * 24h}, {"d", 24h}, {"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}}};
constexpr std::array<Unit, 5> kHumanUnits{
    {{"d", 24h}, {"h", 1h}, {"min", 1min}, {"s", 1s}, {"ms", 1ms}}};
constexpr Millis kLongest = 36'525 * 24h;

std::string in_unit(Millis duration, const Unit& unit) {
  return std::to_string(duration / unit.length) + " " + std::string(unit.word);
}

/// The sign apart, since -2^63 has no positive counterpart.
Millis magnitude(Millis duration) {
  return duration < 0ms ? -std::max(duration, -Millis::max()) : duration;
}

/// The index in kHumanUnits of the largest unit that is in `duration`; the last one for zero.
std::size_t largest_unit(Millis duration) {
  std::size_t index = 0;
  while (index + 1 < kHumanUnits.size() && duration < kHumanUnits[index].length) {
    ++index;
  }
  return index;
}

tl::unexpected<Error> no_duration(std::string_view text, std::string_view why) {
  return fail(Error::Kind::invalid,
              quoted(text) + " is no duration: " + std::string(why) +
                  "; expected a whole number and one of ms, s, m, h, d, w, like \"30s\" or \"6h\"");
}

/// Reads fields of fixed width from the front of a text.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  bool digits(std::size_t count, int& value) {
    const std::string_view field = rest_.substr(0, count);
    if (field.size() < count || field.find_first_not_of(kDigits) != std::string_view::npos) {
      return false;
    }
    value = static_cast<int>(*parse_int(field));
    rest_.remove_prefix(count);
    return true;
  }
  bool one_of(std::string_view allowed, char& found) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
      return false;
    }
    found = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  bool one_of(std::string_view allowed) {
    char ignored = 0;
    return one_of(allowed, ignored);
  }
  /// ".25" as 250; no fraction is 0.
  bool fraction(Millis& value) {
    value = 0ms;
    if (!one_of(".")) {
      return true;
    }
    const std::string_view field = rest_.substr(0, rest_.find_first_not_of(kDigits));
    std::string milli(field.substr(0, 3));
    milli.resize(3, '0');
    value = Millis(*parse_int(milli));
    rest_.remove_prefix(field.size());
    return !field.empty();
  }
  bool is_at_end() const { return rest_.empty(); }

 private:
  static constexpr std::string_view kDigits = "0123456789";
  std::string_view rest_;
};

bool read_date(FieldReader& reader, std::chrono::sys_days& day) {
  int year = 0;
  int month = 0;
  int day_of_month = 0;
  if (!(reader.digits(4, year) && reader.one_of("-") && reader.digits(2, month) &&
        reader.one_of("-") && reader.digits(2, day_of_month))) {
    return false;
  }
  const auto date = std::chrono::year(year) / month / day_of_month;
  day = std::chrono::sys_days(date);
  return date.ok();
}

bool read_time(FieldReader& reader, Millis& time, bool& is_leap) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  Millis fraction{};
  if (!(reader.digits(2, hour) && reader.one_of(":") && reader.digits(2, minute) &&
        reader.one_of(":") && reader.digits(2, second) && reader.fraction(fraction))) {
    return false;
  }
  is_leap = second == 60;
  time = std::chrono::hours(hour) + std::chrono::minutes(minute) + Seconds(second) + fraction;
  return hour < 24 && minute < 60 && second <= 60;
}

bool read_offset(FieldReader& reader, Millis& offset) {
  offset = 0ms;
  if (reader.one_of("Zz")) {
    return true;
  }
  char sign = 0;
  int hours = 0;
  int minutes = 0;
  if (!(reader.one_of("+-", sign) && reader.digits(2, hours) && reader.one_of(":") &&
        reader.digits(2, minutes))) {
    return false;
  }
  offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  offset = sign == '-' ? -offset : offset;
  return hours < 24 && minutes < 60;
}

/// A leap second is 23:59:60 in UTC, so that in UTC the next minute begins a day (RFC 3339
/// section 5.7).
bool is_leap_allowed(Timestamp at) {
  return std::chrono::floor<Seconds>(at) == std::chrono::floor<std::chrono::days>(at);
}

}  // namespace

Timestamp SystemClock::now() const {
  return Timestamp(since_epoch<Millis>(read_clock(CLOCK_REALTIME)));
}

Tick SystemClock::tick() const {
  return Tick(since_epoch<Micros>(read_clock(CLOCK_BOOTTIME)));
}

ClockPair read_clocks(const Clock& clock) {
  // A thread that is put aside between the readings would shift every time that is reckoned from
  // them.
  constexpr int kAttempts = 3;
  Tick before = clock.tick();
  Timestamp now = clock.now();
  Tick after = clock.tick();
  for (int attempt = 1; attempt < kAttempts && after - before > 1ms; ++attempt) {
    before = clock.tick();
    now = clock.now();
    after = clock.tick();
  }
  return {now, before + (after - before) / 2};
}

std::string boot_id() {
  constexpr std::size_t kAtMost = 256;
  const Result<std::string> content = read_file("/proc/sys/kernel/random/boot_id", kAtMost);
  return content ? std::string(trim(*content)) : std::string();
}

std::string to_rfc3339(Timestamp at) {
  const Civil civil = to_civil(at);
  std::string text = date_text(civil.date) + 'T' + time_text(civil.time);
  if (civil.time.subseconds() != 0ms) {
    text += '.' + padded(civil.time.subseconds().count(), 3);
  }
  return text += 'Z';
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  FieldReader reader(text);
  std::chrono::sys_days day;
  Millis time{};
  Millis offset{};
  bool is_leap = false;
  const bool is_whole = read_date(reader, day) && reader.one_of("Tt") &&
                        read_time(reader, time, is_leap) && read_offset(reader, offset) &&
                        reader.is_at_end();
  const Timestamp at = day + time - offset;
  if (!is_whole || (is_leap && !is_leap_allowed(at))) {
    return fail(Error::Kind::invalid,
                quoted(text) + " is no RFC 3339 time: expected one like 2026-11-23T09:10:00Z");
  }
  return at;
}

std::string to_local(Timestamp at, bool with_seconds) {
  const std::time_t seconds = std::chrono::floor<Seconds>(at).time_since_epoch().count();
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) {
    return to_rfc3339(at);
  }
  std::array<char, 64> text{};
  const char* const format = with_seconds ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M";
  return {text.data(), std::strftime(text.data(), text.size(), format, &local)};
}

Result<Millis> parse_duration(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0) {
    return no_duration(text, "it doesn't begin with a digit");
  }
  const std::string_view word = text.substr(digits);
  const auto* const unit =
      std::find_if(kContractUnits.begin(), kContractUnits.end(),
                   [word](const Unit& candidate) { return candidate.word == word; });
  if (unit == kContractUnits.end()) {
    return no_duration(text, word.empty() ? "it has no unit" : quoted(word) + " is no unit");
  }
  const auto number = parse_int(text.substr(0, digits));
  if (!number || *number > kLongest / unit->length) {
    return no_duration(text, "it is longer than 36525d (a hundred years)");
  }
  return *number * unit->length;
}

std::string to_duration_text(Millis duration) {
  if (duration == 0ms) {
    return "0s";
  }
  const auto* const unit = std::find_if(
      kContractUnits.begin(), kContractUnits.end(),
      [duration](const Unit& candidate) { return duration % candidate.length == 0ms; });
  return std::to_string(duration / unit->length) + std::string(unit->word);
}

std::string to_human(Millis duration) {
  const Millis length = magnitude(duration);
  const std::size_t index = length == 0ms ? kHumanUnits.size() - 2 : largest_unit(length);
  const Unit& unit = kHumanUnits[index];
  std::string text = (duration < 0ms ? "-" : "") + in_unit(length, unit);
  if (index + 2 < kHumanUnits.size()) {  // no milliseconds behind seconds
    const Unit& smaller = kHumanUnits[index + 1];
    const Millis rest = length % unit.length;
    if (rest >= smaller.length) {
      text += " " + in_unit(rest, smaller);
    }
  }
  return text;
}

std::string to_ago(Timestamp at, Timestamp now) {
  const Millis distance = now - at;
  const Millis length = magnitude(distance);
  if (length < 1s) {
    return "just now";
  }
  const std::string text = in_unit(length, kHumanUnits[largest_unit(length)]);
  return distance < 0ms ? "in " + text : text + " ago";
}

std::string to_rfc5322(Timestamp at) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Civil civil = to_civil(at);
  const std::chrono::weekday day{std::chrono::sys_days(civil.date)};
  return std::string(kDays[day.c_encoding()]) + ", " +
         padded(static_cast<unsigned>(civil.date.day())) + ' ' +
         std::string(kMonths[static_cast<unsigned>(civil.date.month()) - 1]) + ' ' +
         padded(static_cast<int>(civil.date.year()), 4) + ' ' + time_text(civil.time) + " +0000";
}

}  // namespace rblwatch::core
