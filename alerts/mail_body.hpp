// SPDX-License-Identifier: Apache-2.0
//
// The two bodies of a mail: text and HTML, saying the same. Any thread.
#pragma once

#include <string>

#include "alerts/notification.hpp"

namespace rblwatch::alerts {

/// Lines that end in "\n".
std::string mail_text(const Notification& notification);
/// A document of its own: no scripts, images or styles from elsewhere; only http(s) URLs are links.
std::string mail_html(const Notification& notification);

}  // namespace rblwatch::alerts
