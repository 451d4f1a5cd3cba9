// SPDX-License-Identifier: Apache-2.0
#include "core/secret_match.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>

#include "core/check.hpp"

namespace rblwatch::core {

namespace {

using Digest = std::array<unsigned char, 32>;

// Digests are of one length, whatever was given.
Digest sha256(std::string_view text) {
  Digest digest{};
  unsigned length = 0;
  RBL_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) ==
            1);
  return digest;
}

}  // namespace

bool is_match(const Secret& secret, std::string_view given) {
  const Digest wanted = sha256(secret.reveal());
  const Digest offered = sha256(given);
  const bool is_same = CRYPTO_memcmp(wanted.data(), offered.data(), wanted.size()) == 0;
  return is_same && !secret.is_empty();
}

}  // namespace rblwatch::core
