// SPDX-License-Identifier: Apache-2.0
#include "core/control.hpp"

#include <array>
#include <optional>
#include <utility>

namespace rblwatch::core {

namespace {

constexpr std::array<std::pair<Error::Kind, std::string_view>, 7> kKinds{
    {{Error::Kind::invalid, "invalid"},
     {Error::Kind::not_found, "not_found"},
     {Error::Kind::io, "io"},
     {Error::Kind::busy, "busy"},
     {Error::Kind::corrupt, "corrupt"},
     {Error::Kind::denied, "denied"},
     {Error::Kind::limit, "limit"}}};

std::string escape(std::string_view word) {
  std::string escaped;
  for (const char c : word) {
    switch (c) {
      case '\t':
        escaped += "\\t";
        break;
      case '\n':
        escaped += "\\n";
        break;
      case '\\':
        escaped += "\\\\";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::optional<char> unescaped(char after_backslash) {
  switch (after_backslash) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case '\\':
      return '\\';
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string encode_request(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    line += (line.empty() ? "" : "\t") + escape(word);
  }
  return line + "\n";
}

Result<std::vector<std::string>> decode_request(std::string_view line) {
  if (!line.empty() && line.back() == '\n') {
    line.remove_suffix(1);
  }
  if (line.empty()) {
    return fail(Error::Kind::invalid, "an empty request");
  }
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') {
      words.emplace_back();
    } else if (line[i] != '\\') {
      words.back() += line[i];
    } else {
      const auto meant = i + 1 < line.size() ? unescaped(line[i + 1]) : std::nullopt;
      if (!meant) {
        return fail(Error::Kind::invalid, "a request with a broken escape");
      }
      words.back() += *meant;
      ++i;
    }
  }
  return words;
}

std::string encode_reply(const Result<std::string>& reply) {
  if (reply) {
    return "ok\n" + *reply;
  }
  for (const auto& [kind, word] : kKinds) {
    if (kind == reply.error().kind) {
      return "error " + std::string(word) + " " + escape(reply.error().text) + "\n";
    }
  }
  return "error invalid " + escape(reply.error().text) + "\n";
}

Result<std::string> decode_reply(std::string_view text) {
  constexpr std::string_view kOk = "ok\n";
  constexpr std::string_view kError = "error ";
  if (text.substr(0, kOk.size()) == kOk) {
    return std::string(text.substr(kOk.size()));
  }
  if (text.substr(0, kError.size()) != kError || text.back() != '\n') {
    return fail(Error::Kind::io, "the daemon's answer broke off");
  }
  text.remove_prefix(kError.size());
  text.remove_suffix(1);
  for (const auto& [kind, word] : kKinds) {
    if (text.substr(0, word.size() + 1) == std::string(word) + " ") {
      const auto words = decode_request(text.substr(word.size() + 1));
      return fail(kind, words ? words->front() : std::string("unknown error"));
    }
  }
  return fail(Error::Kind::io, "the daemon's answer can't be read");
}

}  // namespace rblwatch::core
