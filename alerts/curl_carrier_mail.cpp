// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "alerts/curl_carrier_parts.hpp"
#include "alerts/mime.hpp"
#include "alerts/plain_text.hpp"
#include "alerts/redact.hpp"
#include "core/handle.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

using Easy = core::Handle<CURL, curl_easy_cleanup>;
using List = core::Handle<curl_slist, curl_slist_free_all>;

constexpr int kPatience = 4;  // times the request timeout: servers greet late and scan mails
constexpr std::size_t kLongestLine = 2048;
constexpr std::size_t kShownRefusals = 200;

struct Refusal {
  std::string recipient;
  int reply = 0;
  std::string text;
};

/// What was said on the wire, as far as a receipt needs it. Commands are kept by their verb alone,
/// for an AUTH bears the password.
class Dialogue {
 public:
  void sent(std::string_view line) {
    const std::string_view verb = core::trim(line.substr(0, line.find(' ')));
    if (verb == "RCPT") {
      command_ = "RCPT";
      const std::size_t open = line.find('<');
      const std::size_t close = line.find('>', open == std::string_view::npos ? 0 : open);
      recipient_ = close == std::string_view::npos ? "" : line.substr(open + 1, close - open - 1);
    } else if (std::find(kVerbs.begin(), kVerbs.end(), verb) != kVerbs.end()) {
      command_ = verb;
    }
  }

  void received(std::string_view line) {
    line = line.substr(0, kLongestLine);
    const auto code = core::parse_int(line.substr(0, 3));
    const bool is_last = line.size() < 4 || line[3] != '-';
    if (!code || *code < 100 || !is_last || command_ == "QUIT") {
      return;
    }
    reply_ = static_cast<int>(*code);
    text_ = core::trim(line.substr(std::min<std::size_t>(4, line.size())));
    if (command_ == "RCPT" && reply_ >= 400) {
      refused_.push_back({recipient_, reply_, text_});
    }
  }

  int reply() const { return reply_; }
  const std::string& text() const { return text_; }
  const std::vector<Refusal>& refused() const { return refused_; }

 private:
  static constexpr std::array<std::string_view, 9> kVerbs{
      "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "QUIT", "RSET"};
  std::string command_;
  std::string recipient_;
  int reply_ = 0;
  std::string text_;
  std::vector<Refusal> refused_;
};

struct Mail {
  std::string_view unsent;
  Dialogue dialogue;
  std::size_t received = 0;  // of a reply that goes on
  const std::atomic<bool>* is_stopping = nullptr;
};

std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* user) {
  auto& mail = *static_cast<Mail*>(user);
  const std::size_t bytes = std::min(size * count, mail.unsent.size());
  std::memcpy(buffer, mail.unsent.data(), bytes);
  mail.unsent.remove_prefix(bytes);
  return bytes;
}

