// SPDX-License-Identifier: Apache-2.0
//
// What an epoll event is about: the upper half of its data; the lower half is a number of that
// kind. Constants; any thread.
#pragma once

#include <cstdint>

namespace rblwatch::dns {

inline constexpr std::uint32_t kWakeTag = 1;
inline constexpr std::uint32_t kUdpTag = 2;
inline constexpr std::uint32_t kTcpTag = 3;

}  // namespace rblwatch::dns
