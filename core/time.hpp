// SPDX-License-Identifier: Apache-2.0
//
// The two clocks. Timestamps (UTC wall time) are stored and shown; Ticks (CLOCK_BOOTTIME: only
// forward, suspend included) drive intervals, TTLs, votes and time-outs. Nothing converts one into
// the other but ClockPair, which the monitor and the storage adapter use. Values; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace rblwatch::core {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
using Micros = std::chrono::microseconds;

/// Wall-clock time, UTC, in milliseconds.
using Timestamp = std::chrono::sys_time<Millis>;

/// CLOCK_BOOTTIME. Has no static now(): time comes from a Clock, so that tests own it.
struct BootClock {
  using duration = Micros;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using Tick = BootClock::time_point;

/// Port: where time comes from. SystemClock in programs, a hand-moved one in tests.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
  virtual Tick tick() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  Tick tick() const override;
};

/// One reading of both clocks, taken together.
struct ClockPair {
  Timestamp now;
  Tick tick;
  /// The wall time of an earlier or later tick, by the distance from this reading.
  Timestamp wall(Tick at) const { return now + std::chrono::duration_cast<Millis>(at - tick); }
};
ClockPair read_clocks(const Clock& clock);

/// The kernel's boot id (/proc/sys/kernel/random/boot_id): stored waits are good for one boot only.
/// Empty where the system has none.
std::string boot_id();

/// RFC 3339 in UTC with Z; milliseconds shown only when they aren't zero: "2026-11-23T09:10:00Z".
/// What lies outside the years 0000 to 9999 shows as the nearest moment inside.
std::string to_rfc3339(Timestamp at);
/// Reads RFC 3339 with Z or an offset, with or without a fraction (cut to milliseconds). A leap
/// second is the second after it.
Result<Timestamp> parse_rfc3339(std::string_view text);

/// Local time for people: "2026-11-23 09:10" (seconds added when `with_seconds`).
std::string to_local(Timestamp at, bool with_seconds = false);

/// "250ms", "30s", "2m", "6h", "1d", "2w": one whole number, one unit, at most a hundred years
/// (36525d). The error text names what is allowed.
Result<Millis> parse_duration(std::string_view text);
/// The shortest exact contract spelling: 90000ms → "90s", 7200000 → "2h".
std::string to_duration_text(Millis duration);
/// For people, two units at most, rounded down: "3 h 20 min", "2 d 4 h", "45 s", "250 ms".
std::string to_human(Millis duration);
/// One unit, rounded down: "3 h ago"; "just now" under a second; "in 5 min" for the future.
std::string to_ago(Timestamp at, Timestamp now);

/// RFC 5322 date for mail and HTTP headers, UTC: "Mon, 23 Nov 2026 09:10:00 +0000".
std::string to_rfc5322(Timestamp at);

}  // namespace rblwatch::core