std::size_t on_nothing(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

/// Ends the dialogue when a reply doesn't.
std::size_t on_reply(char* data, std::size_t size, std::size_t count, void* user) {
  auto& mail = *static_cast<Mail*>(user);
  const std::string_view line(data, size * count);
  mail.received += line.size();
  if (mail.received > kLargestReply) {
    return 0;
  }
  if (line.size() < 4 || line[3] != '-') {
    mail.received = 0;
  }
  return line.size();
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Mail*>(user)->is_stopping->load() ? 1 : 0;
}

int on_debug(CURL*, curl_infotype type, char* data, std::size_t size, void* user) {
  auto& mail = *static_cast<Mail*>(user);
  if (type == CURLINFO_HEADER_OUT) {
    mail.dialogue.sent({data, size});
  } else if (type == CURLINFO_HEADER_IN) {
    mail.dialogue.received({data, size});
  }
  return 0;
}

/// Credentials never go over a clear connection, whatever `starttls` says: not even on loopback,
/// where another program may have taken the port.
long tls_use(const Channel& channel) {
  if (!channel.user.empty()) {
    return CURLUSESSL_ALL;
  }
  switch (channel.starttls) {
    case StartTls::required:
      return CURLUSESSL_ALL;
    case StartTls::attempt:
      return CURLUSESSL_TRY;
    case StartTls::never:
      return CURLUSESSL_NONE;
  }
  return CURLUSESSL_ALL;
}

/// Opportunistic TLS takes any certificate, for the alternative is no TLS at all (RFC 7435); a
/// relay on the same machine mostly has one that it signed itself.
bool is_certificate_checked(const Channel& channel) {
  return tls_use(channel) == CURLUSESSL_ALL || !channel.ca_file.empty() ||
         channel.smtp.starts_with("smtps:");
}

bool set_connection(CURL* easy, const Channel& channel, const DeliveryOptions& options) {
  const long timeout = static_cast<long>(options.request_timeout.count()) * kPatience;
  const bool is_checked = is_certificate_checked(channel);
  const std::string& ca_file = channel.ca_file.native();
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_URL, channel.smtp.c_str()) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_NETRC, long{CURL_NETRC_IGNORED}) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                          static_cast<long>(options.connect_timeout.count())) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout) == CURLE_OK &&
         // Bounds the wait for the reply to QUIT, which the time-out above doesn't.
         curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, std::max(timeout / 1000, 1L)) ==
             CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_USE_SSL, tls_use(channel)) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2}) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, is_checked ? 1L : 0L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, is_checked ? 2L : 0L) == CURLE_OK &&
         (ca_file.empty() || curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str()) == CURLE_OK) &&
         (channel.user.empty() ||
          (curl_easy_setopt(easy, CURLOPT_USERNAME, channel.user.c_str()) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PASSWORD, channel.password.reveal().c_str()) ==
               CURLE_OK));
}

bool set_dialogue(CURL* easy, Mail& mail) {
  return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_nothing) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_reply) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HEADERDATA, &mail) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &on_debug) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &mail) == CURLE_OK;
}

bool set_mail(CURL* easy, const std::string& from, const List& recipients, Mail& mail) {
  return curl_easy_setopt(easy, CURLOPT_MAIL_FROM, ("<" + from + ">").c_str()) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients.get()) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                          static_cast<curl_off_t>(mail.unsent.size())) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_READFUNCTION, &on_read) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_READDATA, &mail) == CURLE_OK && set_dialogue(easy, mail) &&
         curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &on_progress) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &mail) == CURLE_OK;
}

const std::vector<std::string>& recipients_of(const Shipment& shipment) {
  return shipment.to.empty() ? shipment.channel.to : shipment.to;
}

