// SPDX-License-Identifier: Apache-2.0
//
// Internationalised names to what DNS asks: "bücher.example" → "xn--bcher-kva.example" (IDNA 2008,
// UTS 46 mapping, by libidn2, which idn.cpp alone includes). Any thread.
#pragma once

#include <string_view>

#include "core/dns_name.hpp"

namespace rblwatch::core {

/// UTF-8 name to a checked A-label name. The error names what is wrong and where.
Result<DnsName> to_a_labels(std::string_view utf8_name);

}  // namespace rblwatch::core
