// SPDX-License-Identifier: Apache-2.0
//
// From a notification to the bytes that a channel gets. Pure: sealing stores the result, and every
// retry sends it again unchanged. Secrets (URL, signing key, password) are not in a parcel: the
// carrier takes them from the channel. Any thread.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "alerts/channel.hpp"
#include "alerts/notification.hpp"

namespace rblwatch::alerts {

/// POST of this body to the channel's URL.
struct HttpRequest {
  std::string content_type;
  std::string body;
  friend bool operator==(const HttpRequest&, const HttpRequest&) = default;
};
/// One RFC 5322 message, headers and MIME body, CRLF line ends, to the channel's recipients.
struct MailMessage {
  std::string message;
  friend bool operator==(const MailMessage&, const MailMessage&) = default;
};
using Parcel = std::variant<HttpRequest, MailMessage>;

Parcel render(const Channel& channel, const Notification& notification);

/// The message of the contract, as application/json.
HttpRequest render_webhook(const Notification& notification);
/// Blocks for Slack's incoming webhooks: summary, a section per event (at most 20, the rest
/// counted), links.
HttpRequest render_slack(const Notification& notification);
/// Text and HTML alternatives; Message-ID from the delivery id; In-Reply-To and References to the
/// mails that told of what goes on or ends here, so that a delisting follows its listing.
MailMessage render_email(const Channel& channel, const Notification& notification);

}  // namespace rblwatch::alerts
