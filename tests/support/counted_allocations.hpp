// SPDX-License-Identifier: Apache-2.0
// What a stretch of a test allocates. Linking counted_allocations.cpp replaces the program's
// operators new and delete; over-aligned memory is not counted. Each thread counts for itself.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rblwatch::support {

// Counts what its thread allocates and frees while it lives; one at a time per thread.
class CountedAllocations {
 public:
  CountedAllocations();
  ~CountedAllocations();
  CountedAllocations(const CountedAllocations&) = delete;
  CountedAllocations& operator=(const CountedAllocations&) = delete;

  [[nodiscard]] std::size_t count() const;  // calls of operator new
  [[nodiscard]] std::int64_t held()
      const;  // bytes allocated and not freed yet, as malloc sizes them
  [[nodiscard]] std::int64_t most() const;  // the highest held() so far
};

}  // namespace rblwatch::support
