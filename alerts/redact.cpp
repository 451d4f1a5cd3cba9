// SPDX-License-Identifier: Apache-2.0
#include "alerts/redact.hpp"

#include <algorithm>
#include <vector>

#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

constexpr std::size_t kShortest = 6;
constexpr std::string_view kShown = "<secret>";

int hex_digit(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::size_t at = kDigits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_two = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                         hex_digit(text[i + 2]) >= 0;
    if (has_two) {
      plain += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

class Needles {
 public:
  void add(std::string_view secret) {
    if (secret.size() >= kShortest) {
      needles_.emplace_back(secret);
      needles_.push_back(percent_decoded(secret));
      needles_.push_back(core::base64_encode(secret));
    }
  }

  /// Whole, without its scheme and host, and by its parts. The host alone is no secret.
  void add_url(std::string_view url) {
    add(url);
    const std::size_t scheme = url.find("://");
    std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
    const std::size_t slash = rest.find_first_of("/?#");
    const std::string_view authority = rest.substr(0, slash);
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
      const std::string_view user = authority.substr(0, at);
      add(user);
      add_parts(user);
    }
    if (slash != std::string_view::npos) {
      add(rest.substr(slash));
      add(rest.substr(slash + 1));
      add_parts(rest.substr(slash));
    }
  }

  /// The longest first, so that no part leaves the rest of its whole standing.
  std::string take_out(std::string text) {
    std::sort(needles_.begin(), needles_.end(), [](const auto& a, const auto& b) {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
    needles_.erase(std::unique(needles_.begin(), needles_.end()), needles_.end());
    for (const std::string& needle : needles_) {
      text = core::replace_all(std::move(text), needle, kShown);
    }
    return text;
  }

 private:
  void add_parts(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find_first_of("/?#&=:;");
      add(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
  }

  std::vector<std::string> needles_;
};

}  // namespace

std::string redact(std::string_view text, const Channel& channel, const core::Secret& proxy) {
  Needles needles;
  needles.add_url(channel.url.reveal());
  needles.add_url(proxy.reveal());
  const std::string& password = channel.password.reveal();
  if (!password.empty()) {
    needles.add(password);
    needles.add(std::string(1, '\0') + channel.user + std::string(1, '\0') +
                password);  // AUTH PLAIN
  }
  const std::string& key = channel.secret.reveal();
  needles.add(key);
  return needles.take_out(std::string(text));
}

}  // namespace rblwatch::alerts
