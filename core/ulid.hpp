// SPDX-License-Identifier: Apache-2.0
//
// ULIDs: 26 characters of Crockford base 32, 48 bits of wall time and 80 of chance. Delivery ids.
#pragma once

#include <string>

#include "core/random.hpp"
#include "core/time.hpp"

namespace rblwatch::core {

std::string make_ulid(Timestamp now, Random& random);

}  // namespace rblwatch::core
