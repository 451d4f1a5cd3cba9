// SPDX-License-Identifier: Apache-2.0
#include "report/moment.hpp"

#include <time.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::report {
namespace {

struct LocalTime {
  std::array<int, 3> date{};  // year, month, day
  std::array<int, 2> clock{};
  bool has_clock = false;
};

/// Numbers of exactly these widths with the separator between them.
template <std::size_t Count>
bool read_numbers(std::string_view text, char separator,
                  const std::array<std::size_t, Count>& widths, std::array<int, Count>& numbers) {
  const auto parts = core::split(text, separator);
  if (parts.size() != Count) {
    return false;
  }
  for (std::size_t i = 0; i < Count; ++i) {
    const auto number = core::parse_int(parts[i]);
    if (parts[i].size() != widths[i] || !number || *number < 0) {
      return false;
    }
    numbers[i] = static_cast<int>(*number);
  }
  return true;
}

std::optional<LocalTime> read_local(std::string_view text) {
  LocalTime local;
  const std::size_t gap = text.find_first_of(" T");
  local.has_clock = gap != std::string_view::npos;
  if (!read_numbers<3>(text.substr(0, gap), '-', {4, 2, 2}, local.date)) {
    return std::nullopt;
  }
  if (local.has_clock && !read_numbers<2>(text.substr(gap + 1), ':', {2, 2}, local.clock)) {
    return std::nullopt;
  }
  return local;
}

/// Nothing for days and hours that no calendar has; `days` later where given.
std::optional<core::Timestamp> to_timestamp(const LocalTime& local, int days) {
  tm parts{};
  parts.tm_year = local.date[0] - 1900;
  parts.tm_mon = local.date[1] - 1;
  parts.tm_mday = local.date[2];
  parts.tm_hour = local.clock[0];
  parts.tm_min = local.clock[1];
  parts.tm_isdst = -1;
  tm normal = parts;
  static_cast<void>(::mktime(&normal));  // only to bring the date into range
  const bool is_real = normal.tm_mday == parts.tm_mday && normal.tm_mon == parts.tm_mon &&
                       local.clock[0] < 24 && local.clock[1] < 60;
  if (!is_real) {
    return std::nullopt;
  }
  parts.tm_mday += days;
  const time_t seconds = ::mktime(&parts);
  return core::Timestamp(core::Seconds(seconds));
}

}  // namespace

core::Result<core::Timestamp> parse_moment(std::string_view text, core::Timestamp now,
                                           DayEdge edge) {
  const auto duration = core::parse_duration(text);
  if (duration) {
    return now - *duration;
  }
  const auto exact = core::parse_rfc3339(text);
  if (exact) {
    return *exact;
  }
  const auto local = read_local(text);
  const int days = local && !local->has_clock && edge == DayEdge::end ? 1 : 0;
  const auto at = local ? to_timestamp(*local, days) : std::nullopt;
  if (!at) {
    return core::fail(core::Error::Kind::invalid,
                      core::quoted(text) +
                          " is no time: expected a duration (30d, 12h), a date (2026-11-23) or "
                          "RFC 3339 (2026-11-23T09:10:00Z)");
  }
  return *at;
}

}  // namespace rblwatch::report
