// SPDX-License-Identifier: Apache-2.0
//
// How threads pass values: a bounded queue with one lock that is never held across a call. A full
// box refuses, so pressure shows at the sender. Any thread may send; one receives.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace rblwatch::core {

template <class T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t capacity) : capacity_(capacity) {}

  /// False when full or closed; the value is then untouched.
  bool try_send(T& value) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || queue_.size() >= capacity_) {
        return false;
      }
      queue_.push_back(std::move(value));
    }
    ready_.notify_one();
    return true;
  }

  /// Waits for room. False when closed.
  bool send(T value) {
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return closed_ || queue_.size() < capacity_; });
      if (closed_) {
        return false;
      }
      queue_.push_back(std::move(value));
    }
    ready_.notify_one();
    return true;
  }

  /// The oldest value, or nothing after `at_most` or when closed and empty.
  template <class Rep, class Period>
  std::optional<T> receive(std::chrono::duration<Rep, Period> at_most) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, at_most, [this] { return closed_ || !queue_.empty(); });
    return take(lock);
  }

  /// The oldest value, or nothing. Not a wait of no time: that gives the processor away, and gets
  /// it back when the kernel's timer slack is over.
  std::optional<T> try_receive() {
    std::unique_lock lock(mutex_);
    return take(lock);
  }

  /// No more sends; what is inside can still be received.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
    room_.notify_all();
  }

  bool is_closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

 private:
  std::optional<T> take(std::unique_lock<std::mutex>& lock) {
    if (queue_.empty()) {
      return std::nullopt;
    }
    std::optional<T> value(std::move(queue_.front()));
    queue_.pop_front();
    lock.unlock();
    room_.notify_one();
    return value;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable room_;
  std::deque<T> queue_;
  bool closed_ = false;
};

}  // namespace rblwatch::core
