// SPDX-License-Identifier: Apache-2.0
#include "alerts/signature.hpp"

#include <catch2/catch.hpp>

#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

TEST_CASE("A signature is that of the Standard Webhooks specification's own example") {
  const auto key = decode_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  REQUIRE(key.has_value());
  CHECK(sign_webhook(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})") ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("A webhook secret is whsec_ and base64 of 24 to 64 bytes") {
  const auto secret = [](std::size_t bytes) {
    return "whsec_" + core::base64_encode(std::string(bytes, 'k'));
  };
  CHECK(decode_webhook_secret(secret(24)).value().reveal() == std::string(24, 'k'));
  CHECK(decode_webhook_secret(secret(64)).has_value());
  for (const std::string& wrong :
       {secret(23), secret(65), std::string("whsec_"), std::string("whsec_not base64 at all!!"),
        core::base64_encode(std::string(32, 'k')), std::string()}) {
    INFO(wrong);
    const auto decoded = decode_webhook_secret(wrong);
    REQUIRE_FALSE(decoded.has_value());
    CHECK(decoded.error().kind == core::Error::Kind::invalid);
  }
}

TEST_CASE("The error of a bad webhook secret doesn't repeat it") {
  const auto decoded = decode_webhook_secret("whsec_canary!canary!canary!canary!");
  REQUIRE_FALSE(decoded.has_value());
  CHECK(decoded.error().text.find("canary") == std::string::npos);
}

TEST_CASE("A fingerprint is the start of SHA-256 in hex") {
  CHECK(fingerprint("") == "e3b0c44298fc1c149afbf4c8996fb924");
  CHECK(fingerprint("abc") == "ba7816bf8f01cfea414140de5dae2223");
}

}  // namespace
}  // namespace rblwatch::alerts
