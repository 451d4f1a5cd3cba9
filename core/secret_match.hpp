// SPDX-License-Identifier: Apache-2.0
//
// Whether somebody knows a secret. Any thread.
#pragma once

#include <string_view>

#include "core/secret.hpp"

namespace rblwatch::core {

/// Takes as long for a near miss as for a far one, and tells nothing of the secret's length. An
/// empty secret is none: nobody knows it.
bool is_match(const Secret& secret, std::string_view given);

}  // namespace rblwatch::core
