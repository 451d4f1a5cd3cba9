// SPDX-License-Identifier: Apache-2.0
#include "core/control.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

namespace rblwatch::core {
namespace {

TEST_CASE("requests come back as they were, whatever is in their words") {
  const std::vector<std::vector<std::string>> requests{
      {"why", "192.0.2.10"}, {"a", "", "b"}, {"tab\t", "nl\n", "back\\slash"}, {"\xff\x00z"}};
  for (const auto& words : requests) {
    const std::string line = encode_request(words);
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
    const auto back = decode_request(line);
    REQUIRE(back);
    CHECK(*back == words);
  }
}

TEST_CASE("broken requests are errors") {
  for (const char* line : {"", "\n", "a\\", "a\\q\n"}) {
    CHECK_FALSE(decode_request(line));
  }
}

TEST_CASE("replies come back as they were: payloads and errors of each kind") {
  CHECK(decode_reply(encode_reply(std::string("{\"a\":1}\n"))).value() == "{\"a\":1}\n");
  using Kind = Error::Kind;
  for (const Kind kind : {Kind::invalid, Kind::not_found, Kind::io, Kind::busy, Kind::corrupt,
                          Kind::denied, Kind::limit}) {
    const auto reply = decode_reply(encode_reply(fail(kind, "why\tso\n?")));
    REQUIRE_FALSE(reply);
    CHECK(reply.error().kind == kind);
    CHECK(reply.error().text == "why\tso\n?");
  }
}

TEST_CASE("a reply that broke off is an error, not a payload") {
  for (const char* text : {"", "ok", "error io half", "error nonsense x\n", "garbage"}) {
    CHECK_FALSE(decode_reply(text));
  }
}

}  // namespace
}  // namespace rblwatch::core
