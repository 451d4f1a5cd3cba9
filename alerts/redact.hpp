// SPDX-License-Identifier: Apache-2.0
//
// Takes a channel's secrets out of text that a server sent: some echo the path they were asked for,
// or the credentials they refuse. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "alerts/channel.hpp"

namespace rblwatch::alerts {

/// `text` with the URL, its longer parts, the password and the signing key, as they are,
/// percent-decoded or in base64, replaced by "<secret>". Parts of fewer than six characters are
/// left: they would take words with them. Before anything is cut off the text.
std::string redact(std::string_view text, const Channel& channel, const core::Secret& proxy);

}  // namespace rblwatch::alerts
