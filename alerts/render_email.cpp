// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "alerts/mail_body.hpp"
#include "alerts/mail_thread.hpp"
#include "alerts/mime.hpp"
#include "alerts/render.hpp"
#include "alerts/signature.hpp"
#include "alerts/wording.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

constexpr std::size_t kSubjectBytes = 300;

void add_header(std::string& head, std::string_view name, const std::string& value) {
  if (!value.empty()) {
    head += std::string(name) + ": " + value + "\r\n";
  }
}

/// Ids and addresses have no blanks, so a line each keeps every line far below 998 octets.
std::string folded(const std::vector<std::string>& parts, std::string_view separator) {
  return core::join(parts, std::string(separator) + "\r\n ");
}

/// Only addresses that can't break out of their header; the carrier refuses the rest as well.
std::string recipients(const Channel& channel) {
  std::vector<std::string> addresses;
  for (const std::string& to : channel.to) {
    if (const auto address = mail_address(to)) {
      addresses.push_back(*address);
    }
  }
  return addresses.empty() ? "undisclosed-recipients:;" : folded(addresses, ",");
}

/// The types in it, each once, for mail filters.
std::string types_of(const Notification& notification) {
  std::set<lists::EventType> types;
  for (const EventView& view : notification.events) {
    types.insert(view.event.type);
  }
  std::vector<std::string> words;
  words.reserve(types.size());
  for (const lists::EventType type : types) {
    words.emplace_back(core::enum_word(type));
  }
  return folded(words, ",");
}

std::string part(std::string_view boundary, std::string_view type, std::string_view text) {
  std::string bytes = "--" + std::string(boundary) + "\r\n";
  add_header(bytes, "Content-Type", std::string(type) + "; charset=utf-8");
  add_header(bytes, "Content-Transfer-Encoding", "quoted-printable");
  return bytes + "\r\n" + quoted_printable(text);
}

std::string head_of(const Channel& channel, const Notification& notification) {
  const MailThread thread = mail_thread(channel, notification);
  const std::string from = mail_address(channel.from).value_or("rblwatch@rblwatch.invalid");
  std::string subject = core::to_utf8(core::Untrusted("[rblwatch] " + subject_line(notification)));
  if (subject.size() > kSubjectBytes) {
    subject = "[rblwatch] " + summary_of(notification);
  }
  std::string head;
  add_header(head, "From", from);
  add_header(head, "To", recipients(channel));
  add_header(head, "Subject", core::for_mail_header(core::Untrusted(std::move(subject))));
  add_header(head, "Date", core::to_rfc5322(notification.created_at));
  add_header(head, "Message-ID", thread.message_id);
  add_header(head, "In-Reply-To", thread.in_reply_to);
  add_header(head, "References", folded(thread.references, ""));
  add_header(head, "Auto-Submitted", "auto-generated");
  add_header(head, "X-Rblwatch-Delivery", notification.delivery_id);
  add_header(head, "X-Rblwatch-Events", types_of(notification));
  add_header(head, "MIME-Version", "1.0");
  return head;
}

}  // namespace

MailMessage render_email(const Channel& channel, const Notification& notification) {
  // Not to be guessed from inside the mail, where foreign text stands; and quoted-printable encodes
  // the "=" in it.
  const std::string boundary = "=_" + fingerprint(notification.delivery_id);
  std::string message = head_of(channel, notification);
  add_header(message, "Content-Type", "multipart/alternative;\r\n boundary=\"" + boundary + "\"");
  message += "\r\n";
  message += part(boundary, "text/plain", mail_text(notification));
  message += part(boundary, "text/html", mail_html(notification));
  message += "--" + boundary + "--\r\n";
  return {std::move(message)};
}

}  // namespace rblwatch::alerts
