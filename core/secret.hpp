// SPDX-License-Identifier: Apache-2.0
//
// A value that must show nowhere: keys, passwords, URLs with tokens. It has no operator<<, no
// to_text, no conversion; reveal() is the one way out and is easy to grep for. Any thread.
#pragma once

#include <string>
#include <utility>

namespace rblwatch::core {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& reveal() const { return value_; }
  bool is_empty() const { return value_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace rblwatch::core
