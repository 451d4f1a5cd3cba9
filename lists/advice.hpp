// SPDX-License-Identifier: Apache-2.0
//
// What it means that something can't be seen, and what to do about it, by cause: said by alerts and
// by the command line in the same words. Plain sentences of our own; only a zone's id comes from
// configuration. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lists/words.hpp"

namespace rblwatch::lists {

struct Advice {
  std::string meaning;             // one sentence; "" where there is nothing to say
  std::vector<std::string> steps;  // what to do, a sentence or two each; none where nothing is
};

/// `zone`: the id in the commands that are named; "ID" where several are meant.
Advice advice_on(Cause cause, std::string_view zone = "ID");
/// For those that have no cause: quarantined, untested.
Advice advice_on(ZoneState state, std::string_view zone = "ID");

/// How a resolver is kept from hiding a list's answers: a sentence that says what is meant.
std::string rebinding_advice();
/// The same as what to do alone, without a full stop.
std::string rebinding_remedy();

}  // namespace rblwatch::lists
