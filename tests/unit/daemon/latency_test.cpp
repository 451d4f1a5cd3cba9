// SPDX-License-Identifier: Apache-2.0
#include "daemon/latency.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::daemon {
namespace {

TEST_CASE("no answer, no quantile") {
  CHECK_FALSE(Latency().quantile(0.5));
}

TEST_CASE("quantiles are right within a fifth, and never below") {
  Latency latency;
  for (int i = 0; i < 99; ++i) {
    latency.note(core::Millis(20));
  }
  latency.note(core::Millis(900));
  const core::Millis half = *latency.quantile(0.5);
  CHECK(half >= core::Millis(20));
  CHECK(half <= core::Millis(25));
  CHECK(*latency.quantile(0.999) >= core::Millis(900));
  CHECK(*latency.quantile(0.999) <= core::Millis(1100));
}

TEST_CASE("times beyond the ends are kept at the ends") {
  Latency latency;
  latency.note(core::Micros(0));
  CHECK(latency.quantile(0.5) == core::Millis(1));
  Latency slow;
  slow.note(core::Seconds(86'400));
  CHECK(*slow.quantile(0.5) > core::Seconds(3));
}

}  // namespace
}  // namespace rblwatch::daemon
