// SPDX-License-Identifier: Apache-2.0
#include "core/secret_match.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace rblwatch::core;

TEST_CASE("a secret matches itself and nothing else", "[secret]") {
  const Secret secret("correct horse");
  CHECK(is_match(secret, "correct horse"));
  for (const char* other : {"", "correct hors", "correct horse ", "Correct horse", "x"}) {
    CAPTURE(other);
    CHECK_FALSE(is_match(secret, other));
  }
  CHECK_FALSE(is_match(secret, std::string("correct horse\0", 14)));
}

TEST_CASE("nobody knows an empty secret", "[secret]") {
  CHECK_FALSE(is_match(Secret(), ""));
  CHECK_FALSE(is_match(Secret(""), "x"));
}
