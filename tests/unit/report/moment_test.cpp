// SPDX-License-Identifier: Apache-2.0
#include "report/moment.hpp"

#include <stdlib.h>
#include <time.h>

#include <catch2/catch.hpp>

using namespace rblwatch;
using namespace rblwatch::report;

namespace {

const core::Timestamp kNow = core::parse_rfc3339("2026-11-23T12:00:00Z").value();

std::string read(std::string_view text, DayEdge edge = DayEdge::begin) {
  const auto at = parse_moment(text, kNow, edge);
  return at ? core::to_rfc3339(*at) : "";
}

/// A zone with an offset that isn't this machine's by chance.
struct LocalZone {
  explicit LocalZone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~LocalZone() {
    ::unsetenv("TZ");
    ::tzset();
  }
  LocalZone(const LocalZone&) = delete;
  LocalZone& operator=(const LocalZone&) = delete;
};

}  // namespace

TEST_CASE("a duration is that long ago", "[moment]") {
  CHECK(read("30d") == "2026-10-24T12:00:00Z");
  CHECK(read("90m") == "2026-11-23T10:30:00Z");
}

TEST_CASE("RFC 3339 is itself", "[moment]") {
  CHECK(read("2026-11-01T10:00:00+02:00") == "2026-11-01T08:00:00Z");
}

TEST_CASE("a date is a local day, from its begin to its end", "[moment]") {
  const LocalZone zone("ABC-2");
  CHECK(read("2026-11-01") == "2026-10-31T22:00:00Z");
  CHECK(read("2026-11-01", DayEdge::end) == "2026-11-01T22:00:00Z");
  CHECK(read("2026-12-31", DayEdge::end) == "2026-12-31T22:00:00Z");
  CHECK(read("2026-11-01 09:10") == "2026-11-01T07:10:00Z");
  CHECK(read("2026-11-01 09:10", DayEdge::end) == "2026-11-01T07:10:00Z");
}

TEST_CASE("what is no time says what would be", "[moment]") {
  for (const char* text : {"", "yesterday", "2026-13-01", "2026-02-30", "2026-1-1", "30", "-3d",
                           "2026-11-01 25:00", "2026-11-01 9:10", "2026-11-01T09"}) {
    CAPTURE(text);
    const auto at = parse_moment(text, kNow, DayEdge::begin);
    REQUIRE_FALSE(at);
    CHECK(at.error().text.find("30d") != std::string::npos);
  }
}
