// SPDX-License-Identifier: Apache-2.0
#include "core/idn.hpp"

#include <idn2.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/handle.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::core {
namespace {

/// The A-labels, or libidn2's error code.
Result<std::string, int> look_up(const std::string& utf8) {
  std::uint8_t* raw = nullptr;
  const int code = ::idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(utf8.c_str()), &raw,
                                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const Handle<std::uint8_t, ::idn2_free> owner(raw);
  if (code != IDN2_OK) {
    return tl::make_unexpected(code);
  }
  return std::string(reinterpret_cast<const char*>(raw));
}

/// libidn2 doesn't say where: each label is tried alone.
std::string place_of_fault(const std::string& utf8) {
  std::size_t number = 1;
  for (const std::string_view label : split(utf8, '.')) {
    if (label.empty() || !look_up(std::string(label))) {
      return "label " + std::to_string(number) + " " + quoted(label) + ": ";
    }
    ++number;
  }
  return "";
}

tl::unexpected<Error> no_name(std::string_view name, const std::string& why) {
  return fail(Error::Kind::invalid,
              "name " + quoted(name) + " can't be turned into A-labels: " + why);
}

}  // namespace

Result<DnsName> to_a_labels(std::string_view utf8_name) {
  const bool is_ascii = std::all_of(utf8_name.begin(), utf8_name.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii) {
    // Asked as it is: libidn2 refuses names that exist, like "r3---sn.example".
    return DnsName::parse(utf8_name);
  }
  // Longer than anything whose A-labels fit, so that libidn2 isn't given megabytes to map.
  constexpr std::size_t kLongest = 4 * DnsName::kMaxText;
  if (utf8_name.size() > kLongest) {
    return no_name(utf8_name, "it is too long");
  }
  const std::string utf8 = to_utf8(Untrusted(std::string(utf8_name)));
  if (utf8 != utf8_name) {
    return no_name(utf8_name, "it isn't valid UTF-8");
  }
  if (utf8.find('\0') != std::string::npos) {
    return no_name(utf8_name, "it holds a zero byte");
  }
  const Result<std::string, int> a_labels = look_up(utf8);
  if (!a_labels) {
    return no_name(utf8_name, place_of_fault(utf8) + ::idn2_strerror(a_labels.error()));
  }
  return DnsName::parse(*a_labels);
}

}  // namespace rblwatch::core
