// SPDX-License-Identifier: Apache-2.0
#include "tests/support/counted_allocations.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

struct Counts {
  bool on = false;
  std::size_t count = 0;
  std::int64_t held = 0;
  std::int64_t most = 0;
};

thread_local Counts counts;

void* allocate(std::size_t size) noexcept {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (!counts.on || memory == nullptr) return memory;
  ++counts.count;
  counts.held += static_cast<std::int64_t>(malloc_usable_size(memory));
  counts.most = std::max(counts.most, counts.held);
  return memory;
}

void* allocate_or_throw(std::size_t size) {
  void* const memory = allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void release(void* memory) noexcept {
  if (counts.on && memory != nullptr)
    counts.held -= static_cast<std::int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate_or_throw(size);
}
void* operator new[](std::size_t size) {
  return allocate_or_throw(size);
}
// std::stable_sort's buffer comes from these; a sanitizer's own would not go with our delete.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  release(memory);
}
void operator delete[](void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  release(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  release(memory);
}

namespace rblwatch::support {

CountedAllocations::CountedAllocations() {
  counts = {.on = true};
}
CountedAllocations::~CountedAllocations() {
  counts.on = false;
}
std::size_t CountedAllocations::count() const {
  return counts.count;
}
std::int64_t CountedAllocations::held() const {
  return counts.held;
}
std::int64_t CountedAllocations::most() const {
  return counts.most;
}

}  // namespace rblwatch::support
