// SPDX-License-Identifier: Apache-2.0
#include "conf/mail_section.hpp"

#include <algorithm>
#include <vector>

#include "conf/secrets.hpp"
#include "conf/url.hpp"
#include "core/file.hpp"
#include "core/idn.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::conf {
namespace {

using alerts::Channel;
using alerts::StartTls;

constexpr std::size_t kMaxLocalPart = 64;  // RFC 5321 section 4.5.3.1.1
constexpr std::size_t kMaxCaBytes = 4 * std::size_t{1024} * 1024;

/// Unquoted local parts (RFC 5322 atext and dots): enough for alerts, and no quoting to get wrong.
bool is_local_part(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~.";
  return !text.empty() && text.size() <= kMaxLocalPart &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kOthers.find(c) != std::string_view::npos;
         });
}

/// "[192.0.2.1]" (RFC 5321 section 4.1.3).
bool is_address_literal(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) {
    return false;
  }
  std::string_view inside = text.substr(1, text.size() - 2);
  const bool is_v6 = inside.starts_with("IPv6:");
  inside.remove_prefix(is_v6 ? 5 : 0);
  const core::Result<core::IpAddress> address = core::IpAddress::parse(inside);
  return address && address->is_v6() == is_v6;
}

void bad_address(Findings& findings, const PlacedText& text) {
  findings.error(text.place, text.key, core::quoted(text.value) + " is no mail address",
                 "expected one like postmaster@example.com, without a name or line break");
}

void read_addresses(Section& section, Channel& channel) {
  PlacedText from;
  if (section.placed_text("from", from)) {
    if (const auto address = mail_address(from.value)) {
      channel.from = *address;
    } else {
      bad_address(section.findings(), from);
    }
  }
  std::vector<PlacedText> to;
  if (section.texts("to", to) && to.empty()) {
    section.error("to", "is empty", "expected at least one mail address");
  }
  for (const PlacedText& text : to) {
    if (const auto address = mail_address(text.value)) {
      channel.to.push_back(*address);
    } else {
      bad_address(section.findings(), text);
    }
  }
}

std::optional<Url> read_server(Section& section, Channel& channel) {
  PlacedText smtp;
  if (!section.placed_text("smtp", smtp)) {
    return std::nullopt;
  }
  if (smtp.value.find('@') != std::string::npos) {
    section.error("smtp", "holds a user name or password",
                  "give user and password, or password_file");
    return std::nullopt;
  }
  std::optional<Url> url = parse_url(smtp.value);
  if (!url || (url->scheme != "smtp" && url->scheme != "smtps") ||
      (!url->rest.empty() && url->rest != "/")) {
    section.error("smtp", core::quoted(smtp.value) + " is no mail server",
                  "expected one like smtp://127.0.0.1:25 or smtps://mail.example.com:465");
    return std::nullopt;
  }
  channel.smtp = smtp.value;
  return url;
}

/// Credentials, and that they never go over a clear connection.
void read_credentials(Section& section, const std::optional<Url>& server, Channel& channel) {
  section.text("user", channel.user);
  const std::optional<Placed<core::Secret>> password = read_secret(section, "password");
  if (password) {
    channel.password = password->value;
  }
  if (channel.user.empty() && password) {
    section.missing("user", "a password needs a user");
  }
  const bool has_password_key = section.has("password") || section.has("password_file");
  if (!channel.user.empty() && !password && !has_password_key) {
    section.missing("password", "a user needs a password or password_file");
  }
  if (channel.user.empty() || !server || server->scheme != "smtp") {
    return;
  }
  if (!section.has("starttls")) {
    channel.starttls = StartTls::required;
  } else if (channel.starttls != StartTls::required) {
    section.error("user", "credentials never go over a clear connection",
                  "expected starttls = \"required\", or smtps:// in smtp");
  }
}

void read_authority_file(Section& section, Channel& channel) {
  PlacedText file;
  if (!section.placed_text("ca_file", file) || file.value.empty()) {
    return;
  }
  channel.ca_file = section.findings().resolve(file.place, file.value);
  const core::Result<std::string> content = core::read_file(channel.ca_file, kMaxCaBytes);
  if (!content) {
    section.error("ca_file", content.error().text, "expected a file in PEM form");
  } else if (content->find("-----BEGIN") == std::string::npos) {
    section.error("ca_file", "holds no certificate", "expected a file in PEM form");
  }
}

}  // namespace

std::optional<std::string> mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || !is_local_part(text.substr(0, at))) {
    return std::nullopt;
  }
  const std::string_view domain = text.substr(at + 1);
  if (is_address_literal(domain)) {
    return std::string(text);
  }
  const core::Result<core::DnsName> name = core::to_a_labels(domain);
  if (!name || domain.ends_with('.')) {
    return std::nullopt;
  }
  const bool is_ascii = std::all_of(domain.begin(), domain.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return std::string(text.substr(0, at + 1)) + (is_ascii ? std::string(domain) : name->to_text());
}

void read_mail(Section& section, bool is_mail, Channel& channel) {
  for (const char* key : {"smtp", "from", "to"}) {
    if (is_mail && !section.has(key)) {
      section.missing(key, std::string(key) == "smtp" ? "expected one like smtp://127.0.0.1:25"
                                                      : "expected mail addresses");
    }
  }
  const std::optional<Url> server = read_server(section, channel);
  const bool has_starttls = section.word("starttls", channel.starttls);
  if (has_starttls && server && server->scheme == "smtps") {
    section.warning("starttls", "has no meaning for smtps://, which is encrypted from the start",
                    "leave it out");
  }
  if (channel.starttls == StartTls::never && server && server->scheme == "smtp" &&
      !is_loopback_host(server->host)) {
    section.warning("starttls", "never: mails can be read on their way",
                    "expected required or try");
  }
  read_credentials(section, server, channel);
  read_authority_file(section, channel);
  read_addresses(section, channel);
}

}  // namespace rblwatch::conf
