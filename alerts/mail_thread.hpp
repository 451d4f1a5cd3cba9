// SPDX-License-Identifier: Apache-2.0
//
// Message-IDs that a later mail can work out by itself, so that a delisting follows its listing
// with nothing kept about mails:
// - the mail that tells of a listing bears an id made of channel, subject, zone, purpose and the
// time the
//   listing began, which every later event of that listing knows too;
// - all mails about one subject and zone name the same root, a message that never existed (RFC 5322
//   readers thread by such references as well).
// A mail that tells of several listings can bear the id of the first only; it names the others in
// References, which lets readers join what refers to them. Any thread.
#pragma once

#include <string>
#include <vector>

#include "alerts/channel.hpp"
#include "alerts/notification.hpp"

namespace rblwatch::alerts {

struct MailThread {
  std::string message_id;               // "<…@example.com>"
  std::string in_reply_to;              // the listing that this follows; "" = none
  std::vector<std::string> references;  // roots and listings, each once, at most 20
};

MailThread mail_thread(const Channel& channel, const Notification& notification);

}  // namespace rblwatch::alerts
