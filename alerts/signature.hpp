// SPDX-License-Identifier: Apache-2.0
//
// Standard Webhooks signatures: "v1," + base64(HMAC-SHA256(key, id.timestamp.body)); and the
// fingerprints that name mail threads. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/secret.hpp"

namespace rblwatch::alerts {

/// `key` is the decoded signing key; `timestamp` in seconds since 1970.
std::string sign_webhook(const core::Secret& key, std::string_view id, std::int64_t timestamp,
                         std::string_view body);
/// "whsec_" + base64 to the key's bytes (24 to 64 of them). The error doesn't repeat the text.
core::Result<core::Secret> decode_webhook_secret(std::string_view text);

/// The first 128 bits of SHA-256 as 32 lower-case hex digits.
std::string fingerprint(std::string_view text);

}  // namespace rblwatch::alerts
