// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rblwatch::support {

/// Whether a sanitizer watches, under which all takes ten times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif

}  // namespace rblwatch::support
