// SPDX-License-Identifier: Apache-2.0
//
// How mails follow each other: a mail's Message-ID is made of its delivery's id, and one that goes
// on with a matter (a delisting, a zone that sees again) refers to the mails that told of the
// beginning. Only mails that were sealed for the same channel are named, so that no reference is to
// a mail that nobody got. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/channel.hpp"
#include "alerts/notification.hpp"

namespace rblwatch::alerts {

struct MailThread {
  std::string message_id;               // "<…@example.com>"
  std::string in_reply_to;              // the first of the references; "" = none
  std::vector<std::string> references;  // each once, at most 50
};

MailThread mail_thread(const Channel& channel, const Notification& notification);

/// The Message-ID of a mail as it was sealed, with its angle brackets; "" when it has none. Not to
/// be made anew from the delivery's id, for the channel's `from` may have been another then.
std::string message_id_of(std::string_view message);

/// The type of the event that begins what one of this type goes on with or ends; nothing for
/// beginnings.
std::optional<lists::EventType> begun_by(lists::EventType type);

}  // namespace rblwatch::alerts
