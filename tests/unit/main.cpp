// SPDX-License-Identifier: Apache-2.0
// Catch2's main, compiled once for the unit tests of all folders.
#define CATCH_CONFIG_MAIN
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CATCH_CONFIG_NO_POSIX_SIGNALS  // the sanitizer's own report says more
#endif
#include <catch2/catch.hpp>
