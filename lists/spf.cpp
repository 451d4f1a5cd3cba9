// SPDX-License-Identifier: Apache-2.0
#include "lists/spf.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/dns_name.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::lists {
namespace {

constexpr std::string_view kVersion = "v=spf1";

constexpr std::array<std::pair<std::string_view, SpfMechanism>, 8> kMechanisms{
    {{"all", SpfMechanism::all},
     {"include", SpfMechanism::include},
     {"a", SpfMechanism::a},
     {"mx", SpfMechanism::mx},
     {"ptr", SpfMechanism::ptr},
     {"ip4", SpfMechanism::ip4},
     {"ip6", SpfMechanism::ip6},
     {"exists", SpfMechanism::exists}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

/// The length of a name (section 4.6.1) at the beginning of a term.
std::size_t name_length(std::string_view term) {
  if (term.empty() || !is_alpha(term.front())) {
    return 0;
  }
  const auto end = std::find_if_not(term.begin(), term.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || is_of(c, "-_.");
  });
  return static_cast<std::size_t>(end - term.begin());
}

/// What stands between the braces of a macro (section 7.1).
bool is_macro_body(std::string_view body) {
  if (body.empty() || !is_of(body.front(), "slodiphcrtvSLODIPHCRTV")) {
    return false;
  }
  body.remove_prefix(1);
  while (!body.empty() && is_digit(body.front())) {
    body.remove_prefix(1);
  }
  if (!body.empty() && is_of(body.front(), "rR")) {
    body.remove_prefix(1);
  }
  return std::all_of(body.begin(), body.end(), [](char c) { return is_of(c, ".-+,/_="); });
}

/// Visible characters, each % the beginning of a macro (section 7.1).
bool is_macro_string(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] < 0x21 || text[at] > 0x7e) {
      return false;
    }
    if (text[at] != '%') {
      continue;
    }
    const char next = ++at < text.size() ? text[at] : '\0';
    if (next == '{') {
      const std::size_t end = text.find('}', at);
      if (end == std::string_view::npos || !is_macro_body(text.substr(at + 1, end - at - 1))) {
        return false;
      }
      at = end;
    } else if (!is_of(next, "%_-") || next == '\0') {
      return false;
    }
  }
  return true;
}

/// Section 7.1: ends with a label that isn't a number, behind a dot.
bool has_top_label(std::string_view name) {
  name = name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
  const std::size_t dot = name.rfind('.');
  return dot != std::string_view::npos &&
         !std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dot) + 1, name.end(), is_digit);
}

std::optional<SpfDomain> parse_domain(std::string_view text) {
  if (text.empty() || !is_macro_string(text)) {
    return std::nullopt;
  }
  if (text.find('%') != std::string_view::npos) {
    return SpfDomain{std::string(text), true};
  }
  const auto name = core::DnsName::parse(text);
  if (!name || !has_top_label(text)) {
    return std::nullopt;
  }
  return SpfDomain{name->to_text(), false};
}

/// "0" or a number without leading zeros.
bool parse_prefix(std::string_view text, std::uint8_t most, std::uint8_t& out) {
  const bool is_number = !text.empty() && text.size() <= 3 &&
                         std::all_of(text.begin(), text.end(), is_digit) &&
                         (text.front() != '0' || text.size() == 1);
  const auto value = is_number ? core::parse_int(text) : std::nullopt;
  if (!value || *value > most) {
    return false;
  }
  out = static_cast<std::uint8_t>(*value);
  return true;
}

/// "/24", "//64" or "/24//64" (section 5.6).
bool parse_prefixes(std::string_view text, SpfTerm& term) {
  const std::size_t both = text.find("//");
  if (both != std::string_view::npos) {
    if (!parse_prefix(text.substr(both + 2), 128, term.prefix6)) {
      return false;
    }
    text = text.substr(0, both);
  }
  return text.empty() || (text.front() == '/' && parse_prefix(text.substr(1), 32, term.prefix4));
}

/// Where the prefixes begin: the first slash outside the braces of a macro.
std::size_t slash_in(std::string_view text) {
  bool is_in_macro = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    is_in_macro = is_in_macro ? text[at] != '}' : text[at] == '{';
    if (text[at] == '/' && !is_in_macro) {
      return at;
    }
  }
  return text.size();
}

