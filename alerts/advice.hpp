// SPDX-License-Identifier: Apache-2.0
//
// What an event other than a listing means for the operator, and what to do about it, by cause.
// Plain sentences of our own; only the zone's id comes from configuration. Any thread.
#pragma once

#include <string>
#include <vector>

#include "lists/event.hpp"

namespace rblwatch::alerts {

struct Advice {
  std::string meaning;
  std::vector<std::string> steps;  // none for good news
};

Advice advice_on(const lists::Event& event);

}  // namespace rblwatch::alerts
