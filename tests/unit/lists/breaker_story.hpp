// SPDX-License-Identifier: Apache-2.0
//
// Support for tests of the breaker: changes made by the handful, and what an admission let through
// as words. For tests only; one thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/enum_text.hpp"
#include "core/ip.hpp"
#include "lists/breaker.hpp"
#include "tests/unit/lists/ticks.hpp"

namespace rblwatch::lists {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests tell times
using core::Seconds;
using core::Tick;
using Words = std::vector<std::string>;
inline constexpr Purpose kBlock = Purpose::block;

inline CodeSet codes_of(const Words& entries) {
  std::vector<Code> codes;
  for (const std::string& entry : entries) {
    codes.push_back({entry, "", Purpose::block, {}});
  }
  return CodeSet(std::move(codes));
}

/// A change of `subject` from one code set to another.
inline BelievedChange change(std::uint32_t subject, const Words& before, const Words& after) {
  BelievedChange made;
  made.subject = {subject};
  const CodeSet from = codes_of(before);
  const CodeSet to = codes_of(after);
  made.change.type = before.empty()  ? EventType::listed
                     : after.empty() ? EventType::delisted
                                     : EventType::changed;
  made.change.codes = after.empty() ? from : to;
  made.change.added = to.without(from);
  made.change.removed = from.without(to);
  return made;
}
inline BelievedChange listed(std::uint32_t subject) {
  return change(subject, {}, {"127.0.0.2"});
}
inline BelievedChange delisted(std::uint32_t subject) {
  return change(subject, {"127.0.0.2"}, {});
}

/// "3 listed", "3 changed +127.0.0.4 -127.0.0.2", in the order given.
inline Words told(const std::vector<BelievedChange>& changes) {
  Words words;
  for (const BelievedChange& one : changes) {
    std::string text =
        std::to_string(one.subject.value) + " " + std::string(core::enum_word(one.change.type));
    if (one.change.type == EventType::changed) {
      for (const std::string& entry : one.change.added.entries()) {
        text += " +" + entry;
      }
      for (const std::string& entry : one.change.removed.entries()) {
        text += " -" + entry;
      }
    }
    words.push_back(text);
  }
  return words;
}

}  // namespace rblwatch::lists