/// `rest` is what follows the name: ":DOMAIN", with prefixes behind it where they are allowed.
bool parse_domain_and_prefixes(std::string_view rest, bool has_prefixes, SpfTerm& term) {
  const std::size_t slash = has_prefixes ? slash_in(rest) : rest.size();
  const std::string_view named = rest.substr(0, slash);
  if (!named.empty()) {
    const auto domain = named.front() == ':' ? parse_domain(named.substr(1)) : std::nullopt;
    if (!domain) {
      return false;
    }
    term.domain = *domain;
  }
  return parse_prefixes(rest.substr(slash), term);
}

bool parse_network(std::string_view rest, bool is_v4, SpfTerm& term) {
  if (rest.empty() || rest.front() != ':') {
    return false;
  }
  rest.remove_prefix(1);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const auto address = core::IpAddress::parse(rest.substr(0, slash));
  const std::uint8_t whole = is_v4 ? 32 : 128;
  std::uint8_t prefix = whole;
  if (!address || address->is_v4() != is_v4 ||
      (slash < rest.size() && !parse_prefix(rest.substr(slash + 1), whole, prefix))) {
    return false;
  }
  term.network = core::Cidr(*address, prefix);
  return true;
}

bool parse_arguments(std::string_view rest, SpfTerm& term) {
  switch (term.mechanism) {
    case SpfMechanism::all:
      return rest.empty();
    case SpfMechanism::include:
    case SpfMechanism::exists:
      return !rest.empty() && parse_domain_and_prefixes(rest, false, term);
    case SpfMechanism::ptr:
      return parse_domain_and_prefixes(rest, false, term);
    case SpfMechanism::a:
    case SpfMechanism::mx:
      return parse_domain_and_prefixes(rest, true, term);
    case SpfMechanism::ip4:
      return parse_network(rest, true, term);
    case SpfMechanism::ip6:
      return parse_network(rest, false, term);
  }
  return false;
}

SpfQualifier take_qualifier(std::string_view& text) {
  constexpr std::string_view kSigns = "+-~?";
  constexpr std::array kQualifiers{SpfQualifier::pass, SpfQualifier::fail, SpfQualifier::softfail,
                                   SpfQualifier::neutral};
  const std::size_t sign = kSigns.find(text.front());
  if (sign == std::string_view::npos) {
    return SpfQualifier::pass;
  }
  text.remove_prefix(1);
  return kQualifiers.at(sign);
}

/// Pre: not empty.
std::optional<SpfTerm> parse_mechanism(std::string_view text) {
  SpfTerm term;
  term.text = std::string(text);
  term.qualifier = take_qualifier(text);
  const std::size_t length = name_length(text);
  const auto found =
      std::find_if(kMechanisms.begin(), kMechanisms.end(), [&](const auto& mechanism) {
        return core::equals_ignoring_case(mechanism.first, text.substr(0, length));
      });
  if (found == kMechanisms.end()) {
    return std::nullopt;
  }
  term.mechanism = found->second;
  if (!parse_arguments(text.substr(length), term)) {
    return std::nullopt;
  }
  return term;
}

class Parser {
 public:
  bool take(std::string_view text) {
    const std::size_t length = name_length(text);
    if (length > 0 && length < text.size() && text[length] == '=') {
      return take_modifier(text.substr(0, length), text.substr(length + 1));
    }
    auto term = parse_mechanism(text);
    if (!term) {
      return false;
    }
    has_all_ = has_all_ || term->mechanism == SpfMechanism::all;
    record_.terms.push_back(std::move(*term));
    return true;
  }

  SpfRecord finish() {
    if (has_all_) {
      record_.redirect.reset();
    }
    return std::move(record_);
  }

 private:
  bool take_modifier(std::string_view name, std::string_view value) {
    if (core::equals_ignoring_case(name, "redirect")) {
      const bool is_first = !record_.redirect;
      record_.redirect = parse_domain(value);
      return is_first && record_.redirect.has_value();
    }
    if (core::equals_ignoring_case(name, "exp")) {
      return !std::exchange(has_exp_, true) && parse_domain(value).has_value();
    }
    return is_macro_string(value);
  }

  SpfRecord record_;
  bool has_all_ = false;
  bool has_exp_ = false;
};

}  // namespace

bool is_spf(std::string_view txt) {
  return core::equals_ignoring_case(txt.substr(0, kVersion.size()), kVersion) &&
         (txt.size() == kVersion.size() || txt[kVersion.size()] == ' ');
}

core::Result<SpfRecord> parse_spf(std::string_view text) {
  Parser parser;
  for (const std::string_view term : core::split(text.substr(kVersion.size()), ' ')) {
    if (!term.empty() && !parser.take(term)) {
      return core::fail(core::Error::Kind::invalid, core::quoted(term) + " is no term of SPF");
    }
  }
  return parser.finish();
}

}  // namespace rblwatch::lists
