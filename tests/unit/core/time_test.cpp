// SPDX-License-Identifier: Apache-2.0
#include "core/time.hpp"

#include <time.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace rblwatch::core {
using namespace std::chrono_literals;

namespace {

Timestamp at(std::int64_t millis) {
  return Timestamp(Millis(millis));
}
Timestamp read(std::string_view text) {
  return parse_rfc3339(text).value();
}

const Timestamp kMorning = at(1'795'425'000'000);  // 2026-11-23T09:10:00Z

/// The process's time zone for the length of a test.
class TimeZone {
 public:
  explicit TimeZone(const char* name) { set(name); }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;
  ~TimeZone() { set("UTC"); }

 private:
  static void set(const char* name) {
    REQUIRE(::setenv("TZ", name, 1) == 0);
    ::tzset();
  }
};

/// Gives the readings it was told, in turn; the wall clock stands.
class ScriptedClock final : public Clock {
 public:
  explicit ScriptedClock(std::vector<Micros> ticks) : ticks_(std::move(ticks)) {}
  Timestamp now() const override { return kMorning; }
  Tick tick() const override { return Tick(ticks_.at(next_++)); }
  std::size_t taken() const { return next_; }

 private:
  std::vector<Micros> ticks_;
  mutable std::size_t next_ = 0;
};

}  // namespace

