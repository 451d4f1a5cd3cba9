// SPDX-License-Identifier: Apache-2.0
#include "dns/cookie.hpp"

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace rblwatch;
using namespace rblwatch::dns;

namespace {

const core::Tick kStart{std::chrono::hours(1)};
constexpr bool kUdp = false;
constexpr bool kTcp = true;

struct CookieFixture {
  core::SeededRandom random{1};
  CookieState cookie;

  std::vector<std::uint8_t> sent(core::Tick now = kStart) {
    REQUIRE(cookie.offer(now, random));
    return {cookie.bytes().begin(), cookie.bytes().end()};
  }
  void agree() {
    auto theirs = sent();
    theirs.resize(24, 9);
    cookie.keep(theirs);
    REQUIRE(cookie.is_agreed());
  }
};

}  // namespace

TEST_CASE_METHOD(CookieFixture, "a server's cookie is kept when it has a proper length") {
  auto theirs = sent();
  CHECK(theirs.size() == 8);
  for (const auto& [size, is_kept] :
       {std::pair{8U, false}, {12U, false}, {41U, false}, {16U, true}, {40U, true}}) {
    theirs.resize(size, 9);
    cookie.keep(theirs);
    CHECK(cookie.is_agreed() == is_kept);
  }
  CHECK(cookie.bytes().size() == 40);
}

TEST_CASE_METHOD(CookieFixture,
                 "our own cookie changes each day, and a late reply to the last is not kept") {
  auto old = sent();
  CHECK(sent(kStart + std::chrono::hours(23)) == old);
  CHECK(sent(kStart + std::chrono::hours(24)) != old);
  old.resize(24, 9);
  cookie.keep(old);
  CHECK_FALSE(cookie.is_agreed());
}

TEST_CASE_METHOD(CookieFixture, "a server that ignores three is asked without for an hour") {
  sent();
  CHECK(cookie.believes_without(kUdp, kStart));
  CHECK(cookie.believes_without(kUdp, kStart));
  CHECK(cookie.offer(kStart, random));
  CHECK(cookie.believes_without(kUdp, kStart));
  CHECK_FALSE(cookie.offer(kStart + std::chrono::minutes(59), random));
  CHECK(cookie.offer(kStart + std::chrono::hours(1), random));
}

TEST_CASE_METHOD(CookieFixture,
                 "over TCP a reply without is believed, and the eighth in a row ends the matter") {
  agree();
  for (int i = 0; i < 7; ++i)
    CHECK(cookie.believes_without(kTcp, kStart));
  CHECK(cookie.is_agreed());
  CHECK(cookie.believes_without(kTcp, kStart));
  CHECK_FALSE(cookie.is_agreed());
}

TEST_CASE_METHOD(CookieFixture,
                 "over UDP a reply without is not believed until many in ten seconds bore none") {
  agree();
  core::Tick now = kStart;
  SECTION("however many at once") {
    for (int i = 0; i < 1000; ++i)
      CHECK_FALSE(cookie.believes_without(kUdp, now));
    now += core::Seconds(10);
    CHECK(cookie.believes_without(kUdp, now));
    CHECK_FALSE(cookie.is_agreed());
  }
  SECTION("however long a few take") {
    for (int i = 0; i < 15; ++i, now += core::Seconds(10))
      CHECK_FALSE(cookie.believes_without(kUdp, now));
    CHECK(cookie.believes_without(kUdp, now));
  }
  SECTION("unless one with it comes between") {
    for (int i = 0; i < 15; ++i)
      CHECK_FALSE(cookie.believes_without(kUdp, now));
    cookie.keep(cookie.bytes());
    now += core::Seconds(20);
    CHECK_FALSE(cookie.believes_without(kUdp, now));
    CHECK(cookie.is_agreed());
  }
}
