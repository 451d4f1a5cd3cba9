// SPDX-License-Identifier: Apache-2.0
//
// One spelling per enumerator. A folder lists its enumerators once, as {value, "word"}; to_text and
// from_text read that table, so JSON, SQL, logs and configuration can't drift apart. Any thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "core/check.hpp"

namespace rblwatch::core {

/// Specialise per enum: `template <> struct EnumWords<Kind> { static constexpr std::array
/// table{...}; };` with elements std::pair<Enum, std::string_view>.
template <class Enum>
struct EnumWords;

template <class Enum>
constexpr std::string_view enum_word(Enum value) {
  for (const auto& [known, word] : EnumWords<Enum>::table) {
    if (known == value) {
      return word;
    }
  }
  RBL_CHECK(false);
  return {};  // GCC does not see everywhere that the check never comes back
}

template <class Enum>
constexpr std::optional<Enum> enum_from(std::string_view word) {
  for (const auto& [known, text] : EnumWords<Enum>::table) {
    if (text == word) {
      return known;
    }
  }
  return std::nullopt;
}

}  // namespace rblwatch::core
