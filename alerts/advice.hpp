// SPDX-License-Identifier: Apache-2.0
//
// What an event other than a listing means for the operator, and what to do about it; of causes
// what lists/advice says. Plain sentences of our own; only the zone's id comes from configuration.
// Any thread.
#pragma once

#include "lists/advice.hpp"
#include "lists/event.hpp"

namespace rblwatch::alerts {

/// No steps for good news.
lists::Advice advice_on(const lists::Event& event);

}  // namespace rblwatch::alerts
