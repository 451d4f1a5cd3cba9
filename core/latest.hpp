// SPDX-License-Identifier: Apache-2.0
//
// How a thread shows others what it last made: a value that is replaced as a whole and never
// altered. Its lock is held for the exchange of a pointer alone. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace rblwatch::core {

template <class T>
class Latest {
 public:
  void set(T value) {
    auto next = std::make_shared<const T>(std::move(value));
    const std::lock_guard lock(mutex_);
    latest_.swap(next);
  }

  /// Null before the first set().
  std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return latest_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> latest_;
};

}  // namespace rblwatch::core
