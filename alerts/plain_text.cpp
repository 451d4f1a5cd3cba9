// SPDX-License-Identifier: Apache-2.0
#include "alerts/plain_text.hpp"

#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

constexpr std::string_view kCut = "...";
constexpr std::size_t kScanned = 4096;  // of a reply, for its first line

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

std::string clip(std::string text, std::size_t most) {
  if (text.size() <= most) {
    return text;
  }
  std::size_t end = most > kCut.size() ? most - kCut.size() : 0;
  while (end > 0 && is_continuation(text[end])) {
    --end;
  }
  text.resize(end);
  text += kCut;
  return text;
}

std::string first_line(std::string_view bytes, std::size_t most) {
  for (const std::string_view line : core::split(bytes.substr(0, kScanned), '\n')) {
    const std::string_view words = core::trim(line);
    if (!words.empty()) {
      return clip(core::for_terminal(core::Untrusted(std::string(words))), most);
    }
  }
  return {};
}

std::vector<std::string> plain_lines(const core::Untrusted& text) {
  std::vector<std::string> lines;
  if (text.is_empty()) {
    return lines;
  }
  for (const std::string_view line : core::split(text.raw(), '\n')) {
    lines.push_back(core::for_terminal(core::Untrusted(std::string(line))));
  }
  return lines;
}

std::string plain_line(std::string_view text) {
  std::string line(text);
  line = core::replace_all(std::move(line), "\r\n", " ");
  line = core::replace_all(std::move(line), "\n", " ");
  return core::for_terminal(core::Untrusted(std::move(line)));
}

}  // namespace rblwatch::alerts
