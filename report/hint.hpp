// SPDX-License-Identifier: Apache-2.0
//
// What a cause means and what to do about it, in two short sentences for a terminal. Plain ASCII of
// our own; nothing in it comes from outside. Any thread.
#pragma once

#include <string_view>

#include "lists/words.hpp"

namespace rblwatch::report {

struct Hint {
  std::string_view meaning;
  std::string_view remedy;  // may be empty
};

Hint hint_for(lists::Cause cause);
/// Of a zone that is quarantined or untested; states with a cause have their cause's hint.
Hint hint_for(lists::ZoneState state);

}  // namespace rblwatch::report
