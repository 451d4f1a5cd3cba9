// SPDX-License-Identifier: Apache-2.0
//
// Numbers that can't be mixed up: a zone's index is no subject's index. Ordered, hashable, no
// arithmetic.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace rblwatch::core {

template <class Tag, class Rep = std::uint32_t>
struct StrongId {
  Rep value{};
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in what is generated
  friend constexpr auto operator<=>(StrongId, StrongId) = default;
};

/// The container's size as the type of its indices; whoever made it has kept it that small.
template <class Rep, class Container>
constexpr Rep size_as(const Container& container) {
  return static_cast<Rep>(container.size());
}

}  // namespace rblwatch::core

template <class Tag, class Rep>
struct std::hash<rblwatch::core::StrongId<Tag, Rep>> {
  std::size_t operator()(rblwatch::core::StrongId<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
