// SPDX-License-Identifier: Apache-2.0
#include "mail_reader.hpp"

#include <regex>

#include <catch2/catch.hpp>

#include "core/text.hpp"

namespace rblwatch::alerts::test {
namespace {

std::string decoded(std::string_view body) {
  std::string text;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '=') {
      text += body[i];
    } else if (body.substr(i, 3) == "=\r\n") {
      i += 2;
    } else {
      text += static_cast<char>(std::stoi(std::string(body.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    }
  }
  return core::replace_all(std::move(text), "\r\n", "\n");
}

std::vector<std::pair<std::string, std::string>> headers_of(std::string_view head) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (std::string_view line : core::split(head, '\n')) {
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.starts_with(' ') || line.starts_with('\t')) {
      REQUIRE_FALSE(headers.empty());
      headers.back().second += line;
      continue;
    }
    const std::size_t colon = line.find(": ");
    REQUIRE(colon != std::string_view::npos);
    headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return headers;
}

std::string part_body(std::string_view part) {
  const std::size_t body = part.find("\r\n\r\n");
  REQUIRE(body != std::string_view::npos);
  return decoded(part.substr(body + 4));
}

}  // namespace

std::string ReadMail::header(std::string_view name) const {
  std::string value;
  int count = 0;
  for (const auto& [key, found] : headers) {
    if (core::equals_ignoring_case(key, name)) {
      value = found;
      ++count;
    }
  }
  CHECK(count <= 1);
  return value;
}

ReadMail read_mail(const std::string& message) {
  ReadMail mail;
  const std::size_t end = message.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  mail.headers = headers_of(std::string_view(message).substr(0, end));
  const std::string type = mail.header("Content-Type");
  std::smatch found;
  REQUIRE(
      std::regex_search(type, found, std::regex("multipart/alternative;.*boundary=\"([^\"]+)\"")));
  const std::string boundary = "\r\n--" + found[1].str();
  std::vector<std::string> parts;
  std::size_t at = message.find(boundary);
  while (at != std::string::npos) {
    const std::size_t begin = at + boundary.size();
    at = message.find(boundary, begin);
    if (at != std::string::npos) {
      parts.push_back(part_body(message.substr(begin, at - begin)));
    }
  }
  REQUIRE(parts.size() == 2);
  mail.text = parts[0];
  mail.html = parts[1];
  return mail;
}

std::string decoded_words(const std::string& value) {
  const std::regex word(R"(=\?utf-8\?([BbQq])\?([^?]*)\?=)", std::regex::icase);
  std::string text;
  bool after_word = false;
  auto rest = value.cbegin();
  for (std::sregex_iterator it(value.begin(), value.end(), word), end; it != end; ++it) {
    const std::string between(rest, (*it)[0].first);
    if (!after_word || !core::trim(between).empty()) {
      text += between;
    }
    const std::string body = (*it)[2].str();
    if ((*it)[1].str() == "B" || (*it)[1].str() == "b") {
      const auto bytes = core::base64_decode(body);
      REQUIRE(bytes.has_value());
      text += *bytes;
    } else {
      text += decoded(core::replace_all(body, "_", " "));
    }
    rest = (*it)[0].second;
    after_word = true;
  }
  return text + std::string(rest, value.cend());
}

}  // namespace rblwatch::alerts::test
