// SPDX-License-Identifier: Apache-2.0
#include "dns/wire_name.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "core/check.hpp"

namespace rblwatch::dns {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::uint8_t kPointer = 0xC0;

// Walks the labels of one name, following pointers; `keep` sees each label with its length octet
// and says whether it still fits. Returns false for anything malformed.
template <class Keep>
bool walk_name(Bytes message, std::size_t& at, NameBudget& budget, Keep keep) {
  std::size_t here = at;
  std::size_t segment = at;  // where the labels being read began: a pointer must go before it
  std::size_t total = 0;
  unsigned jumps = 0;
  bool jumped = false;
  while (here < message.size()) {
    const std::uint8_t octet = message[here];
    if (octet == 0) {
      if (!jumped) at = here + 1;
      return total + 1 <= WireName::kMax && keep(message.subspan(here, 1));
    }
    if ((octet & kPointer) == kPointer) {
      if (here + 1 >= message.size()) return false;
      const std::size_t target = read_u16(message, here) & 0x3FFFU;
      if (target < kHeader || target >= segment) return false;
      if (++jumps > NameBudget::kPerName || budget.left == 0) return false;
      --budget.left;
      budget.lowest = std::min(budget.lowest, target);
      if (!jumped) at = here + 2;
      jumped = true;
      here = segment = target;
      continue;
    }
    if ((octet & kPointer) != 0) return false;  // the two reserved label types
    const std::size_t label = std::size_t{octet} + 1;
    total += label;
    if (label > message.size() - here || total + 1 > WireName::kMax) return false;
    if (!keep(message.subspan(here, label))) return false;
    here += label;
  }
  return false;
}

void escape(std::uint8_t octet, std::string& text) {
  if (octet == '.' || octet == '\\') {
    text += '\\';
    text += static_cast<char>(octet);
  } else if (octet > 0x20 && octet < 0x7F) {
    text += static_cast<char>(octet);
  } else {
    text += '\\';
    text += static_cast<char>('0' + octet / 100);
    text += static_cast<char>('0' + octet / 10 % 10);
    text += static_cast<char>('0' + octet % 10);
  }
}

// The octet of an escape whose backslash stands at `at`; moves `at` to the escape's last character.
std::uint8_t unescape(std::string_view text, std::size_t& at) {
  const auto is_digit = [text](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  };
  if (is_digit(at + 1) && is_digit(at + 2) && is_digit(at + 3)) {
    const int value = (text[at + 1] - '0') * 100 + (text[at + 2] - '0') * 10 + (text[at + 3] - '0');
    at += 3;
    return static_cast<std::uint8_t>(value);
  }
  if (at + 1 < text.size()) ++at;
  return static_cast<std::uint8_t>(text[at]);
}

// A name with escapes in it, octet by octet.
WireName unescaped(std::string_view text) {
  WireName wire;
  std::size_t length_at = 0;
  std::size_t end = 1;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '.') {
      wire.octets[length_at] = static_cast<std::uint8_t>(end - length_at - 1);
      length_at = end++;
    } else {
      wire.octets[end++] =
          text[at] == '\\' ? unescape(text, at) : fold_case(static_cast<std::uint8_t>(text[at]));
    }
  }
  if (!text.empty()) {
    wire.octets[length_at] = static_cast<std::uint8_t>(end - length_at - 1);
    ++end;
  }
  wire.octets[end - 1] = 0;
  wire.length = static_cast<std::uint8_t>(end);
  return wire;
}

}  // namespace

bool operator==(const WireName& a, const WireName& b) {
  return a.length == b.length && std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin());
}

bool WireName::is_within(const WireName& ancestor) const {
  if (length < ancestor.length) return false;
  // The tail must begin at a label, else "notexample" would lie within "example".
  std::size_t at = 0;
  const std::size_t start = static_cast<std::size_t>(length) - ancestor.length;
  while (at < start)
    at += std::size_t{octets[at]} + 1;
  return at == start &&
         std::equal(ancestor.bytes().begin(), ancestor.bytes().end(), octets.begin() + start);
}

std::optional<WireName> read_name(Bytes message, std::size_t& at, NameBudget& budget) {
  std::optional<WireName> name(std::in_place);
  const auto append = [&name](Bytes label) {
    // The length octet is below 64, so folding the whole label leaves it as it is.
    std::transform(label.begin(), label.end(), name->octets.begin() + name->length, fold_case);
    name->length = static_cast<std::uint8_t>(name->length + label.size());
    return true;
  };
  if (!walk_name(message, at, budget, append)) return std::nullopt;
  return name;
}

// Most of the walker's work: labels in a row need no more than their lengths.
bool skip_name(Bytes message, std::size_t& at, NameBudget& budget) {
  const std::uint8_t* const octets = message.data();
  const std::size_t size = message.size();
  std::size_t here = at;
  std::size_t total = 1;
  while (here < size && octets[here] < 64) {
    const std::size_t label = std::size_t{octets[here]} + 1;
    here += label;
    if (label == 1) {
      at = here;
      return true;
    }
    total += label;
    if (total > WireName::kMax) return false;
  }
  return walk_name(message, at, budget, [](Bytes) { return true; });
}

WireName to_wire(const core::DnsName& name) {
  WireName wire;
  const std::string_view text = name.text();
  RBL_CHECK(text.size() + 2 <= WireName::kMax);
  if (text.find('\\') != std::string_view::npos) return unescaped(text);
  if (text.empty()) {
    wire.octets[0] = 0;
    wire.length = 1;
    return wire;
  }
  // Backwards, each dot becomes the length of the label behind it. A DnsName is in lower case.
  std::uint8_t* const octets = wire.octets.data();
  std::memcpy(octets + 1, text.data(), text.size());
  std::size_t end = text.size() + 1;
  octets[end] = 0;
  wire.length = static_cast<std::uint8_t>(end + 1);
  for (std::size_t at = text.size(); at > 0; --at) {
    if (octets[at] != '.') continue;
    octets[at] = static_cast<std::uint8_t>(end - at - 1);
    end = at;
  }
  octets[0] = static_cast<std::uint8_t>(end - 1);
  return wire;
}

std::optional<core::DnsName> to_dns_name(const WireName& name) {
  std::string text;
  for (std::size_t at = 0; name.octets[at] != 0;) {
    const std::size_t end = at + 1 + name.octets[at];
    if (at != 0) text += '.';
    for (++at; at < end; ++at)
      escape(name.octets[at], text);
  }
  core::DnsName result;
  if (!core::DnsName::assign(text, result)) return std::nullopt;
  return result;
}

}  // namespace rblwatch::dns
