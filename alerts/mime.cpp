// SPDX-License-Identifier: Apache-2.0
#include "alerts/mime.hpp"

#include <algorithm>

#include "core/dns_name.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

constexpr std::size_t kLongestAddress = 254;  // RFC 5321 section 4.5.3.1.3, less the brackets
constexpr std::size_t kLongestLine = 76;

bool is_address_character(char c) {
  constexpr std::string_view kSpecials = "<>()[],;:\\\"";
  return c > ' ' && c < '\x7F' && kSpecials.find(c) == std::string_view::npos;
}

std::string encoded(char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  return {'=', kDigits[value >> 4U], kDigits[value & 15U]};
}

bool is_plain(char c) {
  return (c >= ' ' && c <= '~' && c != '=') || c == '\t';
}

/// One line of the body, without its end; soft line breaks inside.
std::string encoded_line(std::string_view line) {
  std::string text;
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_blank_at_end = (c == ' ' || c == '\t') && i + 1 == line.size();
    const bool is_risky_start = column == 0 && (c == '.' || line.substr(i).starts_with("From "));
    const std::string piece =
        is_plain(c) && !is_blank_at_end && !is_risky_start ? std::string(1, c) : encoded(c);
    if (column + piece.size() > kLongestLine - 1) {  // room for the "=" of a soft break
      text += "=\r\n";
      column = 0;
      // A dot may now stand at the start of a line.
      const std::string again = c == '.' ? encoded(c) : piece;
      text += again;
      column += again.size();
      continue;
    }
    text += piece;
    column += piece.size();
  }
  return text;
}

}  // namespace

std::optional<std::string> mail_address(std::string_view text) {
  const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7F; };
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return std::nullopt;
  }
  std::string_view address = core::trim(text);
  if (address.ends_with('>')) {
    const std::size_t open = address.find('<');
    if (open == std::string_view::npos) {
      return std::nullopt;
    }
    address = address.substr(open + 1, address.size() - open - 2);
  }
  const std::size_t at = address.find('@');
  const bool has_sides = at != std::string_view::npos && at > 0 && at + 1 < address.size() &&
                         address.find('@', at + 1) == std::string_view::npos;
  if (!has_sides || address.size() > kLongestAddress ||
      !std::all_of(address.begin(), address.end(), is_address_character)) {
    return std::nullopt;
  }
  return std::string(address);
}

std::string mail_domain(std::string_view address) {
  const auto plain = mail_address(address);
  const auto name =
      core::DnsName::parse(plain ? std::string_view(*plain).substr(plain->find('@') + 1) : "");
  return name ? name->to_text() : "rblwatch.invalid";
}

std::string quoted_printable(std::string_view text) {
  std::string body;
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  for (const std::string_view line : core::split(text, '\n')) {
    body += encoded_line(line) + "\r\n";
  }
  return body;
}

}  // namespace rblwatch::alerts
