// SPDX-License-Identifier: Apache-2.0
#include "alerts/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "core/check.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kShortestKey = 24;
constexpr std::size_t kLongestKey = 64;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string sign_webhook(const core::Secret& key, std::string_view id, std::int64_t timestamp,
                         std::string_view body) {
  std::string content(id);
  content += '.';
  content += std::to_string(timestamp);
  content += '.';
  content += body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  const std::string& raw = key.reveal();
  RBL_CHECK(HMAC(EVP_sha256(), raw.data(), static_cast<int>(raw.size()), bytes_of(content),
                 content.size(), digest.data(), &length) != nullptr);
  return "v1," +
         core::base64_encode({reinterpret_cast<const char*>(digest.data()), std::size_t{length}});
}

core::Result<core::Secret> decode_webhook_secret(std::string_view text) {
  if (!text.starts_with(kPrefix)) {
    return core::fail(core::Error::Kind::invalid, "a webhook secret starts with whsec_");
  }
  auto key = core::base64_decode(text.substr(kPrefix.size()));
  if (!key) {
    return core::fail(core::Error::Kind::invalid,
                      "what follows whsec_ in a webhook secret must be base64");
  }
  if (key->size() < kShortestKey || key->size() > kLongestKey) {
    return core::fail(core::Error::Kind::invalid,
                      "a webhook secret holds 24 to 64 bytes, this one " +
                          core::count_of(key->size(), "byte", "bytes"));
  }
  return core::Secret(std::move(*key));
}

std::string fingerprint(std::string_view text) {
  constexpr std::size_t kBytes = 16;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  RBL_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) ==
            1);
  std::string hex;
  for (std::size_t i = 0; i < kBytes; ++i) {
    hex += kDigits[digest[i] >> 4U];
    hex += kDigits[digest[i] & 15U];
  }
  return hex;
}

}  // namespace rblwatch::alerts