TEST_CASE("timestamps are shown as RFC 3339 in UTC and read back") {
  struct Row {
    std::int64_t millis;
    std::string text;
  };
  const auto row = GENERATE(values<Row>({{0, "1970-01-01T00:00:00Z"},
                                         {-1, "1969-12-31T23:59:59.999Z"},
                                         {1, "1970-01-01T00:00:00.001Z"},
                                         {1'795'425'000'000, "2026-11-23T09:10:00Z"},
                                         {1'795'425'000'120, "2026-11-23T09:10:00.120Z"},
                                         {1'709'251'199'000, "2024-02-29T23:59:59Z"},
                                         {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
                                         {-62'167'219'200'000, "0000-01-01T00:00:00Z"}}));
  CHECK(to_rfc3339(at(row.millis)) == row.text);
  CHECK(read(row.text) == at(row.millis));
}

TEST_CASE("timestamps that four digits can't hold show as the nearest that they can") {
  CHECK(to_rfc3339(Timestamp::max()) == "9999-12-31T23:59:59.999Z");
  CHECK(to_rfc3339(Timestamp::min()) == "0000-01-01T00:00:00Z");
}

TEST_CASE("RFC 3339 is read with offsets, fractions and leap seconds") {
  struct Row {
    std::string text;
    std::string utc;
  };
  const auto row = GENERATE(values<Row>({
      {"2026-11-23T10:10:00+01:00", "2026-11-23T09:10:00Z"},
      {"2026-11-23T00:40:00-08:30", "2026-11-23T09:10:00Z"},
      {"2026-11-23T09:10:00-00:00", "2026-11-23T09:10:00Z"},
      {"2026-11-23t09:10:00z", "2026-11-23T09:10:00Z"},
      {"2026-11-23T09:10:00.1Z", "2026-11-23T09:10:00.100Z"},
      {"2026-11-23T09:10:00.000999999Z", "2026-11-23T09:10:00Z"},
      {"2026-11-23T09:10:00.9999999999999999999999Z", "2026-11-23T09:10:00.999Z"},
      {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
      {"2016-12-31T15:59:60-08:00", "2017-01-01T00:00:00Z"},
      {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"},
  }));
  CAPTURE(row.text);
  CHECK(to_rfc3339(read(row.text)) == row.utc);
}

TEST_CASE("what is not RFC 3339 is refused") {
  const auto text = GENERATE(values<std::string>({"",
                                                  "2026-11-23",
                                                  "2026-11-23T09:10:00",
                                                  "2026-11-23 09:10:00Z",
                                                  "2026-11-23T09:10Z",
                                                  "2026-13-01T00:00:00Z",
                                                  "2026-00-01T00:00:00Z",
                                                  "2026-02-29T00:00:00Z",
                                                  "2026-11-31T00:00:00Z",
                                                  "2026-11-00T00:00:00Z",
                                                  "2026-11-23T24:00:00Z",
                                                  "2026-11-23T09:60:00Z",
                                                  "2026-11-23T09:10:61Z",
                                                  "2026-11-23T09:10:60Z",
                                                  "2026-11-23T09:10:00.Z",
                                                  "2026-11-23T09:10:00,5Z",
                                                  "2026-11-23T09:10:00+24:00",
                                                  "2026-11-23T09:10:00+01:60",
                                                  "2026-11-23T09:10:00+0100",
                                                  "2026-11-23T09:10:00Z ",
                                                  " 2026-11-23T09:10:00Z",
                                                  "2026-1-23T09:10:00Z",
                                                  "+026-11-23T09:10:00Z",
                                                  "2026-11-23T-9:10:00Z",
                                                  "12026-11-23T09:10:00Z",
                                                  std::string("2026-11-23T09:10:00Z\0", 21)}));
  CAPTURE(text);
  const auto result = parse_rfc3339(text);
  REQUIRE_FALSE(result);
  CHECK(result.error().text.find("2026-11-23T09:10:00Z") != std::string::npos);
}

TEST_CASE("local time follows the time zone and its summer time") {
  const TimeZone vienna("CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK(to_local(kMorning) == "2026-11-23 10:10");
  CHECK(to_local(kMorning + 7s, true) == "2026-11-23 10:10:07");
  CHECK(to_local(read("2026-07-01T00:00:00Z")) == "2026-07-01 02:00");
  CHECK(to_local(at(-1), true) == "1970-01-01 00:59:59");
}

TEST_CASE("durations are read in every unit") {
  struct Row {
    std::string text;
    Millis value;
  };
  const auto row = GENERATE(values<Row>({{"0s", 0ms},
                                         {"250ms", 250ms},
                                         {"30s", 30s},
                                         {"2m", 2min},
                                         {"6h", 6h},
                                         {"1d", 24h},
                                         {"2w", 336h},
                                         {"007s", 7s},
                                         {"36525d", 36'525 * 24h},
                                         {"3155760000000ms", 36'525 * 24h}}));
  CHECK(parse_duration(row.text) == row.value);
}

TEST_CASE("what is no duration is refused and told what is allowed") {
  const auto text = GENERATE(values<std::string>({"",
                                                  "s",
                                                  "5",
                                                  "5 s",
                                                  " 5s",
                                                  "5s ",
                                                  "-5s",
                                                  "+5s",
                                                  "1.5h",
                                                  "1h30m",
                                                  "5S",
                                                  "5sec",
                                                  "5y",
                                                  "5min",
                                                  "36526d",
                                                  "5218w",
                                                  "3155760000001ms",
                                                  "99999999999999999999s",
                                                  "9223372036854775807w",
                                                  std::string("5s\0", 3),
                                                  "\xD9\xA3s"}));
  const auto result = parse_duration(text);
  CAPTURE(text);
  REQUIRE_FALSE(result);
  CHECK(result.error().text.find("ms, s, m, h, d, w") != std::string::npos);
}

TEST_CASE("durations are spelt in the largest unit that is exact") {
  struct Row {
    Millis value;
    std::string text;
  };
  const auto row = GENERATE(values<Row>({{0ms, "0s"},
                                         {1ms, "1ms"},
                                         {1500ms, "1500ms"},
                                         {90s, "90s"},
                                         {2h, "2h"},
                                         {24h, "1d"},
                                         {48h, "2d"},
                                         {168h, "1w"},
                                         {169h, "169h"},
                                         {-90s, "-90s"}}));
  CHECK(to_duration_text(row.value) == row.text);
  if (row.value >= 0ms) {
    CHECK(parse_duration(row.text) == row.value);
  }
}

TEST_CASE("durations for people have two units at most and are rounded down") {
  struct Row {
    Millis value;
    std::string text;
  };
  const auto row = GENERATE(values<Row>({{0ms, "0 s"},
                                         {250ms, "250 ms"},
                                         {999ms, "999 ms"},
                                         {1999ms, "1 s"},
                                         {45s, "45 s"},
                                         {60s, "1 min"},
                                         {61s, "1 min 1 s"},
                                         {3h + 20min + 59s, "3 h 20 min"},
                                         {3h + 59s, "3 h"},
                                         {52h + 59min, "2 d 4 h"},
                                         {24h + 59min, "1 d"},
                                         {400 * 24h, "400 d"},
                                         {-61s, "-1 min 1 s"}}));
  CHECK(to_human(row.value) == row.text);
  CHECK_FALSE(to_human(Millis::min()).empty());
}

TEST_CASE("how long ago, or how soon, in one unit") {
  struct Row {
    Millis before;
    std::string text;
  };
  const auto row = GENERATE(values<Row>({{0ms, "just now"},
                                         {999ms, "just now"},
                                         {-999ms, "just now"},
                                         {1s, "1 s ago"},
                                         {59s, "59 s ago"},
                                         {119s, "1 min ago"},
                                         {3h + 59min, "3 h ago"},
                                         {47h, "1 d ago"},
                                         {-5min - 10s, "in 5 min"},
                                         {-1s, "in 1 s"}}));
  CHECK(to_ago(kMorning - row.before, kMorning) == row.text);
}

TEST_CASE("mail dates follow RFC 5322") {
  CHECK(to_rfc5322(kMorning) == "Mon, 23 Nov 2026 09:10:00 +0000");
  CHECK(to_rfc5322(at(0)) == "Thu, 01 Jan 1970 00:00:00 +0000");
  CHECK(to_rfc5322(read("2024-02-29T23:59:59.999Z")) == "Thu, 29 Feb 2024 23:59:59 +0000");
}

TEST_CASE("a pair of readings turns ticks into wall time both ways") {
  const ClockPair pair{kMorning, Tick(1h)};
  CHECK(pair.wall(Tick(1h)) == kMorning);
  CHECK(pair.wall(Tick(1h + 5s)) == kMorning + 5s);
  CHECK(pair.wall(Tick(0h)) == kMorning - 1h);
}

TEST_CASE("both clocks are read together, again when something came between") {
  const ScriptedClock calm({10us, 30us});
  CHECK(read_clocks(calm).tick == Tick(20us));
  CHECK(read_clocks(ScriptedClock({0us, 2'000us, 3'000us, 3'002us})).tick == Tick(3'001us));
  const ScriptedClock restless({0s, 1s, 2s, 3s, 4s, 5s});  // it is taken as it is in the end
  CHECK(read_clocks(restless).tick == Tick(4'500ms));
  CHECK(restless.taken() == 6);
}

TEST_CASE("the system's clocks go forward and agree with the system") {
  const SystemClock clock;
  const Tick before = clock.tick();
  const ClockPair pair = read_clocks(clock);
  CHECK(pair.tick >= before);
  CHECK(clock.tick() >= pair.tick);
  const auto system = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  CHECK(system - pair.now < 1min);
  CHECK(pair.now - system < 1min);
}

TEST_CASE("the boot id is one line and stays") {
  CHECK(boot_id() == boot_id());
  CHECK(boot_id().find('\n') == std::string::npos);
}

}  // namespace rblwatch::core
