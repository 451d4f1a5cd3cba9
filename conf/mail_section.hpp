// SPDX-License-Identifier: Apache-2.0
//
// What a channel of type email needs: its server, credentials and addresses. libcurl hands
// addresses to the server as they are, so that they are held to one line and one @ here. One load's
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "alerts/channel.hpp"
#include "conf/section.hpp"

namespace rblwatch::conf {

/// `is_mail`: whether the channel's type is known to be email, so that missing keys are errors.
void read_mail(Section& section, bool is_mail, alerts::Channel& channel);

/// "local@domain" with an IDN domain as A-labels; nothing when it is no such address.
std::optional<std::string> mail_address(std::string_view text);

}  // namespace rblwatch::conf
