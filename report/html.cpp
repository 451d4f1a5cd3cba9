// SPDX-License-Identifier: Apache-2.0
#include "report/html.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/text.hpp"

namespace rblwatch::report::html {
namespace {

constexpr std::size_t kLongestText = 1000;  // bytes
constexpr std::size_t kLongestUrl = 2000;
constexpr char kNoBreak = '\x1f';  // of unbroken(), in shown texts

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// As many whole characters of the front as fit; bytes that aren't UTF-8 anyway fall where they do.
std::string_view cut_front(std::string_view bytes, std::size_t at_most) {
  if (bytes.size() <= at_most) {
    return bytes;
  }
  constexpr std::size_t kLongestCharacter = 4;
  std::size_t end = at_most;
  while (end + kLongestCharacter > at_most && is_continuation(bytes[end])) {
    --end;
  }
  return bytes.substr(0, end);
}

std::string escaped(std::string_view bytes) {
  return core::for_html(core::Untrusted(std::string(bytes)));
}

bool is_web_link(std::string_view url) {
  const std::string scheme = core::to_lower(url.substr(0, url.find("://")));
  const bool is_plain = std::none_of(url.begin(), url.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7F;
  });
  return (scheme == "http" || scheme == "https") && is_plain && url.size() <= kLongestUrl;
}

std::string time_element(Timestamp at, const std::string& inside, bool has_title) {
  const std::string moment = show_moment(at, {.utc = true});
  return "<time datetime=\"" + core::to_rfc3339(at) + "\"" +
         (has_title ? " title=\"" + moment + " UTC\"" : "") + ">" + inside + "</time>";
}

}  // namespace

std::string text(std::string_view foreign) {
  const std::string_view front = cut_front(foreign, kLongestText);
  return escaped(front) + (front.size() < foreign.size() ? "…" : "");
}

std::string text(const core::Untrusted& foreign) {
  return text(foreign.raw());
}

std::string shown(std::string_view shown) {
  std::string html;
  for (const std::string_view part : core::split(shown, kNoBreak)) {
    html += (html.empty() ? "" : "&nbsp;") + text(part);
  }
  return html;
}

std::string sentence(std::string_view own) {
  std::string html;
  bool is_code = false;
  for (const std::string_view part : core::split(own, '`')) {
    html += is_code ? "<code>" + escaped(part) + "</code>" : shown(part);
    is_code = !is_code;
  }
  return html;
}

std::string_view class_of(Ink ink) {
  switch (ink) {
    case Ink::plain:
    case Ink::bold:
      return "plain";
    case Ink::faint:
      return "faint";
    case Ink::good:
      return "good";
    case Ink::doubtful:
      return "doubtful";
    case Ink::bad:
      return "bad";
  }
  RBL_CHECK(false);
}

std::string badge(std::string_view foreign, Ink ink) {
  return "<span class=\"badge " + std::string(class_of(ink)) + "\">" + text(foreign) + "</span>";
}

std::string codes(const std::vector<std::string>& foreign) {
  std::string html;
  for (const std::string& code : foreign) {
    html += (html.empty() ? "<code>" : ", <code>") + text(code) + "</code>";
  }
  return html;
}

std::string link(std::string_view url, std::string_view label) {
  if (!is_web_link(url)) {
    return text(url);
  }
  return "<a href=\"" + escaped(url) + "\" rel=\"noopener noreferrer\">" + text(label) + "</a>";
}

std::string time(const std::optional<Timestamp>& at, std::string_view nothing) {
  return at ? time_element(*at, show_moment(*at, {.utc = true}), false) : text(nothing);
}

std::string ago(const std::optional<Timestamp>& at, Timestamp now, std::string_view nothing) {
  return at ? time_element(*at, core::to_ago(*at, now), true) : text(nothing);
}

std::string time_and_ago(const std::optional<Timestamp>& at, Timestamp now) {
  return at ? time(at) + " (" + core::to_ago(*at, now) + ")" : "";
}

std::string field(std::string_view label, const std::string& value) {
  return value.empty() ? "" : "<dt>" + std::string(label) + "</dt><dd>" + value + "</dd>\n";
}

}  // namespace rblwatch::report::html