/// Addresses that libcurl may be given: it passes a CR LF in one through to the server.
bool add_recipients(const Shipment& shipment, List& list) {
  for (const std::string& to : recipients_of(shipment)) {
    const auto address = mail_address(to);
    curl_slist* longer =
        address ? curl_slist_append(list.get(), ("<" + *address + ">").c_str()) : nullptr;
    if (longer == nullptr) {
      return false;
    }
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list != nullptr;
}

std::string refused_text(const std::vector<Refusal>& refused) {
  std::string text;
  for (const Refusal& refusal : refused) {
    text += text.empty() ? "" : ", ";
    text += refusal.recipient + " (" + std::to_string(refusal.reply) + " " + refusal.text + ")";
  }
  return text;
}

/// All recipients were refused: any that may be taken later is reason enough to try again.
const Refusal* deciding(const std::vector<Refusal>& refused) {
  const auto later = std::find_if(refused.begin(), refused.end(),
                                  [](const Refusal& refusal) { return refusal.reply < 500; });
  if (later != refused.end()) {
    return &*later;
  }
  return refused.empty() ? nullptr : &refused.back();
}

std::string taken_text(const std::string& text) {
  return std::get<Delivered>(smtp_receipt(250, text)).response;
}

/// The server has it, for all that it was for or for some: who said 4yz is still to get it.
Receipt taken(const Dialogue& dialogue, const Shipment& shipment, const core::Secret& proxy) {
  const auto shown = [&](const std::string& text) { return redact(text, shipment.channel, proxy); };
  const std::vector<Refusal>& refused = dialogue.refused();
  if (refused.empty()) {
    return smtp_receipt(250, shown(dialogue.text()));
  }
  core::log_warn("a mail was taken for some recipients only",
                 {{"channel", shipment.channel.name},
                  {"delivery", shipment.delivery_id},
                  {"refused", shown(refused_text(refused))}});
  std::vector<std::string> outstanding;
  std::vector<Refusal> for_good;
  for (const std::string& to : recipients_of(shipment)) {
    const auto address = mail_address(to);
    const auto its = std::find_if(refused.begin(), refused.end(), [&](const Refusal& refusal) {
      return refusal.recipient == address;
    });
    if (its != refused.end() && its->reply < 500) {
      outstanding.push_back(to);
    } else if (its != refused.end()) {
      for_good.push_back(*its);
    }
  }
  std::string gone = first_line(shown(refused_text(for_good)), kShownRefusals);
  if (outstanding.empty()) {
    return Delivered{taken_text(shown(dialogue.text())), std::move(gone)};
  }
  const std::string text = dialogue.text() + "; refused: " + refused_text(refused);
  return Retry{taken_text(shown(text)), std::nullopt, true, std::move(outstanding),
               std::move(gone)};
}

Receipt receipt_of(CURLcode code, long system_error, const Dialogue& dialogue,
                   const Shipment& shipment, const core::Secret& proxy) {
  const auto shown = [&](const std::string& text) { return redact(text, shipment.channel, proxy); };
  if (code == CURLE_OK) {
    return taken(dialogue, shipment, proxy);
  }
  const Refusal* refusal = deciding(dialogue.refused());
  if (refusal != nullptr && dialogue.reply() >= 400) {
    Receipt receipt =
        smtp_receipt(refusal->reply, shown(refusal->recipient + ": " + refusal->text));
    if (auto* rejected = std::get_if<Rejected>(&receipt)) {
      rejected->is_of_recipients = dialogue.refused().size() == recipients_of(shipment).size();
    }
    return receipt;
  }
  if (dialogue.reply() >= 400) {
    return smtp_receipt(dialogue.reply(), shown(dialogue.text()));
  }
  if (code == CURLE_WRITE_ERROR) {  // by on_reply
    return Retry{"the server's reply does not end", std::nullopt, false};
  }
  if (code == CURLE_USE_SSL_FAILED) {
    return Retry{"TLS is required here, and the server offers none", std::nullopt, false};
  }
  return Retry{transfer_error(code, code == CURLE_COULDNT_CONNECT ? system_error : 0), std::nullopt,
               false};
}

}  // namespace

Receipt send_mail(const Shipment& shipment, const DeliveryOptions& options,
                  const std::atomic<bool>& is_stopping) {
  const Channel& channel = shipment.channel;
  const auto from = mail_address(channel.from);
  List recipients;
  if (!from || !add_recipients(shipment, recipients)) {
    return Rejected{"the sender or a recipient is not a plain mail address"};
  }
  Mail mail;
  mail.unsent = std::get<MailMessage>(shipment.parcel).message;
  mail.is_stopping = &is_stopping;
  // A handle of its own for each mail: libcurl 7.88 can send in clear over a connection used
  // before.
  const Easy easy(curl_easy_init());
  if (!easy || !set_connection(easy.get(), channel, options) ||
      !set_mail(easy.get(), *from, recipients, mail)) {
    return Retry{"the mail could not be set up", std::nullopt, false};
  }
  const CURLcode code = curl_easy_perform(easy.get());
  long system_error = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &system_error);
  return receipt_of(code, system_error, mail.dialogue, shipment, options.proxy);
}

Receipt connect_mail(const Channel& channel, const DeliveryOptions& options) {
  Mail mail;
  const Easy easy(curl_easy_init());
  if (!easy || !set_connection(easy.get(), channel, options) || !set_dialogue(easy.get(), mail) ||
      curl_easy_setopt(easy.get(), CURLOPT_CONNECT_ONLY, 1L) != CURLE_OK) {
    return Retry{"the connection could not be set up", std::nullopt, false};
  }
  const CURLcode code = curl_easy_perform(easy.get());
  if (code == CURLE_OK) {
    return Delivered{"connected"};
  }
  long system_error = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &system_error);
  const Shipment nothing{"", channel, MailMessage{}, {}};
  return receipt_of(code, system_error, mail.dialogue, nothing, options.proxy);
}

}  // namespace rblwatch::alerts
